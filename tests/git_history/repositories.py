"""All repositories of the tests of git history: `CASES` of one oddity each, and seeded random histories."""

from __future__ import annotations

from tests.git_history import cases_changes, cases_clones, cases_commits, cases_places
from tests.git_history.histories import Shares, force_move, grow, history
from tests.git_history.registry import CASES, Builder, Case

KINDS_OF_CASES = (cases_changes, cases_clones, cases_commits, cases_places)

__all__ = ["CASES", "KINDS_OF_CASES", "Builder", "Case", "Shares", "force_move", "grow", "history"]
