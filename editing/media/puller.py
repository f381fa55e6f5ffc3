"""A live stream as it arrives: a thread reads it and notes when each packet came.

Nothing of libav leaves the thread, only values: the thread may hang in a dead connection and is left to itself then.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

import av
from av.error import FFmpegError

from editing.media.flv import VIDEO, FlvReader, Tag, is_configured, sample_rate
from editing.media.wrapping import CODECS
from editing.timeline.instant import SECOND, Instant

UNITS = 1000
"""RTMP counts milliseconds."""

_OPEN_WITHIN = 20.0
"""A server lets us in before anybody publishes, and a first packet that comes then is not lost."""
_KNOWN_WITHIN = 5 * SECOND
"""So long a stream of codecs that no segment can hold is looked through for one that it can."""
_AT_ONCE = 0.1
_OPTIONS = {"rtmp_live": "live", "raw_packet_size": "65536"}


@dataclass(frozen=True, slots=True)
class Track:
    """`configuration` is what FLV calls a sequence header; `promised` says that there will be pictures."""

    number: int
    codec: str
    sample_rate: int
    configuration: bytes
    promised: bool = False

    @property
    def video(self) -> bool:
        return self.number == VIDEO


@dataclass(frozen=True, slots=True)
class Arrived:
    """A packet, its times in milliseconds as sent; `configuration` where it comes with a new one."""

    track: int
    pts: int
    dts: int
    keyframe: bool
    data: bytes
    at: Instant
    configuration: bytes | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection ended, or was never made."""

    reason: str


class Puller:
    """One connection. `next` gives tracks, each before its first packet, and packets; at last Lost."""

    def __init__(self, url: str, *, quiet: float) -> None:
        """`quiet` seconds without a packet end the connection."""
        self._url, self._quiet = url, quiet
        self._given_up = threading.Event()
        self._queue: SimpleQueue[Track | Arrived | Lost] = SimpleQueue()
        self._deadline = time.monotonic() + _OPEN_WITHIN
        self._tracks: dict[int, Track] = {}
        self._fresh: dict[int, bytes] = {}
        threading.Thread(target=self._read, name="puller", daemon=True).start()

    def next(self, timeout: float) -> Track | Arrived | Lost | None:
        """What comes next; None where nothing came in so many seconds."""
        try:
            return self._queue.get(timeout=timeout)
        except Empty:
            return None

    def give_up(self) -> None:
        """Nobody will ask any more; the thread ends with its next packet or without one."""
        self._given_up.set()

    def _read(self) -> None:
        try:
            self._queue.put(self._receive())
        except (FFmpegError, OSError) as error:
            late = time.monotonic() > self._deadline - _AT_ONCE  # libav calls what we have interrupted any name
            self._queue.put(Lost("nothing came" if late else _in_words(error)))
        except Exception as error:  # whoever waits must hear of it, whatever it is
            self._queue.put(Lost(str(error) or type(error).__name__))

    def _receive(self) -> Lost:
        """libav speaks RTMP and hands on the bytes; its own reader of FLV would hold packets back while it looks for
        tracks, and leaves out those that come later."""
        timeout = (_OPEN_WITHIN, self._quiet)
        with av.open(self._url, format="data", timeout=timeout, options=_OPTIONS) as container:
            reader, began, strange = FlvReader(), 0, ""
            for packet in container.demux():
                at, self._deadline = time.time_ns() // 1000, time.monotonic() + self._quiet
                began = began or at
                for tag in reader.feed(bytes(packet)):
                    if self._given_up.is_set():
                        return Lost("given up")
                    if tag.codec in CODECS:
                        self._take(tag, at, promised=reader.pictures)
                    else:
                        strange = tag.codec
                if strange and not self._tracks and at - began > _KNOWN_WITHIN:
                    return Lost(f"it carries {strange}, and neither H.264 or HEVC nor AAC or MP3")
        return Lost("the server ended it")

    def _take(self, tag: Tag, at: Instant, *, promised: bool) -> None:
        known = self._tracks.get(tag.track)
        if known is None or known.codec != tag.codec:
            if tag.configuration or not is_configured(tag.codec):
                self._announce(tag, promised=promised)
        elif tag.configuration and known.configuration != tag.data:
            self._tracks[tag.track] = replace(known, configuration=tag.data)
            self._fresh[tag.track] = tag.data
        if tag.track in self._tracks and not tag.configuration:
            fresh = self._fresh.pop(tag.track, None)
            self._queue.put(Arrived(tag.track, tag.pts, tag.dts, tag.keyframe, tag.data, at, fresh))

    def _announce(self, tag: Tag, *, promised: bool) -> None:
        configuration = tag.data if tag.configuration else b""
        rate = sample_rate(configuration) if tag.codec == "aac" else 44100
        track = self._tracks[tag.track] = Track(tag.track, tag.codec, rate, configuration, promised)
        self._queue.put(track)


def _in_words(error: Exception) -> str:
    """libav's words without the address, which may hold a stream's key."""
    return getattr(error, "strerror", None) or type(error).__name__
