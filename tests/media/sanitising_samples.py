"""Pictures, sound and video with secrets planted wherever their formats have a place for words."""

from __future__ import annotations

import io
import re
import struct
import tempfile
import zlib
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

SECRETS = (
    "GPS 38.7223N 9.1393W",
    "Ana Lima of Garden Club",
    "Serial XK-99821-TT",
    "Rua das Flores 42",
    "ana.lima@example.org",
    "Taken 2024-03-09 18:22",
    "claim-generator/7.1 c2pa",
)
FORMS = [secret.encode(form) for secret in SECRETS for form in ("latin-1", "utf-16-le", "utf-16-be")]
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")


def leaks(data: bytes) -> list[bytes]:
    """Return the planted secrets that stand in ``data`` as they are, as UTF-16, or in any zlib stream inside."""
    texts = [data]
    for found in list(_ZLIB.finditer(data))[:2000]:
        try:
            texts.append(zlib.decompressobj().decompress(data[found.start() :], 1 << 20))
        except zlib.error:
            continue
    return [form for form in FORMS if any(form in text for text in texts)]


def all_secrets() -> bytes:
    return b" | ".join(FORMS)


def photo(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    noise = np.random.default_rng(7).integers(0, 255, (height // 8, width // 8, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def exif_of(orientation: int = 6, order: str = "<") -> bytes:
    """Return EXIF with secrets in the maker, an unknown tag and the GPS directory, and with its own thumbnail."""
    exif = Image.Exif()
    exif.endian = order
    exif[0x0112], exif[0x010F], exif[0x9C9B] = orientation, SECRETS[2], SECRETS[1].encode("utf-16-le")
    exif.get_ifd(0x8825)[29] = SECRETS[0]
    thumbnail = encoded(photo(16, 16), "JPEG", comment=SECRETS[3].encode())
    return exif.tobytes() + thumbnail


def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def telling_profile() -> bytes:
    """Return the sRGB profile with secrets as its description, in a private tag and behind its last tag."""
    plain = profile()
    (count,) = struct.unpack_from(">I", plain, 128)
    text = SECRETS[1].encode("utf-16-be")
    words = struct.pack(">4s4xII2s2sII", b"mluc", 1, 12, b"en", b"US", len(text), 28) + text
    private = b"text\0\0\0\0" + SECRETS[2].encode()
    tags = [struct.unpack_from(">4sII", plain, 132 + 12 * index) for index in range(count)]
    place = 132 + 12 * (count + 1)
    table, body = struct.pack(">I", count + 1), b""
    for name, start, length in [*tags, (b"priv", 0, 0)]:
        block = {b"desc": words, b"priv": private}.get(name, plain[start : start + length])
        table += struct.pack(">4sII", name, place + len(body), len(block))
        body += block + bytes(-len(block) % 4)
    body += SECRETS[3].encode()
    return struct.pack(">I", place + len(body)) + plain[4:128] + table + body


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def telling_jpeg(plain: bytes | None = None, orientation: int = 6, icc: bytes | None = None) -> bytes:
    """Return a JPEG with secrets in EXIF, XMP, extended XMP, IPTC, C2PA, MPF, comments, JFXX, between and behind."""
    plain = plain or encoded(photo(), "JPEG", quality=80)
    words = all_secrets()
    planted = [
        segment(0xE0, b"JFXX\0\x10" + encoded(photo(16, 16), "JPEG", comment=SECRETS[3].encode())),
        segment(0xE1, b"Exif\0\0" + exif_of(orientation).removeprefix(b"Exif\0\0")),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + words),
        segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + words),
        segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0" + words),
        segment(0xEB, b"JP\0\x01\0\0\0\x01" + words),
        segment(0xE2, b"MPF\0MM\0*" + words),
        segment(0xEF, zlib.compress(words)),
        segment(0xFE, words),
        words.replace(b"\xff", b""),
        b"\xff\xff\xff",
    ]
    if icc is not None:
        planted.append(segment(0xE2, b"ICC_PROFILE\0\x01\x01" + icc))
    start = 4 + int.from_bytes(plain[4:6], "big") if plain[3] == 0xE0 else 2
    second = encoded(photo(32, 32), "JPEG", comment=words)
    return plain[:start] + b"".join(planted) + plain[start:] + second + b"\0\0\0\x18ftypmp42" + words


def chunk(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", zlib.crc32(name + payload))


def telling_png(plain: bytes | None = None) -> bytes:
    """Return a PNG with secrets in texts (also compressed), EXIF, its profile, unknown chunks, in IDAT and behind it."""
    plain = plain or encoded(photo(), "PNG")
    words = all_secrets()
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", SECRETS[0], zip=True)
    planted = [
        chunk(b"iCCP", SECRETS[4].encode() + b"\0\0" + zlib.compress(telling_profile())),
        chunk(b"tEXt", b"Author\0" + words),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(words)),
        chunk(b"iTXt", b"XML\0\x01\0\0\0" + zlib.compress(words)),
        chunk(b"eXIf", exif_of().removeprefix(b"Exif\0\0")),
        chunk(b"tIME", bytes([7, 232, 3, 9, 18, 22, 0])),
        chunk(b"caBX", words),
        chunk(b"prVt", words),
    ]
    place = plain.index(b"IDAT") - 4
    rest = plain[place:]
    if b"acTL" not in plain:
        (length,) = struct.unpack_from(">I", rest)
        rest = chunk(b"IDAT", rest[8 : 8 + length]) + chunk(b"IDAT", words) + rest[12 + length :]
    return plain[:33] + b"".join(planted) + plain[33:place] + rest + words


def webp_chunk(name: bytes, payload: bytes) -> bytes:
    return name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)


