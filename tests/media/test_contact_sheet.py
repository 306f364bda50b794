"""The contact sheet shows copies side by side to the owner, and tells others nothing."""

from __future__ import annotations

import re

from egregora_assets.authors import sync
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.media import contact_sheet, near_duplicates, pictures
from egregora_assets.media import ingest as media
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.files import open_warehouse
from tests.chats import chat, put_export
from tests.pictures import jpeg, png

FILES = {
    "Zanzibella.jpg": jpeg(1, 640, 480),
    "signed.jpg": jpeg(1, 640, 480, artist="Fiddlesworth"),
    "other.png": png(2, 640, 480),
}


def write(settings: Settings, files: dict[str, bytes]) -> tuple[str, str]:
    """Return the page and the table for the event log."""
    talk = chat(*((minute, "Ana Lima", f"{name} (file attached)") for minute, name in enumerate(files)))
    put_export(settings, "Garden Club", talk, media=files)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        media.refresh(connection, settings)
        pictures.refresh(connection, settings, MediaStore(settings.media_store))
        near_duplicates.refresh(connection)
        contact_sheet.write(connection, settings)
        return contact_sheet.path_of(settings).read_text("utf-8"), contact_sheet.as_markdown(connection)


def test_the_page_shows_each_copy_by_a_thumbnail_that_is_there(settings: Settings) -> None:
    page, _ = write(settings, FILES)
    shown = re.findall(r'src="([^"]+)"', page)
    assert len(shown) == 2
    assert all((settings.home / path).is_file() for path in shown)
    assert page.index("best copy") < page.index("same_pixels")


def test_a_file_that_was_sent_twice_is_told_with_how_often(settings: Settings) -> None:
    """It was kept once and told nowhere: who asked for copies was told that there are none."""
    _, table = write(settings, {"note.pdf": b"%PDF-1.4 the same", "note again.pdf": b"%PDF-1.4 the same"})
    with open_warehouse(settings) as connection:
        ((one,),) = contact_sheet.repeated(connection)
        assert (one.label, one.sent, one.width) == ("same_bytes", 2, None)
        assert "| 1 | same_bytes | 0 |" in table
        assert contact_sheet.sent_again(connection) == 1
        sync.refresh(connection, settings)
        connection.execute("UPDATE authors SET opted_out = true")
        assert (contact_sheet.repeated(connection), contact_sheet.sent_again(connection)) == ([], 0)


def test_all_files_that_were_sent_again_are_counted_however_few_are_shown(settings: Settings) -> None:
    write(settings, {f"note {number}.pdf": b"%%PDF-1.4 %d" % (number // 3) for number in range(9)})
    with open_warehouse(settings) as connection:
        assert len(contact_sheet.repeated(connection, most=2)) == 2
        assert contact_sheet.sent_again(connection) == 6


def test_no_name_stands_in_the_page_or_the_event_log(settings: Settings) -> None:
    for told in write(settings, FILES):
        assert not any(name in told for name in ("Zanzibella", "Fiddlesworth", "Ana", "Garden"))


def test_the_event_log_has_ids_and_no_pictures(settings: Settings) -> None:
    _, table = write(settings, FILES)
    assert "same_pixels" in table
    assert "data:" not in table


def test_a_memory_without_copies_says_so(settings: Settings) -> None:
    page, table = write(settings, {"other.png": FILES["other.png"]})
    assert "0 groups" in page
    assert table == "No picture has copies."
