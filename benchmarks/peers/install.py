"""The peers: other parsers and other indexes, at pinned versions, installed for one run into a scratch folder.

The project never depends on them. One that cannot be installed here is left out, and the reason is printed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.process import last_line

_PROGRAMS = Path(__file__).parent
_MOST_SECONDS = 600


class NotInstalled(RuntimeError):
    """A peer cannot be installed on this machine; the message says why."""


@dataclass(frozen=True)
class Peer:
    """One peer. ``times_ours`` is the bound: how many times the CPU of our load its work takes at least; ``also`` what it needs."""

    name: str
    version: str
    does: str
    install: Callable[[Peer, Path], list[str]]
    program: str
    times_ours: float | None = None
    also: tuple[str, ...] = ()

    @property
    def pinned(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class InstalledPeer:
    """A peer that is ready: ``command`` wants the path of a chat text and writes how many messages it has, and the CPU seconds."""

    peer: Peer
    command: list[str]


def install_peers(folder: Path, peers: tuple[Peer, ...] | None = None) -> Iterator[InstalledPeer]:
    """Install each peer into a folder of its own below ``folder`` and give those for which that went well."""
    for peer in PEERS if peers is None else peers:
        own = folder / peer.name
        own.mkdir()
        try:
            yield InstalledPeer(peer, peer.install(peer, own))
        except NotInstalled as error:
            leave_out(peer.pinned, str(error))


def leave_out(what: str, reason: str) -> None:
    """Tell that a row is missing, and why."""
    print(f"  peers: {what} is left out: {reason}", flush=True)


def _install_from_npm(peer: Peer, folder: Path) -> list[str]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotInstalled("there is no node and npm on this machine")
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts"]
    _run([npm, "install", *quiet, "--prefix", str(folder), f"{peer.name}@{peer.version}"])
    program = shutil.copy(_PROGRAMS / peer.program, folder)
    return [node, str(program)]


def _install_from_pypi(peer: Peer, folder: Path) -> list[str]:
    python = folder / "bin" / "python"
    _run([sys.executable, "-m", "venv", str(folder)])
    _run([str(python), "-m", "pip", "install", "--quiet", "--no-input", f"{peer.name}=={peer.version}", *peer.also])
    return [str(python), "-P", str(_PROGRAMS / peer.program)]


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_MOST_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise NotInstalled(f"{Path(command[0]).name} was not done after {_MOST_SECONDS} s") from error
    if done.returncode:
        raise NotInstalled(f"{Path(command[0]).name} failed: {last_line(done.stderr)}")


PEERS = (
    Peer("whatsapp-chat-parser", "4.0.2", "text → objects", _install_from_npm, "whatsapp_chat_parser.mjs"),
    Peer("whatstk", "0.9.1", "text → DataFrame", _install_from_pypi, "whatstk_parse.py", times_ours=6),
    Peer("chat-miner", "0.6.0", "text → objects", _install_from_pypi, "chat_miner_parse.py", times_ours=10),
)

VECTOR_PEERS = (
    Peer("usearch", "2.26.6", "HNSW, 16-bit brain floats", _install_from_pypi, "vector_indexes.py"),
    Peer("hnswlib", "0.8.0", "HNSW, 32-bit floats", _install_from_pypi, "vector_indexes.py", also=("numpy",)),
    Peer("faiss-cpu", "1.15.1", "HNSW, 32-bit floats", _install_from_pypi, "vector_indexes.py"),
    Peer(
        "duckdb-extension-vss",
        "1.5.5",
        "HNSW in SQL",
        _install_from_pypi,
        "vector_indexes.py",
        also=("numpy", "pyarrow"),
    ),
)
