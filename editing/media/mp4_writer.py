"""An MP4 written once from front to end: room for its index first, then the media, at last the index into its room.

What a track is, libav says: it writes a file of one sample for each track into memory, whose description is taken over.
"""

from __future__ import annotations

import io
import struct
from array import array
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from av import Packet

from editing.media.drain import Drain, faults
from editing.media.interleaving import Waiting, interleaved
from editing.media.layout import Integers, Samples
from editing.media.mp4_boxes import Track, box, index, inside
from editing.media.muxer import Muxer
from editing.media.units import units
from editing.timeline.parameters import AudioParameters, VideoParameters
from editing.timeline.ticks import TICKS_PER_SECOND

_SKETCH = 1 << 16
_BOX, _MEDIA_HEAD = 8, 16
_SQUARE = "1:1"
_ENOUGH = 1 << 20
"""Bytes of single packets that are written in one go."""
_PICTURE, _SOUND = b"\0\0\0\1\x65\x88\x84\0", b"\x21\x10\x04\x60\x8c\x1c"


class Mp4Writer:
    """Takes what Muxer takes, and besides that whole rows of samples: tracks first, then `start`, at last `finish`.

    `room` bytes are kept for the index. Where it turns out larger, all media are moved once.
    """

    def __init__(self, path: Path, *, room: int) -> None:
        self._memory = io.BytesIO()
        self._sketch = Muxer(path, index=_SKETCH, into=self._memory)
        self.kind = self._sketch.kind
        self._video, self._audio = Track(), Track()
        self._tracks: list[Track] = []
        self._drain = Drain(path)
        self._media = self._at = room
        self._pictures, self._sound = Waiting(self._video), Waiting(self._audio)
        self._waiting_bytes = 0

    def add_video(
        self, template: Any, parameters: VideoParameters, *, sets: bytes | None = None, in_band: bool = False
    ) -> None:
        """Of `template` it is enough to have its codec: the rest is known from the index."""
        self._sketch.add_video(template, parameters, sets=sets, in_band=in_band)
        context = self._sketch.video.codec_context
        if parameters.aspect != _SQUARE:
            context.sample_aspect_ratio = Fraction(parameters.aspect.replace(":", "/"))
        context.color_range, context.color_primaries = (
            _number(parameters.color_range),
            _number(parameters.color_primaries),
        )
        context.color_trc, context.colorspace = _number(parameters.color_transfer), _number(parameters.color_space)
        self._tracks.append(self._video)

    def add_copied_audio(self, template: Any, parameters: AudioParameters) -> None:
        self._sketch.add_copied_audio(template, parameters)
        context = self._sketch.audio.codec_context
        context.sample_rate, context.layout = parameters.sample_rate, parameters.layout
        self._audio.timescale = parameters.sample_rate
        self._tracks.append(self._audio)

    def start(self) -> None:
        """Raises UnsupportedMedia for tracks that the container cannot hold."""
        self._sketch.start()
        packet = Packet(_PICTURE)
        packet.time_base, packet.is_keyframe = self._sketch.video.time_base, True
        self._sketch.write_video(packet, 0, 0, 1)
        if self._sketch.audio is not None:
            self._sketch.write_frames([_SOUND], 0, 1)
        self._drain.start(at=self._media + _MEDIA_HEAD)
        self._at += _MEDIA_HEAD

    def write_video(self, packet: Any, pts: int, dts: int, duration: int) -> None:
        """A picture in Annex B; all times in ticks."""
        data = b"".join(part for unit in units(bytes(packet)) for part in (struct.pack(">I", len(unit)), unit))
        entry = bytes([packet.is_keyframe])
        self.write_pictures([data], _whole([data]), np.array([pts]), np.array([dts]), entry, lasts=duration)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > _ENOUGH:
            self.hand_over()

    def write_pictures(
        self, pieces: list[Any], samples: Samples, pts: Integers, dts: Integers, entries: bytes, *, lasts: int
    ) -> None:
        """Pictures, length-prefixed: `pieces` are those of `samples`. The last one lasts `lasts`."""
        sizes = samples.sizes()
        self._video.add(pts, dts, sizes, entries, lasts=lasts)
        self._pictures.add(pieces, samples.firsts, dts, sizes)

    def write_sound(self, pieces: list[Any], frames: Samples, pts: int, samples: int) -> None:
        """Frames of sound of so many samples each, without headers of their own."""
        times, sizes = pts + np.arange(len(frames)) * samples, frames.sizes()
        self._audio.add(times, times, sizes, b"\1" * len(frames), lasts=samples)
        times = times * TICKS_PER_SECOND // self._audio.timescale
        self._sound.add(pieces, frames.firsts, times, sizes)

    def write_frames(self, frames: list[bytes], pts: int, samples: int) -> None:
        """The same, each in one piece."""
        self.write_sound(frames, _whole(frames), pts, samples)

    def hand_over(self, then: Callable[[], None] = lambda: None) -> None:
        """Let what was given be written; `then` is called when its memory is free again.

        Raises NoSpace or MediaError where what was handed over before could not be written.
        """
        pieces, self._at = interleaved([self._pictures, self._sound], self._at)
        self._pictures, self._sound = Waiting(self._video), Waiting(self._audio)
        self._waiting_bytes = 0
        self._drain.put(pieces, then)

    def finish(self, alive: Callable[[], None]) -> None:
        """Write the index. `alive` is called again and again while media are moved, and may raise to end it.

        Raises NoSpace or MediaError where that fails.
        """
        self._sketch.close()
        self.hand_over()
        self._drain.finish()
        with faults():
            self._write_index(alive)

    def close(self) -> None:
        """End, whatever has been written."""
        self._sketch.close()
        self._drain.close()

    def _write_index(self, alive: Callable[[], None]) -> None:
        like = dict(inside(self._memory.getvalue()))
        head = box(b"ftyp", like[b"ftyp"])
        moov = index(like[b"moov"], self._tracks)
        if (missing := _size(head + moov) + _BOX - self._media) > 0:
            self._make_room(missing, alive)
            moov = index(like[b"moov"], self._tracks)
        free = box(b"free", bytes(self._media - _size(head + moov) - _BOX))
        media = struct.pack(">I4sQ", 1, b"mdat", self._at - self._media)
        self._drain.write_head([*head, *moov, *free, media])

    def _make_room(self, missing: int, alive: Callable[[], None]) -> None:
        """Move the media back; their new places may need twice as many bytes in the index."""
        chunks = sum(len(track.offsets) for track in self._tracks)
        by = missing + 4 * chunks
        self._drain.move(self._media, by, alive)
        for track in self._tracks:
            track.offsets = array("Q", (offset + by for offset in track.offsets))
        self._media, self._at = self._media + by, self._at + by


def _size(parts: Sequence[bytes]) -> int:
    return sum(map(len, parts))


def _whole(samples: Sequence[bytes]) -> Samples:
    """Samples of one piece each."""
    ends = np.cumsum(np.fromiter(map(len, samples), np.int64, len(samples)))
    return Samples(np.append(0, ends[:-1]), ends, np.arange(len(samples) + 1))


def _number(name: str) -> int:
    """What a colour is called; 2 is unspecified."""
    return int(name) if name else 2
