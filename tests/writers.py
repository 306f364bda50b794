"""Another process that has a home's warehouse open: the one lock that everybody else has to do without."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HOLDER = """
import sys
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import open_warehouse
with open_warehouse(Settings(home=sys.argv[1], timezone="UTC")):
    print("held", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def another_process_writing(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold the warehouse of ``home`` for the length of the block, or until the process' standard input is closed."""
    command = [sys.executable, "-c", _HOLDER, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.stdin.close()
            process.wait()
