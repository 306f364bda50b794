"""A published picture looks as the original does and says nothing else: no place, name, device, date or second picture."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageSequence

from egregora_assets.media.sanitising import NotSanitised, picture_digest, sanitise_file, sanitised
from tests.media.sanitising_samples import (
    SAMPLES,
    SECRETS,
    all_secrets,
    chunk,
    encoded,
    exif_of,
    leaks,
    photo,
    profile,
    segment,
    telling_jpeg,
    telling_png,
    telling_profile,
    telling_webp,
    webp_chunk,
)

PICTURES = [name for name, (mime, _) in SAMPLES.items() if mime.startswith("image/")]


def shown(data: bytes) -> list[tuple[object, ...]]:
    """Return what a viewer shows: pixels and timing of each frame, mode, transparency and orientation."""
    with Image.open(io.BytesIO(data)) as picture:
        turned = picture.getexif().get(0x0112, 1)
        return [
            (
                frame.mode,
                frame.size,
                frame.tobytes(),
                frame.info.get("duration"),
                frame.info.get("transparency"),
                turned,
            )
            for frame in ImageSequence.Iterator(picture)
        ]


def colours(data: bytes) -> bytes | None:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.info.get("icc_profile")


@pytest.mark.parametrize("name", PICTURES)
def test_no_planted_secret_survives_and_no_pixel_changes(name: str) -> None:
    mime, make = SAMPLES[name]
    original = make()
    clean = sanitised(mime, original).data
    assert leaks(original)
    assert leaks(clean) == []
    assert shown(clean) == shown(original)
    assert sanitised(mime, clean).data == clean


VARIANTS: dict[str, Callable[[], tuple[str, bytes]]] = {
    "grey jpeg": lambda: ("image/jpeg", telling_jpeg(encoded(photo(mode="L"), "JPEG"))),
    "cmyk jpeg": lambda: ("image/jpeg", telling_jpeg(encoded(photo(mode="CMYK"), "JPEG"))),
    "rgb jpeg": lambda: ("image/jpeg", telling_jpeg(encoded(photo(), "JPEG", keep_rgb=True))),
    "jpeg with restarts": lambda: ("image/jpeg", telling_jpeg(encoded(photo(), "JPEG", restart_marker_blocks=3))),
    "progressive jpeg with restarts": lambda: (
        "image/jpeg",
        telling_jpeg(encoded(photo(), "JPEG", restart_marker_rows=1, progressive=True, subsampling=2)),
    ),
    "jpeg with full colours": lambda: (
        "image/jpeg",
        telling_jpeg(encoded(photo(), "JPEG", subsampling=0, optimize=True)),
    ),
    "jpeg that is upright": lambda: ("image/jpeg", telling_jpeg(orientation=1)),
    "png with palette": lambda: ("image/png", telling_png(encoded(photo().quantize(16), "PNG", transparency=3))),
    "png of two colours": lambda: ("image/png", telling_png(encoded(photo(mode="1"), "PNG"))),
    "png with alpha": lambda: ("image/png", telling_png(encoded(photo(mode="RGBA").rotate(30), "PNG"))),
    "png with 16 bits": lambda: (
        "image/png",
        telling_png(encoded(Image.fromarray(np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 21), "PNG")),
    ),
    "animated png": lambda: (
        "image/png",
        telling_png(
            encoded(photo(), "PNG", save_all=True, append_images=[photo().rotate(a) for a in (90, 180)], duration=50)
        ),
    ),
    "animated png with another still": lambda: (
        "image/png",
        telling_png(
            encoded(
                photo(), "PNG", save_all=True, default_image=True, append_images=[photo().rotate(a) for a in (90, 180)]
            )
        ),
    ),
    "interlaced png": lambda: ("image/png", telling_png(interlaced())),
}


def interlaced() -> bytes:
    """Return a grey interlaced PNG of 13 x 11 pixels."""
    pixels = np.random.default_rng(3).integers(0, 255, (11, 13), dtype=np.uint8)
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = [b"\0" + row.tobytes() for x, y, dx, dy in passes for row in pixels[y::dy, x::dx] if row.size]
    header = struct.pack(">IIBBBBB", 13, 11, 8, 0, 0, 0, 1)
    coded = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + coded


@pytest.mark.parametrize("name", VARIANTS)
def test_every_kind_of_picture_keeps_its_pixels(name: str) -> None:
    mime, original = VARIANTS[name]()
    clean = sanitised(mime, original).data
    assert leaks(clean) == []
    assert shown(clean) == shown(original)
    assert sanitised(mime, clean).data == clean


@pytest.mark.parametrize("orientation", range(9))
@pytest.mark.parametrize("order", ["<", ">"])
def test_the_orientation_is_the_only_thing_left_of_exif(orientation: int, order: str) -> None:
    exif = exif_of(orientation, order)
    for mime, original in (
        ("image/jpeg", encoded(photo(), "JPEG", exif=exif)),
        ("image/png", encoded(photo(), "PNG", exif=exif)),
        ("image/webp", encoded(photo(), "WEBP", exif=exif)),
    ):
        with Image.open(io.BytesIO(sanitised(mime, original).data)) as clean:
            assert dict(clean.getexif()) == ({0x0112: orientation} if orientation > 1 else {})


def test_a_standard_profile_stays_byte_for_byte() -> None:
    for mime, kind in (("image/jpeg", "JPEG"), ("image/png", "PNG"), ("image/webp", "WEBP")):
        original = encoded(photo(), kind, icc_profile=profile())
        assert colours(sanitised(mime, original).data) == profile()


def described(text: str, script: bytes = b"") -> bytes:
    """Return a profile of the older kind, whose description is there in ASCII, in Unicode and in Macintosh's letters."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    old = "Lab identity built-in"
    assert plain.count(old.encode("utf-16-be")) == 1
    place = plain.index(old.encode("utf-16-be")) + 2 * len(old) + 2
    plain = plain[: place + 2] + bytes([len(script)]) + script.ljust(67, b"\0") + plain[place + 70 :]
    return plain.replace(old.encode("utf-16-be"), text.ljust(len(old)).encode("utf-16-be"))


