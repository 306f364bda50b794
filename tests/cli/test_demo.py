"""`egregora demo` with an export of one's own. With its samples, and as a process, `test_packaging.py` runs it from the wheel."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

Cli = Callable[..., Result]


def test_the_demo_takes_an_export_of_ones_own(cli: Cli, tmp_path: Path) -> None:
    mine = tmp_path / "WhatsApp Chat with Garden Club.zip"
    with zipfile.ZipFile(mine, "w") as archive:
        archive.writestr(
            f"{mine.stem}.txt", "13/02/2024, 10:00 - Ana: hi\n13/02/2024, 10:01 - Bo: a\n13/02/2024, 10:02 - Cy: b\n"
        )

    result = cli("demo", "--export", mine, "--home", tmp_path / "home")

    assert result.exit_code == 0, result.stderr
    assert "Garden Club" in result.stdout
    assert [file.name for file in (tmp_path / "home" / "inbox").iterdir()] == [mine.name]
