"""The embedding process: it is told texts on stdin, one JSON list a line, and answers on stdout with their vectors.

Started by ``embedding_pool`` only; it ends with the process that started it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

from egregora_assets.search.embedders import EmbedderFailed
from egregora_assets.search.onnx_model import OnnxModel

_DIE_WITH_PARENT = 1


def main() -> None:
    """Answer until stdin ends. Arguments: the parent's pid, the model's folder."""
    parent, folder = int(sys.argv[1]), Path(sys.argv[2])
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(1)
    model = OnnxModel(folder)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    for line in sys.stdin.buffer:
        try:
            vectors = model.embed(json.loads(line))
        except EmbedderFailed as error:
            answers.write(json.dumps({"failure": str(error)}).encode() + b"\n")
        else:
            answers.write(json.dumps({"shape": vectors.shape}).encode() + b"\n")
            answers.write(vectors.astype("<f4").tobytes())
        answers.flush()


if __name__ == "__main__":
    main()
