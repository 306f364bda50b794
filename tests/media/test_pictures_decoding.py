"""A file costs nothing but itself: what it does to its decoder becomes the reason in its row, and all others are done."""

from __future__ import annotations

import io
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from egregora_assets.config import DecodingSettings
from egregora_assets.media import decoding
from egregora_assets.media.decoding import Facts, Job, decoded
from egregora_assets.media.file_types import mime_of

LIMITS = DecodingSettings(processes=1, seconds=5)
SECRET = b"-8.6291 Rua das Flores"


def photo(seed: int = 1, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Noise of several sizes, the larger the stronger: photos are like that."""
    random_ = np.random.default_rng(seed)
    layers = np.zeros((size[1], size[0], 3))
    for octave in range(5):
        noise = random_.integers(0, 255, (3 << octave, 4 << octave, 3), dtype=np.uint8)
        layers += np.asarray(Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)) / 2 ** (octave + 1)
    return Image.fromarray(layers.astype(np.uint8))


def encoded(picture: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    output = io.BytesIO()
    picture.save(output, form, **options)
    return output.getvalue()


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*one) for one in chunks) + chunk(b"IEND", b"")


def facts_of(folder: Path, *files: bytes, limits: DecodingSettings = LIMITS) -> list[Facts]:
    """Decode files in one go; the answers stand in the order of the files."""
    jobs = []
    for number, content in enumerate(files):
        path = folder / f"{number}.bin"
        path.write_bytes(content)
        jobs.append(Job(f"{number:064x}", path, mime_of(content[:512])))
    told = dict(decoded(jobs, limits))
    assert len(told) == len(jobs)
    return [told[job] for job in jobs]


ZEROS = zlib.compress(bytes(1 << 24))
HOSTILE = {
    "a bomb of 2.5 gigapixels": (png(50_000, 50_000, (b"IDAT", ZEROS)), "Decompression"),
    "a cut photo": (encoded(photo())[:2_000], "truncated"),
    "noise with the head of a photo": (b"\xff\xd8\xff\xe0" + random.Random(4).randbytes(3_000), "Error"),
    "a picture larger than memory": (png(10_900, 10_900, (b"IDAT", ZEROS)), "memory"),
    "a drawing": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml is not decoded"),
    "a page description": (b"II*\x00" + bytes(100), "image/tiff is not decoded"),
    "nothing": (b"", "decoded"),
}


def test_each_hostile_file_is_one_failure_and_all_others_are_done(tmp_path: Path) -> None:
    good = [encoded(photo(seed)) for seed in range(len(HOSTILE) + 1)]
    files = [file for pair in zip(good, [content for content, _ in HOSTILE.values()], strict=False) for file in pair]
    tight = LIMITS.model_copy(update={"memory_bytes": 400 << 20})
    *pairs, last = [*facts_of(tmp_path, *files, good[-1], limits=tight)]
    assert all(facts.failure is None and facts.thumbnail for facts in [*pairs[::2], last])
    for (_, reason), facts in zip(HOSTILE.values(), pairs[1::2], strict=True):
        assert facts.failure is not None
        assert reason in facts.failure
        assert "0x" not in facts.failure
        assert facts.model_dump(exclude={"failure"}, exclude_none=True) == {}


def test_the_reason_of_a_file_is_the_same_in_each_process(tmp_path: Path) -> None:
    """It told where in memory the file was, so that rows differed from home to home."""
    (reason,) = {facts_of(tmp_path, b"GIF89a no picture")[0].failure for _ in range(2)}
    assert reason == "UnidentifiedImageError: cannot identify image file the file"


def test_of_an_animation_only_the_first_frame_is_ever_decoded(tmp_path: Path) -> None:
    one = encoded(photo(), "GIF")
    frame = one[one.index(b",", 13 + 3 * 256) : -1]
    many = one[:-1] + frame[:30] * 1_000_000 + b";"
    declared = png(64, 64, (b"acTL", struct.pack(">II", 1_000_000, 0)), (b"IDAT", zlib.compress(bytes(64 * 193))))
    before = os.times()
    facts = facts_of(tmp_path, many, declared, encoded(photo()))
    after = os.times()
    assert [one.failure for one in facts] == [None, None, None]
    assert after.children_user - before.children_user < 3


def process_of(path: Path) -> int:
    """Return the decoder that holds ``path`` open."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if any(link.readlink() == path for link in (folder / "fd").iterdir()) and folder.name != str(
                    os.getpid()
                ):
                    return int(folder.name)
            except OSError:
                continue
    raise AssertionError("no process has opened the file")


