"""What one export says: times, authors, texts and kinds, in the dialects of Android and iOS."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.formats.whatsapp import STAGED, AmbiguousDates, Staged, stage, title_of
from egregora_assets.chat.formats.whatsapp_scan import HIJRI, OTHER_DIALECT, UNKNOWN_WORD

LRM, RLM = "\u200e", "\u200f"


@dataclass(frozen=True)
class Message:
    time: datetime | None
    author: str | None
    kind: str
    text: str
    attachment: str | None
    is_edited: bool
    same_text: str | None


Read = Callable[..., list[Message]]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.fixture
def staged(connection: duckdb.DuckDBPyConnection) -> Callable[..., Staged]:
    def run(export: str | bytes, day_first: bool | None = None) -> Staged:
        data = export.encode() if isinstance(export, str) else export
        return stage(connection, io.BytesIO(data), "chat.txt", day_first)

    return run


@pytest.fixture
def read(connection: duckdb.DuckDBPyConnection, staged: Callable[..., Staged]) -> Read:
    def run(export: str | bytes, day_first: bool | None = None) -> list[Message]:
        authors = staged(export, day_first).authors
        found = connection.execute(
            "SELECT local_time, author_no, kind, text, attachment, is_edited, same_text "
            f"FROM {STAGED} ORDER BY position"
        ).fetchall()
        return [Message(time, None if no is None else authors[no], *rest) for time, no, *rest in found]

    return run


def android(body: str, author: str = "Ana Lima") -> str:
    return f"25/12/2023, 10:30 - {author}: {body}\n"


def ios(body: str, author: str = "Ana Lima") -> str:
    return f"[25/12/2023, 10:30:05] {author}: {body}\n"


HEADERS = {
    "25/12/2023, 22:30 - ": datetime(2023, 12, 25, 22, 30),
    "25/12/2023 22:30 - ": datetime(2023, 12, 25, 22, 30),
    "25/12/23, 22:30 - ": datetime(2023, 12, 25, 22, 30),
    "25.12.23, 22:30 - ": datetime(2023, 12, 25, 22, 30),
    "25-12-2023 22:30 - ": datetime(2023, 12, 25, 22, 30),
    "12/25/23, 10:30 PM - ": datetime(2023, 12, 25, 22, 30),
    "12/25/23, 10:30\u202fPM - ": datetime(2023, 12, 25, 22, 30),
    "12/25/23, 10:30\u202fAM - ": datetime(2023, 12, 25, 10, 30),
    "12/25/23, 10:30pm - ": datetime(2023, 12, 25, 22, 30),
    "25/12/2023, 10:30 p. m. - ": datetime(2023, 12, 25, 22, 30),
    "25/12/2023, 10:30 p.\u00a0m. - ": datetime(2023, 12, 25, 22, 30),
    "25/12/2023, 12:05 a.m. - ": datetime(2023, 12, 25, 0, 5),
    "25/12/2023, 12:05 p.m. - ": datetime(2023, 12, 25, 12, 5),
    "25/12/2023 à 22:30 - ": datetime(2023, 12, 25, 22, 30),
    "25.12.2023 klo 22.30 - ": datetime(2023, 12, 25, 22, 30),
    "25.12.2023 kl. 22.30 - ": datetime(2023, 12, 25, 22, 30),
    "2023/12/25, 22:30 - ": datetime(2023, 12, 25, 22, 30),
    "2023-12-25, 22:30 - ": datetime(2023, 12, 25, 22, 30),
    "2023. 12. 25. 오후 10:30 - ": datetime(2023, 12, 25, 22, 30),
    "2023/12/25 午後10:30 - ": datetime(2023, 12, 25, 22, 30),
    "2023/12/25, 下午10:30 - ": datetime(2023, 12, 25, 22, 30),
    "22:30, 25/12/2023 - ": datetime(2023, 12, 25, 22, 30),
    "25/12/2566 22:30 - ": datetime(2023, 12, 25, 22, 30),
    "٢٥\u200f/١٢\u200f/٢٠٢٣، ١٠:٣٠ م - ": datetime(2023, 12, 25, 22, 30),
    "۲۵/۱۲/۲۰۲۳, ۲۲:۳۰ - ": datetime(2023, 12, 25, 22, 30),
    "25\u200f/12\u200f/2023, 22:30 - ": datetime(2023, 12, 25, 22, 30),
    "[25/12/2023, 22:30:05] ": datetime(2023, 12, 25, 22, 30, 5),
    "[25.12.23, 22:30:05] ": datetime(2023, 12, 25, 22, 30, 5),
    "[12/25/23, 10:30:05\u202fPM] ": datetime(2023, 12, 25, 22, 30, 5),
    f"{LRM}[25/12/2023, 22:30:05] ": datetime(2023, 12, 25, 22, 30, 5),
    "[2023-12-25, 10:30:05 PM] ": datetime(2023, 12, 25, 22, 30, 5),
    "[25/12/2023 22:30:05] ": datetime(2023, 12, 25, 22, 30, 5),
    "25.12.23 22.30.05: ": datetime(2023, 12, 25, 22, 30, 5),
}


@pytest.mark.parametrize(("header", "time"), HEADERS.items(), ids=repr)
def test_reads_every_known_header(read: Read, header: str, time: datetime) -> None:
    [message] = read(f"{header}Ana Lima: hello")
    assert (message.time, message.author, message.kind, message.text) == (time, "Ana Lima", "text", "hello")


@pytest.mark.parametrize("opening", ["", "\ufeff", LRM, "\ufeff\u200e"])
def test_the_first_message_survives_marks_before_it(read: Read, opening: str) -> None:
    assert [message.text for message in read(opening + android("one") + android("two"))] == ["one", "two"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_with_a_mark_read_the_same(read: Read, encoding: str) -> None:
    export = android("olá 👋\n\nsegunda linha") + android("fim")
    mark = "\ufeff" if encoding in {"utf-16-le", "utf-16-be"} else ""
    assert read((mark + export).encode(encoding)) == read(export)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_read_the_same(read: Read, line_end: str) -> None:
    export = android("one\n\nthree") + "25/12/2023, 10:30 - Ana Lima added Bruno\nand more\n" + android("end")
    assert read(export.replace("\n", line_end).encode()) == read(export)


def test_a_text_keeps_its_lines_blank_lines_and_spaces(read: Read) -> None:
    body = "  first\n\n\n  - 10:30 - Bruno: no header\ntwo  "
    assert [message.text for message in read(android(body) + android("x"))] == [body, "x"]


def test_authors_are_compared_without_marks_and_odd_spaces(read: Read) -> None:
    export = ios("one", author=f"{LRM}Ana\u00a0Lima") + ios("two", author="\u202aAna\u202fLima\u202c") + ios("three")
    assert {message.author for message in read(export)} == {"Ana Lima"}


def test_a_name_may_have_a_hyphen_emoji_or_number(read: Read) -> None:
    names = ["Ana - work", "🤓", "+55 11 91234-5678", "~ Bruno", "„Nina“ Reis", 'Rui "R" Sá', "José: the second"]
    found = [message.author for message in read("".join(android("x", author=name) for name in names))]
    assert found == [*names[:-1], "José"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_text_may_begin_on_the_line_after_the_name(read: Read, line_end: str) -> None:
    export = "25/12/2023, 10:30 - Ana:\nfirst\nsecond\n".replace("\n", line_end)
    [message] = read(export.encode())
    assert (message.author, message.kind, message.text) == ("Ana", "text", "\nfirst\nsecond")


def test_a_quoted_line_of_another_dialect_is_text(read: Read) -> None:
    quoted = "see:\n[25.12.23, 09:00:00] Bruno: hi\n12/25/23, 9:00 AM - Bruno: hi\n2023-12-25, 09:00 - Bruno: hi"
    assert [message.text for message in read(android(quoted) + android("x"))] == [quoted, "x"]


def test_most_lines_decide_the_dialect_not_the_first(read: Read) -> None:
    export = "12/25/23, 9:00 AM - Bruno: left over\n" + android("one") + android("two")
    assert [message.text for message in read(export)] == ["one", "two"]


def test_day_first_when_one_date_can_only_be_so(read: Read) -> None:
    export = "05/03/2024, 10:00 - Ana: x\n13/03/2024, 10:00 - Ana: y\n"
    assert [message.time for message in read(export)] == [datetime(2024, 3, 5, 10), datetime(2024, 3, 13, 10)]


def test_month_first_when_one_date_can_only_be_so(read: Read) -> None:
    export = "05/03/2024, 10:00 - Ana: x\n05/13/2024, 10:00 - Ana: y\n"
    assert [message.time for message in read(export)] == [datetime(2024, 5, 3, 10), datetime(2024, 5, 13, 10)]


def test_the_order_that_goes_back_in_time_is_the_wrong_one(read: Read) -> None:
    export = "".join(f"{date}/2024, 10:00 - Ana: x\n" for date in ("02/03", "03/03", "01/04"))
    assert [message.time for message in read(export)] == [
        datetime(2024, 3, 2, 10),
        datetime(2024, 3, 3, 10),
        datetime(2024, 4, 1, 10),
    ]


def test_an_impossible_date_is_no_evidence(read: Read) -> None:
    export = "45/03/2024, 10:00 - Ana: x\n99/99/2024, 10:00 - Ana: y\n05/13/2024, 10:00 - Ana: z\n"
    assert read(export)[-1].time == datetime(2024, 5, 13, 10)


def test_dates_that_nothing_decides_are_asked_about(read: Read) -> None:
    with pytest.raises(AmbiguousDates, match="--day-first"):
        read("05/03/2024, 10:00 - Ana: x\n06/04/2024, 10:00 - Ana: y\n")


@pytest.mark.parametrize(("day_first", "time"), [(True, datetime(2024, 3, 5, 10)), (False, datetime(2024, 5, 3, 10))])
def test_the_users_word_decides(read: Read, day_first: bool, time: datetime) -> None:
    [message] = read("05/03/2024, 10:00 - Ana: x", day_first)
    assert message.time == time


def test_the_users_word_wins_over_the_file(read: Read) -> None:
    export = "05/03/2024, 10:00 - Ana: x\n13/03/2024, 10:00 - Ana: y\n"
    assert [message.time for message in read(export, day_first=False)] == [datetime(2024, 5, 3, 10), None]


@pytest.mark.parametrize(("form", "day_first"), [("{0}/03/2024", False), ("03/{0}/2024", True)])
def test_a_word_meant_for_another_file_of_the_run_does_not_cost_a_file_that_plainly_tells(
    read: Read, caplog: pytest.LogCaptureFixture, form: str, day_first: bool
) -> None:
    export = "".join(f"{form.format(f'{day:02}')}, 10:00 - Ana: x\n" for day in range(8, 24))
    assert [message.time for message in read(export, day_first)] == [datetime(2024, 3, day, 10) for day in range(8, 24)]
    assert "-first` was said" in caplog.text


def test_dates_that_read_the_same_either_way_need_no_word(read: Read) -> None:
    assert read("01/01/2024, 10:00 - Ana: x")[0].time == datetime(2024, 1, 1, 10)


def test_a_leading_year_needs_no_word(staged: Callable[..., Staged]) -> None:
    assert staged("2024/05/03, 10:00 - Ana: x").day_first is None


@pytest.mark.parametrize(
    "moment",
    [
        "31/02/2024, 10:00",
        "29/02/2023, 10:00",
        "99/99/2024, 10:00",
        "25/12/2023, 25:61",
        "25/12/0000, 10:00",
        "25/12/9999, 10:00",
    ],
)
def test_an_impossible_moment_costs_only_its_own_message(
    read: Read, staged: Callable[..., Staged], moment: str
) -> None:
    broken = f"{moment} - Bruno: lost\nin time\n"
    export = android("before") + broken + android("after")
    assert [(message.time is None, message.text) for message in read(export)] == [
        (False, "before"),
        (True, "lost\nin time"),
        (False, "after"),
    ]
    [piece] = staged(export).quarantined
    assert (piece.byte_offset, piece.raw) == (len(android("before")), broken.encode())


def test_a_twelve_hour_clock_has_no_hour_13(read: Read) -> None:
    messages = read("12/25/23, 1:30 PM - Ana: x\n12/25/23, 13:30 PM - Ana: y\n12/25/23, 0:30 PM - Ana: z\n")
    assert [message.time for message in messages] == [
        datetime(2023, 12, 25, 13, 30),
        None,
        datetime(2023, 12, 25, 12, 30),
    ]


@pytest.mark.parametrize("moment", ["29/02/2024, 10:00", "31/12/1999, 23:59", "01/01/1970, 00:00", "31/12/2199, 23:59"])
def test_rare_but_real_moments_are_kept(read: Read, moment: str) -> None:
    assert f"{read(android('x') + f'{moment} - Ana: y')[1].time:%d/%m/%Y, %H:%M}" == moment


NOTICES = [
    "Messages and calls are end-to-end encrypted. Tap to learn more.",
    "Ana Lima added Bruno",
    'Ana Lima created group "Roma"',
    'Ana Lima created group "Trip: Roma 10:30"',
    'Ana Lima changed the subject from "a: b" to "c"',
    "Ana Lima changed the subject to: Roma",
    "Você mudou a descrição do grupo para: férias",
    "Ana Lima criou o grupo «Roma: verão»",
]


@pytest.mark.parametrize("notice", NOTICES)
def test_a_notice_has_no_author_with_or_without_a_colon(read: Read, notice: str) -> None:
    messages = read(android("x") + f"25/12/2023, 10:30 - {notice}\n" + android("y"))
    assert [(message.author, message.kind, message.text) for message in messages] == [
        ("Ana Lima", "text", "x"),
        (None, "system", notice),
        ("Ana Lima", "text", "y"),
    ]


def test_a_notice_on_ios_stands_behind_a_name_and_a_mark(read: Read) -> None:
    [notice, text] = read(ios(f"{LRM}Bruno was added", author="Family") + ios("hello"))
    assert (notice.author, notice.kind, notice.text) == (None, "system", "Bruno was added")
    assert (text.author, text.kind) == ("Ana Lima", "text")


def test_a_long_text_that_begins_with_a_mark_is_no_notice(read: Read) -> None:
    [message] = read(ios(LRM + "שלום " * 200))
    assert (message.author, message.kind) == ("Ana Lima", "text")


KINDS = [
    (android("hello"), "text", "hello", None),
    (android("<Media omitted>"), "media", "", None),
    (android("<Mídia oculta>"), "media", "", None),
    (android("<Медиа пропущено>"), "media", "", None),
    (android("<メディア>"), "media", "", None),
    (android("IMG-20231225-WA0001.jpg (file attached)"), "media", "", "IMG-20231225-WA0001.jpg"),
    (
        android(f"{LRM}IMG-20231225-WA0001.jpg (file attached)\nour tree\n\n2"),
        "media",
        "our tree\n\n2",
        "IMG-20231225-WA0001.jpg",
    ),
    (android("PTT-20231225-WA0001.opus (τυχαίο)"), "media", "", "PTT-20231225-WA0001.opus"),
    (android(f"{LRM}my thesis 2.pdf (в приложении)"), "media", "", "my thesis 2.pdf"),
    (android("DOC-20231225-WA0001. (file attached)"), "media", "", "DOC-20231225-WA0001."),
    (android("STK-20231225-WA0001.webp (file attached)"), "sticker", "", "STK-20231225-WA0001.webp"),
    (android("Bruno Reis.vcf (arquivo anexado)"), "contact", "", "Bruno Reis.vcf"),
    (android("This message was deleted"), "deleted", "", None),
    (android("You deleted this message."), "deleted", "", None),
    (android("Mensagem apagada"), "deleted", "", None),
    (android(""), "view_once", "", None),
    (android("Missed voice call"), "call", "Missed voice call", None),
    (
        android("location: https://maps.google.com/?q=38.71,-9.14"),
        "location",
        "location: https://maps.google.com/?q=38.71,-9.14",
        None,
    ),
    (
        android("местоположение: https://maps.google.com/?q=38.71,-9.14"),
        "location",
        "местоположение: https://maps.google.com/?q=38.71,-9.14",
        None,
    ),
    (android("未接語音來電"), "call", "未接語音來電", None),
    (android(f"{RLM}IMG-20231225-WA0001.jpg (ملف مرفق)"), "media", "", "IMG-20231225-WA0001.jpg"),
    (android("live location shared"), "location", "live location shared", None),
    (
        android("POLL:\nBeach?\nOPTION: Yes (2 votes)\nOPTION: No (0 votes)"),
        "poll",
        "POLL:\nBeach?\nOPTION: Yes (2 votes)\nOPTION: No (0 votes)",
        None,
    ),
    (
        ios(f"{LRM}<attached: 00000012-PHOTO-2023-12-25-10-30-05.jpg>"),
        "media",
        "",
        "00000012-PHOTO-2023-12-25-10-30-05.jpg",
    ),
    (ios(f"our tree {LRM}<anexado: 00000012-PHOTO.jpg>"), "media", "our tree", "00000012-PHOTO.jpg"),
    (ios(f"{LRM}<вложение: 00000013-VIDEO.mp4>"), "media", "", "00000013-VIDEO.mp4"),
    (
        ios(f"thesis.pdf • {LRM}12 pages {LRM}<attached: 00000014-thesis.pdf>"),
        "media",
        "",
        "00000014-thesis.pdf",
    ),
    (ios(f"{LRM}<pièce jointe : 00000015-STICKER-2023.webp>"), "sticker", "", "00000015-STICKER-2023.webp"),
    (ios(f"2015-08-04-PHOTO-00000001.jpg <{LRM}attached>"), "media", "", "2015-08-04-PHOTO-00000001.jpg"),
    (ios(f"{LRM}<attached: 00000016-Bruno Reis.vcf>"), "contact", "", "00000016-Bruno Reis.vcf"),
    (ios(f"{LRM}image omitted"), "media", "", None),
    (ios("image omitted"), "media", "", None),
    (ios(f"{LRM}vídeo ocultado"), "media", "", None),
    (ios(f"{LRM}Görüntü dahil edilmedi"), "media", "", None),
    (ios(f"{LRM}sticker omitted"), "sticker", "", None),
    (ios(f"{LRM}Contact card omitted"), "contact", "", None),
    (ios(f"{LRM}This message was deleted."), "deleted", "", None),
    (ios(f"{LRM}This message was deleted by admin Bruno."), "deleted", "", None),
    (ios(f"{LRM}You received a view once message."), "view_once", "", None),
    (ios(f"{LRM}Missed video call, {LRM}Tap to call back"), "call", "Missed video call, Tap to call back", None),
    (ios(f"{LRM}Voice call. {LRM}2 min"), "call", "Voice call. 2 min", None),
    (
        ios(f"{LRM}Location: https://maps.google.com/?q=38.71,-9.14"),
        "location",
        "Location: https://maps.google.com/?q=38.71,-9.14",
        None,
    ),
    (
        ios(f"{LRM}Location: Café (Rua 1): https://foursquare.com/v/4b0"),
        "location",
        "Location: Café (Rua 1): https://foursquare.com/v/4b0",
        None,
    ),
    (
        ios(f"{LRM}ОПРОС:\nПляж?\n{LRM}ВАРИАНТ: да (2 голоса)\n{LRM}ВАРИАНТ: нет (0 голосов)\n"),
        "poll",
        "ОПРОС:\nПляж?\nВАРИАНТ: да (2 голоса)\nВАРИАНТ: нет (0 голосов)\n",
        None,
    ),
]


@pytest.mark.parametrize(("line", "kind", "text", "attachment"), KINDS, ids=[repr(case[0][20:70]) for case in KINDS])
def test_tells_the_kind(read: Read, line: str, kind: str, text: str, attachment: str | None) -> None:
    message = read(line)[0]
    assert (message.kind, message.text, message.attachment) == (kind, text, attachment)
    assert message.author == "Ana Lima"


TYPED = (
    "Bruno <mailto:bruno@example.org>",
    "<3",
    "<3 you all",
    "I <b>really</b> mean it",
    "<br />",
    "</old joke>",
    "Voice call",
    "Voice call at ten?",
    "Video call later, image omitted from my plans",
    "see main.py (line 3)",
    "v1.2 (final)",
    "Poll:\nwho comes?",
    "list:\none (1)\ntwo (2)",
    "the message was deleted",
    "where: https://maps.example.org/x",
)


@pytest.mark.parametrize("dialect", [android, ios])
def test_what_people_type_stays_text(read: Read, dialect: Callable[[str], str]) -> None:
    found = read("".join(map(dialect, TYPED)))
    for typed, message in zip(TYPED, found, strict=True):
        assert (message.kind, message.text, message.attachment) == ("text", typed, None)


@pytest.mark.parametrize(
    "line",
    [
        android("we meet at 9 <This message was edited>"),
        ios(f"we meet at 9 {LRM}<This message was edited>"),
        android("we meet at 9 <Mensagem editada>"),
    ],
)
def test_an_edited_message_is_marked_and_its_text_is_clean(read: Read, line: str) -> None:
    [message] = read(line)
    assert (message.kind, message.text, message.is_edited) == ("text", "we meet at 9", True)


@pytest.mark.parametrize(
    ("on_android", "on_ios"),
    [
        ("hello", "hello"),
        ("<Media omitted>", f"{LRM}image omitted"),
        ("IMG-20231225-WA0001.jpg (file attached)\nour tree", f"our tree {LRM}<attached: 00000012-PHOTO.jpg>"),
        ("This message was deleted", f"{LRM}This message was deleted."),
        ("Missed voice call", f"{LRM}Missed voice call"),
    ],
)
def test_the_same_message_from_both_systems_is_told_to_be_the_same(read: Read, on_android: str, on_ios: str) -> None:
    def identity(message: Message) -> str:
        return message.text if message.same_text is None else message.same_text

    assert identity(read(android(on_android))[0]) == identity(read(ios(on_ios))[0])


def test_a_file_without_any_message_is_refused(read: Read) -> None:
    for export in ("", "\n\n\n", "no chat at all\n" * 100, "10:30 hello", "[oops] Ana: x"):
        with pytest.raises(ExportUnreadable, match="no message of a known format"):
            read(export)


@pytest.mark.parametrize(
    ("file_name", "title"),
    [
        ("WhatsApp Chat with Ana & Bruno.zip", "Ana & Bruno"),
        ("WhatsApp Chat - Família (2).zip", "Família"),
        ("Conversa do WhatsApp com Roma (2024).txt", "Roma (2024)"),
        ("WhatsApp Chat mit Straße.txt", "Straße"),
        ("notes.txt", "notes"),
    ],
)
def test_the_title_comes_from_the_file_name(file_name: str, title: str) -> None:
    assert title_of(Path(file_name)) == title


def identity(message: Message) -> str:
    return message.text if message.same_text is None else message.same_text


DELETED_IN_OTHER_LANGUAGES = [
    "Mensagem eliminada",
    "Mensagem apagada",
    "Dit bericht werd verwijderd",
    "Dit bericht is verwijderd",
    "Данное сообщение удалено",
    "Вы удалили данное сообщение",
    "Це повідомлення було видалено",
    "Ta wiadomość została usunięta",
    "Bu mesaj silindi",
    "Pesan ini dihapus",
    "Mesej ini telah dipadam",
    "Denne besked er blevet slettet",
    "Denne meldingen ble slettet",
    "Tämä viesti poistettiin",
    "Tato zpráva byla smazána",
    "Táto správa bola odstránená",
    "Ez az üzenet törlésre került",
    "Acest mesaj a fost șters",
    "Αυτό το μήνυμα διαγράφηκε",
    "הודעה זו נמחקה",
    "تم حذف هذه الرسالة",
    "این پیام حذف شد",
    "यह मैसेज डिलीट कर दिया गया है।",
    "এই বার্তাটি মুছে ফেলা হয়েছে",
    "یہ میسج حذف کر دیا گیا ہے۔",
    "ข้อความนี้ถูกลบแล้ว",
    "Tin nhắn này đã bị xóa",
    "消息已删除",
    "此訊息已刪除。",
    "このメッセージは削除されました。",
    "이 메시지는 삭제되었습니다",
    "Aquest missatge s'ha suprimit",
    "Ova je poruka izbrisana",
    "Съобщението беше изтрито",
    "This message was deleted by admin Bruno Reis",
    "Diese Nachricht wurde von Admin Bruno gelöscht.",
    "Bu mesaj Bruno adlı yönetici tarafından silindi.",
    "管理员 Bruno 已删除这条消息。",
]


@pytest.mark.parametrize("dialect", [android, ios])
def test_a_deletion_is_known_in_the_languages_of_the_app(read: Read, dialect: Callable[[str], str]) -> None:
    lines = [dialect(mark + notice) for notice in DELETED_IN_OTHER_LANGUAGES for mark in ("", LRM)]
    for line, message in zip(lines, read("".join(lines)), strict=True):
        assert (message.author, message.kind, message.text) == ("Ana Lima", "deleted", ""), line


@pytest.mark.parametrize(
    "mark",
    [
        "<Сообщение изменено>",
        "<Bu mesaj düzenlendi>",
        "<Pesan ini diedit>",
        "<ההודעה נערכה>",
        "<Acest mesaj a fost editat>",
        "<Diese Nachricht wurde bearbeitet.>",
        "\u200f<تم تعديل هذه الرسالة>",
        "<Ta wiadomość była edytowana>",
        f"{LRM}<words of a language nobody knows>",
    ],
)
def test_an_edit_is_known_in_the_languages_of_the_app(read: Read, mark: str) -> None:
    [message] = read(android(f"at nine {mark}"))
    assert (message.kind, message.text, message.is_edited) == ("text", "at nine", True)


DAY_PARTS = {
    "中午12:05": (12, 5),
    "中午1:05": (13, 5),
    "清晨6:05": (6, 5),
    "凌晨12:05": (0, 5),
    "早上8:05": (8, 5),
    "上午11:05": (11, 5),
    "下午3:05": (15, 5),
    "傍晚6:05": (18, 5),
    "晚上9:05": (21, 5),
}


@pytest.mark.parametrize(("words", "clock"), DAY_PARTS.items())
def test_every_chinese_part_of_the_day_is_a_time(read: Read, words: str, clock: tuple[int, int]) -> None:
    first, second = read(f"2024/1/28 上午9:00 - Ana: x\n2024/1/29 {words} - Ana: y\n")
    assert (first.text, second.text, second.time) == ("x", "y", datetime(2024, 1, 29, *clock))


@pytest.mark.parametrize("separator", ["/", "-", "."])
def test_two_digit_years_come_first_where_the_file_says_so(read: Read, separator: str) -> None:
    dates = ["24/1/28", "24/1/30", "24/2/3"]
    export = "".join(f"{date.replace('/', separator)}, 10:00 - Ana: x\n" for date in dates)
    assert [message.time for message in read(export)] == [
        datetime(2024, 1, 28, 10),
        datetime(2024, 1, 30, 10),
        datetime(2024, 2, 3, 10),
    ]


def test_a_two_digit_year_is_never_in_the_future(read: Read) -> None:
    assert [message.time for message in read("24-01-28, 10:00 - Ana: x")] == [datetime(2024, 1, 28, 10)]


def test_two_digit_years_that_nothing_tells_are_asked_about(read: Read) -> None:
    with pytest.raises(AmbiguousDates, match="the year"):
        read("24/01/13, 10:00 - Ana: x\n24/01/14, 10:00 - Ana: y\n")


def test_a_reading_with_the_year_first_that_goes_back_in_time_leaves_no_question(read: Read) -> None:
    found = read("".join(f"{date}, 10:00 - Ana: x\n" for date in ("20/11/23", "20/12/23", "20/01/24")))
    assert [message.time for message in found] == [
        datetime(2023, 11, 20, 10),
        datetime(2023, 12, 20, 10),
        datetime(2024, 1, 20, 10),
    ]


def test_days_that_change_more_often_than_the_last_field_come_first(read: Read) -> None:
    export = "".join(f"{day:02}/01/24, 10:00 - Ana: x\n" for day in range(10, 20))
    assert [message.time.day for message in read(export) if message.time] == list(range(10, 20))


def test_a_line_that_looks_like_a_header_of_another_dialect_can_be_found(staged: Callable[..., Staged]) -> None:
    lost = "2024/1/29 破曉5:05 - Bruno: lost"
    found = staged(f"2024/1/28 9:00 - Ana: x\n{lost}\n{lost}\n2024/1/28 9:00 - Ana: y\n").quarantined
    assert [(piece.reason, piece.raw) for piece in found] == [(OTHER_DIALECT, lost.encode())]


def test_a_message_with_an_unknown_word_beside_its_time_is_no_part_of_the_message_before(
    read: Read, staged: Callable[..., Staged]
) -> None:
    lost = "2024/1/29 破曉5:05 - Bruno: lost\nand more\n"
    export = f"2024/1/28 上午9:00 - Ana: x\n{lost}{lost}2024/1/28 上午9:00 - Ana: y\n"
    assert [message.text for message in read(export) if message.time] == ["x", "y"]
    found = staged(export).quarantined
    assert [(piece.reason, piece.raw) for piece in found] == [(UNKNOWN_WORD, lost.encode())] * 2


@pytest.mark.parametrize(
    "typed",
    [
        "12/25/23, 10:31 noonish - a plan",
        "12/25/23, 10:31 we met - Bruno: hi",
        "12/25/23, 22:31 - Bruno: hi",
        "12/25/2023, 10:31 PM - Bruno: hi",
    ],
)
def test_a_typed_line_with_a_time_stays_in_its_text(read: Read, typed: str) -> None:
    export = f"12/25/23, 10:30 PM - Ana: see\n{typed}\n12/25/23, 10:32 PM - Ana: y\n"
    assert [message.text for message in read(export)] == [f"see\n{typed}", "y"]


@pytest.mark.parametrize("mark", [LRM, "\u200f"])
@pytest.mark.parametrize("command", ["/egregora opt-out", "*/egregora opt-out*", "／egregora opt-out"])
def test_a_command_behind_a_mark_is_of_who_gave_it(read: Read, mark: str, command: str) -> None:
    """Keyboards put marks before text; were this a notice, an opt-out would be nobody's."""
    notice = f"{LRM}Ana Lima changed the group description"
    found = read(ios(notice) + ios("مرحبا", author="Rui") + ios(mark + command))
    assert [(message.author, message.kind) for message in found] == [
        (None, "system"),
        ("Rui", "text"),
        ("Ana Lima", "text"),
    ]


