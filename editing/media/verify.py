"""Does an output hold what its plan promised? Asked after every cut, before anything is published."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from editing.errors import VerificationFailed
from editing.media import clock
from editing.timeline.plan import CutPlan
from editing.timeline.ticks import TICKS_PER_SECOND

_SEAM_FRAMES = 3
_MOST_SEAMS = 24
_EXACT = {".mp4", ".mov", ".ts"}
"""Containers that keep our ticks; the others count milliseconds."""
_MILLISECOND = TICKS_PER_SECOND // 1000


@dataclass(frozen=True)
class Verdict:
    """What was found. `sound_lag` is how much later the sound ends than the pictures, in µs."""

    frames: int
    duration: int
    audio_packets: int
    sound_lag: int
    seams_decoded: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def verify(plan: CutPlan, output: Path) -> Verdict:
    """Read the output back: its tracks, every packet's times, its ends, the frames around each joint.

    Raises VerificationFailed, saying what was promised and what was found.
    """
    try:
        with av.open(str(output)) as container:
            check = _Check(plan, container, tolerance=0 if output.suffix in _EXACT else _MILLISECOND)
            return check.verdict(decoded=_decode_seams(plan, output))
    except FFmpegError as error:
        raise VerificationFailed(f"The output cannot be read back: {error.strerror}.") from error


class _Check:
    def __init__(self, plan: CutPlan, container: Any, *, tolerance: int) -> None:
        self.plan, self.container, self.tolerance = plan, container, tolerance
        self.video = self._one(container.streams.video, "video", wanted=True)
        self.audio = self._one(container.streams.audio, "audio", wanted=plan.target.audio is not None)
        self.times: list[int] = []
        self.sound_end = self.sound_packets = 0

    def verdict(self, decoded: int) -> Verdict:
        self._read()
        self._check_frames()
        end = self.times[0] + self.plan.ticks
        lag = self.sound_end - end if self.audio else 0
        if abs(lag) > self._longest_lag():
            raise VerificationFailed(f"The sound ends {lag / TICKS_PER_SECOND:+.3f} s from the end of the pictures.")
        return Verdict(len(self.times), self.plan.ticks * 100 // 9, self.sound_packets, lag * 100 // 9, decoded)

    def _one(self, streams: Any, kind: str, *, wanted: bool) -> Any:
        if len(streams) != wanted:
            raise VerificationFailed(f"The output has {len(streams)} {kind} tracks instead of {int(wanted)}.")
        return streams[0] if wanted else None

    def _read(self) -> None:
        """Take down every packet's time; decoding times must rise and never pass the presentation."""
        last: dict[int, int] = {}
        for packet in self.container.demux():
            if packet.pts is None:
                continue
            index = packet.stream.index
            if packet.dts is not None:  # Matroska does not store decoding times; libav works most of them out
                if packet.pts < packet.dts or packet.dts <= last.get(index, packet.dts - 1):
                    raise VerificationFailed(f"Packet times do not rise at {float(packet.pts * packet.time_base)} s.")
                last[index] = packet.dts
            if index == self.video.index:
                self.times.append(_ticks(packet.pts, packet))
            else:
                self.sound_packets += 1
                self.sound_end = _ticks(packet.pts + (packet.duration or 0), packet)
        self.times.sort()

    def _check_frames(self) -> None:
        promised = clock.promised(self.plan.pieces)
        if len(self.times) != len(promised):
            raise VerificationFailed(f"The output has {len(self.times)} frames; the plan has {len(promised)}.")
        for number, (found, wanted) in enumerate(zip(self.times, promised, strict=True)):
            if abs(found - self.times[0] - wanted) > self.tolerance:
                raise VerificationFailed(
                    f"Frame {number} is shown at {found / TICKS_PER_SECOND:.6f} s "
                    f"instead of {wanted / TICKS_PER_SECOND:.6f} s."
                )

    def _longest_lag(self) -> int:
        """Half a packet for the grid, one for what an encoder holds back, one frame for the pictures' own end."""
        audio = self.plan.target.audio
        packet = 2048 * TICKS_PER_SECOND // audio.sample_rate if audio else 0
        frame = self.plan.ticks // max(self.plan.frames, 1)
        return packet + frame + self.tolerance


def _ticks(time: int, packet: Any) -> int:
    return round(time * packet.time_base * TICKS_PER_SECOND)


def _decode_seams(plan: CutPlan, output: Path) -> int:
    """Decode from the entry before each joint until some frames after it; how many joints that were.

    Raises VerificationFailed where the decoder complains.
    """
    joints = clock.joints(plan.pieces)
    picked = joints[:: max(len(joints) // _MOST_SEAMS, 1)]
    for joint in [0, *picked]:
        with av.open(str(output)) as container:
            _decode_around(container, joint)
    return len(picked)


def _decode_around(container: Any, joint: int) -> None:
    stream = container.streams.video[0]
    start = stream.start_time or 0
    at = start + round(joint / (stream.time_base * TICKS_PER_SECOND))
    container.seek(max(at - 1, start), stream=stream, backward=True)
    after = 0
    try:
        for frame in container.decode(stream):
            if frame.is_corrupt:
                raise VerificationFailed(f"A picture near {joint / TICKS_PER_SECOND:.3f} s is damaged.")
            after += frame.pts is not None and frame.pts >= at
            if after >= _SEAM_FRAMES:
                return
    except FFmpegError as error:
        raise VerificationFailed(
            f"The pictures near {joint / TICKS_PER_SECOND:.3f} s cannot be decoded: {error.strerror}."
        ) from error
