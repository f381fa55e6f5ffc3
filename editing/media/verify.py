"""Does an output hold what its plan promised? Asked after every cut, before anything is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from editing.errors import UnreadableMedia, VerificationFailed
from editing.media import clock
from editing.media.containers import container_of
from editing.media.fields import Fields, whole_frames
from editing.media.readback import Track, tracks_of
from editing.timeline.damage import damage_in
from editing.timeline.pieces import Action, Piece
from editing.timeline.plan import CutPlan
from editing.timeline.ticks import TICKS_PER_SECOND

_SEAM_FRAMES, _SEAM_SECONDS = 3, Fraction(1, 4)
_FIRST_FRAMES = 1
"""Decoded at the beginning, where there is nothing that could be joined badly."""
_MOST_COPIED_SEAMS, _MOST_ENCODED_SEAMS = 24, 6
"""How many joints are decoded: one encoder makes all joints of its output alike, and large pictures take time."""
_UNPROBED = {"codec_whitelist": "none"}
"""Opening decodes nothing then; what is decoded afterwards has a context of its own."""


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


def verify(plan: CutPlan, output: Path, alive: Callable[[], None] = lambda: None) -> Verdict:
    """Read the output back: its tracks, every packet's times, its ends, the frames around each joint.

    `alive` is called again and again, and may raise to end it.

    Raises VerificationFailed, saying what was promised and what was found.
    """
    try:
        frames, packets, lag = _check_tracks(plan, output, alive)
        seams = _decode_seams(plan, output, alive)
    except FFmpegError as error:
        raise VerificationFailed(f"The output cannot be read back: {error.strerror}.") from error
    except (UnreadableMedia, OSError) as error:
        raise VerificationFailed(f"The output cannot be read back: {error}") from error
    return Verdict(frames, plan.ticks * 100 // 9, packets, lag * 100 // 9, seams)


def _check_tracks(plan: CutPlan, output: Path, alive: Callable[[], None]) -> tuple[int, int, int]:
    """How many pictures and packets of sound there are, and how much later than the pictures it ends, in ticks."""
    container = container_of(output)
    found, tolerance = tracks_of(output, container, alive), container.tolerance
    video, audio = (_only(found, "video", wanted=True), _only(found, "audio", wanted=plan.target.audio is not None))
    assert video is not None
    alive()
    _check_frames(plan, video, tolerance)
    alive()
    lag = _check_sound(plan, video, audio, tolerance) if audio else 0
    return len(video.pts), len(audio.pts) if audio else 0, lag


def _only(found: Sequence[Track], kind: str, *, wanted: bool) -> Track | None:
    tracks = [track for track in found if track.kind == kind]
    if len(tracks) != wanted:
        raise VerificationFailed(f"The output has {len(tracks)} {kind} tracks instead of {int(wanted)}.")
    return tracks[0] if tracks else None


def _check_frames(plan: CutPlan, video: Track, tolerance: int) -> None:
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


def _check_sound(plan: CutPlan, video: Track, audio: Track, tolerance: int) -> int:
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
    joints, spoilt = clock.joints(plan.pieces), _spoilt(plan.pieces)
    most = _MOST_COPIED_SEAMS if plan.mode.copies else _MOST_ENCODED_SEAMS
    sets = bytes.fromhex(plan.target.video.extradata) if plan.video_codec == "h264" else b""
    picked = joints[:: -(-len(joints) // most) or 1]
    with _opened(output) as container:
        _check_codecs(plan, container)
        for joint in [0, *picked]:
            alive()
            if _sought(container, joint):
                near = any(begin <= joint + TICKS_PER_SECOND and joint <= end for begin, end in spoilt)
                _decode_around(container, joint, sets, spoilt=near)
            else:
                with _opened(output) as anew:
                    _decode_around(anew, joint, sets, spoilt=bool(spoilt))
    return len(picked)


def _spoilt(pieces: Iterable[Piece]) -> list[tuple[int, int]]:
    """Where copied pieces lie that hold pictures which were damaged when they were recorded, in ticks."""
    spans, at = [], 0
    for piece in pieces:
        if piece.action is Action.COPY and damage_in(piece):
            spans.append((at, at + piece.ticks))
        at += piece.ticks
    return spans


def _check_codecs(plan: CutPlan, container: Any) -> None:
    for kind, promised in (("video", plan.video_codec), ("audio", plan.audio_codec)):
        for stream in getattr(container.streams, kind):
            found = stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
            if found != promised:
                raise VerificationFailed(f"The {kind} of the output is {found} instead of {promised}.")


def _opened(output: Path) -> Any:
    container: Any = av.open(str(output), options=_UNPROBED)
    container.streams.video[0].thread_type = "AUTO"
    return container


def _sought(container: Any, joint: int) -> bool:
    """Go to the entry before a joint. In a transport stream, which has no index, one must try further and further back.

    In one of a few frames there is nothing to go by.
    """
    stream = container.streams.video[0]
    begin = stream.start_time or 0
    before = max(_at(stream, joint) - 1, begin)
    back = 0
    while True:
        at = max(before - back, begin)
        try:
            container.seek(at, stream=stream, backward=True)
            first = next(packet for packet in container.demux(stream) if packet.pts is not None)
            if first.is_keyframe and first.pts <= before:
                container.seek(at, stream=stream, backward=True)
                return True
        except (FFmpegError, StopIteration):
            return False
        if at == begin:
            return False
        back = 2 * back or round(1 / stream.time_base)


def _at(stream: Any, joint: int) -> int:
    return int((stream.start_time or 0) + round(joint / (stream.time_base * TICKS_PER_SECOND)))


def _decode_around(container: Any, joint: int, sets: bytes, *, spoilt: bool) -> None:
    """Decode until some frames after a joint; far from it only pictures that others may refer to.

    `sets` are the parameter sets of what is copied, which may be single fields; a frame needs both.
    Where the recording itself is `spoilt` there, a decoder may complain.
    """
    stream = container.streams.video[0]
    at = _at(stream, joint)
    near = at - round(_SEAM_SECONDS / stream.time_base)
    after, alone = 0, not joint
    try:
        for packet in whole_frames(container.demux(stream), stream, Fields(sets)):
            close = packet.pts is None or packet.pts >= near
            stream.codec_context.skip_frame = "DEFAULT" if close else "NONREF"
            frames = packet.decode()
            if alone and not frames:
                frames, alone = _at_once(stream.codec_context, packet), False
            for frame in frames:
                if frame.is_corrupt and not spoilt:
                    raise VerificationFailed(f"A picture near {joint / TICKS_PER_SECOND:.3f} s is damaged.")
                after += frame.pts is not None and frame.pts >= at
            if after >= (_SEAM_FRAMES if joint else _FIRST_FRAMES):
                return
    except FFmpegError as error:
        if spoilt:
            return
        raise VerificationFailed(
            f"The pictures near {joint / TICKS_PER_SECOND:.3f} s cannot be decoded: {error.strerror}."
        ) from error


def _at_once(context: Any, packet: Any) -> Any:
    """The picture of a packet that a decoder keeps back until others have come; none where it is not a whole one."""
    frames = context.decode(None)
    context.flush_buffers()
    return frames or packet.decode()
