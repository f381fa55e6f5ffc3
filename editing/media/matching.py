"""Encoders whose pictures stand between copied ones: same size, same colours, and parameter sets of their own.

No B frames: then every packet is shown when it is decoded, and the decoding times of copied packets go on across the
seam. Quality is constant and high, so that nothing is seen where copied pictures begin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.error import FFmpegError
from av.video.frame import PictureType

from editing.errors import UnsupportedMedia
from editing.media.muxer import TICK
from editing.media.parameter_sets import free_id
from editing.timeline.parameters import VideoParameters
from editing.timeline.target import Target


@dataclass(frozen=True, slots=True)
class Effort:
    """What x264 and x265 are told: a preset, and a constant rate factor at which nothing is seen at the seams."""

    preset: str
    quality: int


EDGES, LONG = Effort("ultrafast", 14), Effort("superfast", 18)
"""A few frames may be large, but must come soon; where minutes are encoded, size counts too."""
_LONGEST_EDGE = 600
_ENCODERS = {"h264": "libx264", "hevc": "libx265"}
_H264_PROFILES = {"Constrained Baseline": "baseline", "Baseline": "baseline", "Main": "main", "High": "high"}
_TOP_FIRST, _BOTTOM_FIRST = {"tt", "tb"}, {"bb", "bt"}


class MatchingEncoder:
    """Takes frames in the order of the screen, gives packets in the same order, each with the frame's `pts`.

    `sets` are its parameter sets in Annex B, whose ids the target's own do not use; HEVC has them in front of each of
    its key frames instead, because x265 cannot choose ids. Raises UnsupportedMedia for pictures that cannot be encoded.
    """

    def __init__(self, target: Target, effort: Effort) -> None:
        video = target.video
        if video.codec not in _ENCODERS:
            raise UnsupportedMedia(f"{video.codec} can be copied, but not encoded to match.")
        context: Any = av.CodecContext.create(_ENCODERS[video.codec], "w")
        context.width, context.height, context.pix_fmt = video.width, video.height, video.pixel_format
        context.sample_aspect_ratio = Fraction(video.aspect.replace(":", "/")) or None
        context.time_base, context.framerate = TICK, target.rate
        _colour(context, video)
        context.options = _options(target, effort)
        context.thread_type = "FRAME"  # slices would cost quality
        if video.codec == "h264":
            context.flags |= av.codec.context.Flags.global_header
        try:
            context.open()
        except (FFmpegError, ValueError) as error:
            raise UnsupportedMedia(f"No encoder makes {video.codec} like the recording's: {error}") from error
        self._context = context
        self.sets: bytes = context.extradata or b""

    def encode(self, frame: Any, *, anew: bool = False) -> Iterator[Any]:
        """Packets that are ready; a frame of None asks for all that are left. `anew` makes the frame a key frame."""
        if frame is not None:
            frame.pict_type = PictureType.I if anew else PictureType.NONE
        for packet in self._context.encode(frame):
            packet.time_base = TICK
            yield packet


def effort(longest: int) -> Effort:
    """What to spend on encoded pieces, the longest of which has so many frames."""
    return EDGES if longest <= _LONGEST_EDGE else LONG


def settings(target: Target, effort: Effort) -> dict[str, str]:
    """What the report says of the encoder."""
    codec = target.video.codec
    return {"video": f"{_ENCODERS.get(codec, codec)} {effort.preset}", **_options(target, effort)}


def _options(target: Target, effort: Effort) -> dict[str, str]:
    video, interval = target.video, max(round(target.rate * 2), 1)
    quality = {"preset": effort.preset, "crf": str(effort.quality), "bf": "0", "g": str(interval), "forced-idr": "1"}
    if video.codec == "hevc":
        return {**quality, "x265-params": "open-gop=0:repeat-headers=1:info=0:aud=1:log-level=none"}
    fields = "tff=1:" if video.field_order in _TOP_FIRST else "bff=1:" if video.field_order in _BOTTOM_FIRST else ""
    profile = _H264_PROFILES.get(video.profile)
    own = {"x264-params": f"{fields}sps-id={free_id(bytes.fromhex(video.extradata))}:force-cfr=1:aud=1:log-level=none"}
    return {**quality, **own, **({"profile": profile} if profile else {})}


def _colour(context: Any, video: VideoParameters) -> None:
    for name, value in (
        ("color_range", video.color_range),
        ("color_primaries", video.color_primaries),
        ("color_trc", video.color_transfer),
        ("colorspace", video.color_space),
    ):
        if value:
            setattr(context, name, int(value))
