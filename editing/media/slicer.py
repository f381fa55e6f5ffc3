"""Packets of one connection become slices: MPEG-TS files that begin with a keyframe, nothing encoded again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.error import FFmpegError

from editing.errors import MediaError
from editing.media.anchoring import Anchoring
from editing.media.flv import SOUND, VIDEO
from editing.media.puller import Arrived, Track
from editing.media.source_clock import SourceClock, Timed
from editing.media.spool import Slice, SliceFacts, Spool
from editing.media.wrapping import Wrapper
from editing.timeline.instant import SECOND
from editing.timeline.ticks import TICKS_PER_SECOND

NO_KEYFRAME = 30 * TICKS_PER_SECOND
"""A slice that should have ended so long ago ends without a keyframe; what follows decodes from the slices before."""

COMPLETE_WITHIN = SECOND
"""So long the first packets wait for the other track."""

PICTURES_WITHIN = 12 * SECOND
"""So long sound waits for the pictures that its publisher has promised."""

_TICK = Fraction(1, TICKS_PER_SECOND)
_ROUNDING = TICKS_PER_SECOND // 50
_OPTIONS = {"mpegts_copyts": "1"}  # else libav moves all times by the muxer's delay


class SliceWriter:
    """One MPEG-TS file while it is written."""

    def __init__(self, path: Path, tracks: Mapping[int, Track], first: Timed) -> None:
        self.path, self.first_dts = path, first.dts
        self._container: Any = av.open(str(path), "w", format="mpegts", options=_OPTIONS)
        self._streams = {number: self._add(track) for number, track in tracks.items()}
        self._wrappers = {number: Wrapper(track.codec, track.configuration) for number, track in tracks.items()}
        self._undescribed = {number for number, track in tracks.items() if track.video}
        self._held: set[int] = set()

    @property
    def tracks(self) -> Collection[int]:
        return self._streams.keys()

    def configure(self, number: int, track: Track) -> bool:
        """Let a track have other parameters; False where packets of it are already written."""
        if number in self.tracks and number not in self._held:
            self._wrappers[number] = Wrapper(track.codec, track.configuration)
        return number not in self._held

    def write(self, timed: Timed) -> None:
        number = timed.packet.track
        describe = timed.packet.keyframe or number in self._undescribed
        self._undescribed.discard(number)
        self._held.add(number)
        packet = av.Packet(self._wrappers[number].wrap(timed.packet.data, describe=describe))
        packet.pts, packet.dts, packet.time_base = timed.pts, timed.dts, _TICK
        packet.is_keyframe = timed.packet.keyframe
        packet.stream = self._streams[number]
        self._container.mux_one(packet)

    def close(self) -> None:
        self._container.close()

    def abandon(self) -> None:
        """Leave nothing behind."""
        with suppress(FFmpegError):
            self._container.close()
        self.path.unlink(missing_ok=True)

    def _add(self, track: Track) -> Any:
        facts = {} if track.video else {"rate": track.sample_rate}
        stream = self._container.add_mux_stream(track.codec, **facts)
        stream.time_base = _TICK
        return stream


class Slicer:
    """`add` tracks and `take` packets, get slices; `close` gives the last one.

    The first packets are held until there are pictures and sound, but not for long, so that a stream does not begin
    with a slice of one of them; a track that comes later begins one with the next keyframe. `damaged` counts packets
    that came but are in no slice, `dropped` slices that could not be kept; `fault` says why the last could not.
    """

    def __init__(self, spool: Spool, *, target: int, epoch: int, before: str) -> None:
        """Slices last `target` ticks and up to the next keyframe. `before` says what happened before the first."""
        self._spool, self._target = spool, target
        self._tracks: dict[int, Track] = {}
        self._clock = SourceClock(SOUND)
        self._anchoring = Anchoring()
        self._writer: SliceWriter | None = None
        self._waiting: list[Arrived] | None = []
        self._late: list[Timed] = []
        self._begins, self._before = True, before
        self.epoch = epoch
        self._lost = self.dropped = 0
        self.fault = ""

    @property
    def damaged(self) -> int:
        return self._clock.damaged + self._lost

    @property
    def _patience(self) -> int:
        promised = VIDEO not in self._tracks and any(track.promised for track in self._tracks.values())
        return PICTURES_WITHIN if promised else COMPLETE_WITHIN

    def add(self, track: Track) -> Iterator[Slice]:
        """A track that is new, or has another codec now."""
        if self._writer and track.number in self._writer.tracks:
            yield from self._end()
        self._tracks[track.number] = track
        self._clock.leading = min(self._tracks)  # pictures, where there are any

    def take(self, packet: Arrived) -> Iterator[Slice]:
        if self._waiting is None:
            yield from self._take(packet)
            return
        self._waiting.append(packet)
        if len(self._tracks) > 1 or packet.at - self._waiting[0].at >= self._patience:
            yield from self._release()

    def close(self) -> Iterator[Slice]:
        """End the slice that is open, if one is."""
        yield from self._release()
        yield from self._end()
        self._drop_late()

    def _release(self) -> Iterator[Slice]:
        waiting, self._waiting = self._waiting, None
        for packet in waiting or ():
            yield from self._take(packet)

    def _take(self, packet: Arrived) -> Iterator[Slice]:
        if packet.configuration is not None:
            yield from self._configure(packet.track, packet.configuration)
        new_epoch, packets = self._clock.take(packet)
        if new_epoch:
            yield from self._end()
            self._drop_late()
            self._begin_epoch()
        for timed in packets:
            if timed.pts < timed.dts:  # shown before it can be decoded: no container holds that
                self._lost += 1
                continue
            if self._ends_before(timed):
                yield from self._end()
            self._anchoring.arrived(timed, timed.packet.at, leading=timed.packet.track == self._clock.leading)
            self._write(timed)

    def _end(self) -> Iterator[Slice]:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        facts = SliceFacts(
            epoch=self.epoch,
            anchor=self._anchoring.anchor(writer.first_dts),
            near=writer.first_dts,
            begins=self._begins,
            before=self._before,
            damaged=self.damaged,
        )
        try:
            writer.close()
            kept = self._spool.keep(writer.path, facts)
        except (FFmpegError, OSError, MediaError) as error:
            kept, reason = None, _unwritten(error)
        else:
            reason = "there was no more room for what waits to be stored"
        if kept is None:
            self._before = self.fault = reason
            self.dropped += 1
            return
        self.fault = ""
        self._begins, self._before = False, ""
        yield kept

    def _configure(self, number: int, configuration: bytes) -> Iterator[Slice]:
        """New parameters of a track begin a slice, unless the one that is open has nothing of that track yet."""
        if self._tracks[number].configuration == configuration:
            return
        self._tracks[number] = replace(self._tracks[number], configuration=configuration)
        if self._writer and not self._writer.configure(number, self._tracks[number]):
            yield from self._end()

    def _begin_epoch(self) -> None:
        if not self._anchoring.empty:
            self.epoch += 1
            self._before = self._before or "the clock of the stream began anew"
        self._anchoring, self._begins = Anchoring(), True

    def _ends_before(self, timed: Timed) -> bool:
        if self._writer is None:
            return False
        lasted = timed.dts - self._writer.first_dts
        if timed.packet.keyframe and timed.packet.track == self._clock.leading:
            fresh = self._late or timed.packet.track not in self._writer.tracks
            return bool(fresh) or lasted >= self._target - _ROUNDING
        return lasted >= self._target + NO_KEYFRAME

    def _write(self, timed: Timed) -> None:
        """What is of a track that the open slice has no place for waits for the next slice."""
        if self._writer and timed.packet.track not in self._writer.tracks:
            self._late.append(timed)
            return
        try:
            if self._writer is None:
                self._writer = SliceWriter(self._spool.draft(), self._tracks, timed)
                late, self._late = self._late, []
                for each in late:
                    self._writer.write(each)
            self._writer.write(timed)
        except (FFmpegError, OSError) as error:  # the disk is full, say
            self._lost += 1
            self._before = self.fault = _unwritten(error)
            self.dropped += 1
            if self._writer:
                self._writer.abandon()
                self._writer = None

    def _drop_late(self) -> None:
        self._lost += len(self._late)
        self._late = []


def _unwritten(error: Exception) -> str:
    return f"it could not be written: {getattr(error, 'strerror', None) or error}"