def test_a_notice_of_a_security_code_is_nobodys(read: Read) -> None:
    notice = "Your security code with Rui: X changed. Tap to learn more."
    assert read(android("x") + f"25/12/2023, 10:30 - {notice}\n")[1].author is None


@pytest.mark.parametrize("name", ["Tim 6'2\"", 'O"Neil', "„Nina"])
def test_a_name_with_a_quotation_mark_is_a_person(read: Read, name: str) -> None:
    for times in (1, 5):
        found = read("".join(android(f"hello {number}", author=name) for number in range(times)))
        assert {(message.author, message.kind) for message in found} == {(name, "text")}


def test_a_japanese_quotation_with_a_colon_is_a_notice(read: Read) -> None:
    notice = "花子がグループ名を「家族: 旅行」に変更しました"
    found = read(android("x") + f"25/12/2023, 10:30 - {notice}\n")
    assert (found[1].author, found[1].kind, found[1].text) == (None, "system", notice)


@pytest.mark.parametrize("typed", ["<see you soon>", "<good question Ana>", "<да>", "‹да>", "<きのう>", "<muito bom>"])
def test_typed_words_in_angle_brackets_stay_text(read: Read, typed: str) -> None:
    for dialect in (android, ios):
        [message] = read(dialect(typed))
        assert (message.kind, message.text) == ("text", typed)


