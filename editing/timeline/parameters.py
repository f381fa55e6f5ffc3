"""What a decoder must know before the first frame: the parameters of the tracks of a segment, and their identity."""

import hashlib
import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class VideoParameters:
    """Codec parameters of a video track. `extradata` holds its parameter sets in Annex B, as hex.

    `frame_rate` is what the stream declares ("30000/1001", "" if nothing): a hint for encoders, never used for time.
    `changing` says that a segment with these parameters holds pictures with others, too.
    """

    codec: str
    profile: str
    level: int
    width: int
    height: int
    pixel_format: str
    aspect: str
    frame_rate: str
    field_order: str
    color_range: str
    color_primaries: str
    color_transfer: str
    color_space: str
    rotation: int
    extradata: str
    changing: bool = False

    @property
    def rate(self) -> Fraction | None:
        return Fraction(self.frame_rate) if self.frame_rate else None

    @property
    def interlaced(self) -> bool:
        return self.field_order not in ("", "progressive")


@dataclass(frozen=True, slots=True)
class AudioParameters:
    """Codec parameters of an audio track; `extradata` as hex (the AudioSpecificConfig for AAC), `changing` as above."""

    codec: str
    profile: str
    sample_rate: int
    channels: int
    layout: str
    extradata: str
    changing: bool = False


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of all tracks of a segment. Two segments with one identity can be joined by copying packets."""

    video: VideoParameters | None
    audio: tuple[AudioParameters, ...] = ()

    @property
    def identity(self) -> str:
        """SHA-256 over everything above, in hex: equal parameters, equal identity, on every machine."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """What changes is the exception: the identities of all others stay what they were."""
        facts = asdict(self)
        for track in (*([facts["video"]] if facts["video"] else []), *facts["audio"]):
            if not track["changing"]:
                del track["changing"]
        return facts

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> "Parameters":
        video = facts["video"]
        return cls(
            VideoParameters(**video) if video else None,
            tuple(AudioParameters(**{**track, "codec": _codec(track["codec"])}) for track in facts["audio"]),
        )


def _codec(name: str) -> str:
    """Facts that were kept before 0.2 name the decoder of MP3; what is equal must still be found equal."""
    return "mp3" if name == "mp3float" else name
