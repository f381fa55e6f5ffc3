"""Packets as RTMP carries them, made ready for MPEG-TS: start codes and parameter sets, ADTS headers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from editing.media.units import h264_facts, hevc_facts

CODECS = frozenset({"h264", "hevc", "aac", "mp3"})
"""What FLV may carry and MPEG-TS and our index can hold."""

_START = b"\x00\x00\x00\x01"
_EXPLICIT = (5, 29)
_LC = 2


@dataclass(frozen=True)
class Wrapper:
    """What turns packets of one codec and configuration into the bytes that a segment holds."""

    codec: str
    configuration: bytes

    def wrap(self, data: bytes, *, describe: bool) -> bytes:
        """`describe` puts the parameter sets in front of a picture that does not bring its own."""
        if self.codec == "aac":
            return _adts(self.configuration, len(data)) + data if self.configuration else data
        if self.codec not in ("h264", "hevc") or not self._prefixed:
            return data
        units = b"".join(_START + unit for unit in _split(data, self._length_size))
        return self._sets + units if describe and not _has_sets(self.codec, units) else units

    @property
    def _prefixed(self) -> bool:
        """Whether units come with their lengths: then the configuration is a record and not parameter sets."""
        return len(self.configuration) > 6 and self.configuration[0] == 1

    @property
    def _length_size(self) -> int:
        return (self.configuration[4 if self.codec == "h264" else 21] & 3) + 1

    @property
    def _sets(self) -> bytes:
        found = _avc_sets(self.configuration) if self.codec == "h264" else _hevc_sets(self.configuration)
        return b"".join(_START + unit for unit in found)


def _split(data: bytes, size: int) -> Iterator[bytes]:
    """The units of a picture; what a wrong length leaves over is left out."""
    at = 0
    while at + size < len(data):
        length = int.from_bytes(data[at : at + size], "big")
        at += size
        if length:
            yield data[at : at + length]
        at += length


def _has_sets(codec: str, units: bytes) -> bool:
    facts = (h264_facts if codec == "h264" else hevc_facts)(units)
    return bool(facts and facts.sets)


def _avc_sets(record: bytes) -> Iterator[bytes]:
    """AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1): SPS after a count of five bits, PPS after one of 8."""
    at = 5
    for mask in (0x1F, 0xFF):
        if at >= len(record):
            return
        count, at = record[at] & mask, at + 1
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2], "big")
            yield record[at + 2 : at + 2 + size]
            at += 2 + size


def _hevc_sets(record: bytes) -> Iterator[bytes]:
    """HEVCDecoderConfigurationRecord (8.3.3.1): arrays of units, each array with its type and count."""
    at = 23
    for _ in range(record[22] if len(record) > 22 else 0):
        count = int.from_bytes(record[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2], "big")
            yield record[at + 2 : at + 2 + size]
            at += 2 + size


def _adts(configuration: bytes, size: int) -> bytes:
    """The header of one AAC frame, out of its AudioSpecificConfig; extensions (HE-AAC) are told by the frames."""
    bits = int.from_bytes(configuration.ljust(5, b"\x00")[:5], "big")
    kind, frequency, channels = bits >> 35, bits >> 31 & 0xF, bits >> 27 & 0xF
    if kind in _EXPLICIT:
        kind = _LC
    length = size + 7
    return bytes(
        (
            0xFF,
            0xF1,
            (kind - 1 & 3) << 6 | frequency << 2 | channels >> 2 & 1,
            (channels & 3) << 6 | length >> 11 & 3,
            length >> 3 & 0xFF,
            (length & 7) << 5 | 0x1F,
            0xFC,
        )
    )
