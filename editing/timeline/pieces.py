"""What an output is made of: pieces, each a stretch of frames out of one run of segments that is handled in one way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, islice

from editing.timeline.coverage import Coverage, Segment
from editing.timeline.frames import VideoIndex
from editing.timeline.instant import Instant, Range
from editing.timeline.parameters import Parameters
from editing.timeline.slices import Group, between


class Action(StrEnum):
    COPY = "copy"
    ENCODE = "encode"
    SLATE = "slate"  # black pictures and silence where nothing was recorded


@dataclass(frozen=True)
class Piece:
    """The frames of one run with first_pts ≤ pts < end_pts, handled in one way.

    `segments` hold these frames; `lead` are the segments before them that a decoder must see first, `tail` one after
    them: recorders store sound a little before or after the pictures it belongs to. `reason` says why a piece is
    encoded that the mode would have copied. A slate has no segments; `gap` is the hole that it fills.
    """

    action: Action
    segments: tuple[Segment, ...]
    first_pts: int
    end_pts: int
    frames: int
    lead: tuple[Segment, ...] = ()
    tail: tuple[Segment, ...] = ()
    reason: str = ""
    gap: Range | None = None

    @property
    def files(self) -> tuple[Segment, ...]:
        """All segments that are read, in order."""
        return self.lead + self.segments + self.tail

    @property
    def ticks(self) -> int:
        """How long the piece lasts in the output."""
        return self.end_pts - self.first_pts

    @property
    def start(self) -> Instant:
        return self.gap.start if self.gap else self.segments[0].anchor.instant(self.first_pts)

    @property
    def end(self) -> Instant:
        return self.gap.end if self.gap else self.segments[-1].anchor.instant(self.end_pts)

    @property
    def bytes(self) -> int:
        """Bytes that must be read."""
        return sum(segment.size for segment in self.files)

    @property
    def parameters(self) -> Parameters | None:
        """Those of its segments, which are all alike; a slate has none."""
        return self.segments[0].parameters if self.segments else None


def copied(group: Group, coverage: Coverage) -> Piece:
    """The frames of a group as they are. It is the caller who knows that a decoder can begin with them."""
    return _with_sound(_piece(Action.COPY, group, ()), coverage)


def encoded(group: Group, coverage: Coverage, reason: str = "") -> Piece | None:
    """The frames of a group encoded; those that no entry leads to are left out, for they cannot be decoded."""
    first = group[0]
    lead = _lead(first.segment, first.first_pts, coverage)
    if lead is not None:
        return _with_sound(replace(_piece(Action.ENCODE, group, lead), reason=reason), coverage)
    for part in group:
        entry = _first_entry(part.segment, part.first_pts)
        if entry is not None and entry < part.end_pts:
            rest = _piece(Action.ENCODE, between(group, entry, group[-1].end_pts), ())
            return _with_sound(replace(rest, reason=reason), coverage)
    return None


def slate(gap: Range, ticks: int, frame_ticks: int) -> Piece:
    """Black pictures and silence for a hole: `ticks` long, a frame every `frame_ticks`."""
    return Piece(Action.SLATE, (), 0, ticks, max(round(ticks / frame_ticks), 1), gap=gap)


def _piece(action: Action, group: Group, lead: tuple[Segment, ...]) -> Piece:
    segments = tuple(part.segment for part in group)
    frames = sum(part.frames for part in group)
    return Piece(action, segments, group[0].first_pts, group[-1].end_pts, frames, lead)


def _lead(segment: Segment, pts: int, coverage: Coverage) -> tuple[Segment, ...] | None:
    """The segments before `segment` from which a decoder gets the frame at `pts` right; None if none does."""
    lead: list[Segment] = []
    since = 0
    for each in chain([segment], coverage.before(segment)):
        if leads_to(each, pts, since):
            return tuple(reversed([*lead, each]))[:-1]
        since += _references(each, pts)
        lead.append(each)
    return None


def leads_to(segment: Segment, pts: int, since: int = 0) -> bool:
    """Whether decoding from somewhere in `segment` gets every frame from `pts` on right.

    `since` counts the reference frames up to `pts` that later segments hold.
    """
    video = segment.index.video
    if video is None:
        return False
    return any(video.pts[position] <= pts for position in video.entries) or any(
        # a gradual refresh is right from the frame on that completes it; only frames that others refer to count
        _references_from(video, position + 1, pts) + since >= count
        for position, count in video.recovery
        if video.pts[position] <= pts
    )


def _references(segment: Segment, pts: int) -> int:
    return _references_from(segment.index.video, 0, pts) if segment.index.video else 0


def _references_from(video: VideoIndex, position: int, pts: int) -> int:
    """How many frames that others refer to are decoded from `position` on and shown by `pts`."""
    return sum(video.pts[at] <= pts and not video.disposable(at) for at in range(position, len(video)))


def _first_entry(segment: Segment, not_before: int) -> int | None:
    video = segment.index.video
    if video is None:
        return None
    entries = (video.pts[position] for position in video.entries)
    return min((pts for pts in entries if pts >= not_before), default=None)


def _with_sound(piece: Piece, coverage: Coverage) -> Piece:
    """Add the neighbours that hold sound of the first and the last frames."""
    first, last = piece.files[0], piece.segments[-1]
    begins, ends = _sound(first), _sound(last)
    if begins and begins[0] > piece.first_pts:
        piece = replace(piece, lead=(*islice(coverage.before(first), 1), *piece.lead))
    if ends and ends[1] < piece.end_pts and (following := coverage.after(last)):
        piece = replace(piece, tail=(following,))
    return piece


def _sound(segment: Segment) -> tuple[int, int] | None:
    """When a segment's first sound track begins and ends, in ticks."""
    audio = segment.index.audio
    return (audio[0].pts[0], audio[0].end) if audio else None


def covered(pieces: Sequence[Piece]) -> list[Range]:
    """The instants that the pieces show, segment by segment (a drifting anchor may leave small steps between them)."""
    ranges: list[Range] = []
    for piece in pieces:
        for segment in piece.segments:
            low, high = max(piece.first_pts, segment.first_pts), min(piece.end_pts, segment.end_pts)
            start, end = segment.anchor.instant(low), segment.anchor.instant(high)
            joined = ranges and segment is not piece.segments[0]
            ranges.append(Range(min(start, ranges[-1].end) if joined else start, end))
    return sorted(ranges)
