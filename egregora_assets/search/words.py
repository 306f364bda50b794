"""The index of words: which messages say what. A cache of ``search_units`` that can be made anew at any time.

It knows labels and words, no text. Because labels are never used twice and grow, each block of the index holds a stretch of them,
and how many there are of a stretch, with a sum over them, tells whether a block is still right. So nothing has to be remembered
of what came and went: new labels are new blocks, and a block of which something is gone is made anew without it, at once.
"""

from __future__ import annotations

import errno
import logging
import math
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import tantivy
from numpy.typing import NDArray

from egregora_assets.config import Settings
from egregora_assets.search import units
from egregora_assets.search.tokens import Wanted, is_single, words_of
from egregora_assets.search.word_files import (
    META,
    Block,
    Manifest,
    WordsDamaged,
    WordsMissing,
    damaged_files,
    files_of,
    locked,
    made_with,
    prepare,
    read_manifest,
    schema,
    sweep,
    write_block,
    write_manifest,
)
from egregora_assets.warehouse.revisions import current_revision, erased_since, warehouse_id

Labels = NDArray[np.int64]
Scores = NDArray[np.float32]

_MOST_ROWS, _MOST_LETTERS = 65_536, 64 << 20
"""What one block holds at most: what goes from it is made anew with all its neighbours."""
_LEVELS = (64, 512, 4096, 32_768)
_TOGETHER = 8
"""So many blocks of one level at the end become one: a message is written once per level, and blocks stay few."""
_FEW_LABELS = 2_000
"""So many allowed labels can be told to the index; of more the hits are asked, deeper and deeper."""
_DEEPEST = 100_000
_MARGIN = 2
_NARROW = 0.5
"""Allowed labels that span less than this share of all are first told as a range, which costs next to nothing."""
_OPEN_ATTEMPTS = 5
_REMOVALS = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WordChanges:
    """What one pass did: messages that are new in the index, that left it, and that were written, old ones of their blocks too."""

    added: int = 0
    removed: int = 0
    written: int = 0
    made_anew: bool = False


@dataclass(frozen=True)
class Hits:
    """Labels with their scores, the best first; of equals the older."""

    labels: Labels
    scores: Scores


NO_HITS = Hits(np.empty(0, np.int64), np.empty(0, np.float32))


def folder_of(settings: Settings) -> Path:
    """Return where the index of words stands."""
    return settings.index / "words"


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> WordChanges:
    """Bring the index up to date with ``search_units``; ``full`` makes it anew, as does any doubt about what is there.

    What is no longer in ``search_units`` is in no byte of the folder afterwards.
    """
    units.refresh(connection, settings)
    return follow(connection, folder_of(settings), full)


def follow(connection: duckdb.DuckDBPyConnection, folder: Path, full: bool = False) -> WordChanges:
    """Bring the index in a folder up to date with ``search_units`` as they are."""
    with locked(folder):
        sweep(folder, _readable(folder))
        present = None if full else _usable(connection, folder)
        before = present or Manifest(warehouse_id(connection), 0, (), made_with())
        labels, sums = _live(connection)
        found = [(block, *_seen(labels, sums, block)) for block in before.blocks]
        kept = [block for block, count, parity in found if (count, parity) == (block.rows, block.parity)]
        plan = _joined(sorted([*kept, *_gaps(labels, kept)], key=lambda item: item.first))
        if present and plan == list(before.blocks) and not erased_since(connection, before.revision):
            return WordChanges()
        blocks: list[Block] = []
        for item in plan:
            blocks += [item] if isinstance(item, Block) else _write(connection, folder, item)
        after = Manifest(before.warehouse_id, current_revision(connection), tuple(blocks), before.made_with)
        write_manifest(folder, after)
        sweep(folder, after)
    removed = sum(block.rows - count for block, count, _ in found)
    old = {block.name for block in before.blocks}
    written = sum(block.rows for block in blocks if block.name not in old)
    return WordChanges(after.rows - before.rows + removed, removed, written, made_anew=present is None)


