"""Where the clips of a timeline lie once everything that was left out is worked out, and how long it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from editing.errors import InvalidInput
from editing.timeline.document import FIELD, Document, Track, micros, speed, transition

LengthOf = Callable[[Mapping[str, Any], str], int]
"""How long the file of a clip is (µs); it is given the clip and its path, and may refuse with InvalidInput."""


@dataclass(frozen=True)
class Placed:
    """A clip with its range of its source and its range of the timeline, in µs."""

    raw: Mapping[str, Any]
    path: str
    source_in: int
    source_out: int
    start: int
    end: int


@dataclass(frozen=True)
class Layout:
    """The tracks with their clips, in the document's order; `duration` is that of the output."""

    tracks: tuple[tuple[Track, tuple[Placed, ...]], ...]
    duration: int


def lay_out(document: Document, length_of: LengthOf) -> Layout:
    """Clips of a track follow each other where nothing else is said. The main track decides how long the output is;
    others are cut there, or change their speed if they say so. Raises InvalidInput, and what `length_of` raises."""
    timed = [(track, _placed(track, length_of)) for track in document.tracks if not track.overlay]
    named = {clip.raw["ClipId"]: clip for _, clips in timed for clip in clips if clip.raw.get("ClipId")}
    timed = [(track, [_aligned(clip, named) for clip in clips]) for track, clips in timed]
    duration = _duration(document, timed)
    fitted = {track.path: _fitted(track, clips, duration) for track, clips in timed}
    overlays = {
        track.path: [_over(track, number, named, duration) for number in range(len(track.clips))]
        for track in document.tracks
        if track.overlay
    }
    every = fitted | {path: _cut(clips, duration) for path, clips in overlays.items()}
    return Layout(tuple((track, tuple(every[track.path])) for track in document.tracks), duration)


def _placed(track: Track, length_of: LengthOf) -> list[Placed]:
    clips: list[Placed] = []
    cursor = 0
    for number, raw in enumerate(track.clips):
        clip = _place(raw, track.path_of(number), cursor, length_of)
        clips.append(clip)
        if not raw.get("ReferenceClipId"):
            cursor = max(clip.end - transition(raw, clip.path), clip.start)
    return clips


def _place(raw: Mapping[str, Any], path: str, cursor: int, length_of: LengthOf) -> Placed:
    start = micros(raw["TimelineIn"], path) if "TimelineIn" in raw else cursor
    source_in, rate = micros(raw.get("In", 0), path), speed(raw, path)
    said_end = micros(raw["TimelineOut"], path) if "TimelineOut" in raw else None
    if said_end is not None and said_end <= start:
        raise InvalidInput(
            f"{path}.TimelineOut must be greater than TimelineIn, which is {start / 1e6:g}.", field=FIELD
        )
    if "Out" in raw:
        source_out = micros(raw["Out"], path)
    elif said_end is not None:
        source_out = source_in + round((said_end - start) * rate)
    elif raw.get("Type") == "GlobalImage":
        source_out = source_in
    else:
        source_out = _source_out(raw, path, source_in, length_of)
    end = said_end if said_end is not None else start + round((source_out - source_in) / rate)
    return Placed(raw, path, source_in, source_out, start, end)


def _source_out(raw: Mapping[str, Any], path: str, source_in: int, length_of: LengthOf) -> int:
    if "Duration" in raw:
        return source_in + micros(raw["Duration"], path)
    length = length_of(raw, path)
    if "MaxOut" in raw:
        length = min(length, micros(raw["MaxOut"], path))
    return max(length, source_in)


def _aligned(clip: Placed, named: Mapping[str, Placed]) -> Placed:
    """A clip that refers to another lies where that one does; positions that are written out count more."""
    name = clip.raw.get("ReferenceClipId")
    if not name:
        return clip
    if name not in named:
        raise InvalidInput(f"{clip.path}.ReferenceClipId: no clip has the ClipId {name}.", field=FIELD)
    start = clip.start if "TimelineIn" in clip.raw else named[name].start
    end = clip.end if "TimelineOut" in clip.raw else named[name].end
    return replace(clip, start=start, end=max(start, end))


def _over(track: Track, number: int, named: Mapping[str, Placed], duration: int) -> Placed:
    raw, path = track.clips[number], track.path_of(number)
    start = micros(raw.get("TimelineIn", 0), path)
    said = start + micros(raw["Duration"], path) if "Duration" in raw else duration
    end = micros(raw["TimelineOut"], path) if "TimelineOut" in raw else said
    return _aligned(Placed(raw, path, 0, max(end - start, 0), start, max(start, end)), named)


def _duration(document: Document, timed: list[tuple[Track, list[Placed]]]) -> int:
    deciding = [clips for track, clips in timed if track.main] or [clips for _, clips in timed]
    longest = max((clip.end for clips in deciding for clip in clips), default=0)
    most = document.raw.get("MaxDuration")
    return min(longest, micros(most, "MaxDuration")) if most else longest


def _fitted(track: Track, clips: list[Placed], duration: int) -> list[Placed]:
    end = max((clip.end for clip in clips), default=0)
    mode = "TrackShortenMode" if end > duration else "TrackExpandMode"
    if 0 < end != duration and not track.main and track.raw.get(mode) == "AutoSpeed":
        factor = Fraction(duration, end)
        return [replace(clip, start=round(clip.start * factor), end=round(clip.end * factor)) for clip in clips]
    return _cut([_global(clip, duration) for clip in clips], duration)


def _global(clip: Placed, duration: int) -> Placed:
    return replace(clip, start=0, end=duration) if clip.raw.get("Type") == "GlobalImage" else clip


def _cut(clips: list[Placed], duration: int) -> list[Placed]:
    """Nothing lies past the end."""
    return [_shortened(clip, duration) for clip in clips if clip.start < duration]


def _shortened(clip: Placed, duration: int) -> Placed:
    if clip.end <= duration:
        return clip
    kept = Fraction(duration - clip.start, clip.end - clip.start)
    out = clip.source_in + round((clip.source_out - clip.source_in) * kept)
    return replace(clip, source_out=out, end=duration)
