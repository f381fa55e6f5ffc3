"""Recordings whose clock, or what they say of it, is odd: every frame keeps its own time, and looks as it did."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from editing.timeline.clips import HolePolicy, Mode
from editing.timeline.coverage import Coverage
from editing.timeline.plan import make
from tests.media.cutting import STREAM, clip, plan_of, run
from tests.samples import Kind, segments_of, watch

DECLARED = {
    "one frame per tick": Kind(options="-fps_mode passthrough -enc_time_base 1:90000"),
    "a clock finer than ticks": Kind(options="-fps_mode passthrough -enc_time_base 1:360000"),
    "milliseconds": Kind(options="-fps_mode passthrough -enc_time_base 1:1000"),
}
UNEVEN = {
    "frames left out": Kind(options="-vf select='not(eq(mod(n\\,7)\\,3))' -fps_mode passthrough"),
    "uneven steps": Kind(
        options="-vf settb=1/360000,setpts='N*14400+mod(N\\,3)*2000' -fps_mode passthrough -enc_time_base 1:360000"
    ),
}


def declared_rate(path: Path) -> Fraction | None:
    """What the parameter sets of the pictures say."""
    with av.open(str(path)) as container:
        context: Any = av.CodecContext.create("h264", "r")
        context.extradata = container.streams.video[0].codec_context.extradata
        for packet in container.demux(video=0):
            if context.decode(packet):
                break
        rate: Fraction | None = context.framerate
        return rate


@pytest.mark.parametrize("mode", [Mode.ACCURATE, Mode.ROUGH])
@pytest.mark.parametrize("name", [*DECLARED, *UNEVEN])
def test_frames_keep_their_times_and_their_looks(name: str, mode: Mode, tmp_path: Path) -> None:
    kind = {**DECLARED, **UNEVEN}[name]
    copied = plan_of(kind, Mode.ROUGH_FAST, clip(0, 2), clip(6, 7))
    run(copied, tmp_path / "copy.mp4")
    plan = plan_of(kind, mode, clip(0, 2), clip(6, 7)) if mode is Mode.ROUGH else plan_of(kind, mode, clip(1, 3))

    run(plan, tmp_path / "out.mp4")

    seen = watch(tmp_path / "out.mp4")
    assert len(seen.numbers) == plan.frames
    assert seen.psnr > 30
    if mode is Mode.ROUGH:
        whole = watch(tmp_path / "copy.mp4")
        assert (seen.numbers, seen.times) == (whole.numbers, whole.times)


@pytest.mark.parametrize("mode", [Mode.ACCURATE, Mode.ACCURATE_FAST])
@pytest.mark.parametrize("rate", ["25", "30000/1001"])
def test_the_true_rate_is_written(rate: str, mode: Mode, tmp_path: Path) -> None:
    kind = Kind(rate=rate, options="-fps_mode passthrough -enc_time_base 1:90000")

    run(plan_of(kind, mode, clip(1.2, 1.8), clip(6.2, 6.7)), tmp_path / "out.mp4")

    assert declared_rate(tmp_path / "out.mp4") == Fraction(rate)


def test_an_uneven_recording_has_the_rate_of_most_of_it(tmp_path: Path) -> None:
    run(plan_of(UNEVEN["frames left out"], Mode.ACCURATE, clip(0, 12)), tmp_path / "out.mp4")

    rate = declared_rate(tmp_path / "out.mp4")
    assert rate
    assert 20 < rate < 25


def test_black_that_fills_a_hole_has_the_rate_of_the_pictures_around_it(tmp_path: Path) -> None:
    segments = segments_of(DECLARED["one frame per tick"])
    coverage = Coverage([*segments[:2], *segments[3:]])
    plan = make([clip(3, 7)], {STREAM: coverage}, Mode.ACCURATE, holes=HolePolicy.SLATE)

    report = run(plan, tmp_path / "out.mp4")

    assert report.verdict["frames"] == 100
