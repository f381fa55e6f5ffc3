from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client

from editing import storage
from editing.errors import InvalidInput, NotFound
from editing.media.playlist import MediaPlaylist, parse
from editing.models import AnchorRow, GapRow, Recording, SegmentRow, Stream
from editing.services import links, recordings
from editing.timeline.clips import StreamName
from editing.timeline.coverage import ClockStep, Gap
from editing.timeline.instant import SECOND, Range
from editing.worker import recording_assets
from editing.worker.coverage import coverage_of
from tests.conftest import imported, signed_in
from tests.media.test_frames import number_in
from tests.samples import START, Kind

pytestmark = pytest.mark.django_db


def seconds(start: float, end: float) -> Range:
    return Range(START + round(start * SECOND), START + round(end * SECOND))


def test_coverage_says_what_is_there_and_what_is_missing(recording: Recording) -> None:
    SegmentRow.objects.filter(sequence=3).delete()
    recording.gaps.create(start=START + 6 * SECOND, end=START + 8 * SECOND, reason="truncated")

    found = recordings.coverage(recording)

    assert found.covered() == (seconds(0, 6), seconds(8, 12))
    assert found.gaps() == (Gap(seconds(6, 8), "truncated"),)


def test_coverage_of_a_range_begins_with_the_segment_that_holds_its_start(recording: Recording) -> None:
    found = recordings.coverage(recording, seconds(5, 7))

    assert [segment.sequence for segment in found.segments] == [2, 3]


def test_coverage_loads_no_index_of_frames(recording: Recording, django_assert_num_queries) -> None:
    with django_assert_num_queries(5):
        found = recordings.coverage(recording)

    assert {segment.packed for segment in found.segments} == {b""}


def test_a_playlist_plays_what_is_recorded(recording: Recording) -> None:
    text = recordings.playlist(recording, uri=lambda segment: f"{segment.sequence}.ts")

    read = parse(text, "")
    assert isinstance(read, MediaPlaylist)
    assert (read.ended, [entry.date for entry in read.entries]) == (True, [START + 2 * at * SECOND for at in range(6)])
    assert [entry.duration for entry in read.entries] == [2 * SECOND] * 6


def test_a_playlist_of_more_than_25_hours_wants_a_range(recording: Recording) -> None:
    assert recording.end is not None
    recording.end += 25 * 3600 * SECOND

    with pytest.raises(InvalidInput, match="25 hours"):
        recordings.playlist(recording, uri=str)
    with pytest.raises(NotFound):
        recordings.playlist(recording, uri=str, within=seconds(3600, 3700))


@pytest.mark.parametrize("hours", [24, 30])
def test_the_address_of_a_recording_as_an_asset_plays_however_long_it_is(
    recording: Recording, opal: User, client: Client, hours: int
) -> None:
    assert recording.start is not None
    assert recording.end is not None
    recording.playlist = "main.m3u8"
    recording.start = recording.end - hours * 3600 * SECOND
    recording.save()
    asset = recording_assets.asset_of(recording, owner_id=opal.pk)
    assert asset is not None

    answer = client.get(links.asset_url(asset))

    assert (answer.status_code, answer.content.count(b"#EXTINF")) == (200, 6)


def test_a_deleted_recording_leaves_nothing_behind(recording: Recording) -> None:
    keys = [*recording.segments.values_list("key", flat=True), recording.poster]
    bucket = recording.bucket

    recordings.delete(recording)

    assert [storage.exists(bucket, key) for key in keys] == [False] * 7
    left = [model.objects.count() for model in (Recording, SegmentRow, AnchorRow, GapRow)]
    assert (left, Stream.objects.count()) == ([0, 0, 0, 0], 1)


def test_files_that_cannot_be_removed_are_counted_and_the_rest_goes(recording: Recording, opal: User) -> None:
    bucket, keys = recording.bucket, list(recording.segments.values_list("key", flat=True))
    stuck = storage.local_path(bucket, keys[0])
    assert stuck is not None
    stuck.unlink()
    (stuck / "in the way").mkdir(parents=True)

    answer = signed_in(opal).post(f"/recordings/{recording.pk}/delete/", follow=True)

    assert f"The recording is gone, but 1 of its files stay in bucket {bucket}" in answer.content.decode()
    assert [storage.exists(bucket, key) for key in keys] == [True, *[False] * 5]
    assert Recording.objects.count() == 0