def telling_webp(animated: bool = False, lossless: bool = False) -> bytes:
    """Return a WebP with secrets in EXIF, XMP, its profile, unknown chunks (also inside frames) and behind it."""
    options: dict[str, Any] = {
        "lossless": lossless,
        "exif": exif_of(),
        "xmp": all_secrets(),
        "icc_profile": telling_profile(),
    }
    if animated:
        options |= {"save_all": True, "append_images": [photo().rotate(90), photo().rotate(180)], "duration": 70}
    plain = encoded(photo(), "WEBP", **options)
    body = plain[12:] + webp_chunk(b"priv", all_secrets())
    if animated:
        start = body.index(b"ANMF")
        (length,) = struct.unpack_from("<I", body, start + 4)
        frame = body[start + 8 : start + 8 + length] + webp_chunk(b"priv", all_secrets())
        body = body[:start] + webp_chunk(b"ANMF", frame) + body[start + 8 + length + length % 2 :]
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body + all_secrets()


def gif_blocks(payload: bytes) -> bytes:
    blocks = [payload[start : start + 255] for start in range(0, len(payload), 255)]
    return b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def telling_gif() -> bytes:
    """Return an animated GIF with secrets in comments, XMP, ICC, plain text, the loop block and behind the trailer."""
    frames = [photo().rotate(90).quantize(32), photo().rotate(180).quantize(32)]
    plain = encoded(photo().quantize(32), "GIF", save_all=True, append_images=frames, duration=60, loop=3)
    words = all_secrets()[:200]
    start = plain.index(b"!\xff\x0bNETSCAPE2.0")
    planted = [
        b"!\xfe" + gif_blocks(all_secrets()),
        b"!\xff\x0bXMP DataXMP" + gif_blocks(all_secrets()),
        b"!\xff\x0bICCRGBG1012" + gif_blocks(telling_profile()),
        b"!\x01\x0c" + bytes(12) + gif_blocks(words),
    ]
    loop = plain[start : start + 18] + gif_blocks(words)
    return plain[:start] + loop + b"".join(planted) + plain[start + 19 :] + all_secrets()


