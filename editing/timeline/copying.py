"""Which frames of a group can be copied: from where a decoder can begin anew, to where a cut GOP needs nothing after.

Copying begins at a picture that needs nothing before it and that a decoder takes as a new beginning wherever it
stands: an IDR picture, in HEVC also a BLA picture or a CRA picture that is made one (its leading pictures are encoded
instead). A recovery point of H.264 is no such picture: frame numbers and picture order go on from what came
before. Only at the very beginning of an output nothing came before.

Copying ends before the first frame, in decoding order, that is shown too late and that others may refer to.
"""

from __future__ import annotations

from collections.abc import Sequence

from editing.timeline.coverage import Coverage
from editing.timeline.frames import ENTRIES, KIND_MASK, FrameKind
from editing.timeline.pieces import Piece, copied, encoded
from editing.timeline.slices import Group, Slice, between

NO_CLOSED_ENTRY = "no closed group of pictures begins in it"

_CLOSED = {"h264": frozenset({FrameKind.IDR}), "hevc": frozenset({FrameKind.IDR, FrameKind.CRA, FrameKind.BLA})}
_OPEN = frozenset({FrameKind.RECOVERY, FrameKind.REFRESH})
_DROPPABLE = "h264"
"""In HEVC a picture that its own layer does not refer to may still be referred to by a higher one."""


def split(group: Group, coverage: Coverage, *, first: bool, snaps: bool) -> list[Piece]:
    """The pieces of a group: copied where that gives the same frames, encoded before, after, or all over.

    `first` says that nothing comes before in the output; then a mode that `snaps` may begin at any entry, and leaves
    out leading pictures whose references are not there.
    """
    if first and snaps and (start := _entry(group)) is not None:
        group = between(group, start, group[-1].end_pts)
    else:
        start = _start(group, first=first)
    end = group[-1].end_pts
    if start is None or (last := _end(group)) <= start:
        return _encoded(group, coverage, NO_CLOSED_ENTRY if start is None and _has_open_entry(group) else "")
    return [
        *_encoded(between(group, group[0].first_pts, start), coverage),
        copied(between(group, start, last), coverage),
        *_encoded(between(group, last, end), coverage),
    ]


def _encoded(group: Group, coverage: Coverage, reason: str = "") -> list[Piece]:
    piece = encoded(group, coverage, reason) if group else None
    return [piece] if piece else []


def _entry(group: Group) -> int | None:
    """Where copying may begin at the beginning of an output, if the group begins with an entry (in decoding order)."""
    part = group[0]
    if part.first_pts != part.segment.first_pts or part.video.kind(0) not in ENTRIES:
        return None
    return part.first_pts if part.video.kind(0) is FrameKind.IDR else part.video.pts[0]


def _start(group: Group, *, first: bool) -> int | None:
    """The first frame of the group at which copying may begin."""
    closed = _CLOSED.get(_codec(group), frozenset())
    for part in group:
        for position in part.video.entries:
            pts, kind = part.video.pts[position], part.video.kind(position)
            begins = first and pts == group[0].first_pts  # nothing is encoded before it, so nothing is before it
            if part.first_pts <= pts < part.end_pts and (kind in closed or begins):
                return _with_leading(part, position) if kind is FrameKind.IDR else pts
    return None


def _with_leading(part: Slice, position: int) -> int:
    """Leading pictures of an IDR picture can be decoded; they are copied where all of them are wanted."""
    leading = min(part.video.pts[position:])
    return leading if leading >= part.first_pts else part.video.pts[position]


def _end(group: Group) -> int:
    """Up to where copying can go on in a group, whose last slice may end within a GOP."""
    found = group[-1].end_pts
    if found == group[-1].segment.end_pts:
        return found
    frames: list[tuple[int, bool]] = []
    for part in reversed(group):
        droppable = _codec(group) == _DROPPABLE
        frames[:0] = [(pts, not (droppable and part.video.disposable(at))) for at, pts in enumerate(part.video.pts)]
        found = _last_end(frames, group[-1].end_pts)
        if any(part.video.pts[position] <= found for position in part.video.entries):
            break
    return found


def _last_end(frames: Sequence[tuple[int, bool]], end: int) -> int:
    """The latest time up to which the frames (pts and whether others may refer to it, in decoding order) are closed."""
    while True:
        stop = next((at for at, (pts, referred) in enumerate(frames) if pts >= end and referred), len(frames))
        missing = min((pts for pts, _ in frames[stop:] if pts < end), default=None)
        if missing is None:
            return end
        end = missing


def _has_open_entry(group: Group) -> bool:
    return any(
        FrameKind(mark & KIND_MASK) in _OPEN and part.first_pts <= pts < part.end_pts
        for part in group
        for pts, mark in zip(part.video.pts, part.video.marks, strict=True)
    )


def _codec(group: Group) -> str:
    video = group[0].segment.parameters.video
    return video.codec if video else ""
