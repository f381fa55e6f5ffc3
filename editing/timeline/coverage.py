"""What is recorded of a stream: segments, the runs they form, the gaps between them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise, zip_longest

from editing.timeline.frames import FrameIndex, unpack
from editing.timeline.instant import Instant, Range
from editing.timeline.parameters import Parameters
from editing.timeline.ticks import TICKS_PER_SECOND, Anchor, microseconds

NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Segment:
    """One stored media file of a recording and all that a plan wants to know of it.

    `sequence` rises within the recording. `first_pts` and `end_pts` bound the video (the audio, where there is no
    video) on the unwrapped clock of `epoch`; `start` and `end` are the same as instants by `anchor`. `checksum` is
    the CRC-32 of the file when it was indexed.
    """

    id: int
    recording: int
    sequence: int
    bucket: str
    key: str
    size: int
    checksum: int
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


PAUSED_BY_HAND, STOPPED = "paused by an operator", "stopped"
INTENDED = frozenset({PAUSED_BY_HAND, STOPPED})
"""Reasons of gaps that are no faults."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Instants in which media is missing, and why, as far as it is known."""

    range: Range
    reason: str

    @property
    def intended(self) -> bool:
        """Whether an operator wanted nothing to be recorded."""
        return self.reason in INTENDED


@dataclass(frozen=True, slots=True)
class ClockStep:
    """A new anchor between two segments whose packets go on: what would be the instant `before` is the instant `after`.

    The clock was set forward or back, or had drifted; no media is missing there, and none is there twice.
    """

    before: Instant
    after: Instant

    @property
    def skipped(self) -> Range | None:
        """The instants that no picture has, because the clock went past them."""
        return Range(self.before, self.after) if self.before < self.after else None


@dataclass(frozen=True)
class Run:
    """Segments that follow each other without a hole, on one clock and with one set of parameters."""

    segments: tuple[Segment, ...]

    @property
    def parameters(self) -> Parameters:
        return self.segments[0].parameters


def adjoins(before: Segment, after: Segment) -> bool:
    """Whether no video is missing between two segments: a hole is more than one and a half frames.

    Within an epoch the media's own clock decides, so that rounded dates never make a hole; between epochs, and where
    a clock that was set back shows later media first, only the instants can.
    """
    if _same_clock(before, after) and before.first_pts <= after.first_pts:
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
    """Segments of one stream in order of time. Nothing outside a range that is asked for is looked at.

    `segments` show each instant once: where recordings overlap, the one that is running goes on as long as it can.
    Where packets simply go on they are followed whatever the clock says: set back, it shows instants again, and the
    pictures are others.
    """

    def __init__(self, segments: Iterable[Segment], gaps: Iterable[Gap] = ()) -> None:
        in_order = sorted(_trimmed(segments), key=_order)
        self.segments = tuple(_in_turn(in_order))
        self.known_gaps = tuple(sorted(gaps, key=lambda gap: gap.range))
        self._ends = list(accumulate((segment.end for segment in self.segments), max))
        self._recordings = _by_recording(in_order)

    @property
    def range(self) -> Range | None:
        """From the first instant to the last one, whatever is missing in between."""
        return Range(self.segments[0].start, self._ends[-1]) if self.segments else None

    def touching(self, wanted: Range) -> tuple[Segment, ...]:
        """The segments that hold at least one instant of the range, in order, with those in between."""
        found: list[Segment] = []
        for position in range(bisect_right(self._ends, wanted.start), len(self.segments)):
            segment = self.segments[position]
            if segment.start >= wanted.end:
                break
            found.append(segment)
            if segment.end >= wanted.end:
                break
        return tuple(found)

    def before(self, segment: Segment) -> Iterator[Segment]:
        """The segments that lead up to this one on its clock without a hole, nearest first."""
        recording, position = self._place(segment)
        for earlier in map(recording.__getitem__, range(position - 1, -1, -1)):
            if not follows(earlier, segment):
                return
            yield earlier
            segment = earlier

    def after(self, segment: Segment) -> Segment | None:
        """The segment that continues this one's packets, if it is there."""
        recording, position = self._place(segment)
        following = recording[position + 1] if position + 1 < len(recording) else None
        return following if following and follows(segment, following) else None

    def _place(self, segment: Segment) -> tuple[list[Segment], int]:
        recording = self._recordings[segment.recording]
        return recording, bisect_left(recording, segment.sequence, key=lambda each: each.sequence)

    def covered(self) -> tuple[Range, ...]:
        """The instants that are recorded, as few ranges as possible."""
        ranges: list[Range] = []
        before: Segment | None = None
        for segment in self.segments:
            if before and adjoins(before, segment):
                ranges[-1] = Range(min(ranges[-1].start, segment.start), max(ranges[-1].end, segment.end))
            else:
                ranges.append(segment.range)
            before = segment
        return tuple(ranges)

    def shown(self) -> tuple[Range, ...]:
        """The same without the instants that a clock skipped as it was set forward: no picture has those."""
        skipped = [step.skipped for step in self.clock_steps() if step.skipped]
        ranges: list[Range] = []
        for part in self.covered():
            start = part.start
            for each in skipped:
                if part.start <= each.start and each.end <= part.end:
                    ranges.append(Range(start, each.start))
                    start = each.end
            ranges.append(Range(start, part.end))
        return tuple(ranges)

    def clock_steps(self) -> tuple[ClockStep, ...]:
        """Where the clock of a recording was set, or its drift was followed."""
        return tuple(
            ClockStep(before.end, after.start)
            for recording in self._recordings.values()
            for before, after in pairwise(recording)
            if before.anchor != after.anchor and follows(before, after)
        )

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