CALENDARS = {
    "[3/18/R4, 14:56:01] ": datetime(2022, 3, 18, 14, 56, 1),
    "R6/1/13 9:05 - ": datetime(2024, 1, 13, 9, 5),
    "H31/4/30 9:05 - ": datetime(2019, 4, 30, 9, 5),
    "令和6年3月18日 14:56 - ": datetime(2024, 3, 18, 14, 56),
    "[3/18/2565 BE, 14:56:01] ": datetime(2022, 3, 18, 14, 56, 1),
    "13/1/67 14:56 - ": datetime(2024, 1, 13, 14, 56),
    "۲۰۲۴/۰۱/۱۳،\u200f ۲۱:۰۵ - ": datetime(2024, 1, 13, 21, 5),
    "13.01.24 г., 21:05 - ": datetime(2024, 1, 13, 21, 5),
    "2024. 01. 13. de. 9:05 - ": datetime(2024, 1, 13, 9, 5),
    "2024. 01. 13. du. 9:05 - ": datetime(2024, 1, 13, 21, 5),
    "2024/01/13, 9:05 vm. - ": datetime(2024, 1, 13, 9, 5),
    "2024/01/13, 9:05 nm. - ": datetime(2024, 1, 13, 21, 5),
    "[१३/०१/२०२४, १०:३०:०५ pm] ": datetime(2024, 1, 13, 22, 30, 5),
    "১৩/০১/২০২৪, ২১:০৯ - ": datetime(2024, 1, 13, 21, 9),
}


