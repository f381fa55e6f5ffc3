"""A file whose packets are all there at their times, but whose pictures are not the recording's, is found out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from editing.errors import VerificationFailed
from editing.media.likeness import compare
from editing.media.verify import verify
from editing.timeline.clips import HolePolicy, Mode, StreamName
from editing.timeline.coverage import Coverage
from editing.timeline.plan import CutPlan, make
from editing.timeline.target import Size
from tests.media.cutting import STREAM, clip, open_segment, plan_of, run
from tests.samples import BASIC, Kind, coverage_of, picture, segments_of

SILENT = Kind(audio=None)
OTHER = StreamName("example.com", "live", "two")


def look(plan: CutPlan, output: Path) -> int:
    return compare(plan, output, open_segment=open_segment, alive=lambda: None)


def drawn(path: Path, count: int, draw: Callable[[int], np.ndarray[Any, Any]]) -> Path:
    """A file of so many pictures at 25 a second."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "g": "25"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(draw(number), format="gray").reformat(format="yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


GREY = np.full((180, 320), 130, np.uint8)
WRONG: dict[str, Callable[[int], np.ndarray[Any, Any]]] = {
    "all grey": lambda number: GREY,
    "four grey ones at the beginning": lambda number: GREY if number < 4 else picture(number + 50, 320, 180),
    "grey after a joint": lambda number: GREY if 25 <= number < 29 else picture(number + 50, 320, 180),
    "another recording": lambda number: picture(number, 320, 180)[::-1],
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_pictures_at_the_right_times_are_found(name: str, tmp_path: Path) -> None:
    plan = plan_of(SILENT, Mode.ACCURATE, clip(2, 3), clip(3, 4))
    output = drawn(tmp_path / "out.mp4", 50, WRONG[name])

    assert verify(plan, output).frames == 50
    with pytest.raises(VerificationFailed, match="does not look like the recording's"):
        look(plan, output)


def test_right_pictures_are_right(tmp_path: Path) -> None:
    plan = plan_of(SILENT, Mode.ACCURATE, clip(2, 3), clip(3, 4))

    assert look(plan, drawn(tmp_path / "out.mp4", 50, lambda number: picture(number + 50, 320, 180))) == 2


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mkv", ".flv"])
def test_every_container_is_looked_at(suffix: str, tmp_path: Path) -> None:
    plan = plan_of(BASIC, Mode.ACCURATE, *(clip(at, at + 0.4) for at in (1.2, 7.44, 3, 9, 5)))

    assert run(plan, tmp_path / f"out{suffix}").verdict["pictures_compared"] == 3


@pytest.mark.parametrize("bitrate", [16_000, 60_000])
def test_a_low_bit_rate_is_no_wrong_picture(bitrate: int, tmp_path: Path) -> None:
    plan = make([clip(1, 3)], {STREAM: coverage_of(BASIC)}, Mode.ACCURATE, bitrate=bitrate)

    assert run(plan, tmp_path / "out.mp4").verdict["pictures_compared"] == 1


def test_bars_colours_and_black_are_no_wrong_pictures(tmp_path: Path) -> None:
    tall = Kind(
        width=160,
        height=240,
        options="-x264-params colorprim=smpte170m:transfer=smpte170m:colormatrix=smpte170m:range=pc:scenecut=0:sar=4/3",
    )
    segments = segments_of(BASIC)
    holed = Coverage([*segments[:1], *segments[2:]])
    plan = make(
        [clip(1, 5), clip(2, 3, stream=OTHER)],
        {STREAM: holed, OTHER: coverage_of(tall)},
        Mode.ACCURATE,
        size=Size(width=480, height=270),
        holes=HolePolicy.SLATE,
    )

    assert run(plan, tmp_path / "out.mp4").verdict["pictures_compared"] == 3
