"""A file that is made from the warehouse is whole or it is not there, and a link never leads a pass elsewhere."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from egregora_assets.warehouse.durable import StoreFull
from egregora_assets.warehouse.made_files import write_if_changed

OLD, NEW = b"what was there", b"x" * 10_000


@pytest.mark.parametrize("before", [None, OLD])
def test_a_disk_that_takes_a_part_leaves_no_part(tmp_path: Path, before: bytes | None) -> None:
    """A short write is no error to the system: half a file had stood under a name that told of the whole."""
    path = tmp_path / "made.jpg"
    if before is not None:
        path.write_bytes(before)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(NEW) // 2, hard))
    try:
        with pytest.raises(StoreFull, match="no room"):
            write_if_changed(str(path), NEW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [found.read_bytes() for found in tmp_path.iterdir()] == ([] if before is None else [before])
    assert write_if_changed(str(path), NEW)
    assert path.read_bytes() == NEW


@pytest.mark.parametrize("there", [OLD, NEW])
def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path, there: bytes) -> None:
    path, elsewhere = tmp_path / "made.json", tmp_path / "elsewhere"
    elsewhere.write_bytes(there)
    path.symlink_to(elsewhere)
    assert write_if_changed(str(path), NEW)
    assert not path.is_symlink()
    assert path.read_bytes() == NEW
    assert elsewhere.read_bytes() == there
