"""Single pictures: the right one, as JPEG."""

from fractions import Fraction
from io import BytesIO
from math import ceil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from editing.errors import UnreadableMedia
from editing.media import ffmpeg
from editing.media.clearest import clearest
from editing.media.frames import covers, first_picture, jpeg_at, picture_at
from editing.timeline.clips import Mode
from tests.media.cutting import clip, open_segment, plan_of, run
from tests.samples import BASIC, WRAPPING, Kind, number_of, playlist, segments_of

HEVC = Kind(codec="libx265", options="-x265-params log-level=none:open-gop=0:keyint=25")


def number_in(jpeg: bytes) -> int:
    with Image.open(BytesIO(jpeg)) as image:
        assert image.format == "JPEG"
        return number_of(np.asarray(image.convert("L")))


@pytest.mark.parametrize("kind", [BASIC, WRAPPING, HEVC], ids=["basic", "wraps", "HEVC"])
@pytest.mark.parametrize("number", [50, 51, 99, 120, 149])
def test_any_frame_of_a_recording_can_be_had(kind: Kind, number: int) -> None:
    segments = segments_of(kind)
    pts = segments[0].first_pts + 3600 * number

    assert number_in(jpeg_at(segments[1:4], pts, open_segment=open_segment)) == number
    assert number_in(jpeg_at(segments[1:4], pts + 3599, open_segment=open_segment)) == number


def test_after_the_last_frame_comes_the_last_frame() -> None:
    segments = segments_of(BASIC)

    assert number_in(jpeg_at(segments[:1], segments[3].first_pts, open_segment=open_segment)) == 49


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(("at", "number"), [(7.1, 177), (7.12, 178), (7.16, 179), (8.2, 204), (6.6, 165)])
def test_the_cover_is_the_frame_that_was_named(mode: Mode, at: float, number: int, tmp_path: Path) -> None:
    """A cover lies on or before its time; at the clip's end it is the last frame."""
    plan = plan_of(BASIC, mode, clip(2, 4), clip(6.6, 8.2, cover=at))
    run(plan, tmp_path / "out.mp4")

    assert [number_in(each) for each in covers(plan, tmp_path / "out.mp4")] == [number, number]


@pytest.mark.parametrize("extension", ["mkv", "flv", "ts", "mov"])
@pytest.mark.parametrize("rate", ["30", "30000/1001"])
def test_the_cover_is_right_where_a_container_counts_in_milliseconds(rate: str, extension: str, tmp_path: Path) -> None:
    """And where it has no index, or does not begin at zero."""
    kind, output = Kind(rate=rate, gop=30, width=160, height=90), tmp_path / f"out.{extension}"
    first, last = ceil(Fraction("6.55") * Fraction(rate)), ceil(Fraction("8.2") * Fraction(rate)) - 1
    run(plan_of(kind, Mode.ACCURATE_FAST, clip(2, 3), clip(6.55, 8.2)), output)

    for number in (first, first + 1, first + 2, first + 10, last):
        at = float((number + Fraction("0.9")) / Fraction(rate)) if number < last else 8.2
        plan = plan_of(kind, Mode.ACCURATE_FAST, clip(2, 3), clip(6.55, 8.2, cover=at))
        assert number_in(covers(plan, output)[1]) == number


@pytest.mark.parametrize("number", [50, 62, 75, 90, 99])
def test_in_a_container_without_an_index_the_frame_is_found_too(number: int) -> None:
    path = playlist(BASIC).parent / "001.ts"

    assert number_in(picture_at(path, (number - 50) * 3600)) == number
    with path.open("rb") as file:
        assert number_in(picture_at(file, (number - 50) * 3600 + 3599)) == number


def test_without_a_cover_time_the_first_frame_is_taken(tmp_path: Path) -> None:
    plan = plan_of(BASIC, Mode.ACCURATE, clip(3, 4))
    run(plan, tmp_path / "out.mp4")

    assert number_in(covers(plan, tmp_path / "out.mp4")[0]) == 75
    assert number_in(first_picture(tmp_path / "out.mp4")) == 75
    assert number_in(picture_at(tmp_path / "out.mp4", 10 * 90_000)) == 99


