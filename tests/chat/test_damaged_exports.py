"""A damaged archive is told of in one line and keeps no other export from being read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.conftest import AddExport

TEXT = "".join(
    f"{day:02d}/03/2024, 10:{minute:02d} - Ana: word {minute * day}\n" for day in range(1, 29) for minute in range(60)
)


def _flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(bytes(data))


def _cut_the_middle_out(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        directory = archive.start_dir
    data = path.read_bytes()
    path.write_bytes(data[: directory // 2] + b"\0" * (directory - directory // 2) + data[directory:])


@pytest.mark.parametrize("damage", [_flip_a_byte, _cut_the_middle_out])
@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_bytes_that_do_not_fit_their_checksum(settings: Settings, add_export: AddExport, damage, compression) -> None:
    damaged = settings.inbox / "WhatsApp Chat with A damaged one.zip"
    with zipfile.ZipFile(damaged, "w", compression) as archive:
        archive.writestr("WhatsApp Chat with A damaged one.txt", TEXT)
    damage(damaged)
    add_export("Whole", TEXT)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        status = dict(rows(connection, "SELECT file_name, status FROM exports"))
        reason = rows(connection, "SELECT detail FROM exports WHERE status = 'failed'")[0][0]
        assert ingest(connection, settings) == []
    assert status == {damaged.name: "failed", "WhatsApp Chat with Whole.zip": "loaded"}
    assert "damaged" in reason
