"""Tiny recordings whose pictures carry their number and whose sound beeps on every second.

A picture's number is a row of black and white blocks over a moving pattern, with a parity block, so that it survives
encoding and scaling; the pattern gives comparisons of pictures something to look at.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import av
import numpy as np

from editing.media import ffmpeg
from editing.media.index import index_segment
from editing.timeline.coverage import Coverage, Segment
from editing.timeline.frames import pack
from editing.timeline.instant import Instant, parse_instant
from editing.timeline.ticks import WRAP, Anchor
from tests.sharing import RUN, locked

BITS = 16
START = parse_instant("2026-11-20T10:00:00Z")
BEEP = 0.05
_FOLDER = RUN / "samples"
_FOLDER.mkdir(exist_ok=True)


@dataclass(frozen=True)
class Kind:
    """What a sample is like. `clock` is the first presentation time in ticks; `first` the number of its first frame."""

    seconds: int = 12
    rate: str = "25"
    width: int = 320
    height: int = 180
    gop: int = 25
    segment: int = 2
    bframes: int = 2
    codec: str = "libx264"
    options: str = ""
    audio: str | None = "aac"
    audio_rate: int = 48000
    channels: int = 1
    clock: int = 0
    first: int = 0

    @property
    def frames(self) -> int:
        return int(self.seconds * Fraction(self.rate))


def playlist(kind: Kind) -> Path:
    """The HLS playlist of a sample, made once in a run of tests, whichever of its processes asks."""
    return shared(repr(kind), lambda folder: _make(kind, folder)) / "index.m3u8"


def shared(name: str, make: Callable[[Path], None]) -> Path:
    """The folder that `make` fills; it is called once in a run of tests for each name."""
    digest = sha256(name.encode()).hexdigest()[:16]
    found = _FOLDER / digest
    if not found.exists():
        with locked(digest):
            if not found.exists():
                draft = Path(mkdtemp(dir=_FOLDER))
                make(draft)
                draft.rename(found)
    return found


def _make(kind: Kind, folder: Path) -> None:
    command = [
        *(ffmpeg.binary(), "-v", "error", "-y"),
        *("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{kind.width}x{kind.height}", "-r", kind.rate, "-i", "pipe:0"),
        *_sound(kind),
        *("-c:v", kind.codec, "-preset", "ultrafast", "-pix_fmt", "yuv420p"),
        *("-g", str(kind.gop), "-bf", str(kind.bframes)),
        *(kind.options.split()),
        *("-output_ts_offset", f"{kind.clock / 90000:.6f}", "-muxdelay", "0"),
        *("-f", "hls", "-hls_time", str(kind.segment), "-hls_list_size", "0"),
        *("-hls_segment_filename", str(folder / "%03d.ts"), str(folder / "index.m3u8")),
    ]
    pictures = b"".join(
        picture(kind.first + number, kind.width, kind.height).tobytes() for number in range(kind.frames)
    )
    subprocess.run(command, input=pictures, check=True)


def _sound(kind: Kind) -> list[str]:
    if kind.audio is None:
        return []
    beep = f"if(lt(mod(t\\,1)\\,{BEEP})\\,0.5*sin(2*PI*1000*t)\\,0)"
    source = f"aevalsrc={'|'.join([beep] * kind.channels)}:s={kind.audio_rate}:d={kind.seconds}"
    return ["-f", "lavfi", "-i", source, "-c:a", kind.audio, "-b:a", "96k"]


def picture(number: int, width: int, height: int) -> np.ndarray[Any, Any]:
    """The luma of frame `number`."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    plane = (96 + 48 * np.sin((x + 3 * number) / 17) + 32 * np.cos((y - number) / 11)).astype(np.uint8)
    bits = [number >> bit & 1 for bit in range(BITS)]
    bits.append(sum(bits) & 1)
    block = width / (BITS + 1)
    for position, bit in enumerate(bits):
        plane[: height // 4, int(position * block) : int((position + 1) * block)] = 235 if bit else 16
    return plane


def number_of(plane: np.ndarray[Any, Any]) -> int:
    """The number in a picture. Raises ValueError where the parity is wrong: the picture is ruined."""
    height, width = plane.shape
    block = width / (BITS + 1)
    rows = plane[height // 12 : height // 6]
    means = [rows[:, int((at + 0.25) * block) : int((at + 0.75) * block)].mean() for at in range(BITS + 1)]
    bits = [int(mean > 126) for mean in means]
    if sum(bits[:BITS]) & 1 != bits[BITS]:
        raise ValueError(f"A picture's number is unreadable: {means}.")
    return sum(bit << position for position, bit in enumerate(bits[:BITS]))


@dataclass(frozen=True)
class Seen:
    """What the oracle saw in an output: each frame's number and time (ticks), and the worst PSNR against the source."""

    numbers: list[int]
    times: list[int]
    psnr: float
    size: tuple[int, int]


def watch(path: Path) -> Seen:
    """Decode a file and read every picture."""
    numbers, times, worst, size = [], [], 99.0, (0, 0)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            plane = frame.to_ndarray(format="gray")
            number = number_of(plane)
            numbers.append(number)
            times.append(round(frame.pts * frame.time_base * 90000))
            size = (frame.width, frame.height)
            worst = min(worst, _psnr(plane, picture(number, *size)))
    return Seen(numbers, [time - times[0] for time in times], worst, size)


def _psnr(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    error = float(np.mean((one.astype(float) - other.astype(float)) ** 2))
    return 99.0 if error == 0 else 10 * float(np.log10(255**2 / error))


def beeps(path: Path) -> list[float]:
    """When beeps begin, in seconds from the first frame of the picture."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        origin = float((video.start_time or 0) * video.time_base)
        blocks, starts = [], []
        for frame in container.decode(container.streams.audio[0]):
            starts.append(float(frame.pts * frame.time_base) - origin)
            blocks.append(frame.to_ndarray().reshape(frame.layout.nb_channels, -1)[0])
            rate = frame.sample_rate
    samples = np.abs(np.concatenate(blocks))
    loud = np.convolve(samples > 0.1, np.ones(48), mode="same") > 4
    onsets = np.flatnonzero(loud & ~np.concatenate([[False], loud[:-1]]))
    return [starts[0] + int(onset) / rate for onset in onsets]


def segments_of(kind: Kind, *, start: Instant = START, recording: int = 1, epoch: int = 0) -> list[Segment]:
    """The segments of a sample as an import would know them; the key is the file's path."""
    return segments_in(playlist(kind).parent, start=start, recording=recording, epoch=epoch)


def segments_in(folder: Path, *, start: Instant = START, recording: int = 1, epoch: int = 0) -> list[Segment]:
    """The same for any folder of segments whose names sort in their order."""
    segments: list[Segment] = []
    near: int | None = None
    anchor: Anchor | None = None
    for position, path in enumerate(sorted(folder.glob("*.ts"))):
        data = path.read_bytes()
        found = index_segment(data, near=near, known=segments[-1].parameters if segments else None)
        near = found.end_pts
        anchor = anchor or Anchor(start, found.first_pts)
        segments.append(
            Segment(
                id=0,
                recording=recording,
                sequence=position,
                bucket="",
                key=str(path),
                size=len(data),
                checksum=found.checksum,
                epoch=epoch,
                anchor=anchor,
                start=anchor.instant(found.first_pts),
                end=anchor.instant(found.end_pts),
                first_pts=found.first_pts,
                end_pts=found.end_pts,
                frames=len(found.index.video) if found.index.video else 0,
                parameters=found.parameters,
                packed=pack(found.index),
            )
        )
    return segments


def coverage_of(*kinds: Kind) -> Coverage:
    return Coverage([segment for kind in kinds for segment in segments_of(kind)])


BASIC = Kind()
WRAPPING = Kind(clock=WRAP - 5 * 90000)
"""Its clock wraps in the middle of a segment."""
