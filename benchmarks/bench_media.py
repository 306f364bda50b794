"""Media: reading archives, decoding pictures, finding copies, sanitising; each against the least that anybody must do for it."""

from __future__ import annotations

import hashlib
import io
import os
import random
import statistics
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
from isal import isal_zlib
from PIL import Image

from benchmarks.generate_pictures import generate, photo, put, scores
from benchmarks.harness import RUNS, Figure, figure, median_cpu, scratch, timed
from egregora_assets.chat import archive_deflate
from egregora_assets.chat.archive import open_archive
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import DecodingSettings, LimitSettings, Settings
from egregora_assets.media import near_duplicates
from egregora_assets.media.decoding import Job, decoded
from egregora_assets.media.ingest import refresh
from egregora_assets.media.inspect import inspect_zip
from egregora_assets.media.sanitising import picture_digest, sanitised
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.migrate import migrate
from egregora_assets.warehouse.query import changed
from egregora_assets.warehouse.revisions import transaction

MEMBERS, MEMBER_BYTES = 2_600, 103_000
KNOWN, GROWTH = 2_000, 100
PICTURES = 300
CORPUS, NEW = 100_000, 1_000
LABELLED_BASES = 60
_BLOCK = 1 << 18


def figures() -> Iterator[Figure]:
    with scratch() as folder:
        yield from _exact_pass(folder)
        yield from _linear(folder)
        yield from _grown_export(folder)
        yield from _image_pass(folder)
        yield from _sanitising()
    yield from _near_duplicates()
    yield from _labels()


def _exact_pass(folder: Path) -> Iterator[Figure]:
    stored, packed = folder / "stored.zip", folder / "packed.zip"
    _write_archive(stored, range(MEMBERS), zipfile.ZIP_STORED)
    _write_archive(packed, range(MEMBERS), zipfile.ZIP_DEFLATED)
    floor = median_cpu(lambda: _hash_file(stored))
    yield _ratio(
        "archive of stored files, each hashed", lambda: _inspect(stored), floor, MEMBERS, 1.3, "sha256 of the ZIP"
    )
    floor = median_cpu(lambda: _inflate_and_hash(packed))
    told = "isal inflate + sha256"
    yield _ratio("archive of packed files, with isal", lambda: _inspect(packed), floor, MEMBERS, 1.2, told)
    engine, archive_deflate.ENGINE = archive_deflate.ENGINE, zlib
    try:
        yield _ratio("archive of packed files, with zlib", lambda: _inspect(packed), floor, MEMBERS, 1.6, told)
    finally:
        archive_deflate.ENGINE = engine


def _linear(folder: Path) -> Iterator[Figure]:
    costs: dict[int, float] = {}
    for members in (2_000, 50_000):
        path = folder / f"{members}.zip"
        _write_archive(path, range(members), zipfile.ZIP_STORED, size=100)
        costs[members] = median_cpu(partial(_inspect, path))
        yield figure("archive of small files", costs[members] / members * 1e6, members, unit="CPU-µs per file")
    growth = (costs[50_000] / 50_000) / (costs[2_000] / 2_000)
    yield figure("growth: cost per file, 50,000 to 2,000", growth, 50_000, unit="×", at_most=1.3, runs=RUNS)


def _grown_export(folder: Path) -> Iterator[Figure]:
    """Take in exports again that have grown by a hundred files, and, into other homes, exports of just those hundred."""
    whole, alone = [], []
    for number in range(RUNS + 3):
        grown = _home(folder / f"grown {number}")
        _taken_in(grown, 0, range(KNOWN))
        whole.append(_taken_in(grown, 1, range(KNOWN + GROWTH)))
        alone.append(_taken_in(_home(folder / f"new {number}"), 0, range(KNOWN, KNOWN + GROWTH)))
    told = f"media of an export of {KNOWN:,} files that has grown by {GROWTH}"
    yield figure(told, min(whole) * 1000, KNOWN, unit="CPU-ms", runs=len(whole))
    value = (min(whole) - min(alone)) * 1000
    yield figure(f"{told}, beyond those alone", value, KNOWN, unit="CPU-ms", at_most=20, runs=len(whole))