@pytest.mark.parametrize(("header", "time"), CALENDARS.items(), ids=repr)
def test_reads_other_calendars_and_digits(read: Read, header: str, time: datetime) -> None:
    [message] = read(f"{header}Ana Lima: hello")
    assert (message.time, message.author, message.text) == (time, "Ana Lima", "hello")


IOS_PLACEHOLDERS = [
    (f"{LRM}зображення відсутнє", "media", ""),
    (f"{LRM}стикер не добавлен", "sticker", ""),
    (f"{LRM}画像は省略されました", "media", ""),
    (f"{LRM}image omitted\nour tree", "media", "our tree"),
    (f"our tree {LRM}image omitted", "media", "our tree"),
    (f"Some file.txt {LRM}document omitted", "media", "Some file.txt"),
    (f"Resume.pdf • {LRM}2 pages {LRM}document omitted", "media", "Resume.pdf • 2 pages"),
    (f"{LRM}שלום לכולם", "text", f"{LRM}שלום לכולם"),
    (
        "Pimlico Gardens (London, UK): https://foursquare.com/v/4b0",
        "location",
        "Pimlico Gardens (London, UK): https://foursquare.com/v/4b0",
    ),
]


@pytest.mark.parametrize(("body", "kind", "text"), IOS_PLACEHOLDERS)
def test_an_ios_placeholder_keeps_its_author_and_caption(read: Read, body: str, kind: str, text: str) -> None:
    for export in (ios(body), ios(body) + ios("plain text")):
        message = read(export)[0]
        assert (message.author, message.kind, message.text) == ("Ana Lima", kind, text)