STOPS: dict[str, tuple[Callable[[int], None], str]] = {
    "killed": (lambda pid: os.kill(pid, signal.SIGKILL), "the decoder was ended by signal 9"),
    "hangs": (lambda pid: None, "it took longer than 2 seconds"),
}


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the decoder is found by what it has open")
@pytest.mark.parametrize(("stop", "reason"), STOPS.values(), ids=STOPS)
def test_a_decoder_that_dies_or_hangs_costs_the_file_it_was_at(
    tmp_path: Path, stop: Callable[[int], None], reason: str
) -> None:
    waiting = tmp_path / "pipe"
    os.mkfifo(waiting)
    hold = os.open(waiting, os.O_RDWR)  # a reader waits for ever
    limits = DecodingSettings(processes=1, seconds=2)
    jobs = []
    for number in range(5):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(encoded(photo(number)))
        jobs.append(Job(str(number), path, "image/jpeg"))
    jobs[2] = Job("2", waiting, "image/jpeg")
    pending = decoded(jobs, limits)
    told = [next(pending), next(pending)]
    stop(process_of(waiting) if reason.endswith("9") else 0)
    told += pending
    os.close(hold)
    assert {job.media_id: facts.failure for job, facts in told} == {
        "0": None,
        "1": None,
        "2": reason,
        "3": None,
        "4": None,
    }


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_no_decoder_outlives_the_process_that_started_it_however_that_ends(tmp_path: Path) -> None:
    waiting = tmp_path / "pipe"
    os.mkfifo(waiting)
    hold = os.open(waiting, os.O_RDWR)
    program = """
import sys
from pathlib import Path
from egregora_assets.config import DecodingSettings
from egregora_assets.media.decoding import Job, decoded
list(decoded([Job("a", Path(sys.argv[1]), "image/jpeg")], DecodingSettings(processes=1, seconds=60)))
"""
    parent = subprocess.Popen([sys.executable, "-c", program, str(waiting)])
    decoder = process_of(waiting)
    parent.kill()
    parent.wait()
    until = time.monotonic() + 20
    while Path(f"/proc/{decoder}/fd").exists() and time.monotonic() < until and list_of(decoder):
        time.sleep(0.01)
    os.close(hold)
    assert not list_of(decoder)


def list_of(pid: int) -> list[Path]:
    """Return what a process has open: nothing when it has ended, reaped or not."""
    try:
        return list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return []


def with_secrets() -> list[bytes]:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2024:03:02 18:30:05"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", SECRET.decode())
    return [
        encoded(photo(), exif=exif, comment=SECRET, icc_profile=SECRET, xmp=SECRET) + SECRET,
        encoded(photo(), "PNG", exif=exif, pnginfo=texts, icc_profile=SECRET),
        encoded(photo(), "WEBP", exif=exif, xmp=SECRET, icc_profile=SECRET),
        encoded(photo(), "GIF", comment=SECRET),
    ]


