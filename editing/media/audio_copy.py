"""Copied sound: one continuous track on its own frame grid, whatever the pictures do.

The output is a row of slots, each one packet long, without holes. At every joint the slot's ideal source time follows
from where the pictures of the piece begin; the packet nearest to it is taken. So the error at a joint is at most half
a packet, and as each joint starts from the ideal time it never adds up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from av import Packet

from editing.media.muxer import Muxer
from editing.media.report import CutReport
from editing.media.silence import silent_packet
from editing.timeline.parameters import AudioParameters
from editing.timeline.pieces import Piece
from editing.timeline.ticks import TICKS_PER_SECOND

_SAMPLES = {"aac": 1024, "mp3": 1152, "ac3": 1536}
_ADTS = 7


class CopiedAudio:
    """Takes the packets of one piece after the other and writes those that belong into the slots."""

    def __init__(self, muxer: Muxer, parameters: AudioParameters, report: CutReport) -> None:
        self._muxer = muxer
        self._parameters = parameters
        self._report = report
        self._samples = _SAMPLES.get(parameters.codec, 1024)
        self._rate = parameters.sample_rate
        self._strip: Callable[[bytes], bytes] = without_adts if parameters.codec == "aac" else bytes
        self._slot = 0
        self._begin = self._offset = self._end = 0

    def begin(self, piece: Piece, offset: int) -> None:
        """The next packets belong to `piece`, whose first frame is shown at `offset` ticks of the output."""
        self._begin, self._offset, self._end = piece.first_pts, offset, piece.end_pts
        self._joint = True

    @property
    def full(self) -> bool:
        """Whether the slots of the piece are filled."""
        return self._doubled_ideal() + self._doubled_half() > 2 * self._rate * self._end

    def take(self, pts: int, packet: Any) -> None:
        """A packet of the source with its unwrapped time; packets come in order."""
        doubled = 2 * self._rate * pts
        while not self.full:
            distance = doubled - self._doubled_ideal()
            if distance < -self._doubled_half():
                return
            if distance <= self._doubled_half():
                self._note_joint(distance)
                self._put(self._strip(bytes(packet)))
                return
            self._fill()

    def end(self) -> None:
        """Fill what the piece's sound left open."""
        while not self.full:
            self._fill()

    def _doubled_ideal(self) -> int:
        """The source time of the next slot in halves of a tick times the sample rate: whole numbers throughout."""
        return 2 * (self._rate * (self._begin - self._offset) + self._slot * self._samples * TICKS_PER_SECOND)

    def _doubled_half(self) -> int:
        return self._samples * TICKS_PER_SECOND

    def _note_joint(self, distance: int) -> None:
        if self._joint:
            self._joint = False
            self._report.joints.append(distance * 100 // (9 * 2 * self._rate))

    def _fill(self) -> None:
        self._joint = False
        self._report.silent_frames += 1
        if data := silent_packet(self._parameters):
            self._put(data)
        else:
            self._slot += 1

    def _put(self, data: bytes) -> None:
        packet = Packet(data)
        packet.pts = packet.dts = self._slot * self._samples
        packet.duration = self._samples
        packet.time_base = self._muxer.audio_tick
        packet.is_keyframe = True
        self._muxer.write_audio(packet)
        self._slot += 1


def without_adts(data: bytes) -> bytes:
    """A raw AAC frame: MP4 keeps the configuration once, not before each frame."""
    if len(data) < _ADTS or data[0] != 0xFF or data[1] & 0xF6 != 0xF0:
        return data
    return data[_ADTS if data[1] & 1 else _ADTS + 2 :]
