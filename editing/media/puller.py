"""A live stream as it arrives: a thread reads it and notes when each packet came.

Nothing of libav leaves the thread, only values: the thread may hang in a dead connection and is left to itself then,
and libav changes what it says of its streams while it reads.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

import av
from av.error import FFmpegError

from editing.media.wrapping import CODECS
from editing.timeline.instant import Instant

UNITS = 1000
"""RTMP counts milliseconds."""

_OPEN_WITHIN = 20.0
"""A server lets us in before anybody publishes, and a first packet that comes then is not lost."""
_OPTIONS = {
    "rtmp_live": "live",
    "correct_ts_overflow": "0",  # the clock as it is; unwrapping is ours
    "analyzeduration": "1000000",  # by default libav waits five seconds for a track that does not exist
    "flv_full_metadata": "1",
}


_PATIENT = {**_OPTIONS, "analyzeduration": "12000000"}
"""Who comes in the middle of a long group of pictures gets none before the next keyframe."""


@dataclass(frozen=True, slots=True)
class Track:
    """`configuration` is what FLV calls a sequence header."""

    video: bool
    codec: str
    width: int
    height: int
    sample_rate: int
    configuration: bytes


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
    """One connection. `next` gives the tracks first (position → track), then packets, at last Lost."""

    def __init__(self, url: str, *, quiet: float) -> None:
        """`quiet` seconds without a packet end the connection."""
        self._url, self._quiet = url, quiet
        self._given_up = threading.Event()
        self._queue: SimpleQueue[dict[int, Track] | Arrived | Lost] = SimpleQueue()
        threading.Thread(target=self._read, name="puller", daemon=True).start()

    def next(self, timeout: float) -> dict[int, Track] | Arrived | Lost | None:
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
            self._queue.put(Lost(_in_words(error)))
        except Exception as error:  # whoever waits must hear of it, whatever it is
            self._queue.put(Lost(f"{type(error).__name__}: {error}"))

    def _opened(self) -> Any:
        within = (_OPEN_WITHIN, self._quiet)
        container: Any = av.open(self._url, format="flv", timeout=within, options=_OPTIONS)
        if not _lacks_video(container):
            return container
        container.close()
        return av.open(self._url, format="flv", timeout=within, options=_PATIENT)

    def _receive(self) -> Lost:
        with self._opened() as container:
            tracks = dict(_tracks(container))
            if not tracks:
                return Lost("it carries neither H.264 or HEVC nor AAC or MP3")
            self._queue.put(tracks)
            for packet in container.demux([container.streams[index] for index in tracks]):
                if self._given_up.is_set():
                    return Lost("given up")
                if packet.dts is not None and packet.size:
                    self._queue.put(_arrived(packet))
        return Lost("the server ended it")


def _lacks_video(container: Any) -> bool:
    """Whether the publisher says that there are pictures, and none has come yet."""
    said = (container.metadata.get(name, "0") for name in ("width", "videocodecid"))
    return not container.streams.video and any(re.fullmatch(r"[\d.]+", text) and float(text) > 0 for text in said)


def _tracks(container: Any) -> Iterator[tuple[int, Track]]:
    """The first video track and all audio tracks that a segment can hold."""
    video = next(iter(container.streams.video), None)
    for stream in (*([video] if video else []), *container.streams.audio):
        context = stream.codec_context
        if context is not None and context.name in CODECS | {"mp3float"}:
            seen = stream is video
            yield (
                stream.index,
                Track(
                    video=seen,
                    codec=context.name.removesuffix("float"),
                    width=context.width if seen else 0,
                    height=context.height if seen else 0,
                    sample_rate=0 if seen else context.sample_rate,
                    configuration=bytes(context.extradata or b""),
                ),
            )


def _arrived(packet: Any) -> Arrived:
    now = time.time_ns() // 1000
    fresh = packet.has_sidedata("new_extradata")
    return Arrived(
        track=packet.stream_index,
        pts=packet.pts if packet.pts is not None else packet.dts,
        dts=packet.dts,
        keyframe=packet.is_keyframe,
        data=bytes(packet),
        at=now,
        configuration=bytes(packet.get_sidedata("new_extradata")) if fresh else None,
    )


def _in_words(error: Exception) -> str:
    """libav's words without the address, which may hold a stream's key."""
    if isinstance(error, av.error.ExitError):
        return "nothing came"
    return getattr(error, "strerror", None) or type(error).__name__