def test_a_standard_profile_of_the_older_kind_says_its_name_three_times_and_stays() -> None:
    known = "Lab identity built-in"
    short = bytearray(described(""))
    short[136:144] = struct.pack(">II", 192, 34)  # only the ASCII is left of the description
    short[226:348] = bytes(122)
    for kept in (described(known), described(known, b"sRGB IEC61966-2.1"), bytes(short)):
        assert colours(sanitised("image/jpeg", encoded(photo(), "JPEG", icc_profile=kept)).data) == kept
    for telling in (described(SECRETS[3]), described(known, SECRETS[3].encode())):
        original = encoded(photo(), "JPEG", icc_profile=telling)
        assert leaks(original)
        clean = sanitised("image/jpeg", original).data
        assert leaks(clean) == []
        assert colours(clean) is not None


def test_a_profile_that_tells_of_people_keeps_its_colours_alone() -> None:
    for mime, original in (
        ("image/jpeg", encoded(photo(), "JPEG", icc_profile=telling_profile())),
        ("image/png", encoded(photo(), "PNG", icc_profile=telling_profile())),
        ("image/webp", encoded(photo(), "WEBP", icc_profile=telling_profile())),
    ):
        assert leaks(original)
        clean = sanitised(mime, original).data
        kept = colours(clean)
        assert kept is not None
        assert leaks(clean) == []
        as_before = ImageCms.profileToProfile(
            photo(), io.BytesIO(telling_profile()), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
        now = ImageCms.profileToProfile(photo(), io.BytesIO(kept), ImageCms.createProfile("LAB"), outputMode="LAB")
        assert now is not None
        assert as_before is not None
        assert now.tobytes() == as_before.tobytes()


def test_a_profile_in_several_segments_is_put_together_again() -> None:
    plain = encoded(photo(), "JPEG")
    whole = profile()
    parts = [segment(0xE2, b"ICC_PROFILE\0" + bytes([1 + n, 2]) + whole[n * 300 : (n + 1) * 300]) for n in range(2)]
    assert colours(sanitised("image/jpeg", plain[:2] + parts[1] + parts[0] + plain[2:]).data) == whole
    assert colours(sanitised("image/jpeg", plain[:2] + parts[1] + plain[2:]).data) is None


def test_tables_that_no_scan_uses_are_no_hiding_place() -> None:
    plain = encoded(photo(), "JPEG")
    hidden = b"Rua das Flores 42".ljust(64, b"\x01")
    unused = (
        segment(0xDB, b"\x03" + hidden)
        + segment(0xDB, b"\x00" + hidden)
        + segment(0xC4, b"\x13" + bytes(15) + b"@" + hidden)
    )
    original = plain[:20] + unused + plain[20:]
    assert leaks(original)
    clean = sanitised("image/jpeg", original).data
    assert leaks(clean) == []
    assert shown(clean) == shown(original)


def test_files_that_differ_in_metadata_only_have_one_digest() -> None:
    jpeg = encoded(photo(), "JPEG", quality=80)
    for other in (
        telling_jpeg(orientation=1),
        telling_jpeg(orientation=6),
        encoded(photo(), "JPEG", quality=80, dpi=(300, 300)),
        jpeg + b"behind it",
    ):
        assert picture_digest("image/jpeg", other) == picture_digest("image/jpeg", jpeg) is not None
    png = encoded(photo(), "PNG", icc_profile=telling_profile(), exif=exif_of())
    for other in (
        encoded(photo(), "PNG", icc_profile=telling_profile(), exif=exif_of(), dpi=(300, 300)),
        encoded(photo(), "PNG", icc_profile=telling_profile()),
        png + b"behind it",
    ):
        assert picture_digest("image/png", other) == picture_digest("image/png", png) is not None
    webp, upright = (encoded(photo(), "WEBP", exif=exif) for exif in (exif_of(), b""))
    assert picture_digest("image/webp", webp) == picture_digest("image/webp", upright) is not None


@pytest.mark.parametrize("name", [name for name in PICTURES if name != "png"])
def test_a_clean_copy_has_the_digest_of_its_original(name: str) -> None:
    mime, make = SAMPLES[name]
    original = make()
    assert picture_digest(mime, sanitised(mime, original).data) == picture_digest(mime, original) is not None


def test_pictures_that_look_different_have_different_digests() -> None:
    pictures = [encoded(photo().rotate(turn), "JPEG") for turn in (0, 90, 180)]
    pictures += [encoded(photo(), "JPEG", quality=60), encoded(photo(), "JPEG", progressive=True)]
    assert len({picture_digest("image/jpeg", picture) for picture in pictures}) == len(pictures)
    assert picture_digest("image/webp", telling_webp()) != picture_digest("image/webp", telling_webp(lossless=True))


@pytest.mark.parametrize(
    ("mime", "data"),
    [
        ("image/jpeg", b""),
        ("image/jpeg", encoded(photo(), "JPEG")[:-2]),
        ("image/jpeg", encoded(photo(), "JPEG").replace(b"\xff\xc0", b"\xff\xc9")),
        ("image/png", encoded(photo(), "PNG")[:-12]),
        ("image/png", encoded(photo(), "PNG").replace(b"IDAT", b"IDOT")),
        ("image/webp", encoded(photo(), "WEBP")[:-1]),
        ("image/gif", encoded(photo(), "GIF")[:-1]),
        ("image/heic", b"\0\0\0\x18ftypheic"),
        ("image/avif", b"\0\0\0\x18ftypavif"),
        ("image/svg+xml", b"<svg/>"),
        ("application/pdf", b"%PDF-1.7"),
        ("application/zip", b"PK\x03\x04"),
        ("application/octet-stream", b"anything"),
        ("text/vcard", b"BEGIN:VCARD"),
        ("text/plain", b"hello"),
        ("video/webm", b"\x1aE\xdf\xa3"),
        ("of no kind", b""),
    ],
)
def test_what_is_not_understood_is_refused_with_a_reason(mime: str, data: bytes) -> None:
    with pytest.raises(NotSanitised, match=r"\w+ \w+"):
        sanitised(mime, data)
    assert picture_digest(mime, data) is None


def test_more_pixels_than_the_picture_shows_are_refused() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0))
    pixels = zlib.compress(bytes(20) + b"Rua das Flores 42")
    with pytest.raises(NotSanitised, match="more behind them"):
        sanitised("image/png", b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


@pytest.mark.parametrize("form", ["ascii", "utf-16-le", "utf-16-be"])
def test_words_behind_the_coded_pixels_are_refused(form: str) -> None:
    jpeg, gif, webp = (encoded(photo(), kind) for kind in ("JPEG", "GIF", "WEBP"))
    words = (SECRETS[1] + " " + SECRETS[2]).encode(form)
    longer = webp[12:16] + struct.pack("<I", len(webp) - 20 + len(words)) + webp[20:] + words
    for mime, telling in (
        ("image/jpeg", jpeg[:-2] + words + jpeg[-2:]),
        ("image/gif", gif[:-2] + bytes([len(words)]) + words + gif[-2:]),
        ("image/webp", b"RIFF" + struct.pack("<I", 4 + len(longer)) + b"WEBP" + longer),
    ):
        with pytest.raises(NotSanitised, match="words"):
            sanitised(mime, telling)


def test_a_scan_holds_no_more_than_its_blocks_can_use() -> None:
    plain = encoded(photo(), "JPEG")
    with pytest.raises(NotSanitised, match="more bytes than"):
        sanitised("image/jpeg", plain[:-2] + bytes(100_000) + plain[-2:])
    restarting = encoded(photo(), "JPEG", restart_marker_blocks=3)
    with pytest.raises(NotSanitised, match="more restart markers"):
        sanitised("image/jpeg", restarting[:-2] + b"\xff\xd0" * 3 + restarting[-2:])


def test_a_file_is_copied_whole_or_not_at_all(tmp_path: Path) -> None:
    source, copy = tmp_path / "photo.jpg", tmp_path / "clean.jpg"
    source.write_bytes(telling_jpeg())
    assert sanitise_file(source, copy) == "image/jpeg"
    assert copy.read_bytes() == sanitised("image/jpeg", telling_jpeg()).data
    copy.unlink()
    copy.symlink_to(source)
    for out in (source, copy):
        with pytest.raises(FileExistsError, match="another name"):
            sanitise_file(source, out)
    assert source.read_bytes() == telling_jpeg()
    with pytest.raises(OSError, match="no file"):
        sanitise_file(tmp_path, tmp_path / "other.jpg")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(telling_jpeg()[:500])
    with pytest.raises(NotSanitised, match=r"broken\.jpg.*Nothing was written"):
        sanitise_file(broken, tmp_path / "other.jpg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.jpg", "clean.jpg", "photo.jpg"]


def transparent_webp(method: int) -> tuple[bytes, bytes]:
    """Return a WebP with a transparency chunk, coded (1) or plain (0), and the same with a secret behind it in the chunk."""
    picture = photo(mode="RGBA")
    picture.putalpha(photo(mode="L").rotate(180))
    plain = encoded(picture, "WEBP", lossless=False)
    place = plain.index(b"ALPH")
    (length,) = struct.unpack_from("<I", plain, place + 4)
    rest = plain[place + 8 + length + length % 2 :]
    alpha = plain[place + 8 : place + 8 + length] if method else b"\0" + picture.getchannel("A").tobytes()
    bodies = [plain[12:place] + webp_chunk(b"ALPH", alpha + words) + rest for words in (b"", all_secrets())]
    honest, telling = (b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body for body in bodies)
    return honest, telling


def test_words_behind_the_transparency_of_a_webp_never_pass() -> None:
    honest, telling = transparent_webp(method=1)
    assert shown(sanitised("image/webp", honest).data) == shown(honest)
    with pytest.raises(NotSanitised, match="words"):
        sanitised("image/webp", telling)
    honest, telling = transparent_webp(method=0)
    clean = sanitised("image/webp", telling).data
    assert leaks(telling)
    assert leaks(clean) == []
    assert clean == sanitised("image/webp", honest).data
    assert shown(clean) == shown(honest)
