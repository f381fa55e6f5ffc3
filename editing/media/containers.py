"""The containers that we write, one row each: what fits into them and what is particular about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import PurePath

from editing.errors import InvalidOutput, UnsupportedMedia
from editing.timeline.plan import CutPlan
from editing.timeline.ticks import TICKS_PER_SECOND

TICK = Fraction(1, TICKS_PER_SECOND)
_MILLISECOND = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Container:
    """`extension` names it (without a dot), `format` is libav's name, `video` and `audio` are the codecs it holds.

    `tick` is how exactly it keeps times, in seconds. `indexed`: one index holds all times, sizes and parameter sets,
    edit lists say where a track begins, and it must come first. `in_band`: parameter sets have no place but in front
    of pictures. `decoding_times`: it keeps them (libav makes some up where not, which mean nothing where the
    reordering changes). `from_zero`: the first picture is shown at time zero; elsewhere nothing may be decoded before
    it, and so all times are later. `options` are for libav's muxer.
    """

    extension: str
    format: str
    video: frozenset[str]
    audio: frozenset[str]
    tick: Fraction = TICK
    indexed: bool = False
    in_band: bool = False
    decoding_times: bool = True
    from_zero: bool = True
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def tolerance(self) -> int:
        """How many of our ticks a time may be off."""
        return 0 if self.tick <= TICK else round(self.tick / TICK)


_PICTURES = frozenset({"h264", "hevc"})
_SOUND = frozenset({"aac", "ac3", "eac3", "mp3"})
_ALL = (
    Container("mp4", "mp4", _PICTURES, _SOUND | {"opus"}, indexed=True),
    Container("mov", "mov", _PICTURES, _SOUND, indexed=True),
    Container("mkv", "matroska", _PICTURES, _SOUND | {"opus"}, tick=_MILLISECOND, decoding_times=False),
    # libav begins twice as late as it lets packets wait: half a second, so that no time is below zero.
    Container(
        "ts",
        "mpegts",
        _PICTURES,
        _SOUND | {"opus"},
        in_band=True,
        from_zero=False,
        options={"max_delay": "250000"},
    ),
    # What libav and newer players call enhanced FLV holds more, but those who ask for FLV have older ones.
    Container("flv", "flv", frozenset({"h264"}), frozenset({"aac", "mp3"}), tick=_MILLISECOND, from_zero=False),
)
CONTAINERS: Mapping[str, Container] = {each.extension: each for each in _ALL}


def container_of(path: PurePath) -> Container:
    """The container that a file's name asks for. Raises UnsupportedMedia."""
    extension = path.suffix.lower().removeprefix(".")
    if extension not in CONTAINERS:
        raise UnsupportedMedia(f"“.{extension}” is not a container we write; use one of {_names(_ALL)}.")
    return CONTAINERS[extension]


def check(plan: CutPlan, path: PurePath) -> None:
    """Refuse a container that cannot hold the tracks of a plan. Raises InvalidOutput, naming the key."""
    container = container_of(path)
    for codec, held in ((plan.video_codec, container.video), (plan.audio_codec, container.audio)):
        if codec and codec not in held:
            fit = tuple(each for each in _ALL if _holds(each, plan))
            raise InvalidOutput(
                f"A .{container.extension} file cannot hold {codec}; use {_names(fit)}, or a mode that encodes.",
                field="output.key",
            )


def _holds(container: Container, plan: CutPlan) -> bool:
    return plan.video_codec in container.video and (not plan.audio_codec or plan.audio_codec in container.audio)


def _names(containers: tuple[Container, ...]) -> str:
    *most, last = (f".{each.extension}" for each in containers)
    return f"{', '.join(most)} or {last}" if most else last
