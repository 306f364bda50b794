"""Which process does something, under a name that no later process of this machine gets, and whether it still lives."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def this_process() -> str:
    """Return the name of this process: machine, number, and where the system tells it, when it began."""
    return _name(os.getpid())


def is_gone(process: str) -> bool:
    """Return whether the process of that name has ended; never true of another machine's, which cannot be asked."""
    machine, _, number = process.rpartition(":")
    pid, _, began = number.partition("@")
    if machine != socket.gethostname():
        return False
    if began:
        return _name(int(pid)) != process
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _name(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}@{_began(pid)}"


def _began(pid: int) -> str:
    """Return the moment a process began, in the kernel's own count; empty where there is no such process, or no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    except OSError:
        return ""
