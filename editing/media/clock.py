"""When each frame of an output is shown and when it must reach the decoder."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate

from editing.timeline.pieces import Piece


def wanted(piece: Piece) -> Iterator[int]:
    """Presentation times of the piece's frames in decoding order, from the index."""
    for segment in piece.segments:
        if segment.index.video:
            yield from (pts for pts in segment.index.video.pts if piece.first_pts <= pts < piece.end_pts)


def shown(piece: Piece) -> array[int]:
    """The same in the order in which they are shown."""
    return array("q", sorted(wanted(piece)))


def delay(piece: Piece) -> int:
    """How much earlier than its rank on the screen a decoder must get a frame, in ticks: the stream's reordering.

    With it the decoding time of the n-th packet is the n-th presentation time less the delay: strictly rising, and
    never after the packet's own presentation time.
    """
    return max((rank - pts for rank, pts in zip(shown(piece), wanted(piece), strict=True)), default=0)


def promised(pieces: Iterable[Piece]) -> array[int]:
    """When each frame of the output is shown, in ticks from its first one."""
    times, offset = array("q"), 0
    for piece in pieces:
        times.extend(pts - piece.first_pts + offset for pts in shown(piece))
        offset += piece.ticks
    return times


def joints(pieces: Iterable[Piece]) -> list[int]:
    """Where one piece ends and the next begins, in ticks from the first frame."""
    return list(accumulate(piece.ticks for piece in pieces))[:-1]
