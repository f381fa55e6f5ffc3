"""How the frames of one clip are found: stretches of frames out of one run of segments, each handled in one way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, islice

from editing.timeline.coverage import Coverage, Segment, follows, runs
from editing.timeline.frames import ENTRIES, FrameKind, VideoIndex
from editing.timeline.instant import Instant, Range
from editing.timeline.ticks import TICKS_PER_SECOND

_FARTHEST_KEYFRAME = 60 * TICKS_PER_SECOND


class Action(StrEnum):
    COPY = "copy"
    ENCODE = "encode"


@dataclass(frozen=True)
class Piece:
    """The frames of one run with first_pts ≤ pts < end_pts, handled in one way.

    `segments` hold these frames; `lead` are the segments before them that a decoder must see first, `tail` one after
    them: recorders store sound a little before or after the pictures it belongs to. `reason` says why a piece is
    encoded that the mode would have copied.
    """

    action: Action
    segments: tuple[Segment, ...]
    first_pts: int
    end_pts: int
    frames: int
    lead: tuple[Segment, ...] = ()
    tail: tuple[Segment, ...] = ()
    reason: str = ""

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
        return self.segments[0].anchor.instant(self.first_pts)

    @property
    def end(self) -> Instant:
        return self.segments[-1].anchor.instant(self.end_pts)

    @property
    def bytes(self) -> int:
        """Bytes that must be read."""
        return sum(segment.size for segment in self.files)


@dataclass(frozen=True, slots=True)
class _Slice:
    """The wanted frames of one segment."""

    segment: Segment
    first_pts: int
    end_pts: int
    frames: int


def exact(wanted: Range, touching: Sequence[Segment], coverage: Coverage) -> list[Piece]:
    """Encoded pieces with exactly the frames whose instant lies in `wanted`, each instant once.

    Where packets simply go on, all of them are taken: a new anchor between two segments moves instants, not media.
    """
    slices: list[_Slice] = []
    shown = wanted.start
    for segment in touching:
        joined = bool(slices) and _joins(slices[-1], segment)
        if found := _slice(segment, None if joined else shown, wanted.end):
            slices.append(found)
            shown = max(shown, segment.anchor.instant(found.end_pts))
    return [_with_sound(piece, coverage) for group in _groups(slices) if (piece := _encoded(group, coverage))]


def _joins(before: _Slice, segment: Segment) -> bool:
    return before.end_pts == before.segment.end_pts and follows(before.segment, segment)


def _slice(segment: Segment, start: Instant | None, end: Instant) -> _Slice | None:
    """The frames from `start` (None: from the first one) up to `end`."""
    low = segment.first_pts if start is None else max(segment.first_pts, segment.anchor.first_pts_at(start))
    high = min(segment.end_pts, segment.anchor.first_pts_at(end))
    if low <= segment.first_pts and high >= segment.end_pts:
        return _Slice(segment, segment.first_pts, segment.end_pts, segment.frames) if segment.frames else None
    return _clipped(segment, low, high)


def _clipped(segment: Segment, low: int, high: int) -> _Slice | None:
    video = segment.index.video
    times = sorted(pts for pts in video.pts if low <= pts < high) if video else []
    if not video or not times:
        return None
    end = min((pts for pts in video.pts if pts >= high), default=segment.end_pts)
    return _Slice(segment, times[0], end, len(times))


def _groups(slices: Sequence[_Slice]) -> list[list[_Slice]]:
    """Slices that follow each other frame by frame belong to one piece."""
    groups: list[list[_Slice]] = []
    for part in slices:
        if groups and _joins(groups[-1][-1], part.segment):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _encoded(group: Sequence[_Slice], coverage: Coverage) -> Piece | None:
    """The piece of a group; frames that no entry leads to are left out, for they cannot be decoded."""
    first = group[0]
    lead = _lead(first.segment, first.first_pts, coverage)
    if lead is not None:
        return _piece(Action.ENCODE, group, lead)
    for position, part in enumerate(group):
        if (entry := _first_entry(part.segment, part.first_pts)) is not None and entry < part.end_pts:
            cut = _clipped(part.segment, entry, part.end_pts)
            return _piece(Action.ENCODE, [cut, *group[position + 1 :]], ()) if cut else None
    return None


def _piece(action: Action, group: Sequence[_Slice], lead: tuple[Segment, ...]) -> Piece:
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


def whole_segments(touching: Sequence[Segment], coverage: Coverage) -> list[Piece]:
    """Copied pieces of all the given segments, each beginning where a decoder can begin.

    Where the first segment of a run begins between keyframes, the ones before it are taken as well, up to a minute;
    what no entry leads to is left out. Where runs overlap, the later one begins after what the earlier one has shown.
    """
    pieces: list[Piece] = []
    shown: Instant | None = None
    for run in runs(touching):
        segments = run.segments if shown else _back_to_entry(run.segments, coverage)
        if piece := _copied(segments, shown):
            pieces.append(_with_sound(piece, coverage))
            shown = piece.end
    return pieces


def _back_to_entry(segments: tuple[Segment, ...], coverage: Coverage) -> tuple[Segment, ...]:
    if _begins_with_entry(segments[0]):
        return segments
    earlier: list[Segment] = []
    for segment in coverage.before(segments[0]):
        if segments[0].first_pts - segment.end_pts > _FARTHEST_KEYFRAME:
            break
        earlier.insert(0, segment)
        if _first_entry(segment, segment.first_pts) is not None:
            return (*earlier, *segments)
    return segments


def _begins_with_entry(segment: Segment) -> bool:
    video = segment.index.video
    return video is not None and video.kind(0) in ENTRIES


def _copied(segments: Sequence[Segment], shown: Instant | None) -> Piece | None:
    for position, segment in enumerate(segments):
        low = segment.first_pts if shown is None else segment.anchor.first_pts_at(shown)
        start = _copy_start(segment, low)
        if start is None:
            continue
        rest = segments[position + 1 :]
        cut = _clipped(segment, start, segment.end_pts)
        whole = [_Slice(each, each.first_pts, each.end_pts, each.frames) for each in rest if each.frames]
        return _piece(Action.COPY, [cut, *whole], ()) if cut else None
    return None


def _copy_start(segment: Segment, low: int) -> int | None:
    """The first frame from `low` on at which copying may begin.

    After an IDR picture that is the IDR or a decodable leading picture; after any other entry its leading pictures
    are left out, since what they refer to is not copied.
    """
    video = segment.index.video
    entry = _first_entry(segment, low)
    if video is None or entry is None:
        return None
    position = video.pts.index(entry)
    if video.kind(position) is not FrameKind.IDR or entry < segment.first_pts:
        return entry
    return min(video.pts[position:]) if min(video.pts[position:]) >= low else entry


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
