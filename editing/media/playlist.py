"""HLS media playlists, in (import) and out (playback)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from math import ceil
from urllib.parse import urljoin

from editing.errors import InvalidInstant, InvalidPlaylist
from editing.timeline.coverage import Segment, follows
from editing.timeline.instant import SECOND, Instant, format_instant, parse_instant
from editing.timeline.ticks import TICKS_PER_SECOND

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One segment of a playlist. `duration` in µs; `date` the instant of its first picture, where it is given.

    `sequence` counts from EXT-X-MEDIA-SEQUENCE; `gap` marks media that the server itself says is missing.
    """

    uri: str
    duration: int
    sequence: int
    date: Instant | None = None
    discontinuity: bool = False
    gap: bool = False


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    entries: tuple[Entry, ...]
    ended: bool


@dataclass(frozen=True, slots=True)
class Variant:
    uri: str
    bandwidth: int


@dataclass(frozen=True, slots=True)
class MasterPlaylist:
    """A playlist of playlists."""

    variants: tuple[Variant, ...]

    @property
    def best(self) -> Variant:
        return max(self.variants, key=lambda variant: variant.bandwidth)


def parse(text: str, base: str) -> MediaPlaylist | MasterPlaylist:
    """Read a playlist found at `base` (a path or an address), to which relative addresses in it are resolved.

    Raises InvalidPlaylist, naming the line, for what is no playlist and for byte ranges, encryption and fMP4.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != "#EXTM3U":
        raise InvalidPlaylist("This is not an HLS playlist: it does not begin with #EXTM3U.", field="playlist")
    if any(line.startswith("#EXT-X-STREAM-INF") for line in lines):
        return _master(lines, base)
    return _Reader(base).read(lines)


def _master(lines: list[str], base: str) -> MasterPlaylist:
    variants = []
    bandwidth: int | None = None
    for line in map(str.strip, lines):
        if line.startswith("#EXT-X-STREAM-INF:"):
            value = dict(_ATTRIBUTE.findall(line)).get("BANDWIDTH", "0")
            bandwidth = int(value) if value.isdigit() else 0
        elif line and not line.startswith("#") and bandwidth is not None:
            variants.append(Variant(_resolve(base, line), bandwidth))
            bandwidth = None
    if not variants:
        raise InvalidPlaylist("The master playlist names no variant.", field="playlist")
    return MasterPlaylist(tuple(variants))


class _Reader:
    """Reads the lines of a media playlist one by one; the tags of a segment stand before its address."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.entries: list[Entry] = []
        self.next = Entry("", -1, 0)
        self.ended = False
        self.line = 0

    def read(self, lines: list[str]) -> MediaPlaylist:
        for self.line, line in enumerate(map(str.strip, lines), 1):
            if line.startswith("#EXT"):
                tag, _, value = line.partition(":")
                self._tag(tag, value)
            elif line and not line.startswith("#"):
                self._segment(line)
        return MediaPlaylist(tuple(self.entries), self.ended)

    def _tag(self, tag: str, value: str) -> None:
        match tag:
            case "#EXTINF":
                self.next = replace(self.next, duration=self._duration(value))
            case "#EXT-X-MEDIA-SEQUENCE":
                self.next = replace(self.next, sequence=self._number(value))
            case "#EXT-X-PROGRAM-DATE-TIME":
                self.next = replace(self.next, date=self._date(value))
            case "#EXT-X-DISCONTINUITY":
                self.next = replace(self.next, discontinuity=True)
            case "#EXT-X-GAP":
                self.next = replace(self.next, gap=True)
            case "#EXT-X-ENDLIST":
                self.ended = True
            case _:
                self._refuse(tag, value)

    def _refuse(self, tag: str, value: str) -> None:
        if tag == "#EXT-X-BYTERANGE":
            raise self._error("byte ranges are not supported; give a playlist with one file per segment")
        if tag == "#EXT-X-MAP":
            raise self._error("fMP4 segments are not supported; record as MPEG-TS")
        if tag == "#EXT-X-KEY" and dict(_ATTRIBUTE.findall(value)).get("METHOD") != "NONE":
            raise self._error("the segments are encrypted; give a playlist in the clear")

    def _segment(self, uri: str) -> None:
        if self.next.duration < 0:
            raise self._error("a segment has no #EXTINF before it")
        self.entries.append(replace(self.next, uri=_resolve(self.base, uri)))
        self.next = Entry("", -1, self.next.sequence + 1)

    def _duration(self, value: str) -> int:
        try:
            duration = int(Decimal(value.split(",")[0].strip()) * SECOND)
        except (InvalidOperation, ValueError, OverflowError):
            raise self._error(f"“{value}” is not a duration in seconds") from None
        if not 0 <= duration <= 3600 * SECOND:
            raise self._error(f"a segment of {value.split(',')[0]} s cannot be right")
        return duration

    def _number(self, value: str) -> int:
        if not value.strip().isdigit():
            raise self._error(f"“{value}” is not a media sequence number")
        return int(value)

    def _date(self, value: str) -> Instant:
        try:
            return parse_instant(value)
        except InvalidInstant as error:
            raise self._error(error.message.rstrip(".")) from None

    def _error(self, fault: str) -> InvalidPlaylist:
        return InvalidPlaylist(f"Line {self.line} of the playlist: {fault}.", field="playlist")


def _resolve(base: str, uri: str) -> str:
    if _SCHEME.match(uri) or _SCHEME.match(base):
        return urljoin(base, uri)
    return uri if uri.startswith("/") else f"{base.rpartition('/')[0] or '.'}/{uri}"


def write(segments: Iterable[Segment], *, uri: Callable[[Segment], str], ended: bool, first: int = 0) -> str:
    """A playlist that plays `segments` in their order; `first` is its media sequence number.

    Durations are exact to the microsecond. Every segment carries its date, and a discontinuity wherever its packets
    do not simply continue those before: a hole, another clock, other parameters.
    """
    listed = list(segments)
    longest = max((_ticks(segment) for segment in listed), default=TICKS_PER_SECOND)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        f"#EXT-X-TARGETDURATION:{ceil(longest / TICKS_PER_SECOND)}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        *(["#EXT-X-PLAYLIST-TYPE:VOD"] if ended else []),
        *_entries(listed, uri),
        *(["#EXT-X-ENDLIST"] if ended else []),
    ]
    return "\n".join(lines) + "\n"


def _entries(segments: list[Segment], uri: Callable[[Segment], str]) -> Iterator[str]:
    before: Segment | None = None
    for segment in segments:
        if before and not follows(before, segment):
            yield "#EXT-X-DISCONTINUITY"
        yield f"#EXT-X-PROGRAM-DATE-TIME:{format_instant(segment.start)}"
        yield f"#EXTINF:{Decimal(_ticks(segment)) / TICKS_PER_SECOND:.6f},"
        yield uri(segment)
        before = segment


def _ticks(segment: Segment) -> int:
    return segment.end_pts - segment.first_pts
