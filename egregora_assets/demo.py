"""The first five minutes: exports in, the graph run with progress, a summary, and three questions with their answers."""

import shlex
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.inbox import EXPORT_SUFFIXES, copy_into
from egregora_assets.config import DEFAULT_HOME, Settings, load_settings
from egregora_assets.publish.pending import pending
from egregora_assets.run_display import RunDisplay
from egregora_assets.samples import write_samples
from egregora_assets.samples.repository import REPOSITORY_FORGE, write_sample_repository
from egregora_assets.settings_file import add_repository
from egregora_assets.summary import AssetSummary, RunSummary, last_summary
from egregora_assets.terminal import plain
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import make_home

EXAMPLES = (
    (
        "Which chats are in the memory?",
        "SELECT s.title, count(*) AS messages, min(local_time)::DATE AS since, max(local_time)::DATE AS until "
        "FROM messages m JOIN sources s USING (source_id) GROUP BY ALL ORDER BY messages DESC LIMIT 10",
    ),
    (
        "What was decided last?",
        "SELECT strftime(decided_at, '%Y-%m-%d') AS day, text AS decision "
        "FROM decisions ORDER BY decided_at DESC LIMIT 5",
    ),
    (
        "What was talked about most?",
        "SELECT label AS topic, count(*) AS conversations, round(sum(score), 1) AS weight "
        "FROM topics GROUP BY label ORDER BY weight DESC LIMIT 5",
    ),
)


def run_demo(settings: Settings, out: Console, export: Path | None, day_first: bool | None = None) -> bool:
    """Bring the samples (or ``export``) into the inbox and show the whole; return whether all went well."""
    make_home(settings)
    if export is None:
        write_samples(settings.inbox)
        settings = _with_sample_repository(settings)
    return ingest_and_report(settings, out, [export] if export else [], day_first, examples=True)


def _with_sample_repository(settings: Settings) -> Settings:
    """Make the repository that the samples talk about and name it in the settings, unless they name any; return them anew."""
    if settings.repositories or (sample := write_sample_repository(settings.home / "repositories")) is None:
        return settings
    add_repository(settings, str(sample.relative_to(settings.home)), REPOSITORY_FORGE)
    return load_settings(settings.home)


def ingest_and_report(
    settings: Settings, out: Console, paths: list[Path], day_first: bool | None, examples: bool = False
) -> bool:
    """Copy ``paths`` into the inbox, run the graph if anything is new, and say how it stands.

    Returns false when a step or an error-level check failed, or when not one of the new exports could be read.
    """
    make_home(settings)
    for path in paths:
        if not path.exists():
            raise ExportUnreadable(f"{path} does not exist")
        if path.is_file() and path.suffix.lower() not in EXPORT_SUFFIXES:
            raise ExportUnreadable(f"{path} is no chat export: those end in {' or '.join(EXPORT_SUFFIXES)}")
    for path in paths:
        copy_into(settings.inbox, path)
    reasons = pending(settings) + (["you said how to read dates"] if day_first is not None else [])
    summary: RunSummary | None
    if reasons:
        summary = _run(settings, out, reasons, day_first)
    else:
        summary = last_summary(settings)
        out.print(f"Nothing has changed{f' since {summary.finished_at}' if summary else ''}: nothing was done.")
    if summary:
        out.print(_summary_table(summary))
        _print_problems(out, summary)
    if settings.snapshot_path.exists():
        _print_places(settings, out)
        if examples:
            _print_examples(settings, out)
    return summary is None or summary.well


def _run(settings: Settings, out: Console, reasons: list[str], day_first: bool | None) -> RunSummary:
    from egregora_assets.runs import refresh_all  # imports Dagster: seconds that an unchanged memory need not wait for

    out.print(f"Working in {settings.home}: {', '.join(reasons)}.", soft_wrap=True)
    with RunDisplay(out) as display:
        return refresh_all(settings, display, day_first)


def _summary_table(summary: RunSummary) -> Table:
    table = Table(title="What the graph made", title_justify="left", header_style="bold")
    for name in ("asset", "rows", "seconds", "checks"):
        table.add_column(name, justify="right" if name in ("rows", "seconds") else "left")
    for asset in summary.assets:
        rows_shown = "" if asset.rows is None else f"{asset.rows:,}"
        table.add_row(asset.asset, rows_shown, f"{asset.seconds:.2f}", _checks(asset))
    return table


def _checks(asset: AssetSummary) -> str:
    if asset.problem:
        return "[red]failed[/red]"
    counts = (
        (asset.checks_passed, "green", "passed"),
        (asset.checks_warned, "yellow", "warned"),
        (asset.checks_failed, "red", "failed"),
    )
    return ", ".join(f"[{colour}]{count} {word}[/{colour}]" for count, colour, word in counts if count)


def _print_problems(out: Console, summary: RunSummary) -> None:
    for colour, problems in (("red", summary.failures), ("yellow", summary.warnings)):
        for problem in problems:
            out.print(f"[{colour}]{escape(problem)}[/{colour}]", soft_wrap=True)


def _print_places(settings: Settings, out: Console) -> None:
    out.print(f"\nsnapshot  {settings.snapshot_path}", soft_wrap=True)
    out.print(f"posts     {settings.posts}", soft_wrap=True)
    out.print(f"authors   {settings.profiles}", soft_wrap=True)


def _print_examples(settings: Settings, out: Console) -> None:
    query = escape(f"{_command()} query{_told_home(settings)}")
    with open_snapshot(settings) as connection:
        for question, sql in EXAMPLES:
            out.print(f'\n[bold]{question}[/bold]\n[dim]{query} "{escape(sql)}"[/dim]', soft_wrap=True)
            result = connection.execute(sql)
            table = Table(header_style="bold", box=None, padding=(0, 2, 0, 0))
            for column in result.description or []:
                table.add_column(str(column[0]))
            for row in result.fetchall():
                table.add_row(*(plain(str(value)) for value in row))
            out.print(table)
    out.print(
        "\nOpen the Dagster UI with [bold]make ui[/bold], which runs "
        f"[bold]DAGSTER_HOME={escape(str(settings.dagster_home))} dg dev[/bold]; ask more with [bold]{query}[/bold].",
        soft_wrap=True,
    )


def _told_home(settings: Settings) -> str:
    """Return the option that names the home, where it is not the one that a shell finds without."""
    return "" if settings.home == Path(DEFAULT_HOME).absolute() else f" --home {shlex.quote(str(settings.home))}"


def _command() -> str:
    """Return what the user has to type for this program: its name where the shell finds it, else its path."""
    return "egregora" if shutil.which("egregora") else sys.argv[0]
