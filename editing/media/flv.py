"""FLV, which is what RTMP carries, tag by tag as its bytes come (Adobe's specification 10.1, and Enhanced RTMP v2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

VIDEO, SOUND = 0, 1
"""The tracks of an FLV stream."""

_HEADER, _TAG_HEADER, _SIZE = 9, 11, 4
_LARGEST_TAG = 64 << 20
_SOUND_TAG, _VIDEO_TAG, _SCRIPT_TAG = 8, 9, 18
_KEYFRAMES = (1, 4)
_COMMAND = 5

_VIDEO_CODECS = {2: "Sorenson H.263", 3: "Screen Video", 4: "VP6", 5: "VP6", 6: "Screen Video", 7: "h264", 12: "hevc"}
_SOUND_CODECS = {2: "mp3", 10: "aac", 11: "Speex", 14: "mp3"}
_FOURCC = {b"avc1": "h264", b"hvc1": "hevc", b"mp4a": "aac", b".mp3": "mp3"}
_CONFIGURED = frozenset({"h264", "hevc", "aac"})
_LATER_SHOWN = frozenset({"h264", "hevc"})
_START, _FRAMES, _FRAMES_IN_ORDER = 0, 1, 3
"""Packet types; the last says that pictures are shown when they are decoded."""
_EXTENDED_SOUND = 9
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)


@dataclass(frozen=True, slots=True)
class Tag:
    """A packet, or the `configuration` (“sequence header”) of a track. Times in milliseconds, 32 bits as sent."""

    track: int
    codec: str
    configuration: bool
    pts: int
    dts: int
    keyframe: bool
    data: bytes


class FlvReader:
    """`feed` it bytes as they come, get the tags that they complete; tags that are no media are left out.

    `pictures` says whether the publisher has said that there are some, which may come much later: who joins in the
    middle of a group of pictures gets none of it.
    """

    def __init__(self) -> None:
        self.pictures = False
        self._buffer = bytearray()
        self._begun = False

    def feed(self, data: bytes) -> Iterator[Tag]:
        """Raises ValueError for what is no FLV."""
        self._buffer += data
        if not self._begun:
            if len(self._buffer) < _HEADER:
                return
            if self._buffer[:3] != b"FLV":
                raise ValueError("what came is no FLV")
            del self._buffer[: int.from_bytes(self._buffer[5:_HEADER], "big") + _SIZE]
            self._begun = True
        at = 0
        while (end := self._end_of_tag(at)) is not None:
            body = bytes(self._buffer[at + _TAG_HEADER : end])
            kind, time = self._buffer[at], self._time(at)
            at = end + _SIZE
            if kind == _SCRIPT_TAG:
                self.pictures = self.pictures or _tells_of_pictures(body)
            elif body and (tag := _READERS.get(kind, _no_media)(body, time)):
                yield tag
        del self._buffer[:at]

    def _end_of_tag(self, at: int) -> int | None:
        """Where the body of the tag at `at` ends; None where not all of it has come."""
        if at + _TAG_HEADER > len(self._buffer):
            return None
        size = int.from_bytes(self._buffer[at + 1 : at + 4], "big")
        if self._buffer[at] > 31 or size > _LARGEST_TAG:
            raise ValueError("what came is damaged")
        end = at + _TAG_HEADER + size
        return end if end + _SIZE <= len(self._buffer) else None

    def _time(self, at: int) -> int:
        """Its upper eight bits come last."""
        return int.from_bytes(self._buffer[at + 4 : at + 7], "big") | self._buffer[at + 7] << 24


def _no_media(body: bytes, time: int) -> None:
    return None


def _tells_of_pictures(body: bytes) -> bool:
    """Whether onMetaData (AMF 0) names a video codec, by number or by its four letters, or a width."""
    for name in (b"\x00\x0cvideocodecid", b"\x00\x05width"):
        _, found, value = body.partition(name)
        if found and value[:1] == b"\x00" and len(value) > 8 and struct.unpack(">d", value[1:9])[0] > 0:
            return True
        if found and value[:1] == b"\x02":
            return True
    return False


def _video(body: bytes, time: int) -> Tag | None:
    keyframe = (body[0] >> 4 & 7) in _KEYFRAMES
    if body[0] >> 4 & 7 == _COMMAND:
        return None
    if body[0] & 0x80:
        codec, kind, rest = _FOURCC.get(body[1:5], body[1:5].decode("latin-1")), body[0] & 15, 5
    else:
        codec = _VIDEO_CODECS.get(body[0] & 15, f"video of kind {body[0] & 15}")
        kind, rest = body[1] if len(body) > 1 else _START, 2
    shift = 0
    if codec in _LATER_SHOWN and (kind == _FRAMES or not body[0] & 0x80):
        shift, rest = int.from_bytes(body[rest : rest + 3], "big", signed=True), rest + 3
    return _tag(VIDEO, codec, kind, (time + shift, time), body[rest:], keyframe=keyframe)


def _sound(body: bytes, time: int) -> Tag | None:
    coded = body[0] >> 4
    if coded == _EXTENDED_SOUND:
        codec, kind, rest = _FOURCC.get(body[1:5], body[1:5].decode("latin-1")), body[0] & 15, 5
    elif coded == 10:
        codec, kind, rest = "aac", body[1] if len(body) > 1 else _START, 2
    else:
        codec, kind, rest = _SOUND_CODECS.get(coded, f"sound of kind {coded}"), _FRAMES, 1
    return _tag(SOUND, codec, kind, (time, time), body[rest:], keyframe=True)


def _tag(track: int, codec: str, kind: int, times: tuple[int, int], data: bytes, *, keyframe: bool) -> Tag | None:
    if not data or kind not in (_START, _FRAMES, _FRAMES_IN_ORDER):
        return None
    return Tag(track, codec, kind == _START and codec in _CONFIGURED, *times, keyframe, data)


_READERS = {_VIDEO_TAG: _video, _SOUND_TAG: _sound}


def is_configured(codec: str) -> bool:
    """Whether packets of a codec mean nothing before its configuration."""
    return codec in _CONFIGURED


def sample_rate(configuration: bytes) -> int:
    """Out of an AudioSpecificConfig; 44,100 where it says none."""
    bits = int.from_bytes(configuration.ljust(5, b"\x00")[:5], "big")
    number = bits >> 31 & 15
    return bits >> 7 & 0xFFFFFF if number == 15 else (*_RATES, 44100, 44100)[number]
