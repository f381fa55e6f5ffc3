"""Pictures spread over a video, and the sprite of them."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from editing.errors import UnreadableMedia
from editing.media.stills import stills
from editing.timeline.clips import Mode
from tests.media.cutting import clip, plan_of, run
from tests.media.test_frames import number_in
from tests.samples import BASIC, Kind, number_of


def cut(kind: Kind, folder: Path, name: str = "out.mp4", length: float = 12) -> Path:
    run(plan_of(kind, Mode.ROUGH_FAST, clip(0, length)), folder / name)
    return folder / name


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.flv"])
def test_pictures_are_spread_over_the_video_and_know_their_time(name: str, tmp_path: Path) -> None:
    found = stills(cut(BASIC, tmp_path, name))

    assert found.at == tuple(range(0, 12_000_000, 1_000_000))
    assert [number_in(picture) for picture in found.pictures] == list(range(0, 300, 25))


def test_a_sprite_shows_the_same_pictures_small_in_rows_of_eight(tmp_path: Path) -> None:
    found = stills(cut(BASIC, tmp_path))

    width, height = found.tile
    with Image.open(BytesIO(found.sprite)) as image:
        assert (image.size, found.tile) == ((8 * width, 2 * height), (160, 90))
        sheet = np.asarray(image.convert("L"))
    tiles = [sheet[height * (n // 8) : height * (n // 8 + 1), width * (n % 8) : width * (n % 8 + 1)] for n in range(12)]
    assert [number_of(tile) for tile in tiles] == list(range(0, 300, 25))


def test_a_long_video_has_at_most_thirty_two(tmp_path: Path) -> None:
    long = Kind(seconds=40, rate="5", gop=5, width=160, height=90, audio=None)

    assert len(stills(cut(long, tmp_path, length=40)).pictures) == 32


def test_a_short_video_in_an_upright_shape_has_one(tmp_path: Path) -> None:
    upright = Kind(seconds=1, width=180, height=320, gop=50, audio=None)

    found = stills(cut(upright, tmp_path, length=1))
    assert (found.at, found.tile) == ((0,), (160, 284))


def test_what_has_no_picture_says_so(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")

    with pytest.raises(UnreadableMedia):
        stills(tmp_path / "text.mp4")