def box(name: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", len(payload) + 8, name) + payload


@cache
def film(kind: str = "mp4", video: str = "libx264", sound: str = "aac", index_first: bool = False) -> bytes:
    """Return a short film as PyAV writes it, with secrets as its tags."""
    av = pytest.importorskip("av")
    missing = {name for name in (video, sound) if name and name not in av.codecs_available}
    if missing:
        pytest.skip(f"this PyAV has no encoder {', '.join(sorted(missing))}")
    options = {"movflags": "faststart+use_metadata_tags"} if index_first else {"movflags": "use_metadata_tags"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film"
        with av.open(
            str(path), "w", kind, options=options if kind in ("mp4", "mov", "ipod", "3gp") else {}
        ) as container:
            container.metadata.update({"title": SECRETS[1], "comment": SECRETS[3], "location": "+38.7223-009.1393/"})
            container.metadata["com.apple.quicktime.location.ISO6709"] = SECRETS[0]
            streams = []
            if video:
                pictures = container.add_stream(video, rate=10)
                pictures.width, pictures.height, pictures.pix_fmt = 176, 144, "yuv420p"
                streams.append(
                    (pictures, [av.VideoFrame.from_image(photo(176, 144).rotate(9 * turn)) for turn in range(8)])
                )
            if sound:
                rate = 8000 if sound == "libopencore_amrnb" else 48000
                tones = container.add_stream(sound, rate=rate, options={"strict": "experimental"})
                tones.layout = "stereo" if sound == "vorbis" else "mono"
                streams.append((tones, sound_frames(av, tones, rate)))
            for stream, frames in streams:
                for frame in [*frames, None]:
                    container.mux(stream.encode(frame))
        return path.read_bytes()


def sound_frames(av: Any, stream: Any, rate: int) -> list[Any]:
    size = stream.codec_context.frame_size or 1024
    wave = (np.sin(np.arange(size * 20) / 17) * 9000).astype(np.int16)
    resampler = av.AudioResampler(stream.codec_context.format, stream.layout, rate)
    frames = []
    for number in range(20):
        frame = av.AudioFrame.from_ndarray(wave[None, number * size : (number + 1) * size], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, number * size, Fraction(1, rate)
        frames += resampler.resample(frame)
    return frames


def telling_film(plain: bytes) -> bytes:
    """Return the film with secrets in udta, ``©xyz``, uuid, meta, free, loci, in unused media and behind the end."""
    words = all_secrets()
    place = plain.index(b"moov") - 4
    (length,) = struct.unpack_from(">I", plain, place)
    additions = box(b"udta", box(b"\xa9xyz", words) + box(b"loci", words)) + box(b"uuid", bytes(16) + words)
    additions += box(b"meta", words) + box(b"free", words) + box(b"prvt", words)
    moov = box(b"moov", plain[place + 8 : place + length] + additions)
    tail = box(b"uuid", bytes(16) + words) + box(b"mdat", words) + box(b"skip", words) + words
    if plain.index(b"mdat") < place:
        return plain[:place] + moov + plain[place + length :] + tail
    return plain[:place] + plain[place : place + length] + plain[place + length :] + tail


def decoded(data: bytes) -> list[tuple[object, ...]]:
    """Return every decoded frame of a film or recording: kind, time and samples."""
    av = pytest.importorskip("av")
    with av.open(io.BytesIO(data)) as container:
        streams = [stream for stream in container.streams if stream.type in ("video", "audio")]
        return [
            (type(frame).__name__, frame.pts, frame.to_ndarray().tobytes())
            for packet in container.demux(streams)
            for frame in packet.decode()
        ]


def telling_ogg(codec: str = "libopus") -> bytes:
    """Return a voice message with secrets as its comments; of several pages where a picture is among them."""
    return film("ogg", "", codec)


def telling_mp3() -> bytes:
    """Return an MP3 with secrets in ID3v2, in its middle, and in APE, Lyrics3 and ID3v1 tags at its end."""
    plain = film("mp3", "", "libmp3lame")
    words = all_secrets()
    tag = b"ID3\x03\0\0" + bytes([0, 0, len(words) >> 7, len(words) & 127]) + words
    ape = b"APETAGEX" + struct.pack("<IIII8x", 2000, len(words), 1, 0) + words
    return tag + plain + ape + b"LYRICSBEGIN" + words + b"LYRICS200" + b"TAG" + words[:125].ljust(125)


def telling_wav() -> bytes:
    plain = film("wav", "", "pcm_s16le")
    added = (
        webp_chunk(b"LIST", b"INFO" + all_secrets())
        + webp_chunk(b"bext", all_secrets())
        + webp_chunk(b"id3 ", all_secrets())
    )
    return b"RIFF" + struct.pack("<I", len(plain) - 8 + len(added)) + plain[8:] + added + all_secrets()


SAMPLES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "jpeg": ("image/jpeg", telling_jpeg),
    "progressive jpeg": ("image/jpeg", lambda: telling_jpeg(encoded(photo(), "JPEG", progressive=True))),
    "jpeg with profile": ("image/jpeg", lambda: telling_jpeg(icc=telling_profile())),
    "png": ("image/png", telling_png),
    "webp": ("image/webp", telling_webp),
    "animated webp": ("image/webp", lambda: telling_webp(animated=True)),
    "lossless webp": ("image/webp", lambda: telling_webp(lossless=True)),
    "gif": ("image/gif", telling_gif),
    "mp4": ("video/mp4", lambda: telling_film(film())),
    "mp4, index first": ("video/mp4", lambda: telling_film(film(index_first=True))),
    "mov": ("video/mp4", lambda: telling_film(film("mov"))),
    "m4a": ("audio/mp4", lambda: telling_film(film("ipod", ""))),
    "opus": ("audio/ogg", telling_ogg),
    "vorbis": ("audio/ogg", lambda: telling_ogg("vorbis")),
    "mp3": ("audio/mpeg", telling_mp3),
    "wav": ("audio/wav", telling_wav),
}
"""Name → media type and what makes the file."""
