"""What the tests of the engine have in common: plans made from samples, and how they are cut."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from editing.media.cut import cut
from editing.media.report import CutReport
from editing.timeline.clips import Clip, Mode, StreamName
from editing.timeline.coverage import Coverage, Segment
from editing.timeline.instant import SECOND, Range
from editing.timeline.plan import CutPlan, make
from tests.samples import START, Kind, coverage_of

STREAM = StreamName("example.com", "live", "one")


def clip(start: float, end: float, *, cover: float | None = None, stream: StreamName = STREAM) -> Clip:
    """Seconds from the beginning of the sample."""
    at = None if cover is None else START + round(cover * SECOND)
    return Clip(stream, Range(START + round(start * SECOND), START + round(end * SECOND)), at)


def plan_of(kind: Kind | Coverage, mode: Mode, *clips: Clip) -> CutPlan:
    coverage = coverage_of(kind) if isinstance(kind, Kind) else kind
    return make(clips, {STREAM: coverage}, mode)


def open_segment(segment: Segment) -> BinaryIO:
    return Path(segment.key).open("rb")


def run(plan: CutPlan, output: Path) -> CutReport:
    return cut(plan, output, open_segment=open_segment)
