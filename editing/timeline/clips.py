"""What a merge is made of: ranges of recorded streams, in the order in which they follow each other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from editing.timeline.instant import Instant, Range


class Mode(StrEnum):
    """How a merge is cut. The names are those of IMS."""

    ACCURATE_FAST = "AccurateFast"
    ACCURATE = "Accurate"
    ROUGH = "Rough"
    ROUGH_FAST = "RoughFast"

    @property
    def copies(self) -> bool:
        """Keeps the source's packets where it can, and therefore the source's size."""
        return self in (Mode.ACCURATE_FAST, Mode.ROUGH_FAST)

    @property
    def snaps(self) -> bool:
        """Takes whole segments: everything that touches the range."""
        return self in (Mode.ROUGH, Mode.ROUGH_FAST)


class HolePolicy(StrEnum):
    """What a merge does where nothing is recorded inside a range."""

    SKIP = "skip"
    FAIL = "fail"
    SLATE = "slate"


@dataclass(frozen=True, slots=True, order=True)
class StreamName:
    """A stream is known by these three everywhere; "domain/app/stream" in text."""

    domain: str
    app: str
    stream: str

    def __str__(self) -> str:
        return f"{self.domain}/{self.app}/{self.stream}"


@dataclass(frozen=True, slots=True)
class Clip:
    """The frames of a stream whose instant lies in `range`; `cover` is an instant in it or its end (the last frame)."""

    stream: StreamName
    range: Range
    cover: Instant | None = None


UNTIL_NOW: Instant = 2**63 - 1
"""As the end of a clip: the moment in which it is planned or submitted."""


def until(clips: Sequence[Clip], now: Instant) -> list[Clip]:
    """The clips with `now` in place of UNTIL_NOW."""
    return [
        replace(clip, range=Range(clip.range.start, now)) if clip.range.end == UNTIL_NOW else clip for clip in clips
    ]
