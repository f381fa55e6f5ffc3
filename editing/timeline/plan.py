"""Clips, coverage and a mode become a plan: which frames are copied, which are encoded, from which segments.

A plan is made from the index alone, before any media is opened, and says everything that the cut will do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from editing.errors import InvalidClips, InvalidInput, ModeNotAvailable, NothingRecorded
from editing.timeline import pieces as cutting
from editing.timeline.clips import Clip, HolePolicy, Mode, StreamName
from editing.timeline.coverage import Coverage, Gap, Segment, gaps_between
from editing.timeline.instant import Range, format_instant
from editing.timeline.pieces import Action, Piece
from editing.timeline.target import Size, Target, target_of

__all__ = ["Action", "ClipPlan", "CutPlan", "Piece", "Target", "make"]

AVAILABLE = (Mode.ACCURATE, Mode.ROUGH_FAST)

NOT_DECODABLE = "cannot be decoded without what came before"

BYTES_PER_SECOND = 250_000_000
"""What a cut copies in a second, for predictions only."""
PIXELS_PER_SECOND = 160_000_000
"""What a cut encodes in a second, for predictions only."""


@dataclass(frozen=True)
class ClipPlan:
    """One clip of the plan: what was asked for, what will come out, and what is missing inside."""

    clip: Clip
    achieved: Range
    pieces: tuple[Piece, ...]
    holes: tuple[Gap, ...] = ()

    @property
    def ticks(self) -> int:
        return sum(piece.ticks for piece in self.pieces)

    @property
    def frames(self) -> int:
        return sum(piece.frames for piece in self.pieces)


@dataclass(frozen=True)
class CutPlan:
    """All of a merge. `warnings` are sentences for people: what is missing, what is taken beyond what was asked."""

    mode: Mode
    clips: tuple[ClipPlan, ...]
    target: Target
    warnings: tuple[str, ...] = ()

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """All pieces in the order of the output."""
        return tuple(piece for clip in self.clips for piece in clip.pieces)

    @property
    def ticks(self) -> int:
        """How long the output lasts, in ticks of 1/90,000 s."""
        return sum(piece.ticks for piece in self.pieces)

    @property
    def frames(self) -> int:
        return sum(piece.frames for piece in self.pieces)

    @property
    def size(self) -> int:
        """Predicted bytes of the output."""
        copied = sum(piece.bytes for piece in self.pieces if piece.action is Action.COPY)
        encoded = sum(piece.ticks for piece in self.pieces if piece.action is Action.ENCODE)
        return copied + encoded * (self.target.bitrate + self.target.audio_bitrate) // (8 * 90_000)

    @property
    def seconds(self) -> float:
        """Predicted time of the cut on two cores."""
        read = sum(piece.bytes for piece in self.pieces)
        encoded = sum(piece.frames for piece in self.pieces if piece.action is Action.ENCODE)
        return read / BYTES_PER_SECOND + encoded * self.target.pixels / PIXELS_PER_SECOND


def make(
    clips: Sequence[Clip],
    coverage: Mapping[StreamName, Coverage],
    mode: Mode,
    *,
    size: Size | None = None,
    bitrate: int | None = None,
    holes: HolePolicy = HolePolicy.SKIP,
) -> CutPlan:
    """Plan a merge of `clips`, in their order, out of what `coverage` says is recorded.

    Raises InvalidClips, NothingRecorded or InvalidOutput with the field at fault, ModeNotAvailable for a mode that
    is not there yet.
    """
    check_mode(mode, holes)
    check_clips(clips)
    planned = tuple(
        _plan_clip(clip, coverage.get(clip.stream, Coverage(())), mode, f"clips[{number}]")
        for number, clip in enumerate(clips)
    )
    if holes is HolePolicy.FAIL:
        _refuse_holes(planned)
    target = target_of([clip.pieces for clip in planned], mode, size=size, bitrate=bitrate)
    return CutPlan(mode, planned, target, tuple(_warnings(planned, mode)))


def check_clips(clips: Sequence[Clip]) -> None:
    """Refuse clips that could not be right whatever is recorded. Raises InvalidClips."""
    if not clips:
        raise InvalidClips("There are no clips; give at least one range to merge.", field="clips")
    for number, clip in enumerate(clips):
        if clip.range.end <= clip.range.start:
            raise InvalidClips(
                f"The clip ends at {format_instant(clip.range.end)}, not after its start.", field=f"clips[{number}].end"
            )
        if clip.cover is not None and not clip.range.start <= clip.cover <= clip.range.end:
            raise InvalidClips("The cover time lies outside its clip.", field=f"clips[{number}].cover")


def check_mode(mode: Mode, holes: HolePolicy) -> None:
    """Refuse what this version does not do yet. Raises ModeNotAvailable or InvalidInput."""
    if mode not in AVAILABLE:
        names = " and ".join(sorted(AVAILABLE))
        raise ModeNotAvailable(f"{mode} comes with the next version; {names} are there now.", field="mode")
    if holes is HolePolicy.SLATE:
        raise InvalidInput("Slates come with the next version; use skip or fail.", field="holes")


def recorded(clip: Clip, coverage: Coverage, field: str) -> tuple[Segment, ...]:
    """The segments that touch a clip. Raises NothingRecorded where there are none."""
    touching = coverage.touching(clip.range)
    if not touching:
        raise NothingRecorded(
            f"Nothing of {clip.stream} is recorded between {format_instant(clip.range.start)} "
            f"and {format_instant(clip.range.end)}.",
            field=field,
        )
    return touching


def _plan_clip(clip: Clip, coverage: Coverage, mode: Mode, field: str) -> ClipPlan:
    touching = recorded(clip, coverage, field)
    found = cutting.whole_segments(touching, coverage) if mode.snaps else cutting.exact(clip.range, touching, coverage)
    if not found:
        raise NothingRecorded(_undecodable(mode), field=field)
    achieved = Range(found[0].start, found[-1].end)
    return ClipPlan(clip, achieved, tuple(found), _holes(clip, found, touching, coverage))


def _undecodable(mode: Mode) -> str:
    if mode.copies:
        return f"No keyframe leads to this range, so that {mode} cannot copy it; Accurate may be able to encode it."
    return "No frame in this range can be decoded: no keyframe leads to it."


def _holes(clip: Clip, found: Sequence[Piece], touching: Sequence[Segment], coverage: Coverage) -> tuple[Gap, ...]:
    """What is missing of the range, beyond half a frame at its edges (a range need not begin on a frame)."""
    unrecorded = gaps_between(Coverage(touching).covered(), coverage.known_gaps, clip.range)
    explained = sorted([*cutting.covered(found), *(gap.range for gap in unrecorded)])
    undecodable = [Gap(gap.range, NOT_DECODABLE) for gap in gaps_between(explained, (), clip.range)]
    half = found[0].segments[0].frame_microseconds // 2
    missing = sorted([*unrecorded, *undecodable], key=lambda gap: gap.range)
    return tuple(gap for gap in missing if gap.range.duration > 3 * half)


def _refuse_holes(planned: Sequence[ClipPlan]) -> None:
    for number, clip in enumerate(planned):
        if clip.holes:
            raise NothingRecorded(
                "Media is missing inside the clip: " + "; ".join(map(_hole_text, clip.holes)) + ".",
                field=f"clips[{number}]",
            )


def _warnings(planned: Sequence[ClipPlan], mode: Mode) -> Iterator[str]:
    for number, clip in enumerate(planned, 1):
        for hole in clip.holes:
            yield f"Clip {number} misses {_hole_text(hole)}; the hole is closed."
        if mode.snaps and clip.achieved.duration > clip.clip.range.duration:
            extra = (clip.achieved.duration - clip.clip.range.duration) / 1_000_000
            yield f"Clip {number} becomes {extra:.3f} s longer: {mode} takes whole segments."


def _hole_text(gap: Gap) -> str:
    return f"{gap.range.duration / 1_000_000:.3f} s from {format_instant(gap.range.start)} ({gap.reason})"
