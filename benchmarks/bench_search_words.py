"""Search by words and by both: what an index costs, what a query does, and how well labelled chats are answered."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from benchmarks import labelled
from benchmarks.generate_vectors import batches, centre_of
from benchmarks.harness import Figure, figure, scratch
from benchmarks.search_embedding import comments
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.search import embeddings, vector_index, words
from egregora_assets.search.embedders import Embedder, NoEmbedder, Vectors, open_embedder
from egregora_assets.search.filters import Filters
from egregora_assets.search.hybrid import Meaning, Search
from egregora_assets.search.opening import open_search
from egregora_assets.search.tokens import parse
from egregora_assets.search.vectors.reader import open_index
from egregora_assets.search.vectors.spec import Halves, IndexSpec, Labels, VectorChanges
from egregora_assets.search.vectors.writer import bring_up_to_date
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.migrate import migrate
from egregora_assets.warehouse.query import changed, rows, view_of

SIZES = (100_000, 1_000_000)
_QUERIES = 60
_VOCABULARY = 60_000
_NEW = 1_000
_PASSES = 16
_DAY = date(2020, 1, 1)
_TOGETHER, _OTHERS, _SHORT = (1, 3, 9), 2_500, 140


def figures() -> Iterator[Figure]:
    """Yield the figures at 100k and at 1M messages, and those of the labelled chats."""
    for size in SIZES:
        with scratch() as folder:
            yield from _of_size(folder, size)
    yield from quality()
    yield from in_a_crowd()


def _of_size(folder: Path, size: int) -> Iterator[Figure]:
    texts = _texts(size + _PASSES * _NEW)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        migrate(connection)
        _say(connection, texts[:size], 0)
        index = folder / "words"
        yield figure("words: index made", timed(lambda: words.follow(connection, index)), size, runs=1)
        yield figure(
            "words: unchanged pass", min(timed(lambda: words.follow(connection, index)) for _ in range(3)), size
        )
        snapshot = folder / "snapshot.duckdb"
        _publish(connection, snapshot)
        yield from _queries(folder, snapshot, texts, size)
        before, costs, written = _seen(index), [], []
        for number in range(_PASSES):
            start = size + number * _NEW
            _say(connection, texts[start : start + _NEW], start)
            costs.append(timed(lambda: words.follow(connection, index)))
            now = _seen(index)
            written.append(sum(count for name, count in now.items() if name not in before))
            before = now
    most = 0.05 if size == SIZES[0] else None
    yield figure("words: +1,000 messages, median", statistics.median(costs), size, runs=_PASSES)
    mean = statistics.mean(costs)
    yield figure("words: +1,000 messages, mean with blocks that are joined", mean, size, at_most=most, runs=_PASSES)
    yield figure(
        "words: written for +1,000, mean", statistics.mean(written) / 2**20, size, unit="MiB", at_most=2, runs=_PASSES
    )


def _queries(folder: Path, snapshot: Path, texts: list[str], size: int) -> Iterator[Figure]:
    asked = _asked(texts[:size])
    opening = [timed(lambda: words.open_index(folder / "words")) for _ in range(3)]
    yield figure("words: index opened, checked before", min(opening) * 1000, size, unit="ms")
    index = words.open_index(folder / "words")
    yield figure("words: size", index.manifest.bytes / 2**20, size, unit="MiB", runs=1)
    yield _p50("words: query, 100 hits", [lambda q=query: index.search(parse(q), 100) for query in asked], size)
    allow = np.sort(np.random.default_rng(3).choice(np.arange(1, size + 1), size // 100, replace=False))
    filtered = [lambda q=query: index.search(parse(q), 100, allow) for query in asked[:20]]
    yield _p50("words: query, filtered to 1 %", filtered, size)
    vectors = folder / "vectors"
    embedder = _embedder()
    bring_up_to_date(vectors, _SPEC, _Generated(size))
    with _opened(snapshot) as connection:
        meaning = Meaning(embedder or _Pretended(), open_index(vectors))
        began: list[Search] = []
        yield figure(
            "both: search opened", timed(lambda: began.append(Search(connection, index, meaning))), size, runs=1
        )
        search, most = began[0], 6 if size == SIZES[0] else 12
        how = "" if embedder else ", without a model"
        work = [lambda q=query: search.search(q) for query in asked]
        yield _p50(f"both: query, 10 results{how}", work, size, at_most=most)
        with_context = [lambda q=query: search.search(q, context=2) for query in asked]
        yield _p50(f"both: query with context{how}", with_context, size)
        some = Filters(since=_DAY + timedelta(days=50), until=_DAY + timedelta(days=50 + size // 100_000))
        yield _p50(
            f"both: query, filtered to 1 %{how}",
            [lambda q=query: search.search(q, 10, some) for query in asked[:20]],
            size,
        )


def timed(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call, finer than the harness counts them."""
    before = time.process_time()
    work()
    return time.process_time() - before


