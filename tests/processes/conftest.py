"""Real processes on one home: `egregora` commands, readers of the snapshot, a Dagster with its UI."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., "subprocess.Popen[str]"]
WriteExport = Callable[[int], Path]

MESSAGES_PER_EXPORT = 200

READER = """
    import json, sys, time
    from pathlib import Path
    from egregora_assets.config import load_settings
    from egregora_assets.warehouse.connection import NothingPublished, open_snapshot

    home, stop = Path(sys.argv[1]), Path(sys.argv[2])
    counts, errors = [], []
    while not stop.exists():
        try:
            with open_snapshot(load_settings(home)) as snapshot:
                counts.append(snapshot.execute("SELECT count(*) FROM messages").fetchall()[0][0])
        except NothingPublished:
            counts.append(0)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
        time.sleep(0.05)
    print(json.dumps({"counts": counts, "errors": errors}))
"""


class Reader:
    """Another process that asks the snapshot again and again until it is told to stop."""

    def __init__(self, process: subprocess.Popen[str], stop: Path) -> None:
        self._process, self._stop = process, stop

    def stop(self) -> tuple[list[int], list[str]]:
        """Return the message counts it has seen, in order, and the errors it has met."""
        self._stop.touch()
        told: dict[str, Any] = json.loads(self._process.communicate(timeout=60)[0])
        return told["counts"], told["errors"]


@pytest.fixture
def environment(home: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of every process of a test: its home, and nothing that leads out of the test's folder."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "EGREGORA_HOME": str(home),
        "EGREGORA_TIMEZONE": "UTC",
        "DAGSTER_HOME": str(home / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start `egregora …` as a process; what still runs at the end of the test is ended."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: object, **overrides: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "egregora_assets.cli", *map(str, arguments)],
            env={**environment, **overrides},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture
def reader(environment: dict[str, str], home: Path, tmp_path: Path) -> Iterator[Reader]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(READER), str(home), str(tmp_path / "stop")],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield Reader(process, tmp_path / "stop")
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


@pytest.fixture
def write_export(tmp_path: Path) -> WriteExport:
    """Write export number ``n``: a day of one chat between four people that no other number has."""
    folder = tmp_path / "exports"
    folder.mkdir()

    def write(number: int) -> Path:
        path = folder / f"WhatsApp Chat with Garden Club {number}.zip"
        lines = [
            f"{number + 13:02}/02/2024, {10 + index // 60:02}:{index % 60:02} - {('Ana', 'Bo', 'Cy', 'Dee')[index % 4]}: "
            f"note {number}/{index}: shall we water the tomatoes? Decided: bed {index} on Friday"
            for index in range(MESSAGES_PER_EXPORT)
        ]
        lines[-1] = f"{lines[-1].split(': ')[0]}: IMG-{number}.jpg (file attached)"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("WhatsApp Chat with Garden Club.txt", "\n".join(lines) + "\n")
            archive.writestr(f"IMG-{number}.jpg", b"\xff\xd8\xff" + bytes([number]) * 5000)
        return path

    return write


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
