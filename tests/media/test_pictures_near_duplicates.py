"""Copies of a picture are found, all within the promise and none beside it, whatever came first and in how many passes."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks.generate_pictures import generate, put, scores
from egregora_assets.config import Settings
from egregora_assets.media import near_duplicates
from egregora_assets.media.near_duplicates import MOST_BITS, NearDuplicates, differences
from egregora_assets.media.perceptual_hash import perceptual_hash
from egregora_assets.media.picture_hashes import picture_facts
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.migrate import migrate
from egregora_assets.warehouse.query import changed, rows, table_of, view_of
from tests.chats import state_of_home
from tests.pictures import picture
from tests.properties import dear

ALL_BITS = (1 << 256) - 1


@dataclass(frozen=True)
class Told:
    """What decoding would have told of a picture: its hash (none of a flat one), grey levels, pixels and size."""

    name: str
    phash: int | None
    signature: bytes
    digest: str | None = None
    width: int = 100

    @property
    def media_id(self) -> str:
        return hashlib.sha256(self.name.encode()).hexdigest()


_TABLES = ("media", "pictures", "pictures_gone", "media_pairs", "media_groups", "watermarks", "revisions")


@cache
def _warehouse(number: int) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    migrate(connection)
    return connection


def warehouse(number: int = 1) -> duckdb.DuckDBPyConnection:
    """Return an empty warehouse in memory, the same for each number: examples need not wait for a schema."""
    for table in _TABLES:
        _warehouse(number).execute(f"DELETE FROM {table}")
    return _warehouse(number)


_COLUMNS = pa.schema(
    [
        ("media_id", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        *((f"phash_{part}", pa.uint64()) for part in range(4)),
        ("signature", pa.binary()),
        ("picture_digest", pa.string()),
        ("revision", pa.int64()),
    ]
)


def add(connection: duckdb.DuckDBPyConnection, told: Iterable[Told]) -> None:
    ((revision,),) = rows(connection, "SELECT coalesce(max(revision), 0) + 1 FROM revisions")
    changed(connection, "INSERT INTO revisions VALUES (?, 'test', now())", [revision])
    made = []
    for one in told:
        words = [None] * 4 if one.phash is None else [(one.phash >> (64 * part)) & ((1 << 64) - 1) for part in range(4)]
        made.append((one.media_id, one.width, 100, *words, one.signature, one.digest, revision))
    with view_of(connection, "made", table_of(made, _COLUMNS)):
        changed(connection, "INSERT INTO media SELECT media_id, 100, 'image/jpeg', revision FROM made")
        changed(connection, "INSERT INTO pictures BY NAME SELECT *, '1' AS recipe FROM made")


def take_away(connection: duckdb.DuckDBPyConnection, media_ids: Sequence[str]) -> None:
    ((revision,),) = rows(connection, "SELECT max(revision) + 1 FROM revisions")
    changed(connection, "INSERT INTO revisions VALUES (?, 'test', now())", [revision])
    columns = "media_id, phash_0, phash_1, phash_2, phash_3, picture_digest"
    which = [list(media_ids)]
    changed(
        connection, f"INSERT INTO pictures_gone SELECT {columns}, {revision} FROM pictures WHERE media_id IN ?", which
    )
    changed(connection, "DELETE FROM pictures WHERE media_id IN ?", which)
    changed(connection, "DELETE FROM media WHERE media_id IN ?", which)


def found(connection: duckdb.DuckDBPyConnection) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    return (
        sorted(rows(connection, "SELECT media_id, other_id, label, distance, difference FROM media_pairs")),
        sorted(rows(connection, "SELECT group_id, rank, media_id FROM media_groups")),
    )


def levels(seed: int) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, 128 * 128, dtype=np.uint8).tobytes()


def flipped(number: int, bits: Iterable[int]) -> int:
    for bit in bits:
        number ^= 1 << bit
    return number


BITS = st.one_of(
    st.sets(st.integers(0, 255), max_size=24),
    st.sets(st.sampled_from(range(0, 256, 15)), min_size=15, max_size=18),
    st.sets(st.sampled_from([*range(60, 64), *range(124, 128), *range(188, 192), *range(252, 256)]), max_size=16),
)
HASHES = st.lists(
    st.builds(flipped, st.sampled_from([0, ALL_BITS, random.Random(3).getrandbits(256)]), BITS), min_size=2, max_size=40
)


@given(HASHES)
@given_settings(max_examples=15)
def test_all_pairs_within_the_promised_bits_are_found_and_no_others(hashes: list[int]) -> None:
    told = [Told(str(number), phash, levels(0)) for number, phash in enumerate(hashes)]
    connection = warehouse()
    add(connection, told)
    near_duplicates.refresh(connection)
    expected = {
        (min(a.media_id, b.media_id), max(a.media_id, b.media_id), (a.phash ^ b.phash).bit_count())
        for a in told
        for b in told
        if a.media_id < b.media_id and a.phash is not None and b.phash is not None
    }
    pairs, _ = found(connection)
    assert {(a, b, bits) for a, b, _, bits, _ in pairs} == {pair for pair in expected if pair[2] <= MOST_BITS}


def noisy(seed: int, most: int) -> bytes:
    """Grey levels near those of one picture: some noisy ones are the same to a closer look, some similar, some neither."""
    noise = np.random.default_rng(seed).integers(-most, most + 1, 128 * 128)
    return np.clip(np.frombuffer(levels(0), np.uint8) + noise, 0, 255).astype(np.uint8).tobytes()


ANY = st.builds(
    lambda base, bits, seed, most, digest, width: Told(
        "", None if base is None else flipped(base, bits), noisy(seed, most), digest, width
    ),
    st.sampled_from([None, 0, 0, random.Random(3).getrandbits(256)]),
    st.sets(st.integers(0, 255), max_size=10) | st.just(frozenset()),
    st.integers(0, 5),
    st.sampled_from([2, 20, 45, 120]),
    st.sampled_from([None, None, "a" * 64, "b" * 64]),
    st.integers(100, 103),
)


@given(st.lists(ANY, min_size=1, max_size=24), st.data())
@dear(12, 5)
def test_increments_in_any_order_give_the_rows_of_one_full_comparison(some: list[Told], data: st.DataObject) -> None:
    told = [replace(one, name=str(number)) for number, one in enumerate(some)]
    clique, near_duplicates.CLIQUE = near_duplicates.CLIQUE, 3
    try:
        connection = warehouse()
        waiting = data.draw(st.permutations(told))
        while waiting:
            count = data.draw(st.integers(max(1, len(some) // 4), len(some)))
            batch, waiting = waiting[:count], waiting[count:]
            add(connection, batch)
            near_duplicates.refresh(connection)
        left = data.draw(st.sets(st.sampled_from(told), max_size=4))
        if left:
            take_away(connection, [one.media_id for one in left])
            near_duplicates.refresh(connection)
        at_once = warehouse(2)
        add(at_once, [one for one in told if one not in left])
        near_duplicates.refresh(at_once)
    finally:
        near_duplicates.CLIQUE = clique
    assert found(connection) == found(at_once)


def test_the_best_copy_comes_first_and_the_smallest_id_names_the_group() -> None:
    small, large, middle = (
        Told(name, 1, levels(0), width=width) for name, width in zip("abc", (50, 200, 100), strict=True)
    )
    connection = warehouse()
    add(connection, [small, large, middle])
    near_duplicates.refresh(connection)
    name = min(one.media_id for one in (small, large, middle))
    _, groups = found(connection)
    assert groups == [(name, rank, one.media_id) for rank, one in enumerate((large, middle, small), 1)]


def test_pictures_that_differ_in_one_place_are_not_the_same() -> None:
    base = np.frombuffer(levels(0), np.uint8).astype(np.float32).reshape(1, -1)
    other = base.copy().reshape(128, 128)
    other[8:16, 24:32] = 255 - other[8:16, 24:32]
    assert differences(base, other.reshape(1, -1))[0] > near_duplicates.SIMILAR
    assert differences(base, base * 0.8 + 10)[0] < 0.01


def test_equal_pixels_are_told_of_flat_pictures_too_and_many_equals_do_not_make_all_pairs() -> None:
    connection = warehouse()
    many = [Told(f"flat {number}", None, bytes(128 * 128), "c" * 64) for number in range(400)]
    add(connection, many)
    near_duplicates.refresh(connection)
    pairs, groups = found(connection)
    most = near_duplicates.CLIQUE
    assert len(pairs) == most * (most - 1) // 2 + len(many) - most
    assert {label for _, _, label, *_ in pairs} == {"same_pixels"}
    assert {group for group, *_ in groups} == {min(one.media_id for one in many)}


def test_a_pass_without_news_writes_nothing(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        add(connection, [Told("a", 1, levels(0)), Told("b", 1, levels(0))])
        assert near_duplicates.refresh(connection) == NearDuplicates(compared=2, pairs=1, grouped=2)
    before = state_of_home(settings)
    with open_warehouse(settings) as connection:
        assert near_duplicates.refresh(connection) == NearDuplicates()
    assert state_of_home(settings) == before


@pytest.mark.parametrize("seed", [5])
def test_labels_of_generated_pictures_are_true(settings: Settings, seed: int) -> None:
    told = scores(settings, put(settings, generate(15, seed)))
    assert told.precision >= 0.99, told.false_pairs
    assert told.recall["photo"] >= 0.95


@pytest.mark.parametrize("seed", range(4))
def test_a_soft_picture_is_near_its_copies_though_most_of_its_frequencies_are_empty(seed: int) -> None:
    soft = picture(seed, 640, 480)
    copies = [(soft, 92), (soft, 30), (soft.resize((320, 240)), 60), (soft.resize((160, 120)), 80)]
    facts = [picture_facts(_as_jpeg(image, quality), "image/jpeg") for image, quality in copies]
    first, *others = (np.frombuffer(perceptual_hash(told.signature) or b"", np.uint8) for told in facts)
    assert all(int(np.unpackbits(first ^ other).sum()) <= MOST_BITS for other in others)


def _as_jpeg(image: Image.Image, quality: int) -> bytes:
    written = io.BytesIO()
    image.save(written, "JPEG", quality=quality)
    return written.getvalue()