def doubt(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str | None:
    """Return why the index of words has to be made anew. Reads all of it: whoever was told of damage is answered by this."""
    folder, manifest = folder_of(settings), _present(settings)
    if manifest is None or damaged_files(folder, manifest, again=True):
        return "the index of words is not there, or damaged"
    if not _is_of(connection, manifest):
        return "the index of words is of another warehouse or version"
    return None if standing(connection, manifest) == Standing(0, 0) else "the index of words is behind the warehouse"


def must_follow(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Return whether a publication cannot wait for the index: there is none, or what was erased may still be in it.

    Whether it is whole and up to date is not asked.
    """
    manifest = _present(settings)
    return manifest is None or not _is_of(connection, manifest) or erased_since(connection, manifest.revision)


@dataclass(frozen=True)
class Standing:
    """How an index stands to ``search_units``: blocks that hold something else, and messages that are not there yet."""

    wrong_blocks: int
    missing: int


def standing(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> Standing:
    """Compare an index with ``search_units`` as they are."""
    labels, sums = _live(connection)
    right = [block for block in manifest.blocks if _seen(labels, sums, block) == (block.rows, block.parity)]
    missing = sum(gap.rows for gap in _gaps(labels, manifest.blocks))
    return Standing(len(manifest.blocks) - len(right), missing)


@dataclass(frozen=True)
class _Gap:
    """Messages that stand in no block that is right, or in blocks that become one."""

    first: int
    last: int
    rows: int


def _readable(folder: Path) -> Manifest | None:
    try:
        return read_manifest(folder)[1]
    except WordsMissing:
        return None
    except WordsDamaged as error:
        log.warning("%s: making the index of words anew", error)
        return None


def _present(settings: Settings) -> Manifest | None:
    """Return what the index in its folder says of itself; ``None`` where it says nothing that makes sense."""
    try:
        return read_manifest(folder_of(settings))[1]
    except (WordsMissing, WordsDamaged):
        return None


def _is_of(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> bool:
    return manifest.warehouse_id == warehouse_id(connection) and manifest.made_with == made_with()


def _usable(connection: duckdb.DuckDBPyConnection, folder: Path) -> Manifest | None:
    """Return what is there, if it is whole and of this warehouse. Readers have it until there is another."""
    manifest = _readable(folder)
    if manifest is None:
        return None
    if not _is_of(connection, manifest):
        log.info("the index of words is of another warehouse or version: making it anew")
        return None
    damaged = damaged_files(folder, manifest)
    if damaged:
        log.warning("%s files of the index of words are damaged: making it anew", len(damaged))
        return None
    return manifest


def _live(connection: duckdb.DuckDBPyConnection) -> tuple[Labels, NDArray[np.uint64]]:
    """Return the labels of all messages in order, and for each a number that stands for its label and text."""
    columns = connection.execute(f"SELECT label, {_SUM} AS sum FROM search_units u WHERE kind = 'message'").fetchnumpy()
    labels, sums = np.asarray(columns["label"]), np.asarray(columns["sum"])
    if (labels[1:] > labels[:-1]).all():
        return labels, sums
    order = np.argsort(labels)
    return labels[order], sums[order]


def _seen(labels: Labels, sums: NDArray[np.uint64], block: Block) -> tuple[int, str]:
    """Return how many messages there are now of the stretch of a block, and what their sums come to."""
    begin, end = np.searchsorted(labels, [block.first, block.last + 1])
    return int(end - begin), _parity(sums[begin:end])


def _parity(sums: NDArray[np.uint64]) -> str:
    return f"{int(np.bitwise_xor.reduce(sums)):016x}" if len(sums) else ""


def _gaps(labels: Labels, kept: Sequence[Block]) -> list[_Gap]:
    """Return the stretches of labels that stand in none of these blocks."""
    edges = np.searchsorted(labels, [edge for block in kept for edge in (block.first, block.last + 1)])
    bounds = [0, *(int(edge) for edge in edges), len(labels)]
    return [
        _Gap(int(labels[begin]), int(labels[end - 1]), end - begin)
        for begin, end in zip(bounds[::2], bounds[1::2], strict=True)
        if end > begin
    ]


def _joined(plan: list[Block | _Gap]) -> list[Block | _Gap]:
    """Let the last blocks become one where there are many of a level: none that has more than all behind it is written again."""
    for most in _LEVELS:
        run = 0
        while run < len(plan) and plan[-1 - run].rows <= most:
            run += 1
        while run and plan[-run].rows > sum(item.rows for item in plan[len(plan) - run + 1 :]):
            run -= 1
        if run >= _TOGETHER:
            joined = plan[len(plan) - run :]
            plan = [
                *plan[: len(plan) - run],
                _Gap(joined[0].first, joined[-1].last, sum(item.rows for item in joined)),
            ]
    return plan


def _write(connection: duckdb.DuckDBPyConnection, folder: Path, gap: _Gap) -> list[Block]:
    """Make the blocks of a stretch of labels from the texts as they are."""
    connection.execute(_TEXTS, {"first": gap.first, "last": gap.last})
    blocks: list[Block] = []
    labels: list[int] = []
    sums: list[int] = []
    texts: list[str] = []

    def make() -> None:
        parity = _parity(np.array(sums, np.uint64))
        blocks.append(write_block(folder, zip(labels, texts, strict=True), labels[0], labels[-1], len(labels), parity))
        for column in (labels, sums, texts):
            column.clear()

    letters = 0
    while batch := connection.fetchmany(4096):
        for label, number, text in batch:
            if labels and (len(labels) >= _MOST_ROWS or letters + len(text) > _MOST_LETTERS):
                make()
                letters = 0
            labels.append(label)
            sums.append(number)
            texts.append(" ".join(words_of(text)))
            letters += len(text)
    if labels:
        make()
    return blocks


_SUM = "hash(u.label, u.content_hash)"
_TEXTS = f"""
    SELECT u.label, {_SUM}, c.text FROM search_units u JOIN clean_messages c USING (message_id)
    WHERE u.kind = 'message' AND u.label BETWEEN $first AND $last ORDER BY u.label
"""


class WordIndex:
    """The index as it is at one moment. What is written later is seen by the next one that is opened."""

    def __init__(self, manifest: Manifest, searcher: tantivy.Searcher) -> None:
        self.manifest = manifest
        self._searcher = searcher
        self._schema = schema()

    def search(self, wanted: Wanted, k: int, allow: Labels | None = None) -> Hits:
        """Return the best ``k`` messages for a query, of those in ``allow`` (sorted labels), if it is given.

        As many as there are are found whatever is allowed.
        """
        query = self._query(wanted)
        k = min(k, self.manifest.rows)  # room is made for as many as are asked for
        if query is None or k < 1:
            return NO_HITS
        if allow is None:
            return self._best(query, k)
        if not len(allow):
            return NO_HITS
        blocks = self.manifest.blocks
        share = (int(allow[-1]) - int(allow[0]) + 1) / (blocks[-1].last - blocks[0].first + 1)
        if share < _NARROW:
            query = _both(query, self._between(int(allow[0]), int(allow[-1])))
        depth = int(k * (1 + _MARGIN * min(share, 1.0) * self.manifest.rows / len(allow)))
        while len(allow) > _FEW_LABELS and depth <= _DEEPEST:
            hits = self._best(query, depth)
            found = _only(hits, allow, k)
            if len(found.labels) == k or len(hits.labels) < depth:
                return found
            depth *= _MARGIN * _MARGIN
        among = tantivy.Query.term_set_query(self._schema, "label", allow.tolist())
        return self._best(_both(query, among), k)

    def lacks(self, labels: Labels) -> int:
        """Return how many of all messages that are shown (sorted labels) have come since the index was written."""
        return sum(gap.rows for gap in _gaps(labels, self.manifest.blocks))

    def most(self, wanted: Wanted) -> float:
        """Return about what a message scores that has all the words of a query: what its rare words weigh."""
        words = {*wanted.words, *(word for phrase in wanted.phrases for word in phrase)}
        count = self.manifest.rows
        having = [self._searcher.doc_freq("words", word) for word in words]
        return sum(math.log1p((count - number + 0.5) / (number + 0.5)) for number in having) + len(wanted.prefixes)

    def rarest(self, text: str, count: int) -> Wanted:
        """Return the words of a text that fewest messages have: what it is about, as far as words tell."""
        frequency = {word: self._searcher.doc_freq("words", word) for word in dict.fromkeys(words_of(text))}
        known = [word for word, messages in frequency.items() if messages]
        return Wanted(words=tuple(sorted(known, key=lambda word: (frequency[word], word))[:count]))

    def _best(self, query: tantivy.Query, k: int) -> Hits:
        found = self._searcher.search(query, k, count=False).hits
        if not found:
            return NO_HITS
        labels = self._searcher.fast_field_values("label", [address for _, address in found])
        return Hits(np.array(labels, np.int64), np.array([score for score, _ in found], np.float32))

    def _query(self, wanted: Wanted) -> tantivy.Query | None:
        if wanted.is_empty:
            return None
        should = [self._word(word) for word in (*wanted.words, *wanted.prefixes)]
        clauses = [(tantivy.Occur.Should, query) for query in should]
        clauses += [(tantivy.Occur.Must, self._phrase(phrase)) for phrase in wanted.phrases]
        clauses += [(tantivy.Occur.MustNot, self._phrase(phrase)) for phrase in wanted.unwanted]
        return tantivy.Query.boolean_query(clauses)

    def _word(self, word: str) -> tantivy.Query:
        if is_single(word):
            return tantivy.Query.regex_query(self._schema, "words", word + ".?")
        return tantivy.Query.term_query(self._schema, "words", word)

    def _phrase(self, phrase: tuple[str, ...]) -> tantivy.Query:
        if len(phrase) == 1:
            return self._word(phrase[0])
        return tantivy.Query.phrase_query(self._schema, "words", list(phrase))

    def _between(self, first: int, last: int) -> tantivy.Query:
        return tantivy.Query.range_query(self._schema, "label", tantivy.FieldType.Integer, first, last)


def open_index(folder: Path) -> WordIndex:
    """Open the index for reading. Raises ``WordsMissing``, or ``WordsDamaged`` where a byte is not what was written."""
    for attempt in range(_OPEN_ATTEMPTS):
        content, manifest = read_manifest(folder)
        if manifest.made_with != made_with():
            raise WordsDamaged(f"{folder} was made by another version")
        damaged, index = damaged_files(folder, manifest), None
        try:
            index = None if damaged else WordIndex(manifest, _searcher(folder, content, manifest))
        except (OSError, ValueError) as error:
            damaged = [str(error)]
        if read_manifest(folder)[0] == content:
            if index is None:
                raise WordsDamaged(f"{folder}: {', '.join(damaged)}")
            return index
        log.info("the index of words was replaced while it was opened (%s)", attempt + 1)
    raise WordsMissing(f"{folder} was replaced {_OPEN_ATTEMPTS} times while it was opened")


def _searcher(folder: Path, content: bytes, manifest: Manifest) -> tantivy.Searcher:
    """Open the files of a list in a folder of their own: tantivy writes where it reads, and what is shared is left alone."""
    with _passing_folder() as view:
        for path in files_of(folder.resolve(), manifest):
            Path(view, path.name).symlink_to(path)
        Path(view, META).write_bytes(content)
        index = tantivy.Index.open(view)
        prepare(index)
        index.config_reader("manual")
        index.reload()
        return index.searcher()


@contextmanager
def _passing_folder() -> Iterator[str]:
    """Have a folder for the block. A thread of tantivy that looks after it may put a lock there while it is removed."""
    folder = tempfile.mkdtemp(prefix="egregora-words-")
    try:
        yield folder
    finally:
        for attempt in range(_REMOVALS):
            try:
                shutil.rmtree(folder)
                break
            except OSError as error:
                if error.errno != errno.ENOTEMPTY or attempt == _REMOVALS - 1:
                    raise
                time.sleep(0.01)


def _only(hits: Hits, allow: Labels, k: int) -> Hits:
    """Return the best ``k`` of the hits that are allowed."""
    places = np.minimum(np.searchsorted(allow, hits.labels), len(allow) - 1)
    chosen = np.flatnonzero(allow[places] == hits.labels)[:k]
    return Hits(hits.labels[chosen], hits.scores[chosen])


def _both(query: tantivy.Query, condition: tantivy.Query) -> tantivy.Query:
    """Return a query whose hits meet a condition that adds nothing to their scores."""
    must = tantivy.Occur.Must
    return tantivy.Query.boolean_query([(must, query), (must, tantivy.Query.const_score_query(condition, 0.0))])
