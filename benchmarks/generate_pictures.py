"""Seeded generator of chat pictures with variants whose truth is known, and how well ``same_picture`` tells them.

``python -m benchmarks.generate_pictures --bases 400`` makes photo-like pictures, chat screenshots, text pages and memes on one
template, re-encodes, resizes and re-saves each, and prints precision, recall and every false pair. Pages, forms and memes of one
template are where hashes fail: their large forms are the same and only small letters differ.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.generate import WORDS
from egregora_assets.config import Settings, load_settings
from egregora_assets.media import near_duplicates, pictures
from egregora_assets.media.file_types import mime_of
from egregora_assets.media.store import MediaStore
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import changed, rows

Random = np.random.Generator


@dataclass(frozen=True)
class Picture:
    """One file: which picture it shows (``base``), of what kind that is, and how this copy was made."""

    base: int
    kind: str
    variant: str
    content: bytes


@dataclass(frozen=True)
class Scores:
    """How pairs were told. ``recall`` is by kind, over all true pairs; ``false_pairs`` are those labelled wrongly."""

    precision: float
    recall: dict[str, float]
    false_pairs: list[tuple[str, str, int, float]]


def photo(random: Random, size: tuple[int, int] = (960, 720)) -> Image.Image:
    """Return noise of several sizes, the larger the stronger, with a few edges and some grain."""
    layers = np.zeros((size[1], size[0], 3))
    for octave in range(6):
        noise = random.integers(0, 255, (3 << octave, 4 << octave, 3), dtype=np.uint8)
        layers += np.asarray(Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)) / 2 ** (octave * 0.9 + 1.1)
    image = Image.fromarray(np.clip(layers, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(int(random.integers(3, 9))):
        x, y, wide, high = random.integers(0, size[0]), random.integers(0, size[1]), *random.integers(40, 400, 2)
        draw.ellipse((x, y, x + wide, y + high), fill=tuple(map(int, random.integers(0, 255, 3))))
    grain = random.normal(0, 3, (size[1], size[0], 1))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def screenshot(random: Random) -> Image.Image:
    """Return a chat as a phone shows it: bubbles left and right."""
    image = Image.new("RGB", (720, 1280), (236, 229, 221))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 720, 90), fill=(7, 94, 84))
    y = 120
    while y < 1180:
        lines = int(random.integers(1, 5))
        left = 20 if random.random() < 0.5 else 180
        high = 30 + 34 * lines
        draw.rounded_rectangle((left, y, left + 520, y + high), 18, fill="white" if left == 20 else (220, 248, 198))
        for line in range(lines):
            draw.text((left + 20, y + 12 + 34 * line), _words(random, 6), fill="black", font=_font(24))
        y += high + 20
    return image


def page(random: Random) -> Image.Image:
    """Return a scanned page of text: all pages have the same margins and lines."""
    image = Image.new("L", (827, 1169), 255)
    draw = ImageDraw.Draw(image)
    for line in range(34):
        draw.text((80, 90 + 29 * line), _words(random, 10)[:62], fill=20, font=_font(20))
    return image.convert("RGB")


def meme(random: Random) -> Image.Image:
    """Return one template, the same for all, with other words above and below."""
    image = photo(np.random.default_rng(77), (640, 640))
    draw = ImageDraw.Draw(image)
    for y in (30, 560):
        draw.text(
            (60, y), _words(random, 4).upper()[:26], fill="white", font=_font(36), stroke_width=3, stroke_fill="black"
        )
    return image


def caption(random: Random) -> Image.Image:
    """Return one template, the same for all, with a single line below it: little of the picture differs from another's."""
    image = Image.new("RGB", (640, 720), "white")
    image.paste(photo(np.random.default_rng(78), (640, 640)), (0, 0))
    ImageDraw.Draw(image).text((20, 660), _words(random, 4)[:26], fill="black", font=_font(36))
    return image


def form(random: Random) -> Image.Image:
    """Return a form of sixteen numbers, of which three are other ones in each."""
    numbers = np.random.default_rng(79).integers(100, 1000, 16)
    numbers[random.choice(16, 3, replace=False)] = random.integers(100, 1000, 3)
    image = Image.new("L", (827, 1169), 255)
    draw = ImageDraw.Draw(image)
    for line, number in enumerate(numbers):
        draw.text((80, 90 + 60 * line), f"{WORDS[line]}:", fill=20, font=_font(28))
        draw.text((520, 90 + 60 * line), str(number), fill=20, font=_font(28))
        draw.line((80, 130 + 60 * line, 740, 130 + 60 * line), fill=120)
    return image.convert("RGB")


