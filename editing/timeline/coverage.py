"""What is recorded of a stream: segments, the runs they form, the gaps between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from editing.timeline.frames import FrameIndex, unpack
from editing.timeline.instant import Instant, Range
from editing.timeline.parameters import Parameters
from editing.timeline.ticks import Anchor


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


@dataclass(frozen=True, slots=True)
class Gap:
    """Instants in which media is missing, and why, as far as it is known."""

    range: Range
    reason: str


@dataclass(frozen=True)
class Run:
    """Segments that follow each other without a hole, on one clock and with one set of parameters."""

    segments: tuple[Segment, ...]


class Coverage:
    """Segments of one stream in order of time, with lookup by bisection."""

    def __init__(self, segments: Iterable[Segment], gaps: Iterable[Gap] = ()) -> None:
        raise NotImplementedError