def _p50(name: str, work: list[Callable[[], object]], size: int, at_most: float | None = None) -> Figure:
    """Return the median over queries of the CPU milliseconds of each, the least of three runs after a first one."""
    taken = []
    for one in work:
        one()
        taken.append(min(timed(one) for _ in range(3)) * 1000)
    return figure(f"{name}, p50", statistics.median(taken), size, unit="CPU-ms", at_most=at_most, runs=len(work))


def quality() -> Iterator[Figure]:
    """Yield nDCG@10 over the labelled chats, which stand in one memory: by words, by meaning, and by both."""
    with scratch() as folder:
        settings = Settings(home=folder / "home", timezone="UTC")
        make_home(settings)
        chats = {name: labelled.read(name) for name in labelled.NAMES}
        for name, chat in chats.items():
            _put_export(settings, name, chat.blocks)
        _take_in(settings)
        with open_search(settings) as both, open_snapshot(settings) as snapshot:
            known = _numbers(snapshot)
            ways = {"words": Search(snapshot, both._words)}
            if both._meaning is not None:
                ways |= {"meaning": Search(snapshot, None, both._meaning), "both": both}
            found = {way: [_ndcg(search, chats[name], name, known) for name in chats] for way, search in ways.items()}
    for way, values in found.items():
        for name, value in zip(chats, values, strict=True):
            yield figure(f"nDCG@10 by {way}: {name}", value, len(chats[name].queries), unit="", runs=1)
    count = sum(len(chat.queries) for chat in chats.values())
    means = {way: statistics.mean(values) for way, values in found.items()}
    for way, mean in means.items():
        least = max(means.values()) if way == "both" else None
        yield figure(
            f"nDCG@10 by {way}: mean",
            mean,
            count,
            unit="",
            at_least=least,
            bound="≥ each alone" if least else None,
            runs=1,
        )


def _ndcg(search: Search, chat: labelled.Labelled, name: str, known: dict[object, tuple[str, int]]) -> float:
    values = []
    for query, answers in chat.queries:
        others = [one for one in search.search(query, limit=11) if one.text != query]
        found = [known.get(one.message_id, ("", -1)) for one in others]
        values.append(labelled.ndcg([number if source == name else -1 for source, number in found], answers))
    return statistics.mean(values)


def _numbers(snapshot: duckdb.DuckDBPyConnection) -> dict[object, tuple[str, int]]:
    sql = """
        SELECT message_id, source_id, row_number() OVER (PARTITION BY source_id ORDER BY local_time, position) - 1
        FROM messages WHERE kind <> 'system'
    """
    return {message_id: (source, number) for message_id, source, number in rows(snapshot, sql)}


def in_a_crowd() -> Iterator[Figure]:
    """Yield nDCG@10 over the labelled chats among other messages, with more and more conversations at once: by queries, and by
    openers, the first messages of conversations, for which the others of it are looked for.
    """
    others = [text for text in comments() if len(text) < _SHORT and ":" not in text][:_OTHERS]
    for together in _TOGETHER:
        chats = {name: labelled.read(name) for name in labelled.NAMES}
        asked = {"queries": chats, "openers": {name: chat.asked_by_openers() for name, chat in chats.items()}}
        with scratch() as folder:
            settings = Settings(home=folder / "home", timezone="UTC")
            make_home(settings)
            for name, chat in chats.items():
                _put_export(settings, name, chat.mixed(together).blocks)
            _put_export(settings, "other", [others[begin : begin + 8] for begin in range(0, len(others), 8)])
            _take_in(settings)
            with open_search(settings) as search, open_snapshot(settings) as snapshot:
                known = _numbers(snapshot)
                for way, told in asked.items():
                    values = [_ndcg(search, chat.mixed(together), name, known) for name, chat in told.items()]
                    name = f"nDCG@10 in a crowd, {together} conversations at once: {way}"
                    yield figure(name, statistics.mean(values), len(known), unit="", runs=1)


