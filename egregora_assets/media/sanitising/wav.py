"""WAV: format, number of samples and samples, in a container written anew; all other chunks are left behind."""

from __future__ import annotations

import struct

from egregora_assets.media.errors import NotSanitised
from egregora_assets.media.sanitising.outcome import counted

_PLAIN, _WITH_SIZE, _EXTENSIBLE = 16, 18, 40
_PCM, _FLOAT, _ALAW, _MULAW, _ANY = 1, 3, 6, 7, 0xFFFE
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def sanitise_wav(data: bytes) -> bytes:
    """Return the recording with the same samples, and nothing else."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise NotSanitised("it does not begin as a WAV recording")
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise NotSanitised("the recording is cut off")
    chunks = _read(data, end)
    if b"fmt " not in chunks or b"data" not in chunks:
        raise NotSanitised("the recording has no format or no samples")
    body = b"WAVE" + _chunk(b"fmt ", _format(chunks[b"fmt "]))
    if len(chunks.get(b"fact", b"")) >= 4:
        body += _chunk(b"fact", chunks[b"fact"][:4])
    body += _chunk(b"data", chunks[b"data"])
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _read(data: bytes, end: int) -> dict[bytes, bytes]:
    chunks: dict[bytes, bytes] = {}
    place, number = 12, 0
    while place + 8 <= end:
        number = counted(number)
        name, length = struct.unpack_from("<4sI", data, place)
        place += 8
        if place + length > end:
            raise NotSanitised("a chunk reaches over the end of the recording")
        if name in (b"fmt ", b"fact", b"data"):
            if name in chunks or (name == b"data" and b"fmt " not in chunks):
                raise NotSanitised("the recording has a chunk twice, or samples before their format")
            chunks[name] = data[place : place + length]
        place += length + length % 2
    return chunks


def _format(chunk: bytes) -> bytes:
    """Return the format in its shortest form; raise where it is none whose samples have a fixed size."""
    if len(chunk) < _PLAIN:
        raise NotSanitised("the recording's format is cut off")
    kind, channels, _, _, block, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _ANY:
        if len(chunk) < _EXTENSIBLE or chunk[26:40] != _GUID_TAIL:
            raise NotSanitised("the recording's format is not known")
        kind, length = int.from_bytes(chunk[24:26], "little"), _EXTENSIBLE
    else:
        length = _PLAIN if kind == _PCM else _WITH_SIZE
    if kind not in (_PCM, _FLOAT, _ALAW, _MULAW) or not channels or not bits or block != channels * -(-bits // 8):
        raise NotSanitised("the recording's format is not known")
    if length == _EXTENSIBLE:
        return chunk[:16] + b"\x16\x00" + chunk[18:40]
    return chunk[:16] + bytes(length - _PLAIN)


def _chunk(name: bytes, payload: bytes) -> bytes:
    return name + struct.pack("<I", len(payload)) + payload + bytes(len(payload) % 2)
