"""sentence-transformers over the texts of a JSON file with the model of a folder: a line of JSON with CPU seconds by batch size.

Runs where that is installed: ``sentence_transformers_embed.py MODEL TEXTS SIZE,SIZE…``. The folder holds the files as published.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer, models

RUNS = 3


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    folder, texts_file, sizes = sys.argv[1:]
    torch.set_num_threads(1)
    reading = models.Transformer(folder, max_seq_length=256)
    pooling = models.Pooling(reading.get_embedding_dimension(), "mean")
    model = SentenceTransformer(modules=[reading, pooling, models.Normalize()], device="cpu")
    texts = json.loads(Path(texts_file).read_text("utf-8"))
    model.encode(texts[:64])
    told: dict[int, float] = {}
    for size in map(int, sizes.split(",")):
        costs = []
        for _ in range(RUNS):
            before = cpu_seconds()
            model.encode(texts, batch_size=size, show_progress_bar=False)
            costs.append(cpu_seconds() - before)
        told[size] = min(costs)
    print(json.dumps(told))


if __name__ == "__main__":
    main()
