"""A timeline in the style of web editors: every position and number written out, subtitles as video tracks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count, pairwise
from typing import Any

from editing.timeline.document import TRACKS
from editing.timeline.instant import SECOND
from editing.timeline.layout import Layout, Placed

MediaOf = Mapping[str, tuple[str, int]]
"""Of each MediaId and MediaURL: the id of the asset, and its length in µs."""
_TURNED = {"SubtitleTracks": "Subtitle", "EffectTracks": "Effects"}


def converted(raw: Mapping[str, Any], layout: Layout, media: MediaOf) -> dict[str, Any]:
    """A new document; `raw` stays as it is."""
    ids = count(1)
    found: dict[str, Any] = {name: value for name, value in raw.items() if name not in TRACKS}
    for track, clips in layout.tracks:
        name = "VideoTracks" if track.list_name in _TURNED else track.list_name
        key = next(ids)
        kind = {"Type": _TURNED[track.list_name]} if track.list_name in _TURNED else {}
        kept = {field: value for field, value in track.raw.items() if field not in TRACKS.values()}
        written = _linked([_clip(clip, key, ids, media) for clip in clips])
        found.setdefault(name, []).append({**kept, **kind, "Id": key, TRACKS[name]: written})
    return found


def _clip(clip: Placed, track: int, ids: Iterator[int], media: MediaOf) -> dict[str, Any]:
    written = {
        **clip.raw,
        "Id": next(ids),
        "TrackId": track,
        "TimelineIn": _seconds(clip.start),
        "TimelineOut": _seconds(clip.end),
        "In": _seconds(clip.source_in),
        "Out": _seconds(clip.source_out),
    }
    if clip.raw.get("Effects"):
        written["Effects"] = [{**effect, "Id": next(ids), "TrackId": track} for effect in clip.raw["Effects"]]
    known = media.get(clip.raw.get("MediaId") or clip.raw.get("MediaURL") or "")
    if known:
        written.pop("MediaURL", None)
        written |= {"MediaId": known[0], "VirginDuration": _seconds(known[1])}
    return written


def _linked(clips: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Transitions name the two clips they join."""
    for clip, following in pairwise(clips):
        for effect in clip.get("Effects") or ():
            if effect["Type"] == "Transition":
                effect |= {"From": clip["Id"], "To": following["Id"]}
    return clips


def _seconds(micros: int) -> float:
    return round(micros / SECOND, 4)