def _home(folder: Path) -> Settings:
    settings = Settings(home=folder, timezone="UTC")
    make_home(settings)
    return settings


def _taken_in(settings: Settings, number: int, members: range) -> float:
    """Return the CPU seconds that the media of one more export take."""
    path = settings.inbox / f"WhatsApp Chat with Garden Club ({number}).zip"
    _write_archive(path, members, zipfile.ZIP_STORED, size=1_000)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        os.sync()  # forcing media to disk takes along what else is on its way there: here the archive itself
        return timed(partial(refresh, connection, settings))


def _image_pass(folder: Path) -> Iterator[Figure]:
    """Hash, thumbnail, perceptual hash and facts of each picture, in processes of their own, their starts included."""
    paths = [folder / f"{number}.jpg" for number in range(PICTURES)]
    for number, path in enumerate(paths):
        if number < 20:
            photo(np.random.default_rng(number), (1280, 960)).save(path, quality=85)
        else:
            os.link(paths[number % 20], path)
    jobs = [Job(str(number), path, "image/jpeg") for number, path in enumerate(paths)]
    drafts, whole = median_cpu(lambda: _decode(paths, draft=True)), median_cpu(lambda: _decode(paths, draft=False))

    def all_of_it() -> None:
        for path in paths:
            hashlib.sha256(path.read_bytes()).digest()
        if not all(facts.phash for _, facts in decoded(jobs, DecodingSettings())):
            raise RuntimeError("a picture was not decoded")

    seconds = _with_children(all_of_it)
    for floor, most, told in ((drafts, 2.5, "draft decoding"), (whole, 1.0, "full decoding")):
        yield figure(
            f"pictures: everything, against {told}",
            seconds,
            PICTURES,
            floor=floor,
            at_most=most * floor,
            bound=f"≤ {most:g} × {told}",
        )


def _sanitising() -> Iterator[Figure]:
    pictures = [_jpeg(photo(np.random.default_rng(seed), (960, 720))) for seed in range(20)]
    for what, work in (("sanitised", sanitised), ("digest of pixels", picture_digest)):
        seconds = median_cpu(partial(_all, work, pictures * 20))
        size = sum(map(len, pictures)) // len(pictures)
        rate = len(pictures) * 20 / seconds
        yield figure(f"JPEG files {what}", rate, size, unit="files/CPU-s", at_least=5_000)


def _all(work: Callable[[str, bytes], object], pictures: list[bytes]) -> None:
    for picture in pictures:
        work("image/jpeg", picture)


def _near_duplicates() -> Iterator[Figure]:
    """Each picture of the smaller corpus has its signature; the larger one has those of the smaller, for want of disk."""
    costs = {}
    for size in (CORPUS, CORPUS * 10):
        with scratch() as folder, duckdb.connect(str(folder / "pictures.duckdb")) as connection:
            connection.execute("SET threads = 1")
            migrate(connection)
            for start in range(0, size, CORPUS):
                _add_hashes(connection, start, CORPUS, has_signatures=not start)
            near_duplicates.refresh(connection)
            taken = []
            for number in range(RUNS + 1):
                _add_hashes(connection, size * 2 + number * NEW, NEW)
                taken.append(timed(partial(_compare_new, connection)))
            costs[size] = min(taken[1:])
        most = 0.3 if size == CORPUS else None
        yield figure(f"{NEW:,} new pictures compared with all", costs[size], size, at_most=most)
    growth = costs[CORPUS * 10] / costs[CORPUS]
    yield figure("growth: 1,000 new against ten times as many", growth, CORPUS * 10, unit="×", at_most=4.0)


