"""A real RTMP server and real publishers: nginx with its rtmp module, and ffmpeg that pushes numbered pictures."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from editing.media import ffmpeg
from tests.samples import BEEP, Kind, picture
from tests.sharing import free_port

MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
_CONFIGURATION = """
load_module {module};
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
rtmp {{ server {{ listen 127.0.0.1:{port}; application live {{ live on; }} }} }}
"""
FLV = ("-flvflags", "no_duration_filesize", "-f", "flv")
FAST = 3
"""As fast as a stream may come without filling the queue of a server on a busy machine."""
QUICK = Kind(seconds=4, gop=25)


@dataclass(frozen=True)
class Server:
    """`url` of a name under which one publishes and pulls."""

    port: int

    def url(self, name: str = "main") -> str:
        return f"rtmp://127.0.0.1:{self.port}/live/{name}"


@contextmanager
def server(folder: Path, port: int = 0) -> Iterator[Server]:
    """nginx-rtmp on a free port; skips where it is not installed."""
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    if not (Path(nginx).exists() and MODULE.exists()):
        pytest.skip("needs nginx with its rtmp module (apt-get install nginx libnginx-mod-rtmp)")
    port = port or free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(module=MODULE, folder=folder, port=port))
    process = subprocess.Popen([nginx, "-c", configuration, "-p", folder], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield Server(port)
    finally:
        process.kill()
        process.wait()


class Publisher:
    """ffmpeg pushing a sample; as a context manager it is gone afterwards.

    `speed` is how much faster than it plays: for tests of what is recorded, and not of when it came.
    """

    def __init__(
        self,
        url: str,
        kind: Kind = QUICK,
        *,
        pictures: bool = True,
        options: str = "",
        muxer: tuple[str, ...] = FLV,
        speed: int = 1,
    ) -> None:
        paced = ["-readrate", str(speed)]
        size = f"{kind.width}x{kind.height}"
        beep = f"aevalsrc=if(lt(mod(t\\,1)\\,{BEEP})\\,0.5*sin(2*PI*1000*t)\\,0):s={kind.audio_rate}"
        self.kind, self.pictures = kind, pictures
        video = [*paced, "-f", "rawvideo", "-pix_fmt", "gray", "-s", size, "-r", kind.rate, "-i", "pipe:0"]
        coded = ["-c:v", kind.codec, "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", str(kind.gop)]
        command = [
            *(ffmpeg.binary(), "-v", "error"),
            *(video if pictures else []),
            *([*paced, "-f", "lavfi", "-i", beep] if kind.audio else []),
            *([*coded, "-bf", str(kind.bframes), "-sc_threshold", "0"] if pictures else []),
            *(["-c:a", "aac", "-b:a", "96k"] if kind.audio else []),
            *("-t", str(kind.seconds), "-output_ts_offset", f"{kind.clock / 90000:.6f}", *options.split()),
            *(*muxer, url),
        ]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE)
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._feeder.start()

    def __enter__(self) -> Publisher:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._feeder.join()

    def finish(self) -> None:
        """Wait until everything is pushed."""
        assert self.process.wait(90) == 0

    def _feed(self) -> None:
        assert self.process.stdin
        with suppress(BrokenPipeError, ValueError), self.process.stdin as pipe:
            for number in range(self.kind.frames if self.pictures else 0):
                pipe.write(picture(self.kind.first + number, self.kind.width, self.kind.height).tobytes())


def in_order(numbers: list[int]) -> bool:
    """Whether each picture is there, once. Of the last ones, two may still have been on their way: B-frames come after
    the picture that follows them."""
    return numbers[:-2] == list(range(numbers[0], numbers[0] + len(numbers) - 2)) and numbers[-1] < numbers[-3] + 5


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert time.monotonic() < deadline, "nginx does not answer"
        time.sleep(0.05)
