"""One command in a process of its own: the CPU seconds and the peak memory of it and of what it started.

Also the launcher in between: a process counts as its own the memory that its parent held when it was started, so that
parent has to be small. That is why this file imports the standard library only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parent.parent.parent
_UNIT_OF_PEAK = 1 if sys.platform == "darwin" else 1024
"""What one of ``ru_maxrss`` is in bytes."""


class CommandFailed(RuntimeError):
    """A command ended with an error; the message is the last line that it wrote about it."""


@dataclass(frozen=True)
class Used:
    """What a command has used, and what it wrote. Of several processes ``megabytes`` is the largest one's."""

    cpu_seconds: float
    megabytes: float
    output: str


def measured(command: list[str]) -> Used:
    """Run a command to its end, in UTC. Raises ``CommandFailed``."""
    environment = {**os.environ, "TZ": "UTC", "EGREGORA_TIMEZONE": "UTC"}
    launcher = [sys.executable, "-I", "-S", __file__, *command]
    done = subprocess.run(launcher, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandFailed(last_line(done.stderr) or f"exit status {done.returncode}")
    return Used(**json.loads(done.stdout))


def last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def main() -> None:
    """The launcher: run the command that the arguments are, and write what it has used."""
    with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(process.returncode if process.returncode > 0 else f"ended by signal {-process.returncode}")
    megabytes = used.ru_maxrss * _UNIT_OF_PEAK / 1e6
    print(json.dumps({"cpu_seconds": used.ru_utime + used.ru_stime, "megabytes": megabytes, "output": output}))


if __name__ == "__main__":
    main()
