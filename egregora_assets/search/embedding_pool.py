"""One model on several cores, each text on one: what they give is bit for bit what one of them would.

Few texts are shared among threads, many among processes. These are started by exec, never by a fork that goes on, and end with
this process however it ends.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

import egregora_assets
from egregora_assets.search.embedders import Embedder, EmbedderFailed, Vectors
from egregora_assets.search.onnx_model import OnnxModel

_PIECE = 32
"""Texts that a process is told at once."""
_FEW_TEXTS = 8
"""Fewer texts are embedded on one thread."""
_WORTH_A_START = 400
"""Texts for which it is worth starting a process: its start costs as much as some hundred of them."""


@contextmanager
def among_cores(embedder: Embedder, workers: int | None, texts: int) -> Iterator[Embedder]:
    """Give an embedder that shares the work of ``texts`` among cores, where it is a model and there is enough of it."""
    most = workers or cores()
    processes = min(most, texts // _WORTH_A_START)
    if not isinstance(embedder, OnnxModel) or most < 2 or texts < _FEW_TEXTS:
        yield embedder
    elif processes < 2:
        with ThreadPoolExecutor(most) as threads:
            yield _Sharing(embedder, threads)
    else:
        with _Pool(embedder, processes) as pool:
            yield pool


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class _Sharing:
    """A model that several threads of this process run, each with a text of its own, the longest first."""

    model: OnnxModel
    threads: ThreadPoolExecutor

    @property
    def model_fingerprint(self) -> str:
        return self.model.model_fingerprint

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def dimensions(self) -> int:
        return self.model.dimensions

    def embed(self, texts: Sequence[str], as_query: bool = False) -> Vectors:
        _ = self.model.dimensions  # it is loaded once, before threads need it
        longest_first = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        vectors = np.empty((len(texts), self.model.dimensions), np.float32)

        def embed_one(place: int) -> None:
            vectors[place] = self.model.embed([texts[place]], as_query)[0]

        list(self.threads.map(embed_one, longest_first))
        return vectors


class _Pool:
    def __init__(self, model: OnnxModel, processes: int) -> None:
        self.model, self.model_fingerprint, self.name = model, model.model_fingerprint, model.name
        self._processes = [_Process(model.folder) for _ in range(processes)]
        self._idle: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        for process in self._processes:
            self._idle.put(process)
        self._threads = ThreadPoolExecutor(processes)

    @property
    def dimensions(self) -> int:
        return self.model.dimensions

    def __enter__(self) -> _Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.end()
        self._threads.shutdown(cancel_futures=True)

    def embed(self, texts: Sequence[str], as_query: bool = False) -> Vectors:
        if as_query or not texts:
            return self.model.embed(texts, as_query)
        pieces = [texts[begin : begin + _PIECE] for begin in range(0, len(texts), _PIECE)]
        return np.concatenate(list(self._threads.map(self._ask, pieces)))

    def _ask(self, texts: Sequence[str]) -> Vectors:
        process = self._idle.get()
        try:
            return process.embed(texts)
        finally:
            self._idle.put(process)


class _Process:
    def __init__(self, folder: Path) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "egregora_assets.search.embedding_worker", str(os.getpid()), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )

    def embed(self, texts: Sequence[str]) -> Vectors:
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps(list(texts)).encode() + b"\n")
            child.stdin.flush()
            header = child.stdout.readline()
            if not header:
                raise EOFError
            told = json.loads(header)
            if "failure" in told:
                raise EmbedderFailed(told["failure"])
            rows, width = told["shape"]
            data = child.stdout.read(4 * rows * width)
            if len(data) < 4 * rows * width:
                raise EOFError
        except (EOFError, OSError, ValueError) as error:
            raise EmbedderFailed(f"an embedding process has ended with status {child.poll()}") from error
        return np.frombuffer(data, "<f4").reshape(rows, width).astype(np.float32)

    def end(self) -> None:
        """End the process, whatever it is at."""
        self._child.kill()
        self._child.communicate()


def _environment() -> dict[str, str]:
    """What a process needs to know: where this package and its libraries are, and that one thread is enough."""
    package = str(Path(egregora_assets.__file__).parents[1])
    libraries = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    return {"PYTHONPATH": package, "LC_ALL": "C.UTF-8", **threads, **libraries}
