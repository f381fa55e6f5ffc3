"""The recording that benchmarks cut: 1080p30 at 4.7 Mbit/s with sound, in segments of six seconds."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import av

from editing.media import ffmpeg
from editing.timeline.coverage import Segment
from tests.samples import segments_in

LOOP = 24
"""Seconds that are really encoded: whole GOPs, whole segments and whole AAC frames, so that repeats join exactly."""
_VERSION = 1
_FOLDER = Path(tempfile.gettempdir()) / f"studio-benchmark-{_VERSION}"
_TICKS = LOOP * 90_000
_AUDIO_PACKETS = LOOP * 48_000 // 1024
"""In one loop; the encoder adds one of its own that would overlap the next repeat."""


@cache
def recording(minutes: int = 10) -> list[Segment]:
    """The segments, made once per machine and kept in its temporary directory."""
    folder = _FOLDER / f"{minutes}m"
    if not (folder / "done").exists():
        folder.mkdir(parents=True, exist_ok=True)
        repeat(loop(), folder, minutes * 60 // LOOP)
        (folder / "done").touch()
    return segments_in(folder)


def loop() -> Path:
    """What is repeated in it."""
    path = _FOLDER / "loop.ts"
    if not path.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        _encode(path)
    return path


def _encode(loop: Path) -> None:
    """Moving shapes under grain, which costs an encoder about what a camera's picture does."""
    half = loop.with_suffix(".part")
    ffmpeg.run(
        [
            *("-f", "lavfi", "-i", f"testsrc2=s=1920x1080:r=30:d={LOOP},noise=alls=12:allf=t+u"),
            *("-f", "lavfi", "-i", f"aevalsrc=0.2*sin(2*PI*440*t)|0.2*sin(2*PI*660*t):s=48000:d={LOOP}"),
            *("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "60", "-keyint_min", "60"),
            *("-sc_threshold", "0", "-b:v", "4500k", "-maxrate", "5M", "-bufsize", "5M"),
            *("-c:a", "aac", "-b:a", "128k", "-muxdelay", "0", "-f", "mpegts", "-y", str(half)),
        ]
    )
    half.rename(loop)


def repeat(loop: Path, folder: Path, times: int) -> None:
    """So many copies of a loop, one after the other on one clock, as HLS in a folder."""
    options = {"hls_time": "6", "hls_list_size": "0", "hls_segment_filename": str(folder / "%05d.ts")}
    with av.open(str(loop)) as source, av.open(str(folder / "index.m3u8"), "w", format="hls", options=options) as hls:
        tracks: dict[int, Any] = {stream.index: hls.add_stream_from_template(stream) for stream in source.streams}
        kept = [
            (packet.stream.index, packet.pts, packet.dts, bytes(packet), packet.is_keyframe)
            for packet in source.demux()
            if packet.dts is not None
        ]
        kept = _first(kept, source.streams.audio[0].index, _AUDIO_PACKETS)
        for number in range(times):
            for index, pts, dts, data, keyframe in kept:
                packet = av.Packet(data)
                packet.pts, packet.dts = pts + number * _TICKS, dts + number * _TICKS
                packet.time_base = source.streams[index].time_base
                packet.is_keyframe = keyframe
                packet.stream = tracks[index]
                hls.mux_one(packet)


def _first(packets: list[Any], index: int, count: int) -> list[Any]:
    """The packets without those of track `index` beyond the first `count`."""
    spare = len([packet for packet in packets if packet[0] == index]) - count
    last = [at for at, packet in enumerate(packets) if packet[0] == index][-spare:] if spare > 0 else []
    return [packet for at, packet in enumerate(packets) if at not in last]
