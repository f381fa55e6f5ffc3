"""Clips, coverage and a mode become a plan: which frames are copied, which are encoded, from which segments.

A plan is made from the index alone, before any media is opened, and says everything that the cut will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from editing.timeline.clips import Clip, Mode
from editing.timeline.coverage import Gap, Segment
from editing.timeline.instant import Range
from editing.timeline.parameters import AudioParameters, VideoParameters


class Action(StrEnum):
    COPY = "copy"
    ENCODE = "encode"
    SLATE = "slate"


@dataclass(frozen=True)
class Piece:
    """The frames of one run with first_pts ≤ pts < end_pts, handled in one way.

    `segments` hold these frames; `lead` are the segments before them that a decoder must see first. `ticks` is
    how long the piece lasts in the output. `reason` says why a piece is encoded that the mode would have copied.
    """

    action: Action
    segments: tuple[Segment, ...]
    first_pts: int
    end_pts: int
    frames: int
    lead: tuple[Segment, ...] = ()
    reason: str = ""

    @property
    def ticks(self) -> int:
        return self.end_pts - self.first_pts


@dataclass(frozen=True)
class ClipPlan:
    """One clip of the plan: what was asked for, what will come out, and what is missing inside."""

    clip: Clip
    achieved: Range
    pieces: tuple[Piece, ...]
    holes: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class Target:
    """The tracks of the output. `video.extradata` is that of the source where packets are copied, else empty."""

    video: VideoParameters | None
    audio: AudioParameters | None
    bitrate: int | None = None


@dataclass(frozen=True)
class CutPlan:
    """All of a merge. `warnings` are sentences for people: what is missing, what is encoded against the mode."""

    mode: Mode
    clips: tuple[ClipPlan, ...]
    target: Target
    warnings: tuple[str, ...] = ()
