"""The Timeline of an editing project: a JSON document in the spelling of IMS, read and checked.

Both styles are read: the one that programs write, in which positions may be left out, and the one of web editors, in
which subtitles are video tracks of that type. What is not known here is kept and not looked at.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from editing.errors import InvalidInput
from editing.timeline.instant import SECOND

FIELD = "timeline"
LONGEST = 1 << 20
"""Bytes of a document."""
TRACKS = {
    "VideoTracks": "VideoTrackClips",
    "AudioTracks": "AudioTrackClips",
    "ImageTracks": "ImageTrackClips",
    "SubtitleTracks": "SubtitleTrackClips",
    "EffectTracks": "EffectTrackItems",
}
"""Each list of tracks with what its tracks call their clips."""
OVERLAYS = frozenset({"SubtitleTracks", "EffectTracks"})
_OVERLAY_TYPES = frozenset({"Subtitle", "Effect", "Effects"})
_TIMES = ("In", "Out", "MaxOut", "Duration", "TimelineIn", "TimelineOut")
_WITHOUT_FILE = frozenset({"AI_TTS", "AI_Avatar", "GlobalImage"})
_MOST_SECONDS = 10**7
_MOST_CLIPS = 2000


@dataclass(frozen=True)
class Track:
    """One track; `list_name` is the list it stands in, `path` names it in refusals."""

    list_name: str
    path: str
    raw: Mapping[str, Any]
    clips: tuple[Mapping[str, Any], ...]

    @property
    def overlay(self) -> bool:
        """Whether it is subtitles or effects, which lie over the others and have no length of their own."""
        return self.list_name in OVERLAYS or self.raw.get("Type") in _OVERLAY_TYPES

    @property
    def main(self) -> bool:
        return self.raw.get("MainTrack") is True

    def path_of(self, number: int) -> str:
        return f"{self.path}.{TRACKS[self.list_name]}[{number}]"


@dataclass(frozen=True)
class Document:
    """A timeline that has passed the checks; `raw` is what was written."""

    raw: Mapping[str, Any]
    tracks: tuple[Track, ...]

    @property
    def media(self) -> list[tuple[str, str]]:
        """(MediaId, MediaURL) of its clips, one of them empty, each once and in their order."""
        pairs = ((clip.get("MediaId", ""), clip.get("MediaURL", "")) for track in self.tracks for clip in track.clips)
        return [pair for pair in dict.fromkeys(pairs) if any(pair)]


def read(text: str) -> Document:
    """The document in a text; an empty text and {} are an empty one. Raises InvalidInput, naming the place."""
    try:
        size = len(text.encode())
        raw = json.loads(text or "{}", parse_constant=_refuse_constant)
        json.dumps(raw, ensure_ascii=False).encode()  # halves of surrogate pairs may hide behind a backslash
    except (ValueError, RecursionError):
        raise InvalidInput("The timeline is not JSON.", field=FIELD) from None
    if size > LONGEST:
        raise InvalidInput(f"The timeline is longer than {LONGEST} bytes.", field=FIELD)
    if not isinstance(raw, dict):
        raise InvalidInput("The timeline must be a JSON object.", field=FIELD)
    document = Document(raw, tuple(_tracks(raw)))
    _check(document)
    return document


def micros(value: object, path: str) -> int:
    """Seconds as µs. Raises InvalidInput unless it is a number of seconds from 0 on."""
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else -1
    if not math.isfinite(number) or not 0 <= number <= _MOST_SECONDS:
        raise InvalidInput(f"{path} must be seconds from 0 to {_MOST_SECONDS}.", field=FIELD)
    return round(Fraction(str(number)) * SECOND)


def speed(clip: Mapping[str, Any], path: str) -> Fraction:
    """Raises InvalidInput unless it is from 0.1 to 100."""
    value = clip.get("Speed", 1)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.1 <= value <= 100:
        raise InvalidInput(f"{path}.Speed must be a number from 0.1 to 100.", field=FIELD)
    return Fraction(str(value))


def transition(clip: Mapping[str, Any], path: str) -> int:
    """How long the clip and the next one overlap (µs)."""
    found = [effect for effect in clip.get("Effects") or () if effect.get("Type") == "Transition"]
    return micros(found[0].get("Duration", 1), f"{path}.Effects.Duration") if found else 0


def _tracks(raw: Mapping[str, Any]) -> Iterator[Track]:
    for list_name, clips_name in TRACKS.items():
        for number, track in enumerate(_objects(raw, list_name, "")):
            path = f"{list_name}[{number}]"
            if not isinstance(track.get("Type", ""), str):
                raise InvalidInput(f"{path}.Type must be text.", field=FIELD)
            yield Track(list_name, path, track, tuple(_objects(track, clips_name, f"{path}.")))


def _objects(owner: Mapping[str, Any], name: str, within: str) -> list[dict[str, Any]]:
    found = owner.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise InvalidInput(f"{within}{name} must be a JSON array of objects.", field=FIELD)
    return found


def _check(document: Document) -> None:
    if document.raw and not any(track.list_name in ("VideoTracks", "AudioTracks") for track in document.tracks):
        raise InvalidInput("VideoTracks and AudioTracks must not both be empty.", field=FIELD)
    if sum(len(track.clips) for track in document.tracks) > _MOST_CLIPS:
        raise InvalidInput(f"A timeline has at most {_MOST_CLIPS} clips.", field=FIELD)
    if "MaxDuration" in document.raw:
        micros(document.raw["MaxDuration"], "MaxDuration")
    for track in document.tracks:
        for number, clip in enumerate(track.clips):
            _check_clip(track, clip, track.path_of(number))


def _check_clip(track: Track, clip: Mapping[str, Any], path: str) -> None:
    times = {name: micros(clip[name], f"{path}.{name}") for name in _TIMES if name in clip}
    for begin, end in (("In", "Out"), ("TimelineIn", "TimelineOut")):
        if end in times and times[end] <= times.get(begin, 0):
            raise InvalidInput(f"{path}.{end} must be greater than {begin}.", field=FIELD)
    for effect in _objects(clip, "Effects", f"{path}."):
        if not isinstance(effect.get("Type"), str):
            raise InvalidInput(f"{path}.Effects: each needs a Type.", field=FIELD)
    speed(clip, path)
    transition(clip, path)
    for name in ("MediaId", "MediaURL", "Type", "ClipId", "ReferenceClipId"):
        if not isinstance(clip.get(name, ""), str):
            raise InvalidInput(f"{path}.{name} must be text.", field=FIELD)
    if track.overlay:
        _check_subtitle(track, clip, path)
        return
    has_file = clip.get("Type") not in _WITHOUT_FILE and track.list_name != "ImageTracks"
    if has_file and bool(clip.get("MediaId")) == bool(clip.get("MediaURL")):
        raise InvalidInput(f"{path} must have either MediaId or MediaURL.", field=FIELD)


def _check_subtitle(track: Track, clip: Mapping[str, Any], path: str) -> None:
    needed = {"Text": "Content", "Subtitle": "FileURL"}
    of_subtitles = track.list_name == "SubtitleTracks" or track.raw.get("Type") == "Subtitle"
    if of_subtitles and clip.get("Type") not in needed:
        raise InvalidInput(f"{path}.Type must be Text or Subtitle.", field=FIELD)
    name = needed.get(clip.get("Type", ""))
    if of_subtitles and name and not isinstance(clip.get(name), str):
        raise InvalidInput(f"{path}.{name} must be text.", field=FIELD)


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON.")
