"""A generated stream: its picture shows its UTC time and frame number, its sound beeps on every second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ffmpeg as graph

from editing.media import ffmpeg

WIDTH, HEIGHT, RATE = 960, 540, 30
SEGMENT = 4
GOP = 2 * RATE
_BEEP = "if(lt(mod(t,1),0.06),0.4*sin(2*PI*if(lt(mod(t,10),1),1760,880)*t),0.01*random(0))"
_CLOCK = r"%{pts:gmtime:EPOCH:%Y-%m-%d %H\:%M\:%S}.%{eif:mod(floor(t*1000+0.5),1000):d:3} UTC"
_NUMBER = r"frame %{n}"


def render(
    folder: Path, *, start: int, seconds: int, font: Path, cancelled: Callable[[], bool] = lambda: False
) -> Path:
    """Write an HLS playlist of so many seconds into `folder`; `start` is the UTC second that the first frame shows.

    Raises FfmpegFailed or Cancelled.
    """
    clock, number = folder / "clock.txt", folder / "number.txt"
    clock.write_text(_CLOCK.replace("EPOCH", str(start)))
    number.write_text(_NUMBER)
    picture = graph.input(f"testsrc2=size={WIDTH}x{HEIGHT}:rate={RATE}", f="lavfi", t=seconds)
    picture = _text(picture, clock, font, 44, "h*0.40")
    picture = _text(picture, number, font, 34, "h*0.52")
    sound = graph.input(f"aevalsrc='{_BEEP}|{_BEEP}':s=48000", f="lavfi", t=seconds)
    output = graph.output(
        picture,
        sound,
        str(folder / "index.m3u8"),
        format="hls",
        hls_time=SEGMENT,
        hls_list_size=0,
        hls_segment_filename=str(folder / "%05d.ts"),
        vcodec="libx264",
        preset="superfast",
        crf=23,
        g=GOP,
        bf=2,
        sc_threshold=0,
        pix_fmt="yuv420p",
        acodec="aac",
        audio_bitrate="128k",
    )
    ffmpeg.run(output.compile()[1:], cancelled=cancelled)
    return folder / "index.m3u8"


def _text(picture: graph.nodes.Stream, file: Path, font: Path, size: int, y: str) -> graph.nodes.Stream:
    return picture.filter(
        "drawtext",
        fontfile=str(font),
        textfile=str(file),
        fontsize=size,
        fontcolor="white",
        box=1,
        boxcolor="black@0.75",
        boxborderw=14,
        x="(w-text_w)/2",
        y=y,
    )
