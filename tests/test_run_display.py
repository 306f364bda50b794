"""A run shows on a terminal how far its long work is, and elsewhere only lines that stay."""

from __future__ import annotations

import io
import logging

import pytest
from rich.console import Console

from egregora_assets.progress import Share, share_told_by, tell
from egregora_assets.run_display import RunDisplay


def shown(*, terminal: bool) -> str:
    out = Console(file=io.StringIO(), force_terminal=terminal, width=100, color_system=None, _environ={})
    with RunDisplay(out) as display:
        display.line("step embeddings")
        display.line("a [file] was read")
        display.share(Share("texts embedded", 512, 2_000))
        display._live.refresh()
        display.share(Share("texts embedded", 2_000, 2_000))
        display._live.refresh()
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_long_work_has_a_bar_on_a_terminal() -> None:
    told = shown(terminal=True)
    assert "texts embedded" in told
    assert "512/2000" in told
    assert "a [file] was read" in told


def test_what_is_no_terminal_gets_lines_alone() -> None:
    assert shown(terminal=False) == "  step embeddings\n  a [file] was read\n"


def test_how_far_work_is_goes_through_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "egregora_assets.some"):
        tell(logging.getLogger("egregora_assets.some"), "things done", 3, 4)
    assert [share_told_by(record) for record in caplog.records] == [Share("things done", 3, 4)]
