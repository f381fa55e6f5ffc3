"""Encoded sound: decoded, cut to the sample, brought to one rate and layout, encoded once for the whole output."""

from __future__ import annotations

from typing import Any

import av
from av.error import FFmpegError

from editing.media.muxer import TICK, Muxer
from editing.media.report import CutReport
from editing.media.silence import silent_frame
from editing.timeline.pieces import Piece
from editing.timeline.target import Target
from editing.timeline.ticks import TICKS_PER_SECOND

_TOLERANCE = TICKS_PER_SECOND // 100
"""Sound that comes this much early or late is taken as it comes: recorders round its times."""
_WARM_UP = TICKS_PER_SECOND // 4
"""Sound before a piece that a decoder hears first: MP3 keeps parts of a packet in those before it."""


class EncodedAudio:
    """Takes the packets of one piece after the other, in order, and encodes the sound that belongs to it.

    Its track is added by `open`; nothing may come before.
    """

    def __init__(self, muxer: Muxer, target: Target, report: CutReport) -> None:
        if target.audio is None:
            raise ValueError("There is no sound to encode.")
        self._muxer, self._target, self._report = muxer, target, report
        self._rate, self._layout = target.audio.sample_rate, target.audio.layout
        self._encoder: Any = None
        self._decoder: Any = None
        self._waiting = av.AudioFifo()
        self._written = self._encoded = 0
        self._resampler: Any = None
        self._piece: Piece | None = None
        self._end = 0

    def open(self) -> None:
        """Add the track."""
        audio = self._target.audio
        if audio is None:
            raise ValueError("There is no sound to encode.")
        self._muxer.add_encoded_audio(audio, self._target.audio_bitrate)
        self._encoder = self._muxer.audio.codec_context

    def begin(self, piece: Piece, offset: int, *, continues: bool) -> None:
        """The next packets belong to `piece`, whose first frame is shown at `offset` ticks of the output.

        Whether it continues the piece before is all the same: each is cut to the sample.
        """
        self.end()
        self._piece, self._offset = piece, offset
        self._end, self._joint = self._samples(offset + piece.ticks), True
        tracks = piece.parameters.audio if piece.parameters else ()
        self._decoder = av.CodecContext.create(tracks[0].codec, "r") if tracks else None
        self._heard: object = None

    @property
    def full(self) -> bool:
        """Whether the piece has all its sound."""
        return self._written >= self._end

    def take(self, pts: int, packet: Any) -> None:
        """What the source has at an unwrapped time."""
        piece = self._piece
        if piece is None or self._decoder is None or self.full or pts < piece.first_pts - _WARM_UP:
            return
        packet.pts = packet.dts = pts
        packet.time_base = TICK
        try:
            frames = self._decoder.decode(packet)
        except FFmpegError:
            self._report.undecodable_sound += 1
            return  # a damaged packet becomes silence
        for frame in frames:
            self._frame(frame, pts - piece.first_pts + self._offset)

    def flush(self) -> None:
        """Fill the last piece and write what the encoder still holds."""
        self.end()
        self._encode(last=True)
        self._write(None)

    def _frame(self, frame: Any, time: int) -> None:
        """`time` is when the frame's sound begins, in ticks of the output."""
        late = time - self._written * TICKS_PER_SECOND // self._rate
        tolerance = 0 if self._joint else _TOLERANCE  # where a piece begins its sound is cut to the sample
        if late > tolerance:
            self._silence(self._samples(time) - self._written)
        frame.pts = None
        for sound in self._resampled(frame):
            skip = max(-self._samples(late), 0) if late < -tolerance else 0
            self._joint = self._joint and skip >= sound.samples
            self._append(sound, skip)
            late += sound.samples * TICKS_PER_SECOND // self._rate
            time += sound.samples * TICKS_PER_SECOND // self._rate
        self._encode()

    def _resampled(self, frame: Any) -> list[Any]:
        """The frame at our rate and layout. A track may change its own at any packet."""
        own = frame.format.name, frame.layout.name, frame.sample_rate
        if own != self._heard:
            self._heard = own
            self._resampler = av.AudioResampler(format="fltp", layout=self._layout, rate=self._rate)
        resampled: list[Any] = self._resampler.resample(frame)
        return resampled

    def _append(self, sound: Any, skip: int) -> None:
        """Add a frame's samples, less `skip` at its front and what lies past the piece's end."""
        fifo = av.AudioFifo()
        sound.pts = None
        fifo.write(sound)
        if skip >= sound.samples:
            return
        if skip:
            fifo.read(skip)
        kept = fifo.read(min(sound.samples - skip, self._end - self._written))
        if kept is not None:
            self._wait(kept)

    def _silence(self, samples: int) -> None:
        samples = min(samples, self._end - self._written)
        while samples > 0:
            frame = silent_frame(self._rate, self._layout, min(samples, 1024))
            samples -= frame.samples
            self._wait(frame)

    def _wait(self, frame: Any) -> None:
        """Put samples in line for the encoder, which counts them itself."""
        frame.pts, frame.time_base = None, self._muxer.audio_tick
        self._waiting.write(frame)
        self._written += frame.samples

    def end(self) -> None:
        """Fill what the piece's sound left open."""
        self._silence(self._end - self._written)
        self._encode()

    def _samples(self, ticks: int) -> int:
        return ticks * self._rate // TICKS_PER_SECOND

    def _encode(self, *, last: bool = False) -> None:
        size = self._encoder.frame_size
        while frame := self._waiting.read(size, last):
            self._write(frame)

    def _write(self, frame: Any) -> None:
        if frame is not None:
            frame.pts, frame.time_base = self._encoded, self._muxer.audio_tick
            self._encoded += frame.samples
        for packet in self._encoder.encode(frame):
            self._muxer.write_audio(packet)
