"""What the tracks of an output are: its size, its rates, its codec parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from editing.errors import InvalidClips, InvalidOutput
from editing.timeline.clips import Mode
from editing.timeline.instant import format_instant
from editing.timeline.parameters import AudioParameters, Parameters, VideoParameters
from editing.timeline.pieces import Piece

SMALLEST, LARGEST = 64, 8192
LOWEST_BITRATE, HIGHEST_BITRATE = 16_000, 200_000_000
AUDIO_BITRATE = {1: 96_000, 2: 160_000}
SURROUND_BITRATE = 384_000

Track = TypeVar("Track", VideoParameters, AudioParameters)


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height as asked for; one of them alone lets the other follow the aspect."""

    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class Target:
    """The tracks of the output. Where packets are copied `video` is the source's own.

    `bitrate` is the video's in bits per second: as asked for, else that of the richest input.
    """

    video: VideoParameters
    audio: AudioParameters | None
    bitrate: int

    @property
    def pixels(self) -> int:
        return self.video.width * self.video.height

    @property
    def audio_bitrate(self) -> int:
        return AUDIO_BITRATE.get(self.audio.channels, SURROUND_BITRATE) if self.audio else 0


def check_size(size: Size | None, mode: Mode, bitrate: int | None) -> None:
    """Refuse sizes and rates that cannot be meant. Raises InvalidOutput, naming the field."""
    named = [("width", size.width), ("height", size.height)] if size else []
    for name, value in [(name, value) for name, value in named if value is not None]:
        if mode.copies:
            raise InvalidOutput(f"{mode} keeps the source's size; leave {name} out.", field=f"output.{name}")
        if value % 2 or not SMALLEST <= value <= LARGEST:
            raise InvalidOutput(
                f"{name.capitalize()} {value} is not an even number from {SMALLEST} to {LARGEST}.",
                field=f"output.{name}",
            )
    if bitrate is None:
        return
    if mode.copies:
        raise InvalidOutput(f"{mode} keeps the source's bit rate; leave it out.", field="output.bitrate")
    if not LOWEST_BITRATE <= bitrate <= HIGHEST_BITRATE:
        raise InvalidOutput(
            f"Bit rate {bitrate} is not between {LOWEST_BITRATE} and {HIGHEST_BITRATE} bits per second.",
            field="output.bitrate",
        )


def target_of(clips: Sequence[Sequence[Piece]], mode: Mode, *, size: Size | None, bitrate: int | None) -> Target:
    """The tracks that fit all clips' pieces: the parameters of the most frames, encoded at the largest input's size.

    Raises InvalidOutput, or InvalidClips where pieces that are to be copied do not fit into one track.
    """
    check_size(size, mode, bitrate)
    pieces = [piece for clip in clips for piece in clip]
    video = _most(pieces, lambda parameters: parameters.video)
    audio = _most(pieces, lambda parameters: parameters.audio[0] if parameters.audio else None)
    if video is None:
        raise InvalidClips("The clips hold no video.", field="clips")
    if mode.copies:
        for number, clip in enumerate(clips):
            _refuse_changes(clip, video, audio, mode, f"clips[{number}]")
    else:
        video = _sized(video, _largest(pieces), size or Size())
    return Target(video, audio, bitrate or _richest(pieces))


def _most(pieces: Sequence[Piece], track: Callable[[Parameters], Track | None]) -> Track | None:
    """The track that most frames have; on a tie the first one."""
    frames: dict[Track, int] = {}
    for piece in pieces:
        own = track(piece.segments[0].parameters)
        if own is not None:
            frames[own] = frames.get(own, 0) + piece.frames
    return max(frames, key=lambda each: frames[each], default=None)


def _largest(pieces: Sequence[Piece]) -> VideoParameters:
    videos = [piece.segments[0].parameters.video for piece in pieces]
    return max((video for video in videos if video), key=lambda video: video.width * video.height)


def _sized(video: VideoParameters, largest: VideoParameters, size: Size) -> VideoParameters:
    """`video` with square pixels and the wanted size, or that of the largest input as it is shown."""
    shown = largest.width * Fraction(largest.aspect.replace(":", "/"))
    if size.width and size.height:
        width, height = size.width, size.height
    elif size.width:
        width, height = size.width, _even(size.width * largest.height / shown)
    elif size.height:
        width, height = _even(size.height * shown / largest.height), size.height
    else:
        width, height = _even(shown), _even(Fraction(largest.height))
    return replace(video, width=width, height=height, aspect="1:1", extradata="")


def _even(value: Fraction) -> int:
    return min(max(round(value / 2) * 2, SMALLEST), LARGEST)


def _richest(pieces: Sequence[Piece]) -> int:
    """The highest bit rate among the inputs, sound and container included."""
    rates = (_rate(piece) for piece in pieces)
    return min(max(max(rates), LOWEST_BITRATE), HIGHEST_BITRATE)


def _rate(piece: Piece) -> int:
    ticks = sum(segment.end_pts - segment.first_pts for segment in piece.segments)
    return sum(segment.size for segment in piece.segments) * 8 * 90_000 // max(ticks, 1)


def _refuse_changes(
    pieces: Sequence[Piece], video: VideoParameters, audio: AudioParameters | None, mode: Mode, field: str
) -> None:
    for piece in pieces:
        own = piece.segments[0].parameters
        sound = own.audio[0] if own.audio else audio
        if (own.video, sound) != (video, audio):
            raise InvalidClips(
                f"From {format_instant(piece.start)} on this clip is {_words(own.video, sound)}; most of the merge is "
                f"{_words(video, audio)}. {mode} copies and cannot join them; Accurate can.",
                field=field,
            )


def _words(video: VideoParameters | None, audio: AudioParameters | None) -> str:
    picture = f"{video.codec} {video.width}×{video.height}" if video else "without video"
    sound = f"{audio.codec} {audio.sample_rate} Hz, {audio.channels} channels" if audio else "no sound"
    return f"{picture} ({video.profile}) with {sound}" if video else f"{picture}, with {sound}"
