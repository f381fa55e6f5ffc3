"""Silent packets in the configuration of a track, to fill slots for which nothing was recorded."""

from functools import cache
from typing import Any

import av
from av.error import FFmpegError

from editing.timeline.parameters import AudioParameters

_ENCODERS = {"aac": "aac", "mp3": "libmp3lame", "ac3": "ac3"}
_SETTLED = 4
"""Packets after which an encoder has nothing of its start left in it."""


def silent_frame(sample_rate: int, layout: str, samples: int, sample_format: str = "fltp") -> Any:
    frame = av.AudioFrame(format=sample_format, layout=layout, samples=samples)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate = sample_rate
    return frame


@cache
def silent_packet(parameters: AudioParameters) -> bytes | None:
    """One packet of silence, None where we have no encoder for the track's codec."""
    if parameters.codec not in _ENCODERS:
        return None
    try:
        return _encode(parameters)
    except FFmpegError:
        return None


def _encode(parameters: AudioParameters) -> bytes | None:
    context: Any = av.CodecContext.create(_ENCODERS[parameters.codec], "w")
    context.sample_rate = parameters.sample_rate
    context.layout = parameters.layout
    context.format = context.codec.audio_formats[0].name
    context.open()
    packets: list[bytes] = []
    while len(packets) <= _SETTLED:
        frame = silent_frame(parameters.sample_rate, parameters.layout, context.frame_size, context.format.name)
        packets += [bytes(packet) for packet in context.encode(frame)]
    return packets[-1]
