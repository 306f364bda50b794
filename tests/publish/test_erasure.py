"""The erasure report finds words of people who opted out wherever they stand, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish import verify
from egregora_assets.publish.erasure import REPORT_FILE, ErasureReport, search_outputs
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import make_home, open_warehouse
from tests.chats import Line, chat, put_export

SECRETS = {
    "Latin": "quimbaya lanterns drift over whispering marshland",
    "Portuguese": "a mãe já não vê o capitão à beira do pântano",
    "Arabic": "الفوانيس تطفو فوق المستنقع قبل الفجر",
    "Japanese": "夜明け前に沼地の上を漂う提灯の静かな光",
    "emoji": "🎉🎉 velveteen orchards hum 🌙 beneath copper thunderclouds 🎉",
}
SHARED = "see you all at the meeting tomorrow"
LINES: tuple[Line, ...] = (
    (0, "Rui Costa", "please bring the watering can along"),
    (1, "Rui Costa", SHARED),
    (2, "Ana Lima", SHARED),
    *((3 + number, "Ana Lima", text) for number, text in enumerate(SECRETS.values())),
)


def search(settings: Settings, *more: Line) -> ErasureReport:
    put_export(settings, "Garden Club", chat(*LINES, *more), f" ({len(more)})")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
        return search_outputs(connection, settings)


OPT_OUT: Line = (20, "Ana Lima", "/egregora opt-out")


@pytest.fixture(scope="module")
def home_after_opt_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which Ana has opted out and all is published. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("opted") / "home", timezone="UTC")
    make_home(settings)
    assert search(settings, OPT_OUT).is_clean
    return settings.home


@pytest.fixture
def erased(settings: Settings, home_after_opt_out: Path) -> Settings:
    shutil.copytree(home_after_opt_out, settings.home, dirs_exist_ok=True)
    return settings


def search_again(settings: Settings) -> ErasureReport:
    with open_warehouse(settings) as connection:
        return search_outputs(connection, settings)


def test_after_an_opt_out_no_phrase_is_found_in_any_output(erased: Settings) -> None:
    report = search_again(erased)
    assert (report.people, report.is_clean) == (1, True)
    assert report.messages == len(SECRETS) + 2
    assert report.phrases >= len(SECRETS)
    assert report.bytes_searched > erased.snapshot_path.stat().st_size
    assert ErasureReport.model_validate_json((erased.home / REPORT_FILE).read_text()) == report


def test_nobody_opted_out_is_nothing_to_search_for(settings: Settings) -> None:
    report = search(settings)
    assert (report.people, report.phrases, report.is_clean) == (0, 0, True)


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_phrase_in_any_script_is_found(erased: Settings, secret: str) -> None:
    post = next(erased.posts.rglob("*.md"))
    post.write_text(f"{post.read_text()}before {secret} after")
    assert [remains.place for remains in search_again(erased).found] == [str(post.relative_to(erased.home))]
    assert secret not in (erased.home / REPORT_FILE).read_text()


def test_a_phrase_in_a_file_that_nobody_knows_of_is_found(erased: Settings) -> None:
    path = erased.published / "left" / "over.html"
    path.parent.mkdir()
    path.write_text(SECRETS["Latin"])
    assert [remains.place for remains in search_again(erased).found] == ["published/left/over.html"]


def test_a_phrase_in_free_blocks_of_the_public_file_is_found(erased: Settings) -> None:
    with erased.public_path.open("ab") as file:
        file.write(SECRETS["Latin"].encode())
    assert [remains.place for remains in search_again(erased).found] == ["public.duckdb"]


def test_a_phrase_in_a_compressed_column_is_found(erased: Settings) -> None:
    with duckdb.connect(str(erased.snapshot_path)) as snapshot:
        snapshot.execute("CREATE TABLE more (text VARCHAR USING COMPRESSION zstd)")
        snapshot.execute("INSERT INTO more SELECT ? || range FROM range(5000)", [SECRETS["Latin"]])
    assert "snapshot, more.text" in {remains.place for remains in search_again(erased).found}


def test_a_phrase_at_the_seam_of_two_pieces_of_a_file_is_found(
    erased: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("egregora_assets.publish.erasure._WINDOW_BYTES", 1000)
    path = erased.published / "left-over.txt"
    for shift in range(705, 1020, 35):
        path.write_text("." * shift + SECRETS["Latin"])
        assert not search_again(erased).is_clean, shift


def test_the_check_searches_after_an_erasure_and_fails_as_long_as_words_are_left(erased: Settings) -> None:
    left = erased.published / "left-over.txt"
    left.write_text(SECRETS["Latin"])
    with open_warehouse(erased) as connection:
        assert not verify.erasure_is_complete(connection, erased).passed
        assert not verify.erasure_is_complete(connection, erased).passed
        left.unlink()
        first = verify.erasure_is_complete(connection, erased)
        assert (first.passed, first.figures["people"]) == (True, 1)
        assert "nothing has been erased" in verify.erasure_is_complete(connection, erased).description


def test_words_that_are_the_programs_the_chats_or_others_are_nobodys(settings: Settings) -> None:
    """Somebody who opted out has once said what stands in pages and schemas, the chat's title, and what others said too."""
    said = [
        "Sunday Garden Friends",
        "those that have passed its privacy gate, and nothing else",
        "It is no judgement of a person",
        "Topics over time",
        "Whom they answer",
        "Days on which the author wrote",
        "see you at the meeting tomorrow",
    ]
    lines: list[Line] = [(number, "Ana Lima", text) for number, text in enumerate(said)]
    lines += [(50 + number, "Rui Costa", f"we water bed number {number} on Friday") for number in range(6)]
    lines += [(70, "Priya Raman", "see you at the\nmeeting tomorrow"), (80, "Ana Lima", "/egregora opt-out")]
    put_export(settings, "Sunday Garden Friends", chat(*lines))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
        assert search_outputs(connection, settings).found == []


def test_a_text_that_is_left_in_the_form_in_which_it_was_shown_is_found(settings: Settings) -> None:
    """Found in review: names had been taken out of what was left, and the report looked for the words as they were written."""
    said = "Rui drank Priya's port, so Rui owes Priya a bottle"
    lines = (*LINES, (20, "Priya Raman", "good morning"), (21, "Ana Lima", said), (22, "Ana Lima", "/egregora opt-out"))
    put_export(settings, "Garden Club", chat(*lines))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
        assert search_outputs(connection, settings).is_clean
        (settings.published / "left.txt").write_text("[name] drank [name] port, so [name] owes [name] a bottle")
        assert search_outputs(connection, settings).is_clean, "no stretch of it is long enough to be anybody's"
        more = (30, "Ana Lima", "Rui drank the whole bottle of port with Priya")
        put_export(settings, "Garden Club", chat(*lines, more), " (1)")
        ingest(connection, settings)
        publish(connection, settings)
        (settings.published / "left.txt").write_text("[name] drank the whole bottle of port with [name]")
        assert not search_outputs(connection, settings).is_clean
