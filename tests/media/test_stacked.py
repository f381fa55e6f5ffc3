"""Recorders sometimes give two pictures the same time. Each is shown all the same, for its part of that time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from editing.errors import UnreadableMedia
from editing.media import tables
from editing.media.index import index_segment
from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage
from editing.timeline.frames import pack
from tests.media.cutting import clip, plan_of, run
from tests.media.restamping import restamped
from tests.samples import Kind, segments_of, watch

PLAIN = Kind(bframes=0)


def twice(number: int, pts: int) -> int:
    """Picture 60 comes at the time of the one before."""
    return pts - 3600 if number == 60 else pts


def thrice(number: int, pts: int) -> int:
    """Pictures 101 and 102 come at the time of the one before them."""
    return pts - 3600 * (number - 100) if number in (101, 102) else pts


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    ("change", "spread"),
    [(twice, {59: [0, 3600], 61: [7200]}), (thrice, {100: [0, 3600, 7200], 103: [10800]})],
    ids=["two", "three"],
)
def test_pictures_at_one_instant_share_the_time_until_the_next(mode, change, spread, tmp_path: Path) -> None:
    coverage = restamped(PLAIN, tmp_path / "hls", change)

    run(plan_of(coverage, mode, clip(1, 7)), tmp_path / "out.mp4")

    seen = watch(tmp_path / "out.mp4")
    first = min(spread)
    at = dict(zip(seen.numbers, seen.times, strict=True))
    assert seen.numbers == list(range(seen.numbers[0], seen.numbers[0] + len(seen.numbers)))
    for number, offsets in spread.items():
        assert [at[number + each] - at[first] for each in range(len(offsets))] == offsets
    assert seen.psnr > 30
    video = next(track for track in tables.read(tmp_path / "out.mp4").tracks if track.kind == "video")
    assert all(later > earlier for earlier, later in zip(video.dts, video.dts[1:], strict=False))


@pytest.mark.parametrize("mode", [Mode.ACCURATE_FAST, Mode.ACCURATE])
def test_a_cut_between_the_two_takes_the_one_that_is_shown_in_time(mode: Mode, tmp_path: Path) -> None:
    coverage = restamped(PLAIN, tmp_path / "hls", lambda number, pts: pts - 3600 if number == 61 else pts)

    run(plan_of(coverage, mode, clip(2.42, 3)), tmp_path / "out.mp4")

    assert watch(tmp_path / "out.mp4").numbers == list(range(61, 75))


@pytest.mark.parametrize("mode", [Mode.ROUGH_FAST, Mode.ACCURATE])
def test_an_old_index_with_two_pictures_at_one_instant_is_refused_in_words(mode: Mode, tmp_path: Path) -> None:
    segment = segments_of(PLAIN)[1]
    video = segment.index.video
    assert video
    stacked = replace(video, pts=(*video.pts[:9], video.pts[8], *video.pts[10:]))
    coverage = Coverage([replace(segment, packed=pack(replace(segment.index, video=stacked)))])

    with pytest.raises(UnreadableMedia, match=r"Two pictures of .*001\.ts .* at the same instant"):
        run(plan_of(coverage, mode, clip(2, 4)), tmp_path / "out.mp4")

    assert list(tmp_path.iterdir()) == []


def test_a_segment_in_which_time_stands_still_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia, match=r"50 pictures are shown at the same instant"):
        restamped(PLAIN, tmp_path / "hls", lambda number, pts: 7200 if number < 50 else pts)


def test_the_last_pictures_of_a_segment_get_their_usual_time(tmp_path: Path) -> None:
    coverage = restamped(PLAIN, tmp_path / "hls", lambda number, pts: pts - 3600 if number == 49 else pts)

    first = index_segment(Path(coverage.segments[0].key).read_bytes())

    assert first.index.video
    assert [time - first.first_pts for time in first.index.video.pts[-3:]] == [47 * 3600, 48 * 3600, 49 * 3600]
