"""Does an output hold what its plan promised? Asked after every cut, before anything is published."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from editing.errors import UnreadableMedia, VerificationFailed
from editing.media import clock, tables
from editing.timeline.plan import CutPlan
from editing.timeline.ticks import TICKS_PER_SECOND

_SEAM_FRAMES, _SEAM_SECONDS = 3, Fraction(1, 4)
_MOST_COPIED_SEAMS, _MOST_ENCODED_SEAMS = 24, 6
"""How many joints are decoded: one encoder makes all joints of its output alike, and large pictures take time."""
_TABLES = {".mp4", ".mov"}
_WITHOUT_DECODING_TIMES = ".mkv"
_EXACT = {*_TABLES, ".ts"}
"""Containers that keep our ticks; the others count milliseconds."""
_UNPROBED = {"codec_whitelist": "none"}
"""Opening decodes nothing then; what is decoded afterwards has a context of its own."""
_MILLISECOND = TICKS_PER_SECOND // 1000


@dataclass(frozen=True)
class Verdict:
    """What was found. `duration` and `sound_lag` (how much later the sound ends than the pictures) are in µs."""

    frames: int
    duration: int
    audio_packets: int
    sound_lag: int
    seams_decoded: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class _Track:
    """A track as found: presentation and decoding times of its packets and its end, in ticks.

    Matroska does not store decoding times. libav makes some up, which mean nothing where the reordering changes.
    """

    pts: array[int] = field(default_factory=lambda: array("q"))
    dts: array[int] = field(default_factory=lambda: array("q"))
    end: int = 0
    premature: int = 0

    def check_order(self, kind: str) -> None:
        if (np.diff(np.frombuffer(self.dts, np.int64)) <= 0).any():
            raise VerificationFailed(f"The decoding times of the {kind} do not rise.")
        if self.premature:
            raise VerificationFailed(f"The {kind} has {self.premature} packets that are shown before they are decoded.")


def verify(plan: CutPlan, output: Path, alive: Callable[[], None] = lambda: None) -> Verdict:
    """Read the output back: its tracks, every packet's times, its ends, the frames around each joint.

    `alive` is called again and again, and may raise to end it.

    The times of an MP4 are read from its index, those of other containers from their packets. Raises
    VerificationFailed, saying what was promised and what was found.
    """
    try:
        found = _by_tables(output) if output.suffix.lower() in _TABLES else _by_packets(output, alive)
        video, audio = (_only(found, "video", wanted=True), _only(found, "audio", wanted=plan.target.audio is not None))
        assert video is not None
        tolerance = 0 if output.suffix.lower() in _EXACT else _MILLISECOND
        alive()
        _check_frames(plan, video, tolerance)
        alive()
        lag = _check_sound(plan, video, audio, tolerance) if audio else 0
        seams = _decode_seams(plan, output, alive)
    except FFmpegError as error:
        raise VerificationFailed(f"The output cannot be read back: {error.strerror}.") from error
    except (UnreadableMedia, OSError) as error:
        raise VerificationFailed(f"The output cannot be read back: {error}") from error
    return Verdict(len(video.pts), plan.ticks * 100 // 9, len(audio.pts) if audio else 0, lag * 100 // 9, seams)


def _by_tables(output: Path) -> list[tuple[str, _Track]]:
    file = tables.read(output)
    if (described := sum(int(np.sum(track.sizes, dtype=np.int64)) for track in file.tracks)) != file.media:
        raise VerificationFailed(f"The output's index describes {described} bytes of media; there are {file.media}.")
    if not file.index_first:
        raise VerificationFailed("The output's index comes after its media.")
    return [(track.kind, _in_ticks(track)) for track in file.tracks]


def _in_ticks(track: tables.Samples) -> _Track:
    pts, dts, scale = np.frombuffer(track.pts, np.int64), np.frombuffer(track.dts, np.int64), track.timescale
    premature = int(np.count_nonzero(pts < dts))
    if scale == TICKS_PER_SECOND:
        return _Track(track.pts, track.dts, track.end, premature)
    shown, decoded = (array("q", (times * TICKS_PER_SECOND // scale).tobytes()) for times in (pts, dts))
    return _Track(shown, decoded, track.end * TICKS_PER_SECOND // scale, premature)


def _by_packets(output: Path, alive: Callable[[], None]) -> list[tuple[str, _Track]]:
    keeps_decoding = output.suffix.lower() != _WITHOUT_DECODING_TIMES
    with av.open(str(output)) as container:
        tracks = {stream.index: _Track() for stream in container.streams}
        scales = {stream.index: Fraction(stream.time_base or 0) * TICKS_PER_SECOND for stream in container.streams}
        for packet in container.demux():
            alive()
            if packet.pts is not None:
                _note(tracks[packet.stream_index], packet, scales[packet.stream_index], decoding=keeps_decoding)
        return [(stream.type, tracks[stream.index]) for stream in container.streams]


def _note(track: _Track, packet: Any, scale: Fraction, *, decoding: bool) -> None:
    track.pts.append(round(packet.pts * scale))
    track.end = max(track.end, round((packet.pts + (packet.duration or 0)) * scale))
    if decoding and packet.dts is not None:
        track.dts.append(round(packet.dts * scale))
        track.premature += packet.pts < packet.dts


def _only(found: Sequence[tuple[str, _Track]], kind: str, *, wanted: bool) -> _Track | None:
    tracks = [track for name, track in found if name == kind]
    if len(tracks) != wanted:
        raise VerificationFailed(f"The output has {len(tracks)} {kind} tracks instead of {int(wanted)}.")
    for track in tracks:
        track.check_order(kind)
    return tracks[0] if tracks else None


def _check_frames(plan: CutPlan, video: _Track, tolerance: int) -> None:
    promised = np.frombuffer(clock.promised(plan.pieces), np.int64)
    shown = np.sort(np.frombuffer(video.pts, np.int64))
    if len(shown) != len(promised):
        raise VerificationFailed(f"The output has {len(shown)} frames; the plan has {len(promised)}.")
    shown = shown - shown[0]
    if len(wrong := np.flatnonzero(np.abs(shown - promised) > tolerance)):
        number = int(wrong[0])
        raise VerificationFailed(
            f"Frame {number} is shown at {shown[number] / TICKS_PER_SECOND:.6f} s "
            f"instead of {promised[number] / TICKS_PER_SECOND:.6f} s."
        )


def _check_sound(plan: CutPlan, video: _Track, audio: _Track, tolerance: int) -> int:
    """How much later than the pictures the sound ends, in ticks."""
    lag = audio.end - (min(video.pts) + plan.ticks)
    if abs(lag) > _longest_lag(plan) + tolerance:
        raise VerificationFailed(f"The sound ends {lag / TICKS_PER_SECOND:+.3f} s from the end of the pictures.")
    return lag


def _longest_lag(plan: CutPlan) -> int:
    """Half a packet for the grid, one for what an encoder holds back, one frame for the pictures' own end."""
    audio = plan.target.audio
    packet = 2048 * TICKS_PER_SECOND // audio.sample_rate if audio else 0
    return packet + plan.ticks // max(plan.frames, 1)