def test_an_unknown_marked_line_of_somebody_who_writes_is_theirs(read: Read) -> None:
    found = read(ios("hello") + ios(f"{LRM}nobody knows these words"))
    assert (found[1].author, found[1].kind) == ("Ana Lima", "text")


@pytest.mark.parametrize("word", ["ОПРОС", "ANKET", "ENQUETE", "Umfrage", "アンケート", "סקר"])
def test_a_poll_is_known_without_marks(read: Read, word: str) -> None:
    [message] = read(android(f"{word}:\nPlage?\nX: a (2 v)\nX: b (0 v)"))
    assert message.kind == "poll"


def test_a_poll_of_ios_has_marks_before_its_votes(read: Read) -> None:
    poll = f"{LRM}POLL:\nQ?\n{LRM}OPTION: A ({LRM}2 votes)\n{LRM}OPTION: B ({LRM}0 votes)"
    [message] = read(ios(poll))
    assert (message.author, message.kind, message.text) == ("Ana Lima", "poll", poll.replace(LRM, ""))
    assert identity(message) == identity(read(android(message.text.replace("2 votes", "3 votes")))[0])


def test_a_caption_of_an_omitted_medium_is_kept(read: Read) -> None:
    [message] = read(android("<Media omitted>\nour tree\n<3"))
    assert (message.kind, message.text) == ("media", "our tree\n<3")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (android("POLL:\nQ?\nOPTION: A (2 votes)"), android("POLL:\nQ?\nOPTION: A (7 votes)")),
        (android("IMG-20231225-WA0001.jpg (file attached)\ncap"), android("<Media omitted>\ncap")),
        (ios(f"cap {LRM}<attached: 00000012-PHOTO.jpg>"), ios(f"cap {LRM}image omitted")),
        (ios(f"a.pdf • {LRM}2 pages {LRM}<attached: 1-a.pdf>"), ios(f"a.pdf • {LRM}2 pages {LRM}document omitted")),
        (android("Missed voice call"), ios(f"{LRM}Missed voice call, {LRM}Tap to call back")),
        (android("Gemiste spraakoproep"), ios(f"{LRM}Gemist spraakgesprek")),
    ],
)
def test_forms_of_one_message_have_one_identity(read: Read, one: str, other: str) -> None:
    first, second = read(one)[0], read(other)[0]
    assert (first.kind, identity(first)) == (second.kind, identity(second))


