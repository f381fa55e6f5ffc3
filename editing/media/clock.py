"""When each frame of an output is shown and when it must reach the decoder."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from weakref import WeakKeyDictionary

import numpy as np

from editing.errors import UnreadableMedia
from editing.timeline.frames import ENTRIES, KIND_MASK, FrameKind, VideoIndex, unpack
from editing.timeline.instant import Instant
from editing.timeline.pieces import Action, Piece
from editing.timeline.plan import CutPlan

_IS_ENTRY = np.array([kind in ENTRIES for kind in range(KIND_MASK + 1)], np.uint8)


@dataclass(frozen=True)
class Frames:
    """The frames of a piece in decoding order, column by column, and their times in the order of the screen.

    `entries` holds 1 where a decoder can begin. `spans` says for each of the piece's segments which of its frames these
    are (from the first to before the second number) and how many it has in all, or None where they do not follow each
    other. Unpacked indexes are not kept: hours of them would fill the memory.
    """

    pts: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("I"))
    entries: bytearray = field(default_factory=bytearray)
    shown: array[int] = field(default_factory=lambda: array("q"))
    spans: list[tuple[int, int, int] | None] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pts)

    def add(self, video: VideoIndex, low: int, high: int) -> None:
        """Take those with low ≤ pts < high."""
        pts, sizes = np.array(video.pts, np.int64), np.array(video.sizes, np.uint32)
        inside = (low <= pts) & (pts < high)
        first, count = int(inside.argmax()), int(np.count_nonzero(inside))
        self.spans.append((first, first + count, len(pts)) if inside[first : first + count].all() else None)
        self.pts.frombytes(pts[inside].tobytes())
        self.sizes.frombytes(sizes[inside].tobytes())
        self.entries.extend(_IS_ENTRY[np.frombuffer(video.marks, np.uint8)[inside] & KIND_MASK].tobytes())


_known: WeakKeyDictionary[Piece, Frames] = WeakKeyDictionary()


def frames_of(piece: Piece) -> Frames:
    """The piece's frames, from the index; those of a slate come evenly. They are kept as long as their piece is.

    Raises UnreadableMedia where two are shown at once: such an index was made before times were spread.
    """
    frames = _known.get(piece)
    if frames is None:
        frames = _known[piece] = _frames_of(piece)
    return frames


def _frames_of(piece: Piece) -> Frames:
    frames = Frames()
    if piece.action is Action.SLATE:
        frames.shown.extend(number * piece.ticks // piece.frames for number in range(piece.frames))
    for segment in piece.segments:
        if video := unpack(segment.packed).video:
            frames.add(video, piece.first_pts, piece.end_pts)
        else:
            frames.spans.append((0, 0, 0))
    shown = np.sort(np.frombuffer(frames.pts, np.int64))
    if (shown[1:] <= shown[:-1]).any():
        key = piece.segments[0].key
        raise UnreadableMedia(f"Two pictures of {key} and what follows are shown at the same instant.")
    frames.shown.frombytes(shown.tobytes())
    return frames


def entry(piece: Piece) -> tuple[int, FrameKind] | None:
    """The frame (presentation time and kind) from which a decoder gets the piece's first frame right.

    The last IDR picture before it, else the last other entry. None where only a gradual refresh leads there: then all
    that is read must be decoded.
    """
    for kinds in (frozenset({FrameKind.IDR}), ENTRIES):
        for segment in reversed((*piece.lead, piece.segments[0])):
            video = unpack(segment.packed).video
            for position in reversed(range(len(video.pts))) if video else ():
                if video and video.pts[position] <= piece.first_pts and video.kind(position) in kinds:
                    return video.pts[position], video.kind(position)
    return None


def delay(piece: Piece) -> int:
    """How much earlier than its rank on the screen a decoder must get a frame, in ticks: the stream's reordering.

    With it the decoding time of the n-th packet is the n-th presentation time less the delay: strictly rising, and
    never after the packet's own presentation time.
    """
    frames = frames_of(piece)
    if not len(frames):
        return 0
    return int((np.frombuffer(frames.shown, np.int64) - np.frombuffer(frames.pts, np.int64)).max())


def promised(pieces: Iterable[Piece]) -> array[int]:
    """When each frame of the output is shown, in ticks from its first one."""
    times, offset = array("q"), 0
    for piece in pieces:
        shift = offset - piece.first_pts
        times.frombytes((np.frombuffer(frames_of(piece).shown, np.int64) + shift).tobytes())
        offset += piece.ticks
    return times


def joints(pieces: Iterable[Piece]) -> list[int]:
    """Where one piece ends and the next begins, in ticks from the first frame."""
    return list(accumulate(piece.ticks for piece in pieces))[:-1]


def cover(plan: CutPlan) -> int:
    """Where the output begins to show the frame of the first cover time that a clip names, in ticks; 0 where none does.

    For a time in a hole, and for a clip's end, that is the last frame before it.
    """
    offset = 0
    for clip in plan.clips:
        if clip.clip.cover is not None:
            return offset + _shown_at(clip.pieces, min(clip.clip.cover, clip.clip.range.end - 1))
        offset += clip.ticks
    return 0


def _shown_at(pieces: Sequence[Piece], instant: Instant) -> int:
    """When the frame that is on the screen at an instant begins; that of the first one where none has begun yet."""
    offset = found = 0
    for piece in pieces:
        for segment in reversed(piece.segments):
            last = segment.anchor.first_pts_at(instant + 1) - 1  # the last tick that is not after the instant
            if last < segment.first_pts or not (video := unpack(segment.packed).video):
                continue
            if begun := [pts for pts in video.pts if piece.first_pts <= pts <= min(last, piece.end_pts - 1)]:
                found = offset + max(begun) - piece.first_pts
                break
        offset += piece.ticks
    return found
