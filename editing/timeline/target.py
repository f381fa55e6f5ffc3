"""What the tracks of an output are: its size, its rates, its codec parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

from editing.errors import InvalidOutput
from editing.timeline.clips import Mode
from editing.timeline.parameters import AudioParameters, Parameters, VideoParameters
from editing.timeline.rates import rate_of
from editing.timeline.slices import Group
from editing.timeline.ticks import TICKS_PER_SECOND

SMALLEST, LARGEST = 64, 8192
LOWEST_BITRATE, HIGHEST_BITRATE = 16_000, 200_000_000
AUDIO_BITRATE = {1: 96_000, 2: 160_000}
SURROUND_BITRATE = 384_000

_COPIED_SOUND = frozenset({"aac", "ac3", "eac3", "mp3", "opus"})

Track = TypeVar("Track", VideoParameters, AudioParameters)


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height as asked for; one of them alone lets the other follow the aspect."""

    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class Target:
    """The tracks of the output. Where packets are copied `video` is the source's own.

    `bitrate` is the video's in bits per second: as asked for, else that of the richest input. `rate` is how many frames
    a second most of it has. `audio_reason` says why sound is encoded that the mode would have copied.
    """

    video: VideoParameters
    audio: AudioParameters | None
    bitrate: int
    rate: Fraction
    audio_copied: bool = False
    audio_reason: str = ""

    @property
    def pixels(self) -> int:
        return self.video.width * self.video.height

    @property
    def frame_ticks(self) -> int:
        """How long a frame usually lasts."""
        return round(TICKS_PER_SECOND / self.rate)

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


def target_of(groups: Sequence[Group], mode: Mode, *, size: Size | None, bitrate: int | None) -> Target:
    """The tracks that fit all groups: the parameters of the most frames; encoded, the size of the largest input.

    Raises InvalidOutput.
    """
    check_size(size, mode, bitrate)
    video = _most(groups, lambda parameters: parameters.video)
    audio = _most(groups, lambda parameters: parameters.audio[0] if parameters.audio else None)
    assert video is not None  # for slices hold frames
    bits, rate = bitrate or _richest(groups), rate_of(groups, video)
    if not mode.copies:
        return Target(_sized(video, _largest(groups), size or Size()), audio, bits, rate)
    reason = _audio_clash(groups, audio) if audio else ""
    return Target(video, audio, bits, rate, audio_copied=audio is not None and not reason, audio_reason=reason)


def clash(own: VideoParameters | None, target: VideoParameters) -> str:
    """Why pictures with parameters of their own cannot be copied into a track; nothing where they can."""
    if own and own.changing:
        return "its parameters change inside a segment"
    if own is None or own == target:
        return ""
    if own.codec != target.codec:
        return f"its pictures are {own.codec}, most of the merge is {target.codec}"
    if (own.width, own.height) != (target.width, target.height):
        return f"its pictures are {own.width}×{own.height}, most of the merge is {target.width}×{target.height}"
    return "its parameter sets clash with those of most of the merge"


def _audio_clash(groups: Sequence[Group], target: AudioParameters) -> str:
    if target.codec not in _COPIED_SOUND:
        return f"files do not keep {target.codec} as it is"
    if target.codec == "mp3":
        return "a packet of MP3 keeps parts of its sound in those before it, which a cut takes away"
    own = {group[0].segment.parameters.audio[0] for group in groups if group[0].segment.parameters.audio}
    if any(each.changing for each in own):
        return "it changes inside a segment"
    other = next((each for each in own if each != target), None)
    return f"parts of it are {_sound_words(other)}, most of it is {_sound_words(target)}" if other else ""


def _sound_words(audio: AudioParameters) -> str:
    return f"{audio.codec} {audio.profile} {audio.sample_rate} Hz {audio.layout}".replace("  ", " ")


def _most(groups: Sequence[Group], track: Callable[[Parameters], Track | None]) -> Track | None:
    """The track that most frames have, rather one that does not change; on a tie the first one."""
    frames: dict[Track, int] = {}
    for group in groups:
        own = track(group[0].segment.parameters)
        if own is not None:
            frames[own] = frames.get(own, 0) + sum(part.frames for part in group)
    return max(frames, key=lambda each: (not each.changing, frames[each]), default=None)


def _largest(groups: Sequence[Group]) -> VideoParameters:
    videos = [group[0].segment.parameters.video for group in groups]
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


def _richest(groups: Sequence[Group]) -> int:
    """The highest bit rate among the inputs, sound and container included."""
    return min(max(max(map(_rate, groups)), LOWEST_BITRATE), HIGHEST_BITRATE)


def _rate(group: Group) -> int:
    ticks = sum(part.segment.end_pts - part.segment.first_pts for part in group)
    return sum(part.segment.size for part in group) * 8 * 90_000 // max(ticks, 1)