def test_dates_in_the_wrong_order_keep_their_header_and_say_that_the_other_order_fits(
    staged: Callable[..., Staged],
) -> None:
    lines = [f"{day}/03/2024, 10:00 - Ana: x {day}\n" for day in range(11, 30)]
    found = staged("".join(["03/25/2024, 10:00 - Ana: as was said\n", *lines]), day_first=False).quarantined
    assert [piece.raw.rstrip() for piece in found] == [line.encode().rstrip() for line in lines[2:]]
    assert {"--day-first" in piece.reason for piece in found} == {True}


CHINESE_ATTACHMENTS = [
    "<附件：00000042-PHOTO-2024-07-10-13-38-12.jpg>",
    f"{LRM}<附件：00000042-PHOTO-2024-07-10-13-38-12.jpg>",
    "‹附件：00000042-PHOTO-2024-07-10-13-38-12.jpg>",
    f"{LRM}‹附件：00000042-PHOTO-2024-07-10-13-38-12.jpg>",
    f" {LRM}<附件：00000042-PHOTO-2024-07-10-13-38-12.jpg>",
]


@pytest.mark.parametrize("marker", CHINESE_ATTACHMENTS)
def test_an_attachment_may_follow_the_name_without_a_space(read: Read, marker: str) -> None:
    found = read(f"[10/7/2024 下午1:38:11] Klaus: 早晨!\n[10/7/2024 下午1:38:12] Klaus:{marker}\n", day_first=True)
    assert [(message.author, message.kind, message.text) for message in found] == [
        ("Klaus", "text", "早晨!"),
        ("Klaus", "media", ""),
    ]
    assert found[1].attachment == "00000042-PHOTO-2024-07-10-13-38-12.jpg"


@pytest.mark.parametrize("name", ["Tim:<3", "10:30", "Ana:Bo", "https://x.example/<a>"])
def test_only_an_attachment_ends_a_name_without_a_space(read: Read, name: str) -> None:
    for dialect in (android, ios):
        [message] = read(dialect("hello", author=name))
        assert (message.author, message.text) == (name, "hello")


NOTICES_BEHIND_A_NAME = [
    "Añadiste a Tom",
    "Creaste este grupo",
    "Saliste del grupo",
    "Los mensajes temporales se activaron",
    "Hai aggiunto Tom",
    "Vous avez ajouté Tom",
    "Je hebt Tom toegevoegd",
    "U hebt de groep verlaten",
    "Вы добавили Tom",
    "Ви додали Tom",
    "Tom kişisini eklediniz",
    "Anda menambahkan Tom",
    "Dodałeś(-aś): Tom",
    "Adicionou Tom",
    "Criou este grupo",
    "Du hast selbstlöschende Nachrichten aktiviert",
    "הוספת את Tom",
    "لقد أضفت هذه المجموعة إلى مجتمع",
    "您添加了Tom",
    "您新增了 Tom",
    "Tomを追加しました",
    "AnaがTomを追加しました",
    "Ana님이 Tom님을 추가했습니다",
    "Ana创建了此群组",
    "أضاف Ana Tom",
    "أنشأ Ana هذه المجموعة",
    "غادر Ana",
    "Você fixou uma mensagem",
    "Вы закрепили сообщение",
    "メッセージをピン留めしました",
    "您已釘選一則訊息",
    "Waiting for this message. This may take a while.",
    "Esperando el mensaje. Esto puede tomar tiempo.",
    "في انتظار هذه الرسالة، قد يستغرق ذلك بعض الوقت.",
]


@pytest.mark.parametrize("mark", [LRM, RLM])
def test_a_notice_behind_the_name_of_somebody_who_writes_has_no_author(read: Read, mark: str) -> None:
    notices = [ios(mark + notice, author="Ana") for notice in NOTICES_BEHIND_A_NAME]
    writing = [ios(f"hello {number}", author="Ana") for number in range(len(notices))]
    lines = [line for pair in zip(writing, notices, strict=True) for line in pair]
    *found, last = read("".join(lines) + ios("مرحبا", author="Tom"))
    assert (last.author, last.kind) == ("Tom", "text")
    assert {(message.author, message.kind) for message in found[::2]} == {("Ana", "text")}
    for notice, message in zip(NOTICES_BEHIND_A_NAME, found[1::2], strict=True):
        assert (message.author, message.kind, message.text) == (None, "system", notice)


@pytest.mark.parametrize(
    ("title", "notices"),
    [
        ("نادي", ["الرسائل والمكالمات مشفرة تمامًا بين الطرفين", "كلمات لا يعرفها أحد"]),
        ("מועדון", ["הוספת את Tom", "מילים שאף אחד לא מכיר"]),
    ],
)
@pytest.mark.parametrize("mark", [LRM, RLM])
def test_a_title_written_from_right_to_left_is_no_author(read: Read, title: str, notices: list[str], mark: str) -> None:
    export = "".join(ios(mark + notice, author=title) for notice in notices)
    found = read(export + ios("مرحبا", author="Ana") + ios("hi", author="Tom"))
    assert [message.author for message in found] == [None, None, "Ana", "Tom"]


@pytest.mark.parametrize("mark", [LRM, RLM])
def test_who_always_writes_from_right_to_left_behind_a_mark_is_an_author(read: Read, mark: str) -> None:
    found = read(ios(f"{mark}שלום לכולם", author="Ana") + ios(f"{mark}مرحبا", author="Bo") + ios("hi", author="Tom"))
    assert [(message.author, message.kind) for message in found] == [("Ana", "text"), ("Bo", "text"), ("Tom", "text")]