def test_a_width_is_not_exceeded_and_the_aspect_kept() -> None:
    segments = segments_of(BASIC)

    with Image.open(BytesIO(jpeg_at(segments[:1], 0, open_segment=open_segment, width=160))) as image:
        assert image.size == (160, 90)
    with Image.open(BytesIO(jpeg_at(segments[:1], 0, open_segment=open_segment, width=None))) as image:
        assert image.size == (320, 180)


def test_what_has_no_picture_says_so(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")

    with pytest.raises(UnreadableMedia):
        picture_at(tmp_path / "text.mp4", 0)


def drawn(
    folder: Path, parts: list[str], encoder: str = "-c:v libx264 -pix_fmt yuv420p -g 25", size: str = "320:180"
) -> Path:
    """A video of stretches of one second each, as ffmpeg's sources and filters make them."""
    inputs = [word for source in parts for word in ("-f", "lavfi", "-i", f"{source},scale={size},fps=25")]
    joined = "".join(f"[{at}:v]" for at in range(len(parts))) + f"concat=n={len(parts)}"
    output = folder / "drawn.mp4"
    ffmpeg.run([*inputs, "-filter_complex", joined, *encoder.split(), str(output)])
    return output


BLACK, SHARP = "color=black:s=320x180:d=1", "testsrc2=s=320x180:d=1"
BLURRED = f"{SHARP},gblur=sigma=20"
TEN_BITS = "-c:v libx265 -preset ultrafast -pix_fmt yuv420p10 -x265-params log-level=none:keyint=25"
FADING = f"{SHARP},fade=in:d=1"
BUSY = "nullsrc=s=320x180:d=1,geq='255*random(1)':128:128"


@pytest.mark.parametrize(
    ("parts", "second"),
    [
        ([BLACK, SHARP], 1),
        ([BLACK, BLURRED, SHARP], 2),
        ([SHARP, BLACK], 0),
        ([BLURRED, BLACK], 0),
        ([BLACK, BLACK], 0),
        ([SHARP, BUSY], 0),
        ([*[BLACK] * 35, *[SHARP] * 5], 35),
    ],
    ids=["black", "black and blurred", "sharp", "nothing better", "nothing at all", "busier later", "long black"],
)
def test_nobody_sees_a_black_or_blurred_cover(parts: list[str], second: int, tmp_path: Path) -> None:
    assert int(float(clearest(drawn(tmp_path, parts)).frame.time)) == second


@pytest.mark.parametrize(
    "encoder",
    [
        TEN_BITS,
        f"{TEN_BITS}:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
        "-c:v libx264 -pix_fmt yuvj420p -g 25",
    ],
    ids=["ten bits", "HDR", "full range"],
)
def test_black_is_black_in_every_format_and_shape(encoder: str, tmp_path: Path) -> None:
    """Here in an upright one."""
    upright = [f"{source},transpose" for source in (BLACK, BLURRED, SHARP)]

    assert int(float(clearest(drawn(tmp_path, upright, encoder, "180:320")).frame.time)) == 2


@pytest.mark.parametrize("parts", [[FADING], [FADING, SHARP], [BLACK, FADING]], ids=["alone", "first", "later"])
def test_a_picture_that_fades_in_has_most_of_its_light(parts: list[str], tmp_path: Path) -> None:
    """Between keyframes, too: nothing here is a second long."""
    assert clearest(drawn(tmp_path, parts)).frame.to_ndarray(format="gray").mean() > 80


def test_a_cover_is_as_large_as_it_is_shown_and_a_poster_smaller(tmp_path: Path) -> None:
    kind = Kind(width=720, height=576, options="-vf setsar=64/45")
    plan = plan_of(kind, Mode.ROUGH_FAST, clip(2, 3))
    run(plan, tmp_path / "out.mp4")

    sizes = []
    for picture in covers(plan, tmp_path / "out.mp4"):
        with Image.open(BytesIO(picture)) as image:
            sizes.append(image.size)
    assert sizes == [(1024, 576), (640, 360)]