@pytest.mark.parametrize(
    ("ranges", "sequences"),
    [
        ([(5, 7)], [1, 2, 3, 4]),  # the one before, in which a decoder can begin, and the one after
        ([(0, 1)], [0, 1]),
        ([(4, 6)], [1, 2, 3]),  # half-open: the segment that begins at the end is only the one after
        ([(1, 1.5), (9, 10)], [0, 1, 3, 4, 5]),
        ([(9, 10), (1, 9.5)], [0, 1, 2, 3, 4, 5]),
        ([(11, 99)], [4, 5]),
        ([(20, 30)], [4, 5]),
        ([(-9, -5)], [0]),
    ],
)
def test_coverage_of_ranges_is_them_and_what_a_decoder_needs(
    recording: Recording, ranges: list[tuple[float, float]], sequences: list[int]
) -> None:
    found = coverage_of(recording.stream, [seconds(*each) for each in ranges])

    assert {segment.sequence for segment in found.segments} >= set(sequences)
    assert all(segment.packed for segment in found.segments)


def test_coverage_of_reaches_back_to_where_a_decoder_can_begin(db: None) -> None:
    once = imported(Kind(seconds=12, gop=400, segment=1, options="-hls_flags split_by_time"))

    found = coverage_of(once.stream, [seconds(10.5, 11)])

    assert [segment.sequence for segment in found.segments] == list(range(once.segment_count))


def test_coverage_of_knows_only_its_own_stream(recording: Recording) -> None:
    other = imported(stream=StreamName("example.com", "live", "other"))

    found = coverage_of(other.stream, [seconds(0, 12)])

    assert {segment.recording for segment in found.segments} == {other.pk}


def test_coverage_of_takes_the_same_few_queries_for_any_range(recording: Recording, django_assert_num_queries) -> None:
    with django_assert_num_queries(12):
        coverage_of(recording.stream, [seconds(9, 10)])


@pytest.mark.parametrize("number", [0, 62, 99, 100, 299])
def test_any_picture_of_a_recording_can_be_looked_at(recording: Recording, number: int) -> None:
    at = START + number * SECOND // 25

    assert number_in(recordings.picture(recording, at + 39_999, width=160)) == number


def test_a_picture_of_a_group_that_began_in_another_segment_is_right(db: None) -> None:
    recording = imported(Kind(gop=75, options="-hls_flags split_by_time"))

    assert [number_in(recordings.picture(recording, START + n * SECOND // 25, width=160)) for n in (51, 140, 290)] == [
        51,
        140,
        290,
    ]


def test_there_is_no_picture_in_a_hole(recording: Recording) -> None:
    recording.segments.filter(sequence=2).delete()

    for at in (START - 1, START + 5 * SECOND, START + 12 * SECOND):
        with pytest.raises(NotFound):
            recordings.picture(recording, at, width=160)


def test_an_outline_is_the_coverage_in_fewer_words(recording: Recording) -> None:
    recording.segments.filter(sequence=3).delete()

    outline, whole = recordings.outline(recording), recordings.coverage(recording)

    assert len(outline.coverage.segments) == 2
    assert outline.coverage.covered() == whole.covered()
    assert outline.coverage.gaps() == whole.gaps()
    assert outline.starts == [segment.start for segment in whole.segments]


@pytest.mark.parametrize("clock", [-1_000_000, 7_000_000])
def test_an_outline_tells_of_a_clock_that_was_set(recording: Recording, clock: int) -> None:
    first = recording.anchors.get()
    later = recording.anchors.create(epoch=first.epoch, utc=first.utc + clock, pts=first.pts, reason="drift")
    moved = recording.segments.filter(sequence__gte=3)
    moved.update(anchor=later, start=F("start") + clock, end=F("end") + clock)
    recording.refresh_from_db()

    outline, whole = recordings.outline(recording).coverage, recordings.coverage(recording)

    assert outline.clock_steps() == whole.clock_steps() == (ClockStep(START + 6_000_000, START + 6_000_000 + clock),)
    assert (outline.shown(), outline.gaps()) == (whole.shown(), whole.gaps())