ARABIC_PLACEHOLDERS = [
    (f"{RLM}لم يتم إدراج الصورة", "media", "", None),
    (f"{RLM}تم استبعاد الصورة", "media", "", None),
    (f"{RLM}تم حذف الملصقات", "sticker", "", None),
    (f"{RLM}<المُرفق: 00000012-PHOTO-2023.jpg>", "media", "", "00000012-PHOTO-2023.jpg"),
    (f" {RLM}<المُرفق: 00000042-Bo.vcf>", "contact", "", "00000042-Bo.vcf"),
    (f"{RLM}تم حذف هذه الرسالة.", "deleted", "", None),
    (f"{RLM}مكالمة صوتية، ٥ دقائق", "call", "مكالمة صوتية، ٥ دقائق", None),
    (
        f"{RLM}موقع: https://maps.google.com/?q=51.5,-0.1",
        "location",
        "موقع: https://maps.google.com/?q=51.5,-0.1",
        None,
    ),
]


@pytest.mark.parametrize(("body", "kind", "text", "attachment"), ARABIC_PLACEHOLDERS)
def test_the_mark_from_right_to_left_shows_a_placeholder_too(
    read: Read, body: str, kind: str, text: str, attachment: str | None
) -> None:
    message = read(ios(body) + ios("مرحبا"))[0]
    assert (message.author, message.kind, message.text, message.attachment) == ("Ana Lima", kind, text, attachment)


def test_the_word_for_attachment_may_follow_the_file(read: Read) -> None:
    [message] = read(ios(f"{LRM}<00000012-PHOTO-2023-12-25-10-30-05.jpg eklendi>"))
    assert (message.kind, message.text, message.attachment) == ("media", "", "00000012-PHOTO-2023-12-25-10-30-05.jpg")


VIEW_ONCE = [
    android("<View once voice message omitted>"),
    android("<View once photo omitted>"),
    ios(f"{LRM}You received a view once message. For added privacy, you can only open it on your phone."),
    ios(f"{LRM}Вы получили сообщение однократного просмотра. Откройте его на телефоне."),
    ios(f"{RLM}קיבלת הודעה שמוגדרת לצפייה חד פעמית. כדי להגביר את הפרטיות, ניתן לפתוח את ההודעה רק בטלפון."),
]


@pytest.mark.parametrize("line", VIEW_ONCE)
def test_what_can_be_viewed_once_is_told_in_words(read: Read, line: str) -> None:
    message = read(line)[0]
    assert (message.author, message.kind, message.text) == ("Ana Lima", "view_once", "")


def test_null_is_a_lost_medium_on_android_alone(read: Read) -> None:
    found = [read(export)[0] for export in (android("null"), ios("null"), android("null pointer"), android("Null"))]
    assert [message.kind for message in found] == ["media", "text", "text", "text"]
    assert (found[0].author, found[0].text, found[0].attachment) == ("Ana Lima", "", None)


IOS_CALLS = [
    "Llamada de voz, 5 min",
    "Group call, 3 joined",
    "Voice call, No answer",
    "No answer",
    "Групповой звонок, 2 мин",
    "语音通话，5 分钟",
    "グループ通話、2分",
]


@pytest.mark.parametrize("words", IOS_CALLS)
def test_a_call_is_known_behind_a_mark_alone(read: Read, words: str) -> None:
    marked, typed = read(ios(LRM + words) + ios(words))
    assert (marked.author, marked.kind, marked.text) == ("Ana Lima", "call", words)
    assert (typed.kind, typed.text) == ("text", words)


MORE_DELETIONS = [
    "您已删除此消息",
    "這則訊息已刪除",
    "已刪除此訊息",
    "내가 이 메시지를 삭제했습니다",
    "आपने यह मैसेज डिलीट कर दिया है",
    "Это сообщение удалено",
    "Tuto zprávu jste odstranili",
    "Ce message a été supprimé par l'administrateur Rui",
    "El administrador Rui eliminó este mensaje.",
    "Este mensaje ha sido eliminado",
    "此消息已被删除",
    "메시지가 삭제되었습니다.",
    "Tę wiadomość usunął administrator Rui.",
    "このメッセージは管理者(Rui)により削除されました。",
    "Quản trị viên Rui đã xóa tin nhắn này.",
]


@pytest.mark.parametrize("notice", MORE_DELETIONS)
def test_a_deletion_is_known_in_its_other_wordings(read: Read, notice: str) -> None:
    for line in (android(notice), ios(LRM + notice)):
        message = read(line)[0]
        assert (message.author, message.kind, message.text) == ("Ana Lima", "deleted", "")


@pytest.mark.parametrize(
    "words", ["मीडिया छोड़ा गया", "媒体文件已忽略", "multimedia pominięto", "メディアファイルを除く"]
)
@pytest.mark.parametrize("bracket", ["<", "‹", f"{LRM}<"])
def test_omitted_media_are_known_behind_either_bracket(read: Read, words: str, bracket: str) -> None:
    [message] = read(android(f"{bracket}{words}>"))
    assert (message.kind, message.text) == ("media", "")


def test_a_location_may_have_the_name_of_a_place(read: Read) -> None:
    place = "Big Ben: https://maps.google.com/?q=51.5,-0.1"
    assert [(message.kind, message.text) for message in read(android(place))] == [("location", place)]


WORDS_BESIDE_A_TIME = {
    "10:30 பிற்பகல்": 22,
    "10:30 முற்பகல்": 10,
    "10:30 ಅಪರಾಹ್ನ": 22,
    "10:30 ਬਾ.ਦੁ.": 22,
    "10:30 ਪੂ.ਦੁ.": 10,
    "10:30 e pasdites": 22,
    "10:30 e paradites": 10,
    "10:30 MD": 22,
    "10:30 PD": 10,
    "10:30 بعدازظهر": 22,
    "10:30 بعد از ظهر": 22,
    "10:30 قبل\u200cازظهر": 10,
    "10:30 قبل ازظهر": 10,
    '10:30 אחה"צ': 22,
    "10:30 אחה״צ": 22,
    '10:30 לפנה"צ': 10,
    "10:30 בערב": 22,
    "10:30 בבוקר": 10,
    "12:30 בצהריים": 12,
    "12:30 בלילה": 0,
    "10:30 PTG": 22,
    "10:30 PG": 10,
    "12:30 TGH": 12,
    "半夜12:30": 0,
    "午夜12:30": 0,
    "清晨6:30": 6,
    "上午10:30": 10,
    "10:30 priešpiet": 10,
    "10:30 popiet": 22,
    "10:30 priekšpusdienā": 10,
    "10:30 pēcpusdienā": 22,
    "10:30 pre podne": 10,
    "10:30 po podne": 22,
    "10:30 претпладне": 10,
    "10:30 попладне": 22,
    "7:30 in the evening": 19,
    "10:30 at night": 22,
    "3:30 at night": 3,
    "10:30 da\u00a0noite": 22,
    "3:30 ’s nachts": 3,
    "3:30:00 sore": 15,
    "3:30 ч. pm": 15,
    "3:30 ч. следобед": 15,
}


@pytest.mark.parametrize(("clock", "hour"), WORDS_BESIDE_A_TIME.items(), ids=repr)
def test_every_word_for_a_part_of_the_day_is_a_time(read: Read, clock: str, hour: int) -> None:
    [message] = read(f"25/12/2023, {clock} - Ana: hello\n")
    assert (message.time, message.author) == (datetime(2023, 12, 25, hour, 30), "Ana")


