"""Codec parameters as libav reports them, with the parameter sets a segment itself carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from editing.errors import UnreadableMedia
from editing.media.parameter_sets import clash
from editing.media.units import is_sequence_set, units
from editing.timeline.parameters import AudioParameters, Parameters, VideoParameters

HEAD = 7
"""Bytes of a packet of sound that `configuration` looks at."""
_FIELD_ORDERS = {0: "", 1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"}


def video_parameters(stream: Any, sets: list[bytes], known: Parameters | None) -> VideoParameters:
    """What decoders must know. `sets` are the segment's own parameter sets.

    Where they are the same as before, or not there, `known` (what came before) still holds, whatever libav guesses
    from the first frames of this segment: the order of fields, for instance, differs where it begins between two.
    Raises UnreadableMedia for pictures that no parameter set describes.
    """
    context = stream.codec_context
    extradata = b"".join(b"\x00\x00\x00\x01" + unit for unit in sets).hex()
    described = any(is_sequence_set(unit, context.name) for unit in sets)
    before = known.video if known and known.video and known.video.codec == context.name else None
    if before and (before.extradata == extradata or not described):
        own = list(units(bytes.fromhex(before.extradata)))
        return replace(before, changing=clash([*own, *sets], context.name))
    if not described or not context.width:
        raise UnreadableMedia("The segment has no parameter sets: nothing says how to decode its pictures.")
    rate = context.framerate
    return VideoParameters(
        codec=context.name,
        profile=context.profile or "",
        level=max(context.level or 0, 0),
        width=context.width,
        height=context.height,
        pixel_format=context.pix_fmt or "",
        aspect=_ratio(context.sample_aspect_ratio),
        frame_rate=str(rate) if rate else "",
        field_order=_field_order(context.field_order),
        color_range=_name(context.color_range),
        color_primaries=_name(context.color_primaries),
        color_transfer=_name(context.color_trc),
        color_space=_name(context.colorspace),
        rotation=0,  # MPEG-TS has no place for one
        extradata=extradata,
        changing=clash(sets, context.name),
    )


def audio_parameters(
    stream: Any, configurations: Sequence[bytes], known: Parameters | None, position: int
) -> AudioParameters:
    """What decoders must know of the track at `position`; as before, where its configuration is the same.

    `configurations` are those that its packets have (see `configuration`), each once.
    """
    context = stream.codec_context
    codec = context.codec.canonical_name  # that of its decoder may be another: mp3float
    extradata = configurations[0].hex() if codec == "aac" else ""
    changing = len(configurations) > 1
    before = known.audio[position] if known and position < len(known.audio) else None
    if before and extradata and (before.codec, before.extradata) == (codec, extradata):
        return replace(before, changing=changing)
    return AudioParameters(
        codec=codec,
        profile=context.profile or "",
        sample_rate=context.sample_rate,
        channels=context.channels,
        layout=context.layout.name,
        extradata=extradata,
        changing=changing,
    )


def configuration(codec: str, head: bytes) -> bytes:
    """What the first bytes of a packet of sound say that a decoder must know: for AAC what MP4 wants to know, too."""
    if codec == "ac3" and len(head) >= HEAD:
        return bytes((head[4] & 0xC0, head[6] & 0xE0))  # the rate, and which channels there are
    return _audio_specific_config(head) if codec == "aac" else b""


def _audio_specific_config(adts: bytes) -> bytes:
    """The two bytes that MP4 wants, out of an ADTS header; nothing where the stream is not ADTS."""
    if len(adts) < 4 or adts[0] != 0xFF or adts[1] & 0xF6 != 0xF0:
        return b""
    object_type = (adts[2] >> 6) + 1
    frequency = adts[2] >> 2 & 0x0F
    channels = (adts[2] & 1) << 2 | adts[3] >> 6
    return (object_type << 11 | frequency << 7 | channels << 3).to_bytes(2, "big")


def _ratio(value: Fraction | None) -> str:
    return f"{value.numerator}:{value.denominator}" if value else "1:1"


def _name(value: Any) -> str:
    return str(int(value)) if value is not None else ""


def _field_order(value: Any) -> str:
    return _FIELD_ORDERS.get(int(value), "") if value is not None else ""
