"""IRC logs: every dialect gives the same events; dates come from wherever a log has them; nothing else is taken for one."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from egregora_assets.chat.archive import ExportUnreadable, open_export
from egregora_assets.chat.formats.irc import FORMAT, MAX_LINE_BYTES, read_line
from egregora_assets.chat.formats.records import Reading, Record
from egregora_assets.config import LimitSettings
from tests.chat.formats.reading import SHARED, needs_shared, read, recognises, write_zip

IRSSI = """\
--- Log opened Thu Jan 02 23:10:00 2020
23:10 -!- ana [~ana@host.example] has joined #garden
23:11 <@ana> good evening
23:12 < bob> hi ana > all
23:13  * bob waves at ana
23:14 -carl:#garden- the well is dry
23:15 -!- bob is now known as bob_away
--- Day changed Fri Jan 03 2020
00:05 <+dora> morning
00:06 -!- mode/#garden [+o dora] by ana
00:07 -!- bob_away was kicked from #garden by ana [too loud]
--- Log closed Fri Jan 03 00:08:00 2020
"""
WEECHAT = """\
2020-01-02 23:10:00\t-->\tana (~ana@host.example) has joined #garden
2020-01-02 23:11:00\t@ana\tgood evening
2020-01-02 23:12:00\tbob\thi ana > all
2020-01-02 23:13:00\t *\tbob waves at ana
2020-01-02 23:15:00\t--\tbob is now known as bob_away
2020-01-03 00:05:00\t+dora\tmorning
2020-01-03 00:07:00\t<--\tana has kicked bob_away (too loud)
"""
HEXCHAT = """\
**** BEGIN LOGGING AT Thu Jan  2 23:10:00 2020