CLOCKS_OF_24_HOURS = ["25.12.2023, 15:07 ч.", "25.12.2023 г., 15:07 ч.", "2023-12-25 15 h 07", "25/12/2023 15:07 น."]


@pytest.mark.parametrize("header", CLOCKS_OF_24_HOURS)
def test_words_may_stand_beside_a_24_hour_clock(read: Read, header: str) -> None:
    [message] = read(f"{header} - Ana: hello\n")
    assert (message.time, message.author) == (datetime(2023, 12, 25, 15, 7), "Ana")


PERSIAN_DATES = {
    "1388/01/01": datetime(2009, 3, 21),
    "1399/12/30": datetime(2021, 3, 20),
    "1400/01/01": datetime(2021, 3, 21),
    "1402/10/4": datetime(2023, 12, 25),
    "1403/06/31": datetime(2024, 9, 21),
    "1403/12/30": datetime(2025, 3, 20),
    "1404/01/01": datetime(2025, 3, 21),
    "1408/12/30": datetime(2030, 3, 20),
    "۱۴۰۲/۱۰/۴": datetime(2023, 12, 25),
}


@pytest.mark.parametrize(("date", "day"), PERSIAN_DATES.items())
def test_dates_of_the_persian_calendar_are_read(read: Read, date: str, day: datetime) -> None:
    clock = "۰۰:۰۰:۰۰" if date.startswith("۱") else "00:00:00"
    assert [message.time for message in read(f"[{date}, {clock}] Ana: hello\n")] == [day]


def test_a_persian_day_that_does_not_exist_costs_only_its_own_message(read: Read) -> None:
    found = read("".join(f"[{date}, 10:30:05] Ana: x\n" for date in ("1402/12/29", "1402/12/30", "1403/07/31")))
    assert [message.time for message in found] == [datetime(2024, 3, 19, 10, 30, 5), None, None]


@pytest.mark.parametrize("date", ["12/6/1445", "12/6/1445 AH", "12/6/1445 هـ", "1445/6/12"])
def test_a_date_of_the_hijri_calendar_is_named_in_the_reason(staged: Callable[..., Staged], date: str) -> None:
    line = f"[{date}, 10:30:05] Ana: hello\n"
    found = staged(line).quarantined
    assert [(piece.reason, piece.raw) for piece in found] == [(HIJRI, line.encode())]


@pytest.mark.parametrize("date", ["令和元年5月1日", "R1/5/1"])
def test_the_first_year_of_an_era_is_read(read: Read, date: str) -> None:
    assert [message.time for message in read(f"{date} 9:05 - Ana: x\n")] == [datetime(2019, 5, 1, 9, 5)]


@pytest.mark.parametrize(
    ("years", "read_as"), [(("66", "66", "67"), [2023, 2023, 2024]), (("23", "24", "66"), [2023, 2024, 2066])]
)
def test_years_of_two_digits_are_all_of_one_calendar(read: Read, years: tuple[str, ...], read_as: list[int]) -> None:
    export = "".join(f"{day}/12/{year}, 10:30 - Ana: x\n" for day, year in zip((25, 26, 27), years, strict=True))
    assert [message.time.year for message in read(export, day_first=True) if message.time] == read_as


@pytest.mark.parametrize(
    "notice",
    [
        "Bruno added Ana Lima",
        "Bruno saiu",
        "~ Maria joined using a group link.",
        "+55 11 91234-5678 hat die Gruppe verlassen",
    ],
)
def test_a_marked_line_that_begins_with_the_name_of_somebody_else_is_a_notice(read: Read, notice: str) -> None:
    others = ios("x", author="Bruno") + ios("y", author="+55 11 91234-5678")
    found = read(ios("hello") + others + ios(LRM + notice) + ios(f"{LRM}Bruno") + ios(f"{LRM}words nobody knows"))
    assert [(message.author, message.kind) for message in found[3:]] == [
        (None, "system"),
        ("Ana Lima", "text"),
        ("Ana Lima", "text"),
    ]


def test_who_calls_somebody_by_name_from_right_to_left_is_an_author(read: Read) -> None:
    found = read(ios("שלום") + ios("כן", author="דנה") + ios(f"{RLM}דנה את באה"))
    assert [message.author for message in found] == ["Ana Lima", "דנה", "Ana Lima"]


OMITTED_IN_OTHER_WORDS = [
    (android("<Utelämnad media>"), "media", ""),
    (android("<省略媒体文件>"), "media", ""),
    (android("<मीडिया शामिल नहीं किया गया>\nour tree"), "media", "our tree"),
    (android("<media>"), "text", "<media>"),
    (ios(f"our tree {LRM}Videonotiz weggelassen"), "media", "our tree"),
    (ios(f"{LRM}Contact omitted"), "contact", ""),
    (ios(f"{LRM}foto de visualización única omitida"), "view_once", ""),
]


@pytest.mark.parametrize(("line", "kind", "text"), OMITTED_IN_OTHER_WORDS)
def test_omitted_media_are_known_in_words_that_nobody_listed(read: Read, line: str, kind: str, text: str) -> None:
    assert [(message.author, message.kind, message.text) for message in read(line)] == [("Ana Lima", kind, text)]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("README", android(f"{LRM}README (file attached)\nour tree")),
        ("Plan 1:2 (new).pdf", android(f"{LRM}Plan 1:2 (new).pdf (Datei angehängt)\nour tree")),
    ],
)
def test_an_attached_file_may_have_any_name(read: Read, name: str, line: str) -> None:
    [message] = read(line)
    assert (message.kind, message.text, message.attachment) == ("media", "our tree", name)


@pytest.mark.parametrize(
    ("medium", "attachment"),
    [(f"{LRM}<attached: 00000012-PHOTO.jpg>", "00000012-PHOTO.jpg"), (f"{LRM}image omitted", None)],
)
def test_the_mark_of_an_edit_may_stand_before_the_medium(read: Read, medium: str, attachment: str | None) -> None:
    for body in (f"tree {LRM}<This message was edited> {medium}", f"tree {medium} {LRM}<This message was edited>"):
        [message] = read(ios(body))
        assert (message.kind, message.text, message.attachment) == ("media", "tree", attachment)
        assert message.is_edited


@pytest.mark.parametrize(
    "notice",
    [
        "Ana Lima added this group to the community: Roma",
        "You joined a group via invite in the community: Roma",
        "Ana Lima heeft het onderwerp gewijzigd van 'a: b' naar 'c'",
    ],
)
def test_a_notice_of_a_community_or_in_single_quotes_has_no_author(read: Read, notice: str) -> None:
    found = read(android("x") + f"25/12/2023, 10:30 - {notice}\n")
    assert (found[1].author, found[1].kind, found[1].text) == (None, "system", notice)


@pytest.mark.parametrize("header", ["2023년 12월 25일 오후 10:30", "25/12/2023, à 22:30"])
def test_reads_korean_dates_in_words_and_a_comma_before_the_link(read: Read, header: str) -> None:
    [message] = read(f"{header} - Ana Lima: hello")
    assert (message.time, message.author) == (datetime(2023, 12, 25, 22, 30), "Ana Lima")
