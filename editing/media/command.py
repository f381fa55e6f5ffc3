"""The one command line with which pictures are encoded: decode, keep the wanted frames, fit, colour, encode."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ffmpeg

from editing.media.feeding import FINER, LONGEST, PAUSE, usual_distance
from editing.timeline.parameters import VideoParameters
from editing.timeline.target import Target

PRESET = "veryfast"
_MATRICES = {"1": "bt709", "4": "fcc", "5": "bt470", "6": "smpte170m", "7": "smpte240m", "9": "bt2020"}
_FULL_RANGE, _UNKNOWN_RANGE, _UNKNOWN = "2", "0", "2"
"""Colours are numbered as in H.273, ranges as libav does."""


def command(target: Target, source: VideoParameters, keyframes: Iterable[int] = ()) -> list[str]:
    """The arguments of one ffmpeg: NUT in on stdin, wanted frames encoded, NUT out on stdout.

    `keyframes` are times on the encoder's clock at which a decoder must be able to begin.
    """
    pictures = ffmpeg.input("pipe:0", format="nut", copyts=None).video
    pictures = pictures.filter("select", f"eq(mod(pts,{FINER}),1)")
    usual = usual_distance(target)
    distance = f"if(gt(PTS-PREV_INPTS,{LONGEST * FINER}),{usual * FINER},PTS-PREV_INPTS)"
    pictures = pictures.filter("setpts", f"if(isnan(PREV_INPTS),{PAUSE * FINER},PREV_OUTPTS+{distance})")
    pictures = _coloured(_fitted(pictures, target.video, source), target.video, source)
    forced = ",".join(f"{time * 100 // 9}us" for time in keyframes)
    output = ffmpeg.output(pictures, "pipe:1", **_encoding(target), **({"force_key_frames": forced} if forced else {}))
    return [str(argument) for argument in output.compile()[1:]]


def _fitted(pictures: Any, target: VideoParameters, source: VideoParameters) -> Any:
    """The whole picture in the middle of the target's, nothing stretched, bars where it does not fill it."""
    square = source.aspect in ("1:1", "0:1")
    if square and (source.width, source.height) == (target.width, target.height):
        return pictures
    if not square:
        pictures = pictures.filter("scale", "trunc(iw*sar/2)*2", "ih").filter("setsar", "1")
    pictures = pictures.filter("scale", target.width, target.height, force_original_aspect_ratio="decrease")
    return pictures.filter("pad", target.width, target.height, "(ow-iw)/2", "(oh-ih)/2")


def _coloured(pictures: Any, target: VideoParameters, source: VideoParameters) -> Any:
    """Every frame says the same of its colours: what an encoder writes into its parameter sets must not change."""
    if target.color_space in _MATRICES and source.color_space in _MATRICES and target.color_space != source.color_space:
        pictures = pictures.filter(
            "scale", in_color_matrix=_MATRICES[source.color_space], out_color_matrix=_MATRICES[target.color_space]
        )
    full = target.color_range == _FULL_RANGE
    if full != (source.color_range == _FULL_RANGE):
        pictures = pictures.filter("scale", out_range="pc" if full else "tv")
    return pictures.filter("setsar", "1").filter(
        "setparams",
        range=target.color_range or _UNKNOWN_RANGE,
        color_primaries=target.color_primaries or _UNKNOWN,
        color_trc=target.color_transfer or _UNKNOWN,
        colorspace=target.color_space or _UNKNOWN,
    )


def _encoding(target: Target) -> dict[str, object]:
    rate = target.video.rate or 30
    return {
        "format": "nut",
        "vcodec": "libx264",
        "preset": PRESET,
        "pix_fmt": "yuv420p",
        "video_bitrate": target.bitrate,
        "maxrate": target.bitrate * 3 // 2,
        "bufsize": target.bitrate * 2,
        "g": round(rate * 2),
        "flags": "+global_header",
        "fps_mode": "passthrough",
        "enc_time_base": "demux",
        "x264-params": f"fps={rate}",
        "flush_packets": 1,
        "copyts": None,
    }
