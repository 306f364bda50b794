"""A published film or recording plays as the original does and says nothing else: no place, title, device or date."""

from __future__ import annotations

import struct

import pytest

from egregora_assets.media.sanitising import NotSanitised, sanitised
from tests.media.sanitising_samples import (
    SAMPLES,
    SECRETS,
    all_secrets,
    box,
    decoded,
    film,
    leaks,
    telling_film,
    telling_ogg,
)

pytest.importorskip("av")

RECORDINGS = [name for name, (mime, _) in SAMPLES.items() if not mime.startswith("image/")]


@pytest.mark.parametrize("name", RECORDINGS)
def test_no_planted_secret_survives_and_every_frame_is_the_same(name: str) -> None:
    mime, make = SAMPLES[name]
    original = make()
    clean = sanitised(mime, original).data
    assert leaks(original)
    assert leaks(clean) == []
    untagged = film("mp3", "", "libmp3lame") if name == "mp3" else original  # tags at its end disturb a reader of MP3
    assert decoded(clean) == decoded(untagged) != []
    assert sanitised(mime, clean).data == clean


def test_words_between_the_frames_of_an_mp3_are_dropped() -> None:
    plain = sanitised("audio/mpeg", film("mp3", "", "libmp3lame")).data
    place = plain.index(plain[:2], 2000)
    clean = sanitised("audio/mpeg", plain[:place] + all_secrets() + plain[place:]).data
    assert clean == plain


@pytest.mark.parametrize(
    ("kind", "video", "sound"),
    [
        ("mp4", "mpeg4", ""),
        ("mp4", "libx265", "libopus"),
        ("mp4", "libvpx-vp9", "aac"),
        ("mov", "libx264", "alac"),
        ("3gp", "h263", "libopencore_amrnb"),
        ("3gp", "libx264", "aac"),
        ("mp4", "libx264", "libmp3lame"),
    ],
)
def test_every_codec_of_messengers_plays_as_before(kind: str, video: str, sound: str) -> None:
    original = telling_film(film(kind, video, sound))
    clean = sanitised("video/mp4", original).data
    assert leaks(clean) == []
    assert decoded(clean) == decoded(original) != []


def test_names_of_handlers_and_times_of_making_are_zeros() -> None:
    original = film()
    for name in (b"mvhd", b"tkhd", b"mdhd"):
        place = original.index(name) + 8
        original = original[:place] + b"\xe0\x11\x22\x33" * 2 + original[place + 8 :]
    original = original.replace(b"VideoHandler", b"VideoHan Ana").replace(b"Lavc", b"Anna")
    clean = sanitised("video/mp4", original).data
    assert b"\xe0\x11\x22\x33" not in clean
    assert b"VideoHan" not in clean
    assert b"SoundHandler" not in clean
    assert decoded(clean) == decoded(original)


def test_tracks_of_places_and_texts_die_with_their_samples() -> None:
    original = film(sound="")
    secret = SECRETS[0].encode()
    place = original.index(b"moov") - 4
    (length,) = struct.unpack_from(">I", original, place)
    tables = box(b"stsd", struct.pack(">II", 0, 1) + box(b"mebx", bytes(8) + secret))
    tables += box(b"stco", struct.pack(">III", 0, 1, len(original) + 200)) + box(
        b"stsz", struct.pack(">III", 0, len(secret), 1)
    )
    media = box(b"hdlr", bytes(8) + b"meta" + bytes(12) + secret) + box(b"minf", box(b"stbl", tables))
    moov = box(b"moov", original[place + 8 : place + length] + box(b"trak", box(b"mdia", media)))
    telling = original[:place] + moov + original[place + length :] + box(b"mdat", secret)
    clean = sanitised("video/mp4", telling).data
    assert leaks(telling)
    assert leaks(clean) == []
    assert decoded(clean) == decoded(original)


