"""A plan in words and numbers for people and programs: what pages show and the API answers."""

from typing import Any

from editing.timeline.coverage import Gap
from editing.timeline.instant import Range, format_instant
from editing.timeline.pieces import Action, Piece
from editing.timeline.plan import ClipPlan, CutPlan
from editing.timeline.ticks import TICKS_PER_SECOND


def describe(plan: CutPlan) -> dict[str, Any]:
    """Instants as ISO-8601, lengths in seconds, sizes in bytes; predictions are marked as such."""
    target = plan.target
    return {
        "mode": plan.mode.value,
        "duration": seconds(plan.ticks),
        "frames": plan.frames,
        "encoded": sum(piece.frames for piece in plan.pieces if piece.action is not Action.COPY),
        "predicted_size": plan.size,
        "predicted_seconds": round(plan.seconds, 1),
        "width": target.video.width,
        "height": target.video.height,
        "video": plan.video_codec,
        "audio": plan.audio_codec or None,
        "clips": [_clip(clip) for clip in plan.clips],
        "warnings": list(plan.warnings),
    }


def seconds(ticks: int) -> float:
    return round(ticks / TICKS_PER_SECOND, 6)


def _clip(clip: ClipPlan) -> dict[str, Any]:
    return {
        "stream": str(clip.clip.stream),
        "requested": _range(clip.clip.range),
        "achieved": _range(clip.achieved),
        "duration": seconds(clip.ticks),
        "frames": clip.frames,
        "pieces": [_piece(piece) for piece in clip.pieces],
        "holes": [hole(gap) for gap in clip.holes],
        "damage": [
            {"start": format_instant(each.start), "segment": each.segment, "pictures": each.pictures}
            for each in clip.damage
        ],
        "sound_damage": [
            {"start": format_instant(each.start), "segment": each.segment, "packets": each.packets}
            for each in clip.sound_damage
        ],
    }


def _piece(piece: Piece) -> dict[str, Any]:
    return {
        "action": piece.action.value,
        "start": format_instant(piece.start),
        "end": format_instant(piece.end),
        "frames": piece.frames,
        "segments": len(piece.segments),
        "reason": piece.reason,
    }


def hole(gap: Gap) -> dict[str, Any]:
    return {**_range(gap.range), "duration": gap.range.duration / 1_000_000, "reason": gap.reason}


def _range(instants: Range) -> dict[str, str]:
    return {"start": format_instant(instants.start), "end": format_instant(instants.end)}
