"""The one command line with which pictures are encoded: decode, keep the wanted frames, fit, colour, encode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import ffmpeg

from editing.media.feeding import FINER, LONGEST, PAUSE
from editing.timeline.parameters import VideoParameters
from editing.timeline.target import Target
from editing.timeline.ticks import TICKS_PER_SECOND

PRESET = "veryfast"
_MATRICES = {"1": "bt709", "4": "fcc", "5": "bt470", "6": "smpte170m", "7": "smpte240m", "9": "bt2020"}
_FULL_RANGE, _UNKNOWN_RANGE, _UNKNOWN = "2", "0", "2"
"""Colours are numbered as in H.273, ranges as libav does."""


def command(
    target: Target, source: VideoParameters, keyframes: Iterable[int] = (), *, steady: bool = True
) -> list[str]:
    """The arguments of one ffmpeg: NUT in on stdin, wanted frames encoded, NUT out on stdout.

    `keyframes` are times on the encoder's clock at which a decoder must be able to begin. `steady` says that the
    frames come evenly at the target's rate.
    """
    # Filters that were made anew where the pictures' size changes would have forgotten the clock.
    kept = {"reinit_filter": 0} if source.changing else {}
    pictures = ffmpeg.input("pipe:0", format="nut", copyts=None, **kept).video
    pictures = pictures.filter("select", f"eq(mod(pts,{FINER}),1)")
    usual = target.frame_ticks
    distance = f"if(gt(PTS-PREV_INPTS,{LONGEST * FINER}),{usual * FINER},PTS-PREV_INPTS)"
    pictures = pictures.filter("setpts", f"if(isnan(PREV_INPTS),{PAUSE * FINER},PREV_OUTPTS+{distance})")
    for name, arguments, options in fitting(target.video, source):
        pictures = pictures.filter(name, *arguments, **options)
    forced = ",".join(f"{time * 100 // 9}us" for time in keyframes)
    encoding = {**_encoding(target, steady=steady), "enc_time_base": "demux", "copyts": None}
    output = ffmpeg.output(pictures, "pipe:1", **encoding, **({"force_key_frames": forced} if forced else {}))
    return [str(argument) for argument in output.compile()[1:]]


def slate(target: Target, frames: int, *, steady: bool = True) -> list[str]:
    """The arguments of one ffmpeg that encodes so many black frames on the same clock, a usual distance apart."""
    video, usual = target.video, target.frame_ticks
    black = f"color=black:size={video.width}x{video.height}:rate={target.rate}"
    pictures = ffmpeg.input(black, format="lavfi").video.filter("settb", f"1/{TICKS_PER_SECOND * FINER}")
    pictures = pictures.filter("setpts", f"{PAUSE * FINER}+N*{usual * FINER}")
    for name, arguments, options in _tagged(video):
        pictures = pictures.filter(name, *arguments, **options)
    clock = f"1:{TICKS_PER_SECOND * FINER}"
    encoding = {**_encoding(target, steady=steady), "enc_time_base": clock, "frames:v": frames}
    return [str(argument) for argument in ffmpeg.output(pictures, "pipe:1", **encoding).compile()[1:]]


Filter = tuple[str, tuple[object, ...], dict[str, object]]
"""A filter's name, its arguments in order and those by name."""


def fitting(target: VideoParameters, source: VideoParameters) -> Iterator[Filter]:
    """The filters that make pictures fit: nothing stretched, bars where they do not fill the target's, its colours."""
    alike = _aspect(source) == _aspect(target)
    if source.changing or not (alike and (source.width, source.height) == (target.width, target.height)):
        each = {"eval": "frame"} if source.changing else {}
        if not alike:
            yield "scale", (f"trunc(iw*{_aspect(source)}/({_aspect(target)})/2)*2", "ih"), {**each}
            yield "setsar", ("1",), {}
        yield "scale", (target.width, target.height), {"force_original_aspect_ratio": "decrease", **each}
        yield "pad", (target.width, target.height, "(ow-iw)/2", "(oh-ih)/2"), {**each}
    if target.color_space in _MATRICES and source.color_space in _MATRICES and target.color_space != source.color_space:
        matrices = {"in_color_matrix": _MATRICES[source.color_space], "out_color_matrix": _MATRICES[target.color_space]}
        yield "scale", (), {**matrices}
    full = target.color_range == _FULL_RANGE
    if full != (source.color_range == _FULL_RANGE):
        yield "scale", (), {"out_range": "pc" if full else "tv"}
    yield from _tagged(target)


def _tagged(target: VideoParameters) -> Iterator[Filter]:
    """Every frame says the same of its colours: what an encoder writes into its parameter sets must not change."""
    yield "setsar", (_aspect(target),), {}
    yield (
        "setparams",
        (),
        {
            "range": target.color_range or _UNKNOWN_RANGE,
            "color_primaries": target.color_primaries or _UNKNOWN,
            "color_trc": target.color_transfer or _UNKNOWN,
            "colorspace": target.color_space or _UNKNOWN,
        },
    )


def _aspect(video: VideoParameters) -> str:
    """That of a pixel, as a number for expressions."""
    return "1" if video.aspect in ("1:1", "0:1") else video.aspect.replace(":", "/")


def _encoding(target: Target, *, steady: bool) -> dict[str, object]:
    """Without more words x264 would write the fine clock that its frames are counted on into the parameter sets."""
    if steady:
        timing = {"x264-params": f"fps={target.rate}:force-cfr=1"}
    else:
        written = f"h264_metadata=tick_rate={2 * target.rate}:fixed_frame_rate_flag=0"  # a tick is half a frame
        timing = {"x264-params": f"fps={target.rate}", "bsf:v": written}
    return {
        "format": "nut",
        "vcodec": "libx264",
        "preset": PRESET,
        "pix_fmt": "yuv420p",
        "video_bitrate": target.bitrate,
        "maxrate": target.bitrate * 3 // 2,
        "bufsize": target.bitrate * 2,
        "g": max(round(target.rate * 2), 1),
        "flags": "+global_header",
        "fps_mode": "passthrough",
        "flush_packets": 1,
        **timing,
    }
