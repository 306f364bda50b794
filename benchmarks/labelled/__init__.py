"""Labelled chats, written for this purpose: queries, the messages that answer them, and messages beside those."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

NAMES = ("household", "software", "portuguese")


_ANSWERS = {1: "+1", 2: "+2", 3: "+12"}
"""What marks a message that answers the first, second and third query of a block."""


@dataclass(frozen=True)
class Labelled:
    """Messages of one chat, by blocks, and for each query the numbers of the messages that answer it."""

    blocks: list[list[str]]
    queries: list[tuple[str, frozenset[int]]]

    @property
    def messages(self) -> list[str]:
        return [text for block in self.blocks for text in block]

    def asked_by_openers(self) -> Labelled:
        """Return the same chat with the first message of each block as a query, which all others of the block answer."""
        ends = np.cumsum([len(block) for block in self.blocks]).tolist()
        asked = [(b[0], frozenset(range(end - len(b) + 1, end))) for b, end in zip(self.blocks, ends, strict=True)]
        return Labelled(self.blocks, asked)

    def mixed(self, together: int, seed: int = 5) -> Labelled:
        """Return the chat with so many conversations going on at once: blocks put into one another, each in its order."""
        numbers = iter(range(len(self.messages)))
        blocks = [[next(numbers) for _ in block] for block in self.blocks]
        random, messages, mixed = Random(seed), self.messages, []
        for begin in range(0, len(blocks), together):
            whose = [block for block in range(begin, min(begin + together, len(blocks))) for _ in blocks[block]]
            random.shuffle(whose)
            mixed.append([blocks[block].pop(0) for block in whose])
        places = {number: place for place, number in enumerate(number for block in mixed for number in block)}
        asked = [(query, frozenset(places[number] for number in answers)) for query, answers in self.queries]
        return Labelled([[messages[number] for number in block] for block in mixed], asked)


def read(name: str) -> Labelled:
    """Read one of the labelled chats."""
    content = Path(__file__).with_name(f"{name}.txt").read_text("utf-8")
    blocks: list[list[str]] = []
    queries: list[tuple[str, frozenset[int]]] = []
    count = 0
    for part in content.split("\n\n"):
        lines = [line for line in part.splitlines() if line and not line.startswith("#")]
        asked = [line[2:] for line in lines if line[0] == "?"]
        said = [line for line in lines if line[0] != "?"]
        for number, query in enumerate(asked, 1):
            answers = frozenset(count + place for place, line in enumerate(said) if line[0] in _ANSWERS[number])
            queries.append((query, answers))
        blocks.append([line[2:] for line in said])
        count += len(said)
    return Labelled(blocks, queries)


def ndcg(found: list[int], answers: frozenset[int], k: int = 10) -> float:
    """Return how well a ranking shows the answers: 1 where they all stand first."""
    discounts = 1 / np.log2(np.arange(2, k + 2))
    gained = sum(float(discounts[rank]) for rank, item in enumerate(found[:k]) if item in answers)
    return gained / float(discounts[: len(answers)].sum())
