"""Timelines of editing projects: what is refused, how long they are, and how web editors want them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from editing.errors import InvalidInput
from editing.timeline import document
from editing.timeline.frontend import converted
from editing.timeline.instant import SECOND
from editing.timeline.layout import Layout, lay_out

LENGTHS = {"a": 10 * SECOND, "b": 20 * SECOND, "oss://media/c.mp4": 4 * SECOND}


def length_of(clip: Mapping[str, Any], path: str) -> int:
    return LENGTHS[clip.get("MediaId") or clip["MediaURL"]]


def laid(raw: dict[str, Any]) -> Layout:
    return lay_out(document.read(json.dumps(raw)), length_of)


def video(*clips: dict[str, Any], **track: Any) -> dict[str, Any]:
    return {"VideoTracks": [{**track, "VideoTrackClips": list(clips)}]}


def places(layout: Layout, track: int = 0) -> list[tuple[float, float]]:
    return [(clip.start / SECOND, clip.end / SECOND) for clip in layout.tracks[track][1]]


@pytest.mark.parametrize("text", ["", "{}"])
def test_an_empty_timeline_is_one_of_no_length(text: str) -> None:
    assert lay_out(document.read(text), length_of) == Layout((), 0)


def test_clips_follow_each_other_and_take_their_files_length() -> None:
    layout = laid(video({"MediaId": "a", "In": 4}, {"MediaId": "b", "Speed": 2}, {"MediaId": "b", "MaxOut": 1.5}))

    assert places(layout) == [(0, 6), (6, 16), (16, 17.5)]
    assert layout.duration == 17_500_000


def test_a_transition_makes_neighbours_overlap() -> None:
    fade = [{"Type": "Transition", "SubType": "fade", "Duration": 2}]

    assert places(laid(video({"MediaId": "a", "Effects": fade}, {"MediaId": "a"}))) == [(0, 10), (8, 18)]


def test_positions_that_are_written_out_count() -> None:
    layout = laid(video({"MediaId": "a", "TimelineIn": 3}, {"MediaId": "b", "TimelineIn": 30, "TimelineOut": 31}))

    assert places(layout) == [(3, 13), (30, 31)]
    assert layout.tracks[0][1][1].source_out == SECOND


def test_the_main_track_decides_the_length_and_others_are_cut() -> None:
    raw = video({"MediaId": "a"}, MainTrack=True) | {
        "AudioTracks": [{"AudioTrackClips": [{"MediaId": "b"}, {"MediaId": "b"}]}]
    }
    layout = laid(raw)

    assert (layout.duration, places(layout, 1)) == (10 * SECOND, [(0, 10)])
    assert layout.tracks[1][1][0].source_out == 10 * SECOND


def test_a_track_may_change_its_speed_instead() -> None:
    audio = {"TrackShortenMode": "AutoSpeed", "AudioTrackClips": [{"MediaId": "b"}]}
    layout = laid(video({"MediaId": "a"}, MainTrack=True) | {"AudioTracks": [audio]})

    assert places(layout, 1) == [(0, 10)]
    assert layout.tracks[1][1][0].source_out == 20 * SECOND


def test_a_clip_that_refers_to_another_lies_where_that_one_does() -> None:
    audio = [{"AudioTrackClips": [{"MediaId": "a", "ReferenceClipId": "x"}]}]
    raw = video({"MediaId": "a"}, {"MediaId": "b", "ClipId": "x"}) | {"AudioTracks": audio}

    assert places(laid(raw), 1) == [(10, 30)]


def test_the_longest_duration_is_a_cap() -> None:
    assert laid(video({"MediaId": "a"}) | {"MaxDuration": 2.5}).duration == 2_500_000


def test_web_editors_get_every_position_and_subtitles_as_video_tracks() -> None:
    fade = [{"Type": "Transition", "SubType": "fade"}]
    raw = video({"MediaURL": "oss://media/c.mp4", "Effects": fade}, {"MediaId": "a"}, Name="kept") | {
        "SubtitleTracks": [{"SubtitleTrackClips": [{"Type": "Text", "Content": "Hi", "TimelineIn": 1}]}],
        "FECanvas": {"Width": 320, "Height": 180},
    }
    before = json.dumps(raw)

    found = converted(raw, laid(raw), {"oss://media/c.mp4": ("m1", 4 * SECOND), "a": ("a", 10 * SECOND)})

    assert json.dumps(raw) == before
    assert found == {
        "FECanvas": {"Width": 320, "Height": 180},
        "VideoTracks": [
            {
                "Name": "kept",
                "Id": 1,
                "VideoTrackClips": [
                    {
                        "MediaId": "m1", "VirginDuration": 4.0, "Id": 2, "TrackId": 1,
                        "In": 0.0, "Out": 4.0, "TimelineIn": 0.0, "TimelineOut": 4.0,
                        "Effects": [
                            {"Type": "Transition", "SubType": "fade", "Id": 3, "TrackId": 1, "From": 2, "To": 4}
                        ],
                    },
                    {
                        "MediaId": "a", "VirginDuration": 10.0, "Id": 4, "TrackId": 1,
                        "In": 0.0, "Out": 10.0, "TimelineIn": 3.0, "TimelineOut": 13.0,
                    },
                ],
            },
            {
                "Type": "Subtitle",
                "Id": 5,
                "VideoTrackClips": [
                    {
                        "Type": "Text", "Content": "Hi", "Id": 6, "TrackId": 5,
                        "In": 0.0, "Out": 12.0, "TimelineIn": 1.0, "TimelineOut": 13.0,
                    },
                ],
            },
        ],
    }  # fmt: skip
    again = document.read(json.dumps(found))
    assert lay_out(again, lambda clip, path: 0).duration == 13 * SECOND


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("[]", "must be a JSON object"),
        ("{", "not JSON"),
        ('{"From": "\\ud800"}', "not JSON"),
        ('{"From": "' + "x" * (1 << 20) + '"}', "longer than"),
        ('{"VideoTracks": NaN}', "not JSON"),
        ('{"SubtitleTracks": []}', "VideoTracks and AudioTracks must not both be empty"),
        ('{"VideoTracks": {}}', "VideoTracks must be a JSON array of objects"),
        ('{"VideoTracks": [{"VideoTrackClips": [1]}]}', r"VideoTracks\[0\].VideoTrackClips must be"),
        (video({}), "must have either MediaId or MediaURL"),
        (video({"MediaId": "a", "MediaURL": "b"}), "must have either MediaId or MediaURL"),
        (video({"MediaId": "a"}, Type=[]), r"VideoTracks\[0\].Type must be text"),
        (video({"MediaId": 1}), "MediaId must be text"),
        (video({"MediaId": "a", "In": -1}), r"VideoTrackClips\[0\].In must be seconds"),
        (video({"MediaId": "a", "In": "1"}), "In must be seconds"),
        (video({"MediaId": "a", "In": 5, "Out": 5}), "Out must be greater than In"),
        (video({"MediaId": "a", "Speed": 0}), "Speed must be a number"),
        (video({"MediaId": "a", "TimelineOut": 0}), "TimelineOut must be greater"),
        (video({"MediaId": "a"}, {"MediaId": "a", "TimelineOut": 5}), "TimelineOut must be greater"),
        (video({"MediaId": "a", "Effects": [{}]}), "each needs a Type"),
        (video({"MediaId": "a", "ReferenceClipId": "x"}), "no clip has the ClipId x"),
        (video({"Type": "Text"}, Type="Subtitle"), "Content must be text"),
        (video({"MediaId": "a"}) | {"MaxDuration": "x"}, "MaxDuration must be seconds"),
    ],
)
def test_what_is_wrong_is_named(raw: str | dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as raised:
        lay_out(document.read(raw if isinstance(raw, str) else json.dumps(raw)), length_of)

    assert raised.value.field == "timeline"