@pytest.mark.parametrize("chunks", [50, 50_000])
def test_every_byte_of_the_media_that_no_sample_covers_is_zero(chunks: int) -> None:
    head = box(b"ftyp", b"isom\0\0\0\0")
    media = box(b"mdat", b"so" * (3 * chunks))
    places = struct.pack(f">{chunks}I", *range(len(head) + 8, len(head) + 8 + 6 * chunks, 6))
    tables = box(b"stsd", struct.pack(">II", 0, 1) + box(b"samr", bytes(28)))
    tables += box(b"stsz", struct.pack(">III", 0, 1, 3 * chunks)) + box(b"stsc", struct.pack(">5I", 0, 1, 1, 3, 1))
    tables += box(b"stco", struct.pack(">II", 0, chunks) + places)
    sound = box(b"hdlr", bytes(8) + b"soun" + bytes(13)) + box(b"minf", box(b"stbl", tables))
    clean = sanitised("audio/mp4", head + media + box(b"moov", box(b"trak", box(b"mdia", sound)))).data
    assert clean[len(head) + 8 : len(head) + len(media)] == b"sos\0\0\0" * chunks


def changed(data: bytes, name: bytes, offset: int, value: int) -> bytes:
    place = data.index(name) + 4 + offset
    return data[:place] + struct.pack(">I", value) + data[place + 4 :]


@pytest.mark.parametrize(
    ("telling", "reason"),
    [
        (lambda: changed(film(), b"stco", 8, 2**31), "outside"),
        (lambda: changed(film(), b"stco", 8, 4), "outside"),
        (lambda: changed(film(), b"stco", 4, 2**31), "fewer entries"),
        (lambda: changed(film(), b"stsz", 8, 2**31), "fewer entries"),
        (lambda: changed(film(), b"stsz", 4, 2**31), "outside"),
        (lambda: changed(film(), b"stsc", 8, 2), "no plain form"),
        (lambda: changed(film(), b"stsc", 12, 2**32 - 1), "do not agree"),
        (lambda: film().replace(b"avc1\0\0\0\0\0\0", b"encv\0\0\0\0\0\0"), "not known"),
        (lambda: box(b"moof", b"") + film(), "fragmented"),
        (lambda: film() + box(b"moov", b""), "two indexes"),
        (lambda: film()[: len(film()) // 2], "index|cut off|outside"),
        (lambda: changed(film(), b"url ", 0, 0), "another file"),
        (lambda: box(b"ftyp", b"isom\0\0\0\0") + box(b"mdat", b"") + box(b"moov", b""), "no sound or video"),
    ],
)
def test_films_whose_tables_do_not_add_up_are_refused(telling: object, reason: str) -> None:
    assert callable(telling)
    with pytest.raises(NotSanitised, match=reason):
        sanitised("video/mp4", telling())


def test_films_in_fragments_are_refused() -> None:
    with pytest.raises(NotSanitised, match="fragmented"):
        sanitised("video/mp4", film().replace(b"udta", b"mvex"))


def test_samples_that_overlap_are_refused() -> None:
    original = film()
    first, second = original.index(b"stco") + 12, original.rindex(b"stco") + 12
    assert first != second
    overlapping = original[:second] + original[first : first + 4] + original[second + 4 :]
    with pytest.raises(NotSanitised, match="overlap"):
        sanitised("video/mp4", overlapping)


def test_streams_one_behind_the_other_or_side_by_side_are_refused() -> None:
    voice, music = telling_ogg(), telling_ogg("vorbis")
    not_ended = voice[: voice.rindex(b"OggS")]
    for several in (not_ended + music, voice + music):
        with pytest.raises(NotSanitised, match="more than one stream"):
            sanitised("audio/ogg", several)
    assert sanitised("audio/ogg", voice + all_secrets() + music).data == sanitised("audio/ogg", voice).data
    for broken in (voice[:-1], voice[:40], voice.replace(b"OpusHead", b"OpusHide"), voice[:400] + b"x" + voice[400:]):
        with pytest.raises(NotSanitised):
            sanitised("audio/ogg", broken)
