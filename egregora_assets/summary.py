"""What the last run from a terminal did, kept in the home so that it can be shown again without running anything."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

from egregora_assets.config import Settings

SUMMARY_FILE = "last_run.json"


@dataclass(frozen=True)
class AssetSummary:
    """One asset of a run. ``seconds`` is the step's wall time."""

    asset: str
    rows: int | None
    seconds: float
    checks_passed: int
    checks_warned: int
    checks_failed: int
    problem: str | None = None


@dataclass(frozen=True)
class RunSummary:
    """What a run did, for people. ``failures`` name failed steps and checks, with their reasons."""

    run_id: str
    finished_at: str
    success: bool
    exports_read: int
    unreadable: int
    assets: list[AssetSummary]
    failures: list[str]
    warnings: list[str]

    @property
    def well(self) -> bool:
        """Whether all went well: no step or error-level check failed, and not every new export was unreadable."""
        return self.success and (self.exports_read == 0 or self.unreadable < self.exports_read)


def save_summary(settings: Settings, summary: RunSummary) -> None:
    """Keep the summary in the home, whole or not at all."""
    partial = settings.home / f".{SUMMARY_FILE}.{os.getpid()}.part"
    partial.write_text(json.dumps(asdict(summary), indent=1) + "\n", "utf-8")
    partial.replace(settings.home / SUMMARY_FILE)


def last_summary(settings: Settings) -> RunSummary | None:
    """Return the summary of the last run from a terminal, if there was one and its file can be read."""
    try:
        saved = json.loads((settings.home / SUMMARY_FILE).read_text("utf-8"))
        return RunSummary(**{**saved, "assets": [AssetSummary(**asset) for asset in saved["assets"]]})
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
