"""Stills look like what a player shows: their colours, their moment, their shape, the right way up."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from editing.media import ffmpeg
from editing.media.frames import first_picture
from editing.media.jpeg import Picture, as_shown, jpeg

RED = (200, 60, 40)
X264 = "-c:v libx264 -preset ultrafast"
X265 = "-c:v libx265 -preset ultrafast -x265-params log-level=none"
BT709 = "-colorspace bt709 -color_primaries bt709 -color_trc bt709"


def drawn(folder: Path, source: str, options: str, *, name: str = "drawn.mp4", after: str = "") -> Path:
    """A short video of one of ffmpeg's sources; with `after` it is copied once more with these options in front."""
    path = folder / name
    ffmpeg.run(["-f", "lavfi", "-i", f"{source}:r=25:d=0.2", *options.split(), str(path)])
    if after:
        path = path.rename(folder / f"once-{name}")
        ffmpeg.run([*after.split(), "-i", str(path), "-c", "copy", str(folder / name)])
    return folder / name


def pixels(jpeg: bytes) -> np.ndarray:
    with Image.open(BytesIO(jpeg)) as image:
        assert (image.format, image.getexif()) == ("JPEG", {})
        return np.asarray(image.convert("RGB"))


def red(size: str = "640x360") -> str:
    return f"color=0x{bytes(RED).hex()}:s={size}"


def wide(transfer: str, tags: str) -> str:
    """Options that write the picture in BT.2020, ten bits deep, its white at 203 cd/m²."""
    linear = "format=gbrp10,zscale=tin=iec61966-2-1:pin=bt709:min=gbr:rin=full:npl=203"
    return f"-vf {linear}:t={transfer}:p=bt2020:m=bt2020nc:r=limited,format=yuv420p10 {X265}:{tags}"


@pytest.mark.parametrize(
    ("size", "options"),
    [
        ("640x360", f"-vf scale=out_color_matrix=bt709,format=yuv420p {X264} {BT709}"),
        ("640x360", f"-vf scale=out_color_matrix=bt601,format=yuv420p {X264} -colorspace smpte170m"),
        ("640x360", f"-vf scale=out_color_matrix=bt709:out_range=pc,format=yuv420p {X264} {BT709} -color_range pc"),
        ("640x360", f"-vf scale=out_color_matrix=bt709,format=yuv420p10 {X265}:colormatrix=bt709"),
        ("640x360", f"-vf scale=out_color_matrix=bt601,format=yuv420p {X264}"),
        ("1280x720", f"-vf scale=out_color_matrix=bt709,format=yuv420p {X264}"),
    ],
    ids=["BT.709", "BT.601", "full range", "ten bits", "small and unsaid", "large and unsaid"],
)
def test_colours_are_those_of_the_video(size: str, options: str, tmp_path: Path) -> None:
    picture = pixels(first_picture(drawn(tmp_path, red(size), options)))

    assert np.abs(picture.astype(int) - RED).max() <= 4


@pytest.mark.parametrize(
    ("options", "tolerance"),
    [
        (wide("smpte2084", "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"), 5),
        (wide("arib-std-b67", "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"), 30),
    ],
    ids=["PQ", "HLG"],
)
def test_high_dynamic_range_does_not_come_out_gray(options: str, tolerance: int, tmp_path: Path) -> None:
    """HLG leaves it to the screen how bright it is, and so to who converts it."""
    picture = pixels(first_picture(drawn(tmp_path, red("160x90"), options)))

    assert np.abs(picture.astype(int) - RED).max() <= tolerance


@pytest.mark.parametrize(
    ("after", "turned"),
    [
        ("-display_rotation 90", lambda picture: np.rot90(picture, 1)),
        ("-display_rotation 180", lambda picture: np.rot90(picture, 2)),
        ("-display_rotation 270", lambda picture: np.rot90(picture, 3)),
        ("-display_rotation 0 -display_hflip", lambda picture: picture[:, ::-1]),
        ("-display_rotation 0 -display_vflip", lambda picture: picture[::-1]),
    ],
    ids=["90°", "180°", "270°", "mirrored", "upside down"],
)
def test_a_turned_picture_is_shown_upright(after: str, turned: object, tmp_path: Path) -> None:
    options = f"-pix_fmt yuv420p {X264}"
    lying = pixels(first_picture(drawn(tmp_path, "testsrc=s=320x180", options, name="lying.mp4")))
    upright = pixels(first_picture(drawn(tmp_path, "testsrc=s=320x180", options, after=after)))

    assert callable(turned)
    expected = turned(lying)
    assert upright.shape == expected.shape
    assert np.abs(upright.astype(int) - expected.astype(int)).mean() < 2


def test_what_is_shown_once_is_shown_the_same_again(tmp_path: Path) -> None:
    video = drawn(tmp_path, "testsrc=s=320x180", f"-pix_fmt yuv420p {X264}", after="-display_rotation 90")
    with av.open(str(video)) as container:
        once = as_shown(Picture(next(container.decode(video=0)), Fraction(1)))

    assert jpeg(once) == jpeg(as_shown(once)) == first_picture(video)


def test_what_is_turned_keeps_to_the_width_that_it_then_has(tmp_path: Path) -> None:
    video = drawn(tmp_path, "testsrc=s=640x360", f"-pix_fmt yuv420p {X264}", after="-display_rotation 90")

    assert pixels(first_picture(video, width=180)).shape == (320, 180, 3)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.flv"])
def test_pixels_become_square(name: str, tmp_path: Path) -> None:
    video = drawn(tmp_path, "testsrc=s=720x576", f"-vf setsar=64/45 -pix_fmt yuv420p {X264}", name=name)

    assert pixels(first_picture(video, width=2000)).shape == (576, 1024, 3)


@pytest.mark.parametrize(("first", "order"), [("top", "tff"), ("bottom", "bff")])
def test_two_moments_are_not_combed_into_one_still(first: str, order: str, tmp_path: Path) -> None:
    """A bar moves 16 pixels from field to field; the still has it where the first field has it, in every line."""
    bar = "geq=lum='if(between(X-16*N\\,40\\,140)\\,220\\,40)':cb=128:cr=128"
    options = f"-vf {bar},tinterlace=interleave_{first},fieldorder={order} -flags +ildct+ilme -pix_fmt yuv420p"
    video = drawn(tmp_path, "color=black:s=320x180", f"{options} -c:v libx264")
    with av.open(str(video)) as container:
        assert next(container.decode(video=0)).interlaced_frame

    lines = pixels(first_picture(video))[10:-10, :, 0]
    assert (lines[:, 48].min() > 160, lines[:, 148].max() < 90) == (True, True)


def test_a_picture_without_video_colours_is_kept_as_it_is(tmp_path: Path) -> None:
    video = drawn(tmp_path, red("160x90"), "-frames:v 1", name="still.png")

    assert np.abs(pixels(first_picture(video)).astype(int) - RED).max() <= 4
