"""What is recorded of a stream: segments, the runs they form, the gaps between them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from editing.timeline.frames import FrameIndex, unpack
from editing.timeline.instant import Instant, Range
from editing.timeline.parameters import Parameters
from editing.timeline.ticks import TICKS_PER_SECOND, Anchor, microseconds

NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Segment:
    """One stored media file of a recording and all that a plan wants to know of it.

    `sequence` rises within the recording. `first_pts` and `end_pts` bound the video (the audio, where there is no
    video) on the unwrapped clock of `epoch`; `start` and `end` are the same as instants by `anchor`.
    """

    id: int
    recording: int
    sequence: int
    bucket: str
    key: str
    size: int
    epoch: int
    anchor: Anchor
    start: Instant
    end: Instant
    first_pts: int
    end_pts: int
    frames: int
    parameters: Parameters
    packed: bytes

    @cached_property
    def index(self) -> FrameIndex:
        return unpack(self.packed)

    @property
    def range(self) -> Range:
        return Range(self.start, self.end)

    @property
    def frame_ticks(self) -> int:
        """How long a frame usually lasts."""
        return (self.end_pts - self.first_pts) // self.frames if self.frames else TICKS_PER_SECOND // 30

    @property
    def frame_microseconds(self) -> int:
        return microseconds(self.frame_ticks)


@dataclass(frozen=True, slots=True)
class Gap:
    """Instants in which media is missing, and why, as far as it is known."""

    range: Range
    reason: str


@dataclass(frozen=True)
class Run:
    """Segments that follow each other without a hole, on one clock and with one set of parameters."""

    segments: tuple[Segment, ...]

    @property
    def parameters(self) -> Parameters:
        return self.segments[0].parameters


def adjoins(before: Segment, after: Segment) -> bool:
    """Whether no video is missing between two segments: a hole is more than one and a half frames.

    Within an epoch the media's own clock decides, so that rounded dates never make a hole; between epochs only the
    instants can.
    """
    if _same_clock(before, after):
        return after.first_pts - before.end_pts <= _half_frames(before)
    return after.start - before.end <= microseconds(_half_frames(before))


def follows(before: Segment, after: Segment) -> bool:
    """Whether the packets of `after` simply continue those of `before`."""
    return (
        _same_clock(before, after)
        and abs(after.first_pts - before.end_pts) <= _half_frames(before)
        and after.parameters == before.parameters
    )


def _same_clock(before: Segment, after: Segment) -> bool:
    return (before.recording, before.epoch) == (after.recording, after.epoch)


def _half_frames(segment: Segment) -> int:
    # 1.5 frames from one start to the next leave half a frame between an end and the next start.
    return segment.frame_ticks // 2


class Coverage:
    """Segments of one stream in order of time. Nothing outside a range that is asked for is looked at."""

    def __init__(self, segments: Iterable[Segment], gaps: Iterable[Gap] = ()) -> None:
        self.segments = tuple(_without_repeats(sorted(segments, key=_order)))
        self.known_gaps = tuple(sorted(gaps, key=lambda gap: gap.range))
        self._starts = [segment.start for segment in self.segments]

    @property
    def range(self) -> Range | None:
        """From the first instant to the last one, whatever is missing in between."""
        return Range(self.segments[0].start, self.segments[-1].end) if self.segments else None

    def touching(self, wanted: Range) -> tuple[Segment, ...]:
        """The segments that hold at least one instant of the range, in order."""
        first = max(bisect_right(self._starts, wanted.start) - 1, 0)
        last = bisect_left(self._starts, wanted.end)
        return tuple(segment for segment in self.segments[first:last] if segment.range.overlaps(wanted))

    def before(self, segment: Segment) -> Iterator[Segment]:
        """The segments that lead up to this one on its clock without a hole, nearest first."""
        position = bisect_left(self._starts, segment.start)
        for earlier in reversed(self.segments[:position]):
            if not follows(earlier, segment):
                return
            yield earlier
            segment = earlier

    def after(self, segment: Segment) -> Segment | None:
        """The segment that continues this one's packets, if it is there."""
        position = bisect_right(self._starts, segment.start)
        following = self.segments[position] if position < len(self.segments) else None
        return following if following and follows(segment, following) else None

    def covered(self) -> tuple[Range, ...]:
        """The instants that are recorded, as few ranges as possible."""
        ranges: list[Range] = []
        before: Segment | None = None
        for segment in self.segments:
            if before and adjoins(before, segment):
                ranges[-1] = Range(ranges[-1].start, max(ranges[-1].end, segment.end))
            else:
                ranges.append(segment.range)
            before = segment
        return tuple(ranges)

    def gaps(self, within: Range | None = None) -> tuple[Gap, ...]:
        """The holes in the given range (its edges count), or in all that was ever expected to be recorded."""
        return gaps_between(self.covered(), self.known_gaps, within or self._extent())

    def _extent(self) -> Range | None:
        ranges = [*([self.range] if self.range else []), *(gap.range for gap in self.known_gaps)]
        return Range(min(each.start for each in ranges), max(each.end for each in ranges)) if ranges else None


def gaps_between(covered: Iterable[Range], known: Iterable[Gap], within: Range | None) -> tuple[Gap, ...]:
    """What `within` holds besides `covered`, each hole with the reason of the first known gap that touches it."""
    if within is None:
        return ()
    holes: list[Range] = []
    cursor = within.start
    for part in covered:
        if part.start > cursor:
            holes.append(Range(cursor, min(part.start, within.end)))
        cursor = max(cursor, part.end)
    holes.append(Range(cursor, within.end))
    known = tuple(known)
    return tuple(Gap(hole, _reason(hole, known)) for hole in holes if hole.start < hole.end)


def _reason(hole: Range, known: Iterable[Gap]) -> str:
    return next((gap.reason for gap in known if gap.range.overlaps(hole)), NOT_RECORDED)


def runs(segments: Iterable[Segment]) -> tuple[Run, ...]:
    """Neighbouring segments joined while their packets continue each other."""
    groups: list[list[Segment]] = []
    for segment in segments:
        if groups and follows(groups[-1][-1], segment):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return tuple(Run(tuple(group)) for group in groups)


def _order(segment: Segment) -> tuple[Instant, int, int]:
    return segment.start, segment.recording, segment.sequence


def _without_repeats(segments: list[Segment]) -> Iterator[Segment]:
    """Leave out a segment that shows nothing that the ones before it have not shown."""
    shown: Instant | None = None
    for segment in segments:
        if shown is None or segment.end > shown:
            shown = segment.end
            yield segment
