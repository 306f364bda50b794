"""Who is whose parent among some commits, in little memory: a number for each commit, so that a long history is a few arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.git_history.plumbing import GitError

_OUTSIDE = -1
"""The number of a parent that is none of the commits."""


class Way(NamedTuple):
    """Commits on the way down a line of first parents, and the id of what comes next: ``None`` behind a beginning."""

    shas: pa.StringArray
    next: str | None


class Ancestry:
    """Commits with their parents; those that are cut off have none."""

    def __init__(self, tables: Iterable[pa.Table], cut_off: Collection[str] = ()) -> None:
        """Take ``sha`` and ``parents`` of some tables."""
        table = pa.concat_tables([_SCHEMA.empty_table(), *(each.select(_SCHEMA.names) for each in tables)])
        table = table.combine_chunks()
        self._shas: pa.StringArray = _only(table, "sha")
        parents = _only(table, "parents")
        begins = np.asarray(parents.offsets)[: len(parents) + 1]
        self._parents: pa.StringArray = parents.values
        numbers = pc.fill_null(pc.index_in(self._parents, self._shas), _OUTSIDE)
        self._numbers = _quick(np.asarray(numbers, np.int32))
        ends = begins[1:].copy()
        if cut_off:
            is_cut = np.asarray(pc.is_in(self._shas, pa.array(sorted(cut_off), pa.string())))
            ends[is_cut] = begins[:-1][is_cut]
        self._begins, self._ends = _quick(begins[:-1].copy()), _quick(ends)

    def __len__(self) -> int:
        return len(self._shas)

    def down(self, tip: str) -> Way:
        """Follow first parents from ``tip`` as far as they are told. Raises ``GitError`` where they go round."""
        number = pc.index(self._shas, tip).as_py()
        if number < 0:
            return Way(self._shas.slice(0, 0), tip)
        way = list[int]()
        while number != _OUTSIDE:
            if len(way) == len(self):
                raise GitError(f"commits lead back to themselves behind {tip}: one is damaged")
            way.append(number)
            begin = self._begins[number]
            if begin == self._ends[number]:
                return Way(self._shas.take(pa.array(way, pa.int32())), None)
            number = self._numbers[begin]
        return Way(self._shas.take(pa.array(way, pa.int32())), self._parents[begin].as_py())

    def landed(self, steps: pa.StringArray) -> tuple[pa.Table, set[str]]:
        """Return (sha, step) of the commits that came with the first of ``steps`` that leads to them, by its place.

        Also returns what was met on the way and is none of the commits.
        """
        first = np.full(len(self), _OUTSIDE, np.int32)
        landed, outside = _quick(first), set[str]()
        numbers, begins, ends = self._numbers, self._begins, self._ends
        tips = np.asarray(pc.fill_null(pc.index_in(steps, self._shas), _OUTSIDE), np.int32)
        outside.update(steps.filter(pa.array(tips == _OUTSIDE)).to_pylist())
        for step, tip in enumerate(_quick(tips)):
            open_ends = [tip] if tip != _OUTSIDE else []
            while open_ends:
                one = open_ends.pop()
                if landed[one] != _OUTSIDE:
                    continue
                landed[one] = step
                for place in range(begins[one], ends[one]):
                    parent = numbers[place]
                    if parent == _OUTSIDE:
                        outside.add(self._parents[place].as_py())
                    else:
                        open_ends.append(parent)
        has_landed = first != _OUTSIDE
        table = pa.table({"sha": self._shas.filter(pa.array(has_landed)), "step": pa.array(first[has_landed])})
        return table, outside


_SCHEMA = pa.schema([("sha", pa.string()), ("parents", pa.list_(pa.string()))])


def _only(table: pa.Table, name: str) -> pa.Array:
    """Return a column that is in one piece, or in none as there are no rows."""
    column = table.column(name)
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


def _quick(numbers: npt.NDArray[np.int32]) -> memoryview[int]:
    """Return numbers so that one by one is read quickly."""
    return memoryview(numbers)  # type: ignore[arg-type]  # numpy's arrays are buffers
