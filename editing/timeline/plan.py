"""Clips, coverage and a mode become a plan: which frames are copied, which are encoded, from which segments.

A plan is made from the index alone, before any media is opened, and says everything that the cut will do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from editing.errors import InvalidClips, NothingRecorded
from editing.timeline import copying
from editing.timeline.clips import Clip, HolePolicy, Mode, StreamName
from editing.timeline.coverage import Coverage, Gap, Segment, gaps_between
from editing.timeline.damage import Damage, SoundDamage, damage_in, sound_damage_in
from editing.timeline.instant import Range, format_instant
from editing.timeline.pieces import Action, Piece, covered, encoded, slate
from editing.timeline.slices import Group, Slice, groups
from editing.timeline.target import Size, Target, clash, target_of
from editing.timeline.ticks import TICKS_PER_SECOND

__all__ = ["Action", "ClipPlan", "CutPlan", "Piece", "Target", "make"]

NOT_DECODABLE = "cannot be decoded without what came before"

ENCODED_VIDEO, ENCODED_AUDIO = "h264", "aac"
"""What encoded tracks are; encoded stretches of a copied one are like the rest of it."""
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
    damage: tuple[Damage, ...] = ()
    sound_damage: tuple[SoundDamage, ...] = ()

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
    def video_codec(self) -> str:
        return self.target.video.codec if self.mode.copies else ENCODED_VIDEO

    @property
    def audio_codec(self) -> str:
        """Nothing where the output has no sound."""
        audio = self.target.audio
        return (audio.codec if self.target.audio_copied else ENCODED_AUDIO) if audio else ""

    @property
    def size(self) -> int:
        """Predicted bytes of the output."""
        copied = sum(piece.bytes for piece in self.pieces if piece.action is Action.COPY)
        others = sum(piece.ticks for piece in self.pieces if piece.action is not Action.COPY)
        return copied + others * (self.target.bitrate + self.target.audio_bitrate) // (8 * 90_000)

    @property
    def seconds(self) -> float:
        """Predicted time of the cut on two cores."""
        read = sum(piece.bytes for piece in self.pieces)
        others = sum(piece.frames for piece in self.pieces if piece.action is not Action.COPY)
        return read / BYTES_PER_SECOND + others * self.target.pixels / PIXELS_PER_SECOND


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

    Raises InvalidClips, NothingRecorded or InvalidOutput with the field at fault.
    """
    check_clips(clips)
    found = [_find(clip, coverage, mode, f"clips[{number}]") for number, clip in enumerate(clips)]
    target = target_of([group for each in found for group in each.groups], mode, size=size, bitrate=bitrate)
    planned: list[ClipPlan] = []
    for number, each in enumerate(found):
        begins = not any(clip.pieces for clip in planned)
        planned.append(_plan_clip(each, target, mode, holes, begins=begins, field=f"clips[{number}]"))
    return CutPlan(mode, tuple(planned), target, tuple(_warnings(planned, mode, holes, target)))


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


@dataclass(frozen=True)
class _Found:
    """What is recorded of a clip, before anybody knows what the whole output will be."""

    clip: Clip
    coverage: Coverage
    touching: tuple[Segment, ...]
    groups: list[list[Slice]]


def _find(clip: Clip, coverage: Mapping[StreamName, Coverage], mode: Mode, field: str) -> _Found:
    own = coverage.get(clip.stream, Coverage(()))
    touching = recorded(clip, own, field)
    start, end = (None, None) if mode.snaps else (clip.range.start, clip.range.end)
    found = groups(touching, start, end)
    if not found:
        raise NothingRecorded(f"No frame of {clip.stream} is shown in this range.", field=field)
    return _Found(clip, own, touching, found)