def _trimmed(segments: Iterable[Segment]) -> Iterator[Segment]:
    """The segments, none of which reaches past the first picture of the one that goes on from it.

    How long a segment's last picture lasts is a guess until the next one is there; where frames do not come evenly it
    may be wrong by more than a frame. Segments that show the same pictures again stay as they are.
    """
    for recording in _by_recording(segments).values():
        for before, after in zip_longest(recording, recording[1:]):
            yield _up_to(before, after) if after and _guessed_too_long(before, after) else before


def _guessed_too_long(before: Segment, after: Segment) -> bool:
    if not _same_clock(before, after) or not before.first_pts < after.first_pts:
        return False
    if before.end_pts - after.first_pts <= _half_frames(before):
        return False
    video = before.index.video if before.packed else None
    return not before.packed or (video is not None and max(video.pts) < after.first_pts)


def _up_to(before: Segment, after: Segment) -> Segment:
    return replace(before, end_pts=after.first_pts, end=before.anchor.instant(after.first_pts))


def _order(segment: Segment) -> tuple[Instant, int, int]:
    return segment.start, segment.recording, segment.sequence


def _by_recording(segments: Iterable[Segment]) -> dict[int, list[Segment]]:
    recordings: dict[int, list[Segment]] = {}
    for segment in segments:
        recordings.setdefault(segment.recording, []).append(segment)
    for each in recordings.values():
        each.sort(key=lambda segment: segment.sequence)
    return recordings


def _in_turn(segments: list[Segment]) -> Iterator[Segment]:
    """The segments that show something new, one after the other: of the same recording while it goes on."""
    own = _next_of_recording(segments)
    position, cursor, reached = 0, 0, segments[0].end if segments else 0
    shown: set[int] = set()
    while position < len(segments):
        segment = segments[position]
        yield segment
        shown.add(position)
        reached = max(reached, segment.end)
        cursor = _showing_more(reached, range(cursor, len(segments)), segments)
        following, position = own[position], cursor
        while following is not None and (following in shown or not _goes_on(segment, segments[following], reached)):
            following = own[following]
        if following is not None and adjoins(segment, segments[following]):
            position = following


def _goes_on(before: Segment, after: Segment, reached: Instant) -> bool:
    return after.end > reached or follows(before, after)


def _showing_more(reached: Instant, positions: Iterable[int], segments: list[Segment]) -> int:
    return next((position for position in positions if segments[position].end > reached), len(segments))


def _next_of_recording(segments: list[Segment]) -> list[int | None]:
    following: list[int | None] = [None] * len(segments)
    latest: dict[int, int] = {}
    for position in sorted(range(len(segments)), key=lambda each: segments[each].sequence):
        recording = segments[position].recording
        if recording in latest:
            following[latest[recording]] = position
        latest[recording] = position
    return following
