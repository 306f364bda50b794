"""Films and sound: how long they are, how large the picture is, and the first key frame as a thumbnail, through PyAV.

Runs in a decoding process only (see ``decoder``); PyAV is the extra ``video``.
"""

from __future__ import annotations

from dataclasses import dataclass

import av
from PIL import Image

from egregora_assets.media.picture_hashes import thumbnail_of

_PACKETS = 2_000
"""A film without a key frame among so many packets gets no thumbnail."""
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class RecordingFacts:
    """What the container and the first key frame told; sound has no width, height or thumbnail."""

    duration_seconds: float | None
    width: int | None = None
    height: int | None = None
    thumbnail: bytes | None = None


def recording_facts(path: str, most_pixels: int) -> RecordingFacts:
    """Read the container's headers and decode at most one frame. Raises whatever PyAV does."""
    with av.open(path, mode="r", options={"protocol_whitelist": "file"}) as container:
        duration = None if container.duration is None else container.duration / _MICROSECONDS
        if not container.streams.video:
            if not container.streams.audio:
                raise ValueError("there is neither film nor sound in it")
            return RecordingFacts(duration)
        stream = container.streams.video[0]
        if stream.width * stream.height > most_pixels:
            raise ValueError(f"a film of {stream.width} x {stream.height} is above the limit of {most_pixels:,} pixels")
        stream.codec_context.skip_frame = "NONKEY"
        stream.codec_context.thread_count = 1
        return RecordingFacts(duration, stream.width, stream.height, _first_key_frame(container, stream))


def _first_key_frame(container: av.container.InputContainer, stream: av.VideoStream) -> bytes | None:
    for number, packet in enumerate(container.demux(stream)):
        for frame in packet.decode():
            return thumbnail_of(Image.fromarray(frame.to_ndarray(format="rgb24")))
        if number >= _PACKETS:
            break
    return None