def _plan_clip(found: _Found, target: Target, mode: Mode, holes: HolePolicy, *, begins: bool, field: str) -> ClipPlan:
    pieces: list[Piece] = []
    for group in found.groups:
        pieces += _pieces_of(group, found.coverage, target, mode, first=begins and not pieces)
    if not pieces:
        raise NothingRecorded("No frame in this range can be decoded: no keyframe leads to it.", field=field)
    missing = _holes(found, pieces)
    if holes is HolePolicy.FAIL and missing:
        raise NothingRecorded(
            "Media is missing inside the clip: " + "; ".join(map(_hole_text, missing)) + ".", field=field
        )
    achieved = Range(pieces[0].start, pieces[-1].end)
    if holes is HolePolicy.SLATE:
        pieces = _with_slates(pieces, missing, target)
    damage = tuple(each for piece in pieces for each in damage_in(piece))
    sound_damage = tuple(each for piece in pieces for each in sound_damage_in(piece)) if target.audio else ()
    return ClipPlan(found.clip, achieved, tuple(pieces), missing, damage, sound_damage)


def _pieces_of(group: Group, coverage: Coverage, target: Target, mode: Mode, *, first: bool) -> list[Piece]:
    reason = clash(group[0].segment.parameters.video, target.video) if mode.copies else ""
    if mode.copies and not reason:
        return copying.split(group, coverage, first=first, snaps=mode.snaps)
    piece = encoded(group, coverage, reason)
    return [piece] if piece else []


def _holes(found: _Found, pieces: Sequence[Piece]) -> tuple[Gap, ...]:
    """What is missing of the range, beyond half a frame at its edges (a range need not begin on a frame)."""
    clip, known = found.clip, found.coverage.known_gaps
    own = Coverage(found.touching)
    unrecorded = gaps_between(own.covered(), known, clip.range)
    skipped = (step.skipped for step in own.clock_steps() if step.skipped)
    explained = sorted([*covered(pieces), *(gap.range for gap in unrecorded), *skipped])
    undecodable = [Gap(gap.range, NOT_DECODABLE) for gap in gaps_between(explained, (), clip.range)]
    half = pieces[0].segments[0].frame_microseconds // 2
    missing = sorted([*unrecorded, *undecodable], key=lambda gap: gap.range)
    return tuple(gap for gap in missing if gap.range.duration > 3 * half)


def _with_slates(pieces: Sequence[Piece], holes: Sequence[Gap], target: Target) -> list[Piece]:
    """The pieces with black and silence in their holes, each as long as its hole."""
    slates = [slate(hole.range, hole.range.duration * 9 // 100, target.frame_ticks) for hole in holes]
    return sorted([*pieces, *slates], key=lambda piece: piece.start)


def _warnings(planned: Sequence[ClipPlan], mode: Mode, holes: HolePolicy, target: Target) -> Iterator[str]:
    filled = "black and silence take its place" if holes is HolePolicy.SLATE else "the hole is closed"
    for number, clip in enumerate(planned, 1):
        for hole in clip.holes:
            yield f"Clip {number} misses {_hole_text(hole)}; {filled}."
        if mode.snaps and clip.achieved.duration > clip.clip.range.duration:
            extra = (clip.achieved.duration - clip.clip.range.duration) / 1_000_000
            yield f"Clip {number} becomes {extra:.3f} s longer: {mode} takes whole segments."
        for damage in clip.damage:
            yield (
                f"Clip {number}: {damage.pictures} pictures from {format_instant(damage.start)} on were damaged when "
                f"they were recorded, or refer to one that was (segment {damage.segment})."
            )
        for sound in clip.sound_damage:
            yield (
                f"Clip {number}: {sound.packets} packets of sound from {format_instant(sound.start)} on were damaged "
                f"or missing when they were recorded (segment {sound.segment})."
            )
        for piece in clip.pieces:
            if piece.reason:
                length = piece.ticks / TICKS_PER_SECOND
                yield (
                    f"Clip {number}: {length:.3f} s from {format_instant(piece.start)} are encoded, not copied: "
                    f"{piece.reason}."
                )
    if mode.copies and target.audio and not target.audio_copied:
        yield f"The sound is encoded, not copied: {target.audio_reason}."


def _hole_text(gap: Gap) -> str:
    return f"{gap.range.duration / 1_000_000:.3f} s from {format_instant(gap.range.start)} ({gap.reason})"