def test_thumbnails_carry_nothing_but_the_picture(tmp_path: Path) -> None:
    files = with_secrets()
    for content, facts in zip(files, facts_of(tmp_path, *files), strict=True):
        assert SECRET in content
        assert facts.thumbnail is not None
        assert SECRET not in facts.thumbnail
        thumbnail = Image.open(io.BytesIO(facts.thumbnail))
        assert {*thumbnail.info} <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_exif_turns_the_picture_and_tells_when_it_was_taken(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2024:03:02 18:30:05"
    upright = photo(3, (240, 320))
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    turned, plain = facts_of(tmp_path, encoded(lying, exif=exif, quality=95), encoded(upright, quality=95))
    assert (turned.width, turned.height, turned.orientation) == (240, 320, 6)
    assert turned.taken_at == "2024-03-02T18:30:05"
    assert (plain.orientation, plain.taken_at) == (1, None)
    assert distance(turned, plain) <= 8
    assert Image.open(io.BytesIO(turned.thumbnail or b"")).size == (240, 320)


def distance(a: Facts, b: Facts) -> int:
    assert a.phash
    assert b.phash
    return (int.from_bytes(a.phash, "big") ^ int.from_bytes(b.phash, "big")).bit_count()


def test_pictures_of_every_colour_space_have_facts(tmp_path: Path) -> None:
    colours = photo(5)
    deep = Image.fromarray(np.asarray(colours.convert("L")).astype(np.uint16) * 257)
    clear = colours.copy()
    clear.putalpha(255)
    forms = [
        encoded(colours, quality=95),
        encoded(colours.convert("L"), quality=95),
        encoded(colours.convert("CMYK"), quality=95),
        encoded(colours, "PNG"),
        encoded(clear, "PNG"),
        encoded(deep, "PNG"),
        encoded(colours, "BMP"),
        encoded(colours, "WEBP", quality=90),
        encoded(colours.quantize(200), "PNG"),
        encoded(colours.convert("1"), "PNG"),
    ]
    first, *others = facts_of(tmp_path, *forms)
    assert [facts.failure for facts in (first, *others)] == [None] * len(forms)
    assert [distance(first, facts) for facts in others[:-2] if distance(first, facts) > 16] == []
    assert {(facts.width, facts.height) for facts in others} == {(320, 240)}


def test_a_flat_picture_has_no_hash_and_a_thin_one_has_a_thumbnail(tmp_path: Path) -> None:
    flat, thin, dot = facts_of(
        tmp_path,
        encoded(Image.new("RGB", (300, 300), "teal")),
        encoded(photo(2, (4_000, 1)), "PNG"),
        encoded(Image.new("RGB", (1, 1)), "PNG"),
    )
    assert (flat.phash, flat.failure) == (None, None)
    assert Image.open(io.BytesIO(thin.thumbnail or b"")).size == (320, 1)
    assert (dot.width, dot.height, dot.failure) == (1, 1, None)


HEADS = st.sampled_from(
    [encoded(photo(9)), *with_secrets(), b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8 ", b"BM"]
)


@given(st.lists(st.tuples(HEADS, st.integers(0, 3_000), st.binary(max_size=60)), min_size=1, max_size=20))
@given_settings(max_examples=15)
def test_any_bytes_give_facts_or_a_reason(damaged: list[tuple[bytes, int, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        contents = [head[:at] + noise + head[at + len(noise) :] for head, at, noise in damaged]
        for facts in facts_of(Path(folder), *contents):
            assert (facts.failure is None) == (facts.thumbnail is not None)


def test_a_decoding_process_starts_without_what_it_does_not_need() -> None:
    asked = "import sys, egregora_assets.media.decoder; print({'numpy', 'pydantic', 'duckdb'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize(("left", "processes"), [(0, 1), (4, 1), (5, 2), (9, 2)])
def test_another_process_is_started_where_enough_is_left_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int, processes: int
) -> None:
    monkeypatch.setattr(decoding, "_WORTH_A_START", 4)
    monkeypatch.setattr(decoding, "_AHEAD", 1)
    started: list[decoding._Process] = []
    begin = decoding._Process.__post_init__
    monkeypatch.setattr(decoding._Process, "__post_init__", lambda one: (begin(one), started.append(one))[0])
    path = tmp_path / "picture.png"
    path.write_bytes(encoded(photo(1), "PNG"))
    jobs = [Job(str(number), path, "image/png") for number in range(4 + left)]
    told = list(decoded(jobs, DecodingSettings(processes=2, seconds=5)))
    assert sorted(job.media_id for job, _ in told) == sorted(job.media_id for job in jobs)
    assert [facts.failure for _, facts in told] == [None] * len(jobs)
    assert len(started) == processes