def _compare_new(connection: duckdb.DuckDBPyConnection) -> None:
    found = near_duplicates.refresh(connection)
    if (found.compared, found.pairs) != (NEW, NEW // 5):
        raise RuntimeError(f"of {NEW} pictures {found.compared} were compared, and {found.pairs} pairs found")


def _labels() -> Iterator[Figure]:
    with scratch() as folder:
        settings = Settings(home=folder / "home", timezone="UTC")
        make_home(settings)
        found = scores(settings, put(settings, generate(LABELLED_BASES, seed=2026)))
    yield figure("same_picture: precision", found.precision, LABELLED_BASES, unit="", at_least=0.99, runs=1)
    for kind, recall in sorted(found.recall.items()):
        least = 0.95 if kind == "photo" else None
        yield figure(f"same_picture: recall, {kind}", recall, LABELLED_BASES, unit="", at_least=least, runs=1)


def _ratio(name: str, work: Callable[[], object], floor: float, size: int, most: float, told: str) -> Figure:
    return figure(name, median_cpu(work), size, floor=floor, at_most=most * floor, bound=f"≤ {most:g} × {told}")


def _with_children(work: Callable[[], object]) -> float:
    """Return the median CPU seconds of a call with those of the processes that it started."""
    costs = []
    for _ in range(RUNS + 1):
        before = sum(os.times()[:4])
        work()
        costs.append(sum(os.times()[:4]) - before)
    return statistics.median(costs[1:])


def _write_archive(path: Path, members: range, method: int, size: int = MEMBER_BYTES) -> None:
    """Write an export with files that look compressed in their first part and repeat themselves further on."""
    noise = random.Random(1).randbytes(4 << 20)
    talk = "".join(
        f"13/03/2024, {9 + number // 60 % 12:02}:{number % 60:02} - Ana Lima: IMG-{number:05}.jpg (file attached)\n"
        for number in members
    )
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as archive:
        archive.writestr("WhatsApp Chat with Garden Club.txt", talk)
        for number in members:
            start = random.Random(number).randrange(len(noise) - size)
            content = b"\xff\xd8\xff" + number.to_bytes(4, "big") + noise[start : start + size]
            if method == zipfile.ZIP_DEFLATED:
                content = content[: size // 5] + b"words %d that repeat " % number * (size // 30) + content[size // 2 :]
            archive.writestr(zipfile.ZipInfo(f"IMG-{number:05}.jpg"), content, method)


def _hash_file(path: Path) -> None:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            digest.update(block)


def _inflate_and_hash(path: Path) -> None:
    with open_archive(path, LimitSettings()) as archive, path.open("rb", buffering=0) as file:
        for entry in archive.infolist():
            file.seek(entry.header_offset + 30 + len(entry.raw_name))
            hashlib.sha256(isal_zlib.decompress(file.read(entry.compressed_size), -15, entry.file_size)).digest()


def _inspect(path: Path) -> None:
    if any(member.status != "ok" for member in inspect_zip(path, LimitSettings())):
        raise RuntimeError("a member was refused")


def _decode(paths: list[Path], *, draft: bool) -> None:
    for path in paths:
        with Image.open(path) as image:
            if draft:
                image.draft("RGB", (320, 240))
            image.load()


def _jpeg(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "JPEG", quality=85)
    return written.getvalue()


def _add_hashes(connection: duckdb.DuckDBPyConnection, first: int, count: int, *, has_signatures: bool = True) -> None:
    """Add pictures with hashes of no likeness, but for every fifth that is not of the corpus, which is one bit from one of it."""
    with transaction(connection, "bench") as change:
        noted = {"revision": change.revision}
        numbers = f"range({first}, {first + count}) t(i)"
        changed(
            connection,
            f"INSERT INTO media SELECT sha256(i::VARCHAR), 100, 'image/jpeg', $revision FROM {numbers}",
            noted,
        )
        changed(
            connection,
            f"""
            INSERT INTO pictures BY NAME
            SELECT
                sha256(i::VARCHAR) AS media_id, 100 AS width, 100 AS height,
                hash(twin)::UBIGINT AS phash_0, hash(twin, 1)::UBIGINT AS phash_1, hash(twin, 2)::UBIGINT AS phash_2,
                xor(hash(twin, 3)::UBIGINT, (twin <> i)::UBIGINT) AS phash_3,
                CASE WHEN {has_signatures} THEN unhex(repeat(sha256(twin::VARCHAR), 512)) END AS signature,
                md5(i::VARCHAR) AS picture_digest, '1' AS recipe, $revision AS revision
            FROM (SELECT i, if({count} = {NEW} AND i % 5 = 0, i % {CORPUS}, i) AS twin FROM {numbers})
            """,
            noted,
        )