Jan 02 23:10:00 *\tNow talking on #garden
Jan 02 23:11:00 <ana>\tgood evening
Jan 02 23:12:00 <bob>\thi ana > all
Jan 02 23:13:00 *\tbob waves at ana
Jan 02 23:15:00 *\tbob is now known as bob_away
Jan 03 00:05:00 <dora>\tmorning
Jan 03 00:07:00 *\tana has kicked bob_away from #garden (too loud)
**** ENDING LOGGING AT Fri Jan  3 00:08:00 2020
"""
MIRC = """\
Session Start: Thu Jan 02 23:10:00 2020
Session Ident: #garden
[23:10] * ana (~ana@host.example) has joined #garden
[23:11] <@ana> \x02good\x02 \x0304,12evening\x0f
[23:12] <bob> hi ana > all
[23:13] * bob waves at ana
[23:15] * bob is now known as bob_away
Session Time: Fri Jan 03 00:00:00 2020
[00:05] <+dora> morning
[00:07] * bob_away was kicked by ana (too loud)
Session Close: Fri Jan 03 00:08:00 2020
"""
ZNC = """\
[23:10:00] *** Joins: ana (~ana@host.example)
[23:11:00] <ana> good evening
[23:12:00] <bob> hi ana > all
[23:13:00] * bob waves at ana
[23:14:00] -carl- the well is dry
[23:15:00] *** bob is now known as bob_away
[00:05:00] <dora> morning
[00:07:00] *** bob_away was kicked by ana (too loud)
"""
EGGDROP = """\
[23:10] ana (~ana@host.example) joined #garden.
[23:11] <ana> good evening
[23:12] <bob> hi ana > all
[23:13] Action: bob waves at ana
[23:15] Nick change: bob -> bob_away
[00:00] --- Fri Jan  3 2020
[00:05] <dora> morning
[00:07] bob_away kicked from #garden by ana: too loud
"""
SUPYBOT = """\
2020-01-02T23:10:00  *** ana <ana!~ana@host.example> has joined #garden
2020-01-02T23:11:00  <ana> good evening
2020-01-02T23:12:00  <bob> hi ana > all
2020-01-02T23:13:00  * bob waves at ana
2020-01-02T23:15:00  *** bob is now known as bob_away
2020-01-03T00:05:00  <dora> morning
2020-01-03T00:07:00  *** bob_away was kicked by ana (too loud)
"""
UBUNTU = """\
=== ana [~ana@host.example] has joined #garden
[23:11] <ana> good evening
[23:12] <bob> hi ana > all
[23:13] * bob waves at ana
=== bob is now known as bob_away
[00:05] <dora> morning
=== bob_away was kicked by ana (too loud)
"""
LOGS = {
    "#garden.log": IRSSI,
    "irc.libera.#garden.weechatlog": WEECHAT,
    "garden-hexchat.log": HEXCHAT,
    "#garden.libera.log": MIRC.replace("\n", "\r\n"),
    "libera_#garden_20200102.log": ZNC,
    "#garden.log.02Jan2020": EGGDROP,
    "#garden.supybot.log": SUPYBOT,
    "#garden_2020-01-02.txt": UBUNTU,
}


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def read_text(tmp_path: Path, text: str | bytes, name: str = "#garden_2020-01-02.log") -> list[Record]:
    return read(FORMAT, write(tmp_path / name, text))[0]


@pytest.mark.parametrize("name", LOGS)
def test_every_dialect_tells_the_same_conversation(tmp_path: Path, name: str) -> None:
    records, reading = read(FORMAT, write(tmp_path / name, LOGS[name]))
    said = [(record.local_time, record.author, record.text) for record in records if record.kind == "text"]
    assert [line for line in said if line[1] != "carl"] == [
        (datetime(2020, 1, 2, 23, 11), "ana", "good evening"),
        (datetime(2020, 1, 2, 23, 12), "bob", "hi ana > all"),
        (datetime(2020, 1, 2, 23, 13), "bob", "bob waves at ana"),
        (datetime(2020, 1, 3, 0, 5), "dora", "morning"),
    ]
    notices = [record for record in records if record.kind == "system"]
    assert all(record.author is None for record in notices)
    assert any("bob_away" in record.text and "kicked" in record.text for record in notices)
    assert {"ana", "bob", "bob_away", "dora"} <= set(reading.people)
    assert not reading.quarantined
    assert {record.chat for record in records} <= {"#garden", "#garden.libera", "#garden.supybot"}


@pytest.mark.parametrize("name", LOGS)
def test_every_dialect_is_recognised_in_a_zip_as_well(tmp_path: Path, name: str) -> None:
    members = {"notes/photo.png": b"\x89PNG", f"logs/{name}": LOGS[name]}
    records, reading = read(FORMAT, write_zip(tmp_path / "logs.zip", members))
    assert len(records) >= 7
    assert not reading.quarantined


def test_a_notice_of_a_person_is_text_and_of_a_server_a_system_line(tmp_path: Path) -> None:
    text = "[12:00] -carl- soon\n[12:01] -irc.example.org- maintenance\n[12:02] -ann-lee(al@host)- yes\n"
    assert [(record.kind, record.author, record.text) for record in read_text(tmp_path, text)] == [
        ("text", "carl", "soon"),
        ("system", None, "maintenance"),
        ("text", "ann-lee", "yes"),
    ]


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("[2020-01-02T03:04:05Z] <ana> x", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("[2020-01-02T03:04:05.250Z] <ana> x", datetime(2020, 1, 2, 3, 4, 5, 250_000, tzinfo=UTC)),
        ("2020-01-02T03:04:05+0200 <@ana:example.org> x", datetime(2020, 1, 2, 1, 4, 5, tzinfo=UTC)),
        ("2020-01-02T03:04:05.123456Z\tana\tx", datetime(2020, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
        ("1577934245 <ana> x", datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ],
)
def test_a_time_with_an_offset_is_an_instant(tmp_path: Path, line: str, moment: datetime) -> None:
    records = read_text(tmp_path, f"{line}\n" * 3)
    assert {record.sent_at for record in records} == {moment}
    assert {record.local_time for record in records} == {None}


@pytest.mark.parametrize(
    "stamp",
    [
        "[2020-01-02 03:04:05]",
        "2020-01-02 03:04:05",
        "2020-01-02T03:04:05",
        "[02-Jan-2020 03:04:05]",
        "[02 Jan 2020 03:04:05]",
        "Thu Jan  2 03:04:05 2020",
        "[Thu Jan 02 2020] [03:04:05]",
        "[Thursday, 2 January 2020] [03:04:05]",
        "[02 Jan 03:04:05]",
        "Jan 02 03:04:05",
        "[03:04:05]",
        "03:04:05",
        "[03:04:05 AM]",
        "(03:04:05)",
    ],
)
def test_times_are_read_however_they_are_written(tmp_path: Path, stamp: str) -> None:
    records = read_text(tmp_path, f"{stamp} <ana> x\n" * 3)
    assert {record.local_time for record in records} == {datetime(2020, 1, 2, 3, 4, 5)}


def test_an_afternoon_is_twelve_hours_later(tmp_path: Path) -> None:
    records = read_text(tmp_path, "[12:30 AM] <a> x\n[01:00 pm] <b> y\n[12:30 PM] <a> z\n")
    assert [record.local_time.hour for record in records if record.local_time] == [0, 13, 12]


@pytest.mark.parametrize(
    "name",
    [
        "#garden_2020-01-02.log",
        "#garden.20200102.log",
        "libera_#garden_20200102.log",
        "#garden.log.02Jan2020",
        "irc.libera.#garden.2020-01-02.weechatlog",
    ],
)
def test_the_file_name_gives_the_day_and_the_channel(tmp_path: Path, name: str) -> None:
    records, reading = read(FORMAT, write(tmp_path / name, "[12:00:00] <ana> x\n" * 3))
    assert {(record.local_time, record.chat) for record in records} == {(datetime(2020, 1, 2, 12), "#garden")}
    assert reading.chats == {"#garden": "#garden"}


def test_folders_give_channels_and_days_in_order(tmp_path: Path) -> None:
    members = {
        "libera/#Garden/2020-01-03.log": "[08:00:00] <ana> third\n[08:00:01] <bob> fourth\n",
        "libera/#Garden/2020-01-02.log": "[09:00:00] <ana> first\n[09:00:01] <bob> second\n",
        "libera/carl/2020-01-02.log": "[10:00:00] <carl> private\n",
        "2020/01/04/#ubuntu.txt": "[11:00] <dora> public\n",
    }
    records, reading = read(FORMAT, write_zip(tmp_path / "znc.zip", members))
    assert [(record.chat, record.text) for record in records] == [
        ("#garden", "first"),
        ("#garden", "second"),
        ("#garden", "third"),
        ("#garden", "fourth"),
        ("#ubuntu", "public"),
        ("carl", "private"),
    ]
    assert records[4].local_time == datetime(2020, 1, 4, 11)
    assert reading.chats["#garden"] == "#Garden"


def test_the_log_names_its_channel_where_no_name_does(tmp_path: Path) -> None:
    assert {record.chat for record in read_text(tmp_path, HEXCHAT, "2020-01-02.log")} == {"#garden"}
    assert {record.chat for record in read_text(tmp_path, MIRC, "mirc.log")} == {"#garden"}


def test_a_folder_may_be_named_after_its_channel(tmp_path: Path) -> None:
    (tmp_path / "#garden").mkdir()
    write(tmp_path / "#garden" / "log_2020-01-02.txt", "[12:00] <ana> x\n" * 3)
    assert read(FORMAT, tmp_path / "#garden")[1].chats == {"#garden": "#garden"}


@pytest.mark.parametrize(
    "name",
    [
        "#garden (2).log",
        "#garden (10)",
        "#garden_2020-01-02 (2).log",
        "#garden (2).2020-01-02",
        "#garden (1) (2).weechatlog",
    ],
)
def test_the_number_of_a_copy_is_no_part_of_the_channel(tmp_path: Path, name: str) -> None:
    assert {record.chat for record in read_text(tmp_path, IRSSI, name)} == {"#garden"}


def test_a_quotation_that_somebody_typed_is_text(tmp_path: Path) -> None:
    records = read_text(tmp_path, "[12:00:00] <ana> > <bob> water it\n[12:00:01] <ana> done\n[12:00:02] <bob> ok\n")
    assert (records[0].text, records[0].quote) == ("> <bob> water it", "")


def test_the_first_date_may_be_the_first_midnight(tmp_path: Path) -> None:
    text = "[23:59] <ana> lost\n[00:00] --- Fri Jan  3 2020\n[00:01] <ana> kept\n[00:02] <ana> Fri Jan  3 2020\n"
    records, reading = read(FORMAT, write(tmp_path / "#garden.log", text))
    assert [(record.local_time, record.text) for record in records] == [
        (datetime(2020, 1, 3, 0, 1), "kept"),
        (datetime(2020, 1, 3, 0, 2), "Fri Jan  3 2020"),
    ]
    assert len(reading.quarantined) == 1


def test_a_clock_that_jumps_back_by_hours_has_passed_midnight(tmp_path: Path) -> None:
    times = ["22:00", "21:59", "23:59", "00:01", "13:00", "12:10", "02:00"]
    records = read_text(tmp_path, "".join(f"[{time}] <ana> x\n" for time in times))
    assert [record.local_time.day for record in records if record.local_time] == [2, 2, 2, 3, 3, 3, 4]


def test_a_year_that_no_line_has_rolls_over_at_new_year(tmp_path: Path) -> None:
    text = "**** BEGIN LOGGING AT Tue Dec 31 23:58:00 2019\n\nDec 31 23:58:00 <ana> old\nJan 01 00:01:00 <ana> new\n"
    records = read_text(tmp_path, text, "#garden.log")
    assert [record.local_time.year for record in records if record.local_time] == [2019, 2020]


def test_a_log_without_any_date_is_refused_with_a_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "#garden.log", "[12:00] <ana> hi\n" * 5)
    assert recognises(FORMAT, path)
    with pytest.raises(ExportUnreadable, match=r"nowhere a date.*#channel_2020-01-02\.log"):
        read(FORMAT, path)


def test_lines_before_the_first_date_are_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "#garden.log", f"[12:00] <ana> lost\n[12:01] <ana> lost\n{MIRC}")
    records, reading = read(FORMAT, path)
    assert len(records) == 7
    assert [piece.byte_offset for piece in reading.quarantined] == [0]


def test_what_cannot_be_a_line_goes_to_quarantine(tmp_path: Path) -> None:
    text = ZNC + "[25:61:00] <ana> no such time\nwhat is this line doing here?\n" + "x" * (MAX_LINE_BYTES * 2) + "\n"
    records, reading = read(FORMAT, write(tmp_path / "#garden_2020-01-02.log", text + "[01:00:00] <ana> last\n"))
    assert len(records) == 9
    assert records[-1].text == "last"
    assert [text.encode()[piece.byte_offset :][:10] for piece in reading.quarantined] == [
        b"[25:61:00]",
        b"what is th",
        b"xxxxxxxxxx",
    ]


def test_lines_that_are_not_utf8_are_windows_1252(tmp_path: Path) -> None:
    text = "\ufeff[12:00] <ana> caf\u00e9\n".encode() + b"[12:01] <ana> caf\xe9 \x8a\r\n[12:02] <ana> x\n"
    assert [record.text for record in read_text(tmp_path, text)] == ["café", "café Š", "x"]


def test_colours_and_formatting_are_removed(tmp_path: Path) -> None:
    text = "[12:00] <\x0303@ana\x03> \x02a\x02 \x034,12b\x03 \x1dc\x0f \x04FF0000d\x16\n" * 3
    assert {(record.author, record.text) for record in read_text(tmp_path, text)} == {("ana", "a b c d")}


def test_byte_offsets_point_at_the_lines(tmp_path: Path) -> None:
    raw = IRSSI.encode()
    for record in read_text(tmp_path, raw, "#garden.log"):
        assert record.text.split()[-1].encode() in raw[record.byte_offset :].split(b"\n")[0]


WHATSAPP = [
    "[13/03/2024, 09:00:00] Ana: hi\n[13/03/2024, 09:00:10] Bob: <3 you\n" * 5,
    "13/03/2024, 09:00 - Ana: hi\n13/03/2024, 09:01 - Bob: * waves\n" * 5,
    "[2024-03-13 09:00:00] Ana: hi\n" * 5,
    "13.03.24 09:00:00: Ana: hi\n" * 5,
    "2024-03-13, 09:00 - Ana: <Media omitted>\n" * 5,
]


@pytest.mark.parametrize(
    "text",
    [
        *WHATSAPP,
        "",
        "\n\n",
        "# Notes\n\n* one\n* two\n* three\n--- \n* four\n",
        "<html>\n<body>\n<p> hi\n</p>\n",
        '{"messages": [\n{"a": 1},\n{"a": 2}\n]}',
        "Session Start: monday\nwe met\nand talked\nand went\n",
        "[12:00] <ana> hi\n" + "A long letter.\n" * 20,
        "12:00 lunch\n13:00 nap\n14:00 walk\n",
        "[12:00] <ana> a line alone\n",
    ],
)
def test_other_texts_are_not_claimed(tmp_path: Path, text: str) -> None:
    assert not recognises(FORMAT, write(tmp_path / "_chat.txt", text))
    assert not recognises(FORMAT, write_zip(tmp_path / "WhatsApp Chat with Ana.zip", {"_chat.txt": text}))


def test_a_whatsapp_export_with_a_log_attached_stays_one(tmp_path: Path) -> None:
    members = {"_chat.txt": WHATSAPP[0], "00000001-irc.log": ZNC}
    assert not recognises(FORMAT, write_zip(tmp_path / "WhatsApp Chat with Ana.zip", members))


def test_an_empty_folder_and_bytes_of_any_kind_are_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert not recognises(FORMAT, tmp_path / "empty")
    assert not recognises(FORMAT, write(tmp_path / "a.log", bytes(range(256)) * 64))


def test_a_file_that_is_no_log_is_refused_whole_and_the_others_are_read(tmp_path: Path) -> None:
    letter = "These are logs.\nEnjoy.\n" * 500
    members = {"#garden_2020-01-02.log": ZNC, "#garden_2020-01-04.log": ZNC, "README.txt": letter}
    records, reading = read(FORMAT, write_zip(tmp_path / "logs.zip", members))
    assert len(records) == 16
    assert [piece.reason for piece in reading.quarantined] == ["README.txt: this is no IRC log"]


def test_dircproxy_marks_before_texts_are_removed_only_where_all_have_them(tmp_path: Path) -> None:
    host = "<mg!n=user@host.example>"
    marked = f"[15 Jan 08:42] {host} -hmm\n[15 Jan 08:42] {host} +this\n[15 Jan 08:42] {host} ++2\n"
    assert [record.text for record in read_text(tmp_path, marked)] == ["hmm", "this", "+2"]
    plain = f"[15 Jan 08:42] {host} -1 from me\n[15 Jan 08:42] {host} why\n[15 Jan 08:42] {host} so\n"
    assert [record.text for record in read_text(tmp_path, plain)] == ["-1 from me", "why", "so"]


SHARED_CASES = SHARED / "irclog2html" / "cases.json"
CASES = json.loads(SHARED_CASES.read_text()) if SHARED_CASES.exists() else []
KIND = {
    "COMMENT": "text",
    "ACTION": "text",
    "JOIN": "system",
    "PART": "system",
    "NICKCHANGE": "system",
    "SERVER": "system",
}


@needs_shared
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_lines_of_irclog2html(tmp_path: Path, case: dict[str, object]) -> None:
    expected = case["expected"]
    assert isinstance(expected, dict)
    raw = str(case["input"]).encode() if "input" in case else str(case["input_latin1"]).encode("latin-1")
    before = b"--- Log opened Thu Jan 15 08:00:00 2004\n" + b"[15 Jan 08:42] <a!b@c> +x\n" * 4 * bool(
        case.get("dircproxy")
    )
    path = write(tmp_path / "#pov.log", before + b"[08:40] <mg> before\n" * 2 + raw + b"\n")
    records, reading = read(FORMAT, path)
    if expected["what"] == "OTHER":
        assert [piece.raw.strip() for piece in reading.quarantined] == [raw]
        return
    record = records[-1]
    assert record.kind == KIND[str(expected["what"])]
    if expected["time"] is not None:
        moment = record.sent_at or record.local_time
        assert moment is not None
        hour, minute = re.findall(r"(\d\d):(\d\d)", expected["time"])[0]
        assert (moment.hour, moment.minute) == (int(hour), int(minute))
    if expected["what"] == "COMMENT":
        assert [record.author, record.text] == expected["info"]
    elif expected["what"] == "ACTION":
        assert record.text == str(expected["info"])[1:].strip()
        assert record.author == record.text.split()[0]
    elif expected["what"] == "NICKCHANGE":
        assert set(expected["info"][1:]) <= set(reading.people)
    else:
        assert str(expected["info"]).endswith(record.text)


@given(st.lists(st.text(max_size=60), max_size=20), st.sampled_from(sorted(LOGS)))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_line_stops_the_lines_after_it(tmp_path: Path, strange: list[str], name: str) -> None:
    noise = "\n".join(line.replace("\n", " ") for line in strange)
    path = write(
        tmp_path / name,
        f"{LOGS[name]}\n{noise}\n".encode("utf-8", "surrogatepass") + b"2020-02-01T10:00:00 <eve> end\n",
    )
    reading = Reading()
    with open_export(path, LimitSettings()) as export:
        records = list(FORMAT.records(export, reading))
    assert records[-1].author == "eve"


@given(st.text(alphabet="<>*-![](): \tab19#@=|/\\.", max_size=200))
@example("-(-")
@settings(deadline=None, max_examples=300)
def test_any_line_is_read_without_an_exception(line: str) -> None:
    _, event = read_line(line)
    assert event.kind in ("text", "system")
    assert event.nick != ""


def test_an_action_of_irccloud_is_its_nicks_and_no_notice(tmp_path: Path) -> None:
    path = tmp_path / "#garden.txt"
    lines = ("<ana> hello", "— ana waves at bob", "→ bob joined (~bob@example.org)", "<bob> hi")
    path.write_text("".join(f"[2020-01-02 23:13:0{second}] {line}\n" for second, line in enumerate(lines)))
    records, _ = read(FORMAT, path)
    assert [(record.author, record.kind, record.text) for record in records] == [
        ("ana", "text", "hello"),
        ("ana", "text", "ana waves at bob"),
        (None, "system", "bob joined (~bob@example.org)"),
        ("bob", "text", "hi"),
    ]


def test_notes_that_begin_with_a_dash_are_no_log(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("12:00 — lunch with Ana\n12:30 — call the bank\n13:00 — water the beds\n" * 3)
    assert not recognises(FORMAT, path)
