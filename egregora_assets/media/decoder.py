"""The decoding process: it is told files on stdin, one JSON line each, and answers on stdout; it can do little else.

Started by ``decoding`` only. Its memory, its time for each file and its pixels are limited, it can write no file, and it ends
with the process that started it. It imports no more than it needs: pictures are untrusted, and starts are frequent.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

from egregora_assets.media import picture_hashes
from egregora_assets.media.sanitising import picture_digest

_SHOWN_OF_ERROR = 200
_DIE_WITH_PARENT = 1
BLOBS = ("signature", "thumbnail")
"""Values of an answer that follow its JSON as bytes, in this order; the JSON says how many each has, null for none."""


def main() -> None:
    """Answer until stdin ends. Arguments: the parent's pid, bytes of memory, CPU seconds for a file, most pixels."""
    parent, memory, seconds, pixels = map(int, sys.argv[1:5])
    _bind_to(parent)
    _limit(memory)
    picture_hashes.limit_pixels(pixels)
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    _send(answers, {"ready": True}, {})
    for line in jobs:
        _limit_time(seconds)
        _answer(answers, json.loads(line), pixels)


def _bind_to(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(1)


def _limit(memory: int) -> None:
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time(seconds: int) -> None:
    """Let the system end this process when the next file takes longer; decoders cannot be interrupted otherwise."""
    until = int(time.process_time()) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _answer(answers: BinaryIO, job: dict[str, Any], pixels: int) -> None:
    try:
        told = _facts(job["path"], job["mime"], pixels)
    except MemoryError:
        told = {"failure": "it needs more memory than a decoder may use"}
    except Exception as error:  # whatever a decoder raises is what is wrong with the file
        told = {"failure": _words_of(error, job["path"])}
    _send(answers, {key: value for key, value in told.items() if key not in BLOBS}, told)


def _words_of(error: Exception, path: str) -> str:
    """Return what a decoder says, the same each time: it names the file by its path, or by its place in memory."""
    words = f"{type(error).__name__}: {error}".replace(path, "the file")
    before, named, after = words.partition("<_io.BytesIO object at ")
    return (f"{before}the file{after.partition('>')[2]}" if named else words)[:_SHOWN_OF_ERROR]


def _facts(path: str, mime: str, pixels: int) -> dict[str, Any]:
    if not mime.startswith(("audio/", "video/")):
        data = Path(path).read_bytes()
        return {**picture_hashes.picture_facts(data, mime)._asdict(), "picture_digest": picture_digest(mime, data)}
    from egregora_assets.media.recordings import recording_facts  # large, and an extra

    return vars(recording_facts(path, pixels))


def _send(answers: BinaryIO, values: dict[str, Any], told: dict[str, Any]) -> None:
    blobs = [told.get(name) for name in BLOBS]
    sizes = [None if blob is None else len(blob) for blob in blobs]
    header = json.dumps({**values, "sizes": sizes}).encode()
    answers.write(b"".join([len(header).to_bytes(4, "big"), header, *(blob for blob in blobs if blob)]))
    answers.flush()


if __name__ == "__main__":
    main()
