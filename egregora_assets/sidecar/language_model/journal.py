"""Answers as they arrive, one line each, on the disk before anything else happens with them: what was paid for is not paid twice.

The file is private and short-lived: the warehouse takes its lines in, and it goes. A line that a killed process has cut is no line.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from egregora_assets.sidecar.language_model.findings import Findings
from egregora_assets.warehouse.durable import cut, force, force_folder, write_all

log = logging.getLogger(__name__)


class Answer(BaseModel):
    """One answer to one request: what was found, or what was wrong with it, and what it has cost."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer_id: str = Field(default_factory=lambda: uuid4().hex)
    request: str
    model: str
    asked_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    input_tokens: int
    output_tokens: int
    money: float
    problem: str | None = None
    findings: Findings | None = None

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


class Journal:
    """The open file. Its lines are added by one process at a time."""

    def __init__(self, path: Path, file: int) -> None:
        self._path, self._file = path, file

    def add(self, answer: Answer) -> None:
        """Write a line and have it on the disk. Raises ``StoreFull``."""
        write_all(self._file, answer.model_dump_json().encode() + b"\n", self._path.parent)
        force(self._file)


@contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """Open the file for adding; what a killed process has left of a line is taken away first."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        cut(path, path.read_bytes().rfind(b"\n") + 1)
        force_folder(path.parent)
        yield Journal(path, file)
    finally:
        os.close(file)


def read(path: Path) -> list[Answer]:
    """Return all answers of the file; a line that cannot be read is left out, and told of."""
    if not path.exists():
        return []
    answers = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            answers.append(Answer.model_validate_json(line))
        except ValidationError:
            log.warning("line %s of %s cannot be read: it was cut off, and what it held is asked again", number, path)
    return answers


def remove(path: Path) -> None:
    """Take the file away, when the warehouse has all of it."""
    path.unlink(missing_ok=True)
    force_folder(path.parent)
