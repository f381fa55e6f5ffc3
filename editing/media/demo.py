"""Generated streams: their picture shows its UTC time and frame number, their sound beeps on every second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ffmpeg as graph

from editing.media import ffmpeg

WIDTH, HEIGHT, RATE = 640, 360, 30
SEGMENT = 4
GOP = 2 * RATE
_BEEP = "if(lt(mod(t,1),0.06),0.4*sin(2*PI*if(lt(mod(t,10),1),1760,880)*t),0.01*random(0))"
_CLOCK = r"%{pts:gmtime:EPOCH:%Y-%m-%d %H\:%M\:%S}.%{eif:mod(floor(t*1000+0.5),1000):d:3} UTC"
_NUMBER = r"frame %{n}"
LIVE_WIDTH, LIVE_HEIGHT, LIVE_RATE = 640, 360, 25
LIVE_GOP = 2 * LIVE_RATE
_NOW = r"%{gmtime:%Y-%m-%d %H\:%M\:%S.%3N} UTC"
_PIP = "if(lt(mod(t,1),0.06),0.4*sin(2*PI*880*t),0)"


def render(
    folder: Path, *, start: int, seconds: int, font: Path, cancelled: Callable[[], bool] = lambda: False
) -> Path:
    """Write an HLS playlist of so many seconds into `folder`; `start` is the UTC second that the first frame shows.

    Raises FfmpegFailed or Cancelled.
    """
    picture = graph.input(f"testsrc2=size={WIDTH}x{HEIGHT}:rate={RATE}", f="lavfi", t=seconds)
    picture = _labelled(picture, folder, _CLOCK.replace("EPOCH", str(start)), font, 30)
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
        preset="ultrafast",
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


def live(url: str, folder: Path, *, font: Path, listen: bool) -> list[str]:
    """The command that publishes a live stream to `url` until it is stopped, or with `listen` waits there for the one
    who takes it; it ends when the connection does. What it reads while it runs is written into `folder`.

    Little work: a still picture with a box that moves, each frame coded alone or as what changed. Paced by a filter,
    so that the clock is drawn when the frame is due; -re would let the first half second through at once.
    """
    picture = graph.input(f"smptehdbars=size={LIVE_WIDTH}x{LIVE_HEIGHT}:rate={LIVE_RATE}", f="lavfi")
    picture = picture.filter("realtime").filter("format", "yuv420p")
    picture = picture.filter("drawbox", x="mod(t*160,iw)", y="ih*0.8", w=40, h=40, color="0xF08A5D", t="fill")
    picture = _labelled(picture, folder, _NOW, font, 30)
    sound = graph.input(f"aevalsrc='{_PIP}':s=48000:n=1920", f="lavfi").filter("arealtime")
    output = graph.output(
        picture,
        sound,
        url,
        format="flv",
        flvflags="no_duration_filesize",
        vcodec="libx264",
        preset="ultrafast",
        tune="zerolatency",
        threads=1,
        g=LIVE_GOP,
        sc_threshold=0,
        maxrate="400k",
        bufsize="400k",
        acodec="aac",
        audio_bitrate="48k",
        **({"listen": 1} if listen else {}),
    )
    quiet = ("-hide_banner", "-nostats", "-nostdin", "-loglevel", "error", "-filter_threads", "1")
    return [ffmpeg.binary(), *quiet, *(str(argument) for argument in output.compile()[1:])]


def _labelled(picture: graph.nodes.Stream, folder: Path, clock: str, font: Path, size: int) -> graph.nodes.Stream:
    """With a clock, and below it the frame's number. The texts go by file: their escapes need no escaping there."""
    for name, text, part, y in (("clock.txt", clock, 1.0, "h*0.40"), ("number.txt", _NUMBER, 0.77, "h*0.52")):
        (folder / name).write_text(text)
        picture = _text(picture, folder / name, font, round(size * part), y)
    return picture


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
