"""How large the index of an MP4 will be: room for it is kept in front of the media."""

from editing.timeline.plan import CutPlan

_INDEX_PER_FRAME = 48
_INDEX_PER_PACKET = 32
_INDEX_HEAD = 1 << 16
_LIKELY_HEAD, _LIKELY_PER_FRAME, _LIKELY_PER_PACKET = 1 << 13, 14, 5
_FEWEST_SAMPLES = 960
_MOST_OF_ALL = 100
"""Room for the index in front of the media is kept where it is at most this part of the whole."""


def room_for_index(plan: CutPlan) -> int:
    """The most that the index of an MP4 of this plan can take; 0 where that would be much of the whole file.

    Per frame: its size, its place, its two times and whether it is an entry; a chunk may hold no more than one.
    """
    packets = plan.ticks * plan.target.audio.sample_rate // (90_000 * _FEWEST_SAMPLES) if plan.target.audio else 0
    most = _INDEX_HEAD + _INDEX_PER_FRAME * plan.frames + _INDEX_PER_PACKET * packets
    return most if most * _MOST_OF_ALL <= plan.size else 0


def likely_index(plan: CutPlan) -> int:
    """What the index of an MP4 of this plan takes where frames come evenly and chunks are long."""
    packets = plan.ticks * plan.target.audio.sample_rate // (90_000 * _FEWEST_SAMPLES) if plan.target.audio else 0
    return _LIKELY_HEAD + _LIKELY_PER_FRAME * plan.frames + _LIKELY_PER_PACKET * packets