def _take_in(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        words.refresh(connection, settings)
        publish(connection, settings)
        embeddings.refresh(connection, settings)
        vector_index.refresh(connection, settings)


def _put_export(settings: Settings, name: str, blocks: list[list[str]]) -> None:
    lines = []
    for number, block in enumerate(blocks):
        day = date(2024, 3, 13) + timedelta(days=number // 8)
        for minute, text in enumerate(block):
            moment = f"{day:%d/%m/%Y}, {8 + number % 8:02}:{minute:02}"
            lines.append(f"{moment} - Zq{'abc'[minute % 3]} Wx{'def'[minute % 3]}: {text}\n")
    (settings.inbox / f"WhatsApp Chat with {name}.txt").write_text("".join(lines), "utf-8")


def _texts(count: int) -> list[str]:
    """Return messages of about ten words, of a vocabulary in which few words are said often and most seldom."""
    random = np.random.default_rng(7)
    syllables = [c + v for c in "bcdfghjklmnprstvz" for v in "aeiou"]
    spelled = ["".join(random.choice(syllables, 1 + min(4, rank // 200))) for rank in range(_VOCABULARY)]
    vocabulary = np.array([f"{word}{rank % 97 if rank > 3000 else ''}" for rank, word in enumerate(spelled)], object)
    weights = 1 / (np.arange(_VOCABULARY) + 2.7)
    lengths = np.clip(random.lognormal(2.1, 0.7, count), 1, 80).astype(np.int64)
    chosen = random.choice(_VOCABULARY, int(lengths.sum()), p=weights / weights.sum())
    said, ends = vocabulary[chosen], np.cumsum(lengths)
    return [" ".join(said[end - length : end]) for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]


def _asked(texts: list[str]) -> list[str]:
    """Return queries of four words that somebody said."""
    random = np.random.default_rng(11)
    long = [text.split() for text in random.choice(np.array(texts[:50_000], object), 4 * _QUERIES)]
    return [" ".join(random.choice(found, 4, replace=False)) for found in long if len(set(found)) >= 4][:_QUERIES]


def _say(connection: duckdb.DuckDBPyConnection, texts: list[str], start: int) -> None:
    table = pa.table({"label": np.arange(start + 1, start + 1 + len(texts)), "text": pa.array(texts, pa.string())})
    with view_of(connection, "said", table):
        changed(connection, _MESSAGES)
        changed(connection, _UNITS)


_ID = "md5_number('m' || label)::UUID"
_MESSAGES = f"""
    INSERT INTO clean_messages BY NAME
    SELECT {_ID} AS message_id, 'chat-' || label % 5 AS source_id, moment::DATE AS local_date, moment AS local_time,
        moment AS sent_at, md5_number('a' || label % 50)::UUID AS author_id, 'text' AS kind, text, false AS is_edited,
        label AS position, 1 AS revision
    FROM (SELECT *, '{_DAY}'::TIMESTAMP + to_seconds(label * 86) AS moment FROM said)
"""
_UNITS = f"""
    INSERT INTO search_units
    SELECT label, 'message', {_ID}, md5_number('d' || label // 10)::UUID, NULL, 'chat-' || label % 5,
        md5_number(text)::UUID, NULL, 1 FROM said
"""


def _publish(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make a snapshot with the tables that a search reads."""
    connection.execute(f"ATTACH '{path}' AS public")
    connection.execute(
        "CREATE TABLE public.messages (message_id UUID, source_id VARCHAR, local_time TIMESTAMP, sent_at TIMESTAMPTZ, "
        "author_id UUID, kind VARCHAR, text VARCHAR USING COMPRESSION uncompressed, is_edited BOOLEAN, position BIGINT)"
    )
    connection.execute(
        "INSERT INTO public.messages BY NAME SELECT message_id, source_id, local_time, sent_at, author_id, kind, "
        "text, is_edited, position FROM clean_messages"
    )
    connection.execute("CREATE TABLE public.search_units AS SELECT * EXCLUDE (text, revision) FROM search_units")
    connection.execute(
        "CREATE TABLE public.authors AS SELECT DISTINCT author_id, 'member-' || left(md5(author_id::VARCHAR), 10) AS alias, "
        "NULL::VARCHAR AS chosen_name FROM clean_messages"
    )
    connection.execute("DETACH public")


@contextmanager
def _opened(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{path}' AS snapshot (READ_ONLY)")
        connection.execute("USE snapshot")
        yield connection


def _seen(folder: Path) -> dict[tuple[str, int], int]:
    return {(path.name, path.stat().st_mtime_ns): path.stat().st_size for path in folder.iterdir() if path.is_file()}


def _embedder() -> Embedder | None:
    try:
        return open_embedder(Settings(home=Path("nowhere"), timezone="UTC"))
    except NoEmbedder:
        return None


class _Pretended:
    """Gives every text the same vector, where there is no model: all but the embedding is measured then."""

    def embed(self, texts: list[str], as_query: bool = False) -> Vectors:  # noqa: ARG002
        return np.full((len(texts), 384), 384**-0.5, np.float32)


_SPEC = IndexSpec("bench", "0" * 16, 384, centre_of(384))


class _Generated:
    """Generated vectors as the truth of an index."""

    def __init__(self, size: int) -> None:
        self.size = size

    def mark(self) -> str:
        return "1 bench"

    def recognises(self, mark: str) -> bool:
        return mark == "1 bench"

    def last_seq(self) -> int:
        return self.size

    def changes_after(self, seq: int) -> VectorChanges | None:
        return VectorChanges(seq, np.zeros(0, np.int64), np.zeros((0, 384), np.float16), np.zeros(0, np.int64))

    def labels(self) -> Labels:
        return np.arange(1, self.size + 1)

    def rows(self) -> Iterator[tuple[Labels, Halves]]:
        start = 1
        for made in batches(self.size):
            yield np.arange(start, start + len(made)), made.astype(np.float16)
            start += len(made)