def _decode_seams(plan: CutPlan, output: Path, alive: Callable[[], None]) -> int:
    """Decode the beginning, and from the entry before each joint until some frames after it; how many joints.

    Raises VerificationFailed where the decoder complains.
    """
    joints = clock.joints(plan.pieces)
    most = _MOST_COPIED_SEAMS if plan.mode.copies else _MOST_ENCODED_SEAMS
    picked = joints[:: -(-len(joints) // most) or 1]
    with _opened(output) as container:
        for joint in [0, *picked]:
            alive()
            if _sought(container, joint):
                _decode_around(container, joint)
            else:
                with _opened(output) as anew:
                    _decode_around(anew, joint)
    return len(picked)


def _opened(output: Path) -> Any:
    container: Any = av.open(str(output), options=_UNPROBED)
    container.streams.video[0].thread_type = "AUTO"
    return container


def _sought(container: Any, joint: int) -> bool:
    """Go to the entry before a joint. In a transport stream of a few frames there is nothing to go by."""
    stream = container.streams.video[0]
    try:
        container.seek(max(_at(stream, joint) - 1, stream.start_time or 0), stream=stream, backward=True)
    except FFmpegError:
        return False
    return True


def _at(stream: Any, joint: int) -> int:
    return int((stream.start_time or 0) + round(joint / (stream.time_base * TICKS_PER_SECOND)))


def _decode_around(container: Any, joint: int) -> None:
    """Decode until some frames after a joint; far from it only pictures that others may refer to."""
    stream = container.streams.video[0]
    at = _at(stream, joint)
    near = at - round(_SEAM_SECONDS / stream.time_base)
    after = 0
    try:
        for packet in container.demux(stream):
            close = packet.pts is None or packet.pts >= near
            stream.codec_context.skip_frame = "DEFAULT" if close else "NONREF"
            for frame in packet.decode():
                if frame.is_corrupt:
                    raise VerificationFailed(f"A picture near {joint / TICKS_PER_SECOND:.3f} s is damaged.")
                after += frame.pts is not None and frame.pts >= at
            if after >= _SEAM_FRAMES:
                return
    except FFmpegError as error:
        raise VerificationFailed(
            f"The pictures near {joint / TICKS_PER_SECOND:.3f} s cannot be decoded: {error.strerror}."
        ) from error
