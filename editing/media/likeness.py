"""Are encoded pictures still those of the recording? Counting packets does not tell: a ruined picture counts, too.

The first pictures of some pieces are decoded once more from the recording and held against the output's. Both are made
so small that what compression costs does not show, and what matters does: another picture, a grey one, one in ruins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from editing.errors import VerificationFailed
from editing.media import clock
from editing.media.muxer import TICK
from editing.media.pictures import Fitter
from editing.media.reader import OpenSegment, PacketReader
from editing.timeline.pieces import Piece
from editing.timeline.plan import CutPlan
from editing.timeline.ticks import TICKS_PER_SECOND

_MOST = 4
_SMALL = (64, 36)
_SEEN = 10.0
"""Levels of brightness (of 255) that a picture may differ whatever it shows."""
_LOST = 0.6
"""Where the difference is this part of all that is to be seen in a picture, little of it is left."""
_NEAR = TICKS_PER_SECOND // 500
_EARLIER = 3 * TICKS_PER_SECOND


def compare(plan: CutPlan, output: Path, *, open_segment: OpenSegment, alive: Callable[[], None]) -> int:
    """How many pictures were compared. Raises VerificationFailed for one that does not show what the recording does.

    `alive` is called again and again, and may raise to end it. Raises what reading the recording raises, too.
    """
    starts = list(accumulate((piece.ticks for piece in plan.pieces), initial=0))
    shown = [(start, piece) for start, piece in zip(starts, plan.pieces, strict=False) if piece.segments]
    picked = shown[:: -(-len(shown) // _MOST) or 1]
    for start, piece in picked:
        alive()
        source, made = _recorded(plan, piece, open_segment, alive), _made(output, start, alive)
        if source is None or made is None or _differ(source, made):
            raise VerificationFailed(
                f"The picture at {start / TICKS_PER_SECOND:.3f} s does not look like the recording's. "
                "Is the bit rate high enough for its size?"
            )
    return len(picked)


def _differ(source: Any, made: Any) -> bool:
    wanted, found = _small(source), _small(made)
    error = float(np.sqrt(np.mean((wanted - found) ** 2)))
    return error > max(_SEEN, _LOST * float(wanted.std()))


def _small(frame: Any) -> Any:
    width, height = _SMALL
    return frame.reformat(width=width, height=height, format="gray", interpolation="AREA").to_ndarray().astype(float)


def _recorded(plan: CutPlan, piece: Piece, open_segment: OpenSegment, alive: Callable[[], None]) -> Any:
    """The first picture of a piece, as it should look in the output."""
    source = piece.parameters.video if piece.parameters else None
    if source is None:
        return None
    fitter = Fitter(plan.target.video, source)
    with PacketReader(piece.files, open_segment) as reader:
        for frame in _decoded(piece, source.codec, bytes.fromhex(source.extradata), reader):
            alive()
            if frame.pts == piece.first_pts:
                return fitter.fit(frame)
    return None


def _decoded(piece: Piece, codec: str, sets: bytes, reader: PacketReader) -> Iterator[Any]:
    decoder: Any = av.CodecContext.create(codec, "r")
    decoder.extradata = sets or None
    entry = clock.entry(piece)
    entered = entry is None
    for _, pts, packet in reader.packets(audio=False):
        entered = entered or (entry is not None and pts == entry[0])
        if entered:
            packet.pts, packet.dts, packet.time_base = pts, None, TICK
            decoder.skip_frame = "DEFAULT" if pts == piece.first_pts else "NONREF"
            with suppress(FFmpegError):  # ffmpeg goes on, too, where a picture is damaged
                yield from decoder.decode(packet)
    yield from decoder.decode(None)


def _made(output: Path, start: int, alive: Callable[[], None]) -> Any:
    """The output's picture at so many ticks from its first one.

    Seeking in a transport stream is guesswork: what is not found is looked for earlier, and from the beginning on.
    """
    try:
        found = (_found(output, start, back, alive) for back in (0, _EARLIER, None))
        return next((frame for frame in found if frame is not None), None)
    except FFmpegError as error:
        raise VerificationFailed(
            f"The pictures near {start / TICKS_PER_SECOND:.3f} s cannot be decoded: {error.strerror}."
        ) from error


def _found(output: Path, start: int, back: int | None, alive: Callable[[], None]) -> Any:
    """The same, decoded from `back` ticks before it at the latest; None where it does not turn up."""
    with av.open(str(output)) as container:
        stream: Any = container.streams.video[0]
        at = (stream.start_time or 0) + round(start * TICK / stream.time_base)
        near = _NEAR * TICK / stream.time_base
        if back is not None and start > back:
            try:
                container.seek(at - round(back * TICK / stream.time_base), stream=stream, backward=True)
            except FFmpegError:  # in a transport stream of a few frames there is nothing to go by
                return None
        for frame in container.decode(stream):
            alive()
            if frame.pts is not None and frame.pts >= at - near:
                return frame if frame.pts <= at + near else None
    return None
