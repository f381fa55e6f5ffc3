"""HLS media playlists, in (import) and out (playback)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from math import ceil
from urllib.parse import quote, urljoin

from editing.errors import InvalidInstant, InvalidPlaylist
from editing.timeline.coverage import Segment, follows
from editing.timeline.instant import SECOND, Instant, format_instant, parse_instant
from editing.timeline.ticks import TICKS_PER_SECOND

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')
_LONGEST = 3600 * SECOND
_NUMBER = re.compile(r"[0-9]{1,18}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]*)?|\.[0-9]+")
_WEB = ("http://", "https://")
_IN_ADDRESSES = "%:/?#[]@!$&'()*+,;=~"
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One segment of a playlist. `duration` in µs; `date` the instant of its first picture, where it is given.

    `sequence` counts from EXT-X-MEDIA-SEQUENCE; `gap` marks media that the server itself says is missing; `line` is
    where the address stands.
    """

    uri: str
    duration: int
    sequence: int
    date: Instant | None = None
    discontinuity: bool = False
    gap: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """`target` is the longest that a segment may last, in µs."""

    entries: tuple[Entry, ...]
    ended: bool
    target: int = 0


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
    lines = re.split("\r\n|\n|\r", text.removeprefix("\ufeff"))
    if lines[0].strip() != "#EXTM3U":
        raise InvalidPlaylist("This is not an HLS playlist: it does not begin with #EXTM3U.", field="playlist")
    if any(line.startswith("#EXT-X-STREAM-INF") for line in lines):
        return _master(lines, base)
    return _Reader(base).read(lines)


def _master(lines: list[str], base: str) -> MasterPlaylist:
    """Variants that keep their sound in another playlist are left out: their pictures alone would be silent."""
    apart = _sound_apart(lines)
    variants, silent = [], 0
    pending: dict[str, str] | None = None
    for number, line in enumerate(map(str.strip, lines), 1):
        if line.startswith("#EXT-X-STREAM-INF"):
            pending = _attributes(line)
        elif line and not line.startswith("#") and pending is not None:
            if pending.get("AUDIO") in apart:
                silent += 1
            else:
                variants.append(Variant(_resolve(base, line, number), _bandwidth(pending)))
            pending = None
    if not variants:
        raise InvalidPlaylist(
            "The master playlist keeps its sound in playlists of their own, which is not supported; "
            "give a playlist with pictures and sound in the same segments."
            if silent
            else "The master playlist names no variant.",
            field="playlist",
        )
    return MasterPlaylist(tuple(variants))


def _sound_apart(lines: list[str]) -> set[str]:
    """The sound groups that are only in playlists of their own, and not in the variants' segments as well."""
    groups: dict[bool, set[str]] = {True: set(), False: set()}
    for tag in (_attributes(line) for line in lines if line.startswith("#EXT-X-MEDIA:")):
        if tag.get("TYPE") == "AUDIO":
            groups["URI" in tag].add(tag.get("GROUP-ID", ""))
    return groups[True] - groups[False]


def _attributes(line: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(line)}


def _bandwidth(attributes: dict[str, str]) -> int:
    value = attributes.get("BANDWIDTH", "")
    return int(value) if _NUMBER.fullmatch(value) else 0


class _Reader:
    """Reads the lines of a media playlist one by one; the tags of a segment stand before its address."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.entries: list[Entry] = []
        self.next = Entry("", -1, 0)
        self.ended = False
        self.target = 0
        self.line = 0

    def read(self, lines: list[str]) -> MediaPlaylist:
        for self.line, line in enumerate(map(str.strip, lines), 1):
            if line.startswith("#EXT"):
                tag, _, value = line.partition(":")
                self._tag(tag, value)
            elif line and not line.startswith("#"):
                self._segment(line)
        return MediaPlaylist(tuple(self.entries), self.ended, self.target)

    def _tag(self, tag: str, value: str) -> None:
        match tag:
            case "#EXTINF":
                self.next = replace(self.next, duration=self._duration(value))
            case "#EXT-X-TARGETDURATION":
                self.target = self._duration(value) if _DECIMAL.fullmatch(value.strip()) else 0
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
        if tag == "#EXT-X-SKIP":
            raise self._error("this is an update that leaves segments out; give the whole playlist")
        if tag == "#EXT-X-KEY" and _attributes(value).get("METHOD") != "NONE":
            raise self._error("the segments are encrypted; give a playlist in the clear")

    def _segment(self, uri: str) -> None:
        if self.next.duration < 0:
            raise self._error("a segment has no #EXTINF before it")
        self.entries.append(replace(self.next, uri=_resolve(self.base, uri, self.line), line=self.line))
        self.next = Entry("", -1, self.next.sequence + 1)

    def _duration(self, value: str) -> int:
        seconds = value.split(",")[0].strip()
        if not _DECIMAL.fullmatch(seconds):
            raise self._error(f"“{seconds}” is not a duration in seconds")
        duration = int(Decimal(seconds) * SECOND)
        if duration > _LONGEST:
            raise self._error(f"a segment of {seconds} s cannot be right")
        return duration

    def _number(self, value: str) -> int:
        if not _NUMBER.fullmatch(value.strip()):
            raise self._error(f"“{value}” is not a media sequence number")
        return int(value)

    def _date(self, value: str) -> Instant:
        try:
            return parse_instant(value)
        except InvalidInstant as error:
            raise self._error(error.message.rstrip(".")) from None

    def _error(self, fault: str) -> InvalidPlaylist:
        return _fault(self.line, fault)


def _fault(line: int, fault: str) -> InvalidPlaylist:
    return InvalidPlaylist(f"Line {line} of the playlist: {fault}.", field="playlist")


def _resolve(base: str, uri: str, line: int) -> str:
    """What an address in the playlist at `base` means. A playlist from the web may only name addresses of the web."""
    if not (_SCHEME.match(uri) or _SCHEME.match(base)):
        return uri if uri.startswith("/") else f"{base.rpartition('/')[0] or '.'}/{uri}"
    resolved = urljoin(base, uri)
    if not resolved.lower().startswith(_WEB):
        if base.lower().startswith(_WEB):
            raise _fault(line, f"“{uri}” is not an http(s) address")
        return resolved
    return quote(resolved, safe=_IN_ADDRESSES)  # recorders write spaces and letters of all languages


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
