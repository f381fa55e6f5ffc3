"""Copied sound: one continuous track on its own frame grid, whatever the pictures do.

The output is a row of slots, each one packet long, without holes. At every joint the slot's ideal source time follows
from where the pictures of the piece begin; the packet nearest to it is taken. So the error at a joint is at most half
a packet, and as each joint starts from the ideal time it never adds up. Packets that follow each other in the source
stay together while the error is below three quarters: else, where it is about half a packet, the rounding of the
source's times would now and then drop one and fill the next slot with silence.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median_low
from typing import Any

import numpy as np

from editing.media.layout import Integers, Samples
from editing.media.mp4_writer import Mp4Writer
from editing.media.muxer import Muxer
from editing.media.report import CutReport
from editing.media.silence import silent_packet
from editing.timeline.frames import unpack
from editing.timeline.parameters import AudioParameters
from editing.timeline.pieces import Piece
from editing.timeline.ticks import TICKS_PER_SECOND

_PACKET_SAMPLES = (256, 512, 576, 960, 1024, 1152, 1536, 1920, 2048)
"""What a packet of any codec we copy may hold; HE-AAC's 1,024 come out as 2,048."""
_ADTS = 7


class NotFramewise(Exception):
    """The recording's packets do not begin and end where its frames do."""


class CopiedAudio:
    """Takes the packets of one piece after the other and writes those that belong into the slots.

    `sounding` is a piece that has sound: from its index follows how long a packet lasts. `parsed` says that libav's
    parser has made the packets: what is no frame then is damaged, and becomes silence.
    """

    def __init__(
        self, muxer: Muxer | Mp4Writer, parameters: AudioParameters, sounding: Piece, report: CutReport, *, parsed: bool
    ) -> None:
        self._muxer = muxer
        self._parameters = parameters
        self._report = report
        self._rate = parameters.sample_rate
        self._samples = packet_samples(sounding, parameters)
        self._split = _adts_frames if parameters.codec == "aac" else _as_it_is
        self._parsed = parsed
        # Times in here count halves of a tick times the sample rate: so all of them are whole numbers.
        self._half = self._samples * TICKS_PER_SECOND
        self._slack, self._rounding = self._half // 2, 4 * self._rate
        self._slot = 0
        self._ideal = self._last = 0
        self._joint, self._together = True, False
        self._taken: int | None = None

    def begin(self, piece: Piece, offset: int, *, continues: bool) -> None:
        """The next packets belong to `piece`, whose first frame is shown at `offset` ticks of the output.

        `continues` says that its sound goes on where that of the piece before ended, so that there is no joint.
        """
        self._ideal = 2 * (self._rate * (piece.first_pts - offset) + self._slot * self._half)
        self._last = 2 * self._rate * piece.end_pts - self._half
        if not continues:
            self._joint, self._together, self._taken = True, False, None

    @property
    def full(self) -> bool:
        """Whether the slots of the piece are filled."""
        return self._ideal > self._last

    def take(self, pts: int, packet: Any) -> None:
        """What the source has at an unwrapped time, one frame or several; they come in order.

        Raises NotFramewise where a frame does not end in it, unless a parser has seen to that.
        """
        time = 2 * self._rate * pts
        try:
            for frame in self._split(bytes(packet)):
                self._frame(time, frame)
                time += 2 * self._half
        except NotFramewise:
            if not self._parsed:
                raise
            self._report.undecodable_sound += 1

    def take_all(self, pts: Integers, ranks: Integers, frames: Samples, memory: memoryview) -> None:
        """The frames in memory, the n-th one as number `ranks[n]` of the packet at the unwrapped time `pts[n]`.

        The same as `take`, but while they follow each other many at once.
        """
        assert isinstance(self._muxer, Mp4Writer)
        times, at = 2 * self._rate * pts + 2 * self._half * ranks, 0
        while at < len(frames):
            if count := self._following(times[at:]):
                own = frames.part(at, at + count)
                self._muxer.write_sound(own.pieces(memory), own, self._slot * self._samples, self._samples)
                self._taken = int(times[at + count - 1])
                self._next(count)
                at += count
            else:
                self._frame(int(times[at]), b"".join(frames.part(at, at + 1).pieces(memory)))
                at += 1

    def _following(self, times: Integers) -> int:
        """How many frames go into the next slots, one after the other, for they are together."""
        if not self._together or self._joint or self._taken is None or self._ideal > self._last:
            return 0
        most = (self._last - self._ideal) // (2 * self._half) + 1
        times = times[:most]
        good = np.abs(times - self._ideal - 2 * self._half * np.arange(len(times))) <= self._half + self._slack
        good[0] &= times[0] > self._taken
        good[1:] &= times[1:] > times[:-1]
        return len(good) if good.all() else int(good.argmin())

    def end(self) -> None:
        """Fill what the piece's sound left open."""
        while self._ideal <= self._last:
            self._fill()

    def flush(self) -> None:
        """Nothing is held back."""

    def _frame(self, time: int, frame: bytes) -> None:
        if self._taken is not None and time <= self._taken:
            return  # a piece that continues another is read from a little before its beginning
        while self._ideal <= self._last:
            distance, most = time - self._ideal, self._half + (self._slack if self._together else self._rounding)
            if distance < -most:
                return
            if distance <= most:
                if self._joint:
                    self._note_joint(distance)
                self._together, self._taken = True, time
                self._put(frame)
                return
            self._fill()

    def _note_joint(self, distance: int) -> None:
        self._joint = False
        self._report.joints.append(distance * 100 // (9 * 2 * self._rate))

    def _fill(self) -> None:
        self._joint = self._together = False
        self._report.silent_frames += 1
        if data := silent_packet(self._parameters):
            self._put(data)
        else:
            self._next()

    def _put(self, data: bytes) -> None:
        self._muxer.write_frames([data], self._slot * self._samples, self._samples)
        self._next()

    def _next(self, count: int = 1) -> None:
        self._slot += count
        self._ideal += 2 * self._half * count


def packet_samples(piece: Piece, parameters: AudioParameters) -> int:
    """How many samples a packet of this sound holds, as its index shows."""
    times = unpack(piece.segments[0].packed).audio[0].pts
    steps = [later - earlier for earlier, later in pairwise(times)]
    found = median_low(steps) * parameters.sample_rate / TICKS_PER_SECOND if steps else 1024
    return min(_PACKET_SAMPLES, key=lambda samples: abs(samples - found))


def _as_it_is(data: bytes) -> list[bytes]:
    return [data]


def _adts_frames(data: bytes) -> list[bytes]:
    """Raw AAC frames: MP4 keeps the configuration once, not before each frame."""
    frames, at, length = [], 0, len(data)
    while at < length:
        if length - at < _ADTS or data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0:
            raise NotFramewise
        end = at + ((data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5)
        begin = at + (_ADTS if data[at + 1] & 1 else _ADTS + 2)
        if not begin < end <= length:
            raise NotFramewise
        frames.append(data[begin:end])
        at = end
    return frames