KINDS: dict[str, Callable[[Random], Image.Image]] = {
    "photo": photo,
    "photo again": photo,
    "screenshot": screenshot,
    "page": page,
    "meme": meme,
    "caption": caption,
    "form": form,
}


def variants(image: Image.Image, random: Random) -> Iterator[tuple[str, bytes]]:
    """Return the picture and copies of it, as apps and people make them."""
    yield "original", _saved(image, "JPEG", quality=92)
    for quality in (30, 60, int(random.integers(40, 96))):
        yield f"re-encoded at {quality}", _saved(image, "JPEG", quality=quality)
    for share in (0.25, 0.5, float(random.uniform(0.25, 1))):
        small = image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.LANCZOS)
        yield f"resized to {share:.0%}", _saved(small, "JPEG", quality=80)
    yield "re-saved as WebP", _saved(image, "WEBP", quality=75)
    yield "re-saved as PNG", _saved(image.resize((image.width // 2, image.height // 2)), "PNG", compress_level=1)
    exif = Image.Exif()
    exif[0x0132] = "2024:03:02 18:30:05"
    yield "with other metadata", _saved(image, "JPEG", quality=92, exif=exif)


def generate(bases: int, seed: int = 1) -> Iterator[Picture]:
    """Make ``bases`` pictures, two in seven of them photos, and all their variants."""
    kinds = [*KINDS.items()]
    for base in range(bases):
        kind, make = kinds[base % len(kinds)]
        random = np.random.default_rng([seed, base])
        for variant, content in variants(make(random), random):
            yield Picture(base, kind.split()[0], variant, content)


def put(settings: Settings, made: Iterator[Picture]) -> dict[str, Picture]:
    """Put pictures into the store and the table ``media``; return them by id."""
    store, known = MediaStore(settings.media_store), dict[str, Picture]()
    with open_warehouse(settings) as connection:
        for picture in made:
            stored = store.add(io.BytesIO(picture.content))
            if stored.media_id not in known:
                values = [stored.media_id, stored.size, mime_of(stored.head)]
                changed(connection, "INSERT INTO media VALUES (?, ?, ?, 1)", values)
            known.setdefault(stored.media_id, picture)
    return known


def scores(settings: Settings, known: dict[str, Picture]) -> Scores:
    """Decode and compare what was put, and say how the labels agree with the truth."""
    with open_warehouse(settings) as connection:
        pictures.refresh(connection, settings, MediaStore(settings.media_store))
        near_duplicates.refresh(connection)
        told = rows(
            connection,
            "SELECT media_id, other_id, distance, difference FROM media_pairs WHERE label IN ('same_pixels', 'same_picture')",
        )
    true = {(a, b) for a, b, *_ in told if known[a].base == known[b].base}
    false_pairs = [
        (f"{known[a].kind} {known[a].base}, {known[a].variant}", f"{known[b].base}, {known[b].variant}", bits, apart)
        for a, b, bits, apart in told
        if (a, b) not in true
    ]
    recall = {}
    for kind in {picture.kind for picture in known.values()}:
        ids = sorted(media_id for media_id, picture in known.items() if picture.kind == kind)
        every = {(a, b) for a in ids for b in ids if a < b and known[a].base == known[b].base}
        recall[kind] = len(every & true) / len(every)
    return Scores(len(true) / max(1, len(told)), recall, false_pairs)


def _words(random: Random, count: int) -> str:
    return " ".join(random.choice(WORDS, count))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    output = io.BytesIO()
    image.save(output, form, **options)
    return output.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        settings = load_settings(Path(folder) / "home")
        make_home(settings)
        told = scores(settings, put(settings, generate(options.bases, options.seed)))
    print(f"precision {told.precision:.4f}")
    for kind, share in sorted(told.recall.items()):
        print(f"recall of {kind:<11} {share:.4f}")
    for ours, theirs, bits, apart in told.false_pairs:
        print(f"false: {ours} = {theirs} ({bits} bits, {apart:.3f})")


if __name__ == "__main__":
    main()
