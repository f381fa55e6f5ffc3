"""The wanted frames of a stream, segment by segment, in groups that follow each other without a break."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from editing.timeline.coverage import Segment, follows
from editing.timeline.frames import VideoIndex
from editing.timeline.instant import Instant


@dataclass(frozen=True, slots=True)
class Slice:
    """The wanted frames of one segment: those with first_pts ≤ pts < end_pts."""

    segment: Segment
    first_pts: int
    end_pts: int
    frames: int

    @property
    def video(self) -> VideoIndex:
        """The index of the segment's pictures; a slice has at least one."""
        video = self.segment.index.video
        assert video is not None
        return video


Group = Sequence[Slice]
"""Slices whose packets simply go on from one to the next: one clock, one set of parameters, no hole."""


def groups(segments: Iterable[Segment], start: Instant | None, end: Instant | None) -> list[list[Slice]]:
    """All frames whose instant lies in [start, end), each instant once; None leaves that side open.

    Where packets simply go on, all of them are taken: a new anchor between two segments moves instants, not media.
    """
    found: list[list[Slice]] = []
    shown = start
    for segment in segments:
        joined = bool(found) and _joins(found[-1][-1], segment)
        part = slice_of(segment, None if joined else shown, end)
        if part is None:
            continue
        if joined:
            found[-1].append(part)
        else:
            found.append([part])
        reached = segment.anchor.instant(part.end_pts)
        shown = reached if shown is None else max(shown, reached)
    return found


def between(group: Group, first_pts: int, end_pts: int) -> list[Slice]:
    """The part of a group with first_pts ≤ pts < end_pts."""
    found: list[Slice] = []
    for part in group:
        if first_pts <= part.first_pts and part.end_pts <= end_pts:
            found.append(part)
        elif part.first_pts < end_pts and first_pts < part.end_pts:
            cut = clipped(part.segment, max(part.first_pts, first_pts), min(part.end_pts, end_pts))
            found += [cut] if cut else []
    return found


def slice_of(segment: Segment, start: Instant | None, end: Instant | None) -> Slice | None:
    """The frames from `start` (None: from the first one) up to `end` (None: to the last one); None without any."""
    low = segment.first_pts if start is None else max(segment.first_pts, segment.anchor.first_pts_at(start))
    high = segment.end_pts if end is None else min(segment.end_pts, segment.anchor.first_pts_at(end))
    if low <= segment.first_pts and high >= segment.end_pts:
        return Slice(segment, segment.first_pts, segment.end_pts, segment.frames) if segment.frames else None
    return clipped(segment, low, high)


def clipped(segment: Segment, low: int, high: int) -> Slice | None:
    """The frames with low ≤ pts < high; the last one ends where the frame after it begins."""
    video = segment.index.video
    times = sorted(pts for pts in video.pts if low <= pts < high) if video else []
    if not video or not times:
        return None
    end = min((pts for pts in video.pts if pts >= high), default=segment.end_pts)
    return Slice(segment, times[0], end, len(times))


def _joins(before: Slice, segment: Segment) -> bool:
    return before.end_pts == before.segment.end_pts and follows(before.segment, segment)
