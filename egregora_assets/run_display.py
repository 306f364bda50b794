"""What a run is at, for the person who waits: the step, a bar for work that takes long, and above them what has been said."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.spinner import Spinner

from egregora_assets.progress import Share

_STEP = "step "


class RunDisplay:
    """Shows steps and bars in place on a terminal, and everything else line by line; elsewhere there are lines alone."""

    def __init__(self, out: Console) -> None:
        self._out, self._task, self._what = out, TaskID(0), ""
        self._step = Spinner("dots", "starting Dagster")
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=out, auto_refresh=False)
        self._live = Live(Group(self._step, self._bar), console=out, transient=True)

    def __enter__(self) -> RunDisplay:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def line(self, text: str) -> None:
        """Show what is going on, in words."""
        is_step = text.startswith(_STEP)
        if is_step:
            self._step.update(text=escape(text))
        if not (is_step and self._out.is_terminal):
            self._out.print(f"  {escape(text)}", soft_wrap=True, style="dim")

    def share(self, share: Share) -> None:
        """Show how far the work is; nothing stays of it when all is done."""
        if share.what != self._what:
            self._task, self._what = self._bar.add_task(escape(share.what), total=share.total), share.what
        self._bar.update(self._task, completed=share.done, total=share.total)
        if share.is_all:
            self._bar.remove_task(self._task)
            self._what = ""
