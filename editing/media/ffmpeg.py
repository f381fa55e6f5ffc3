"""The only file that starts a process: ffmpeg, stopped in time, never left behind, its last words in the error."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import IO, Any, Self

import imageio_ffmpeg

from editing.errors import Cancelled, FfmpegFailed

# The child asks the kernel to be killed when the thread that started it ends, then becomes ffmpeg. A hook between fork
# and exec would do the same, but may deadlock in a process with threads.
_EXEC = (
    "import ctypes, os, sys; parent = int(sys.argv[1]); ctypes.CDLL(None).prctl(1, 9); "
    "os.getppid() == parent or os._exit(1); os.execv(sys.argv[2], sys.argv[2:])"
)
_POLL = 0.2
_LAST_LINES = 12
_STALLED_AFTER = 120.0


@cache
def binary() -> str:
    """FFMPEG_BINARY where it is set, else the wheel's own ffmpeg, else the one on the PATH."""
    if named := os.environ.get("FFMPEG_BINARY"):
        return named
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        if found := shutil.which("ffmpeg"):
            return found
        raise FfmpegFailed("There is no ffmpeg; set FFMPEG_BINARY to one.") from None


@cache
def version() -> str:
    """The first words ffmpeg says of itself."""
    said = subprocess.run([binary(), "-version"], capture_output=True, text=True, check=True).stdout
    return said.split("\n", 1)[0].removeprefix("ffmpeg version ").split(" ")[0]


class Ffmpeg:
    """A running ffmpeg, as a context manager: leaving it without `finish` kills the process and all it started.

    `cancelled` is asked five times a second; once it says so the process is killed and `finish` raises Cancelled.
    A process of which `alive` has not been called for two minutes counts as stalled and is killed likewise.
    """

    def __init__(
        self, arguments: Sequence[str], *, cancelled: Callable[[], bool], pipe_in: bool = False, pipe_out: bool = False
    ) -> None:
        self._cancelled = cancelled
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._stop = threading.Event()
        self._quiet = 0.0
        self.was_cancelled = self.stalled = False
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            _guarded([binary(), "-hide_banner", "-nostats", "-loglevel", "error", *arguments]),
            stdin=subprocess.PIPE if pipe_in else subprocess.DEVNULL,
            stdout=subprocess.PIPE if pipe_out else subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._watch)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._stop.set()
        self.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                with suppress(BrokenPipeError):
                    stream.close()

    @property
    def stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def alive(self) -> None:
        """Say that something has moved."""
        self._quiet = 0.0

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def wait(self, seconds: float) -> None:
        """Give it so much time to end by itself."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)

    def finish(self) -> None:
        """Wait for the end. Raises Cancelled, or FfmpegFailed with the last lines it wrote."""
        code = self.process.wait()
        self._threads[0].join()
        if self.was_cancelled:
            raise Cancelled("The cut was cancelled.")
        if self.stalled:
            raise FfmpegFailed(f"ffmpeg stood still for {_STALLED_AFTER:.0f} s and was stopped. {self.last_words}")
        if code:
            raise FfmpegFailed(f"ffmpeg ended with {code}: {self.last_words or 'it said nothing'}")

    @property
    def last_words(self) -> str:
        return " / ".join(self._lines)

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.append(line.decode(errors="replace").strip())

    def _watch(self) -> None:
        while not self._stop.wait(_POLL) and self.process.poll() is None:
            self._quiet += _POLL
            self.was_cancelled = self.was_cancelled or self._cancelled()
            self.stalled = self._quiet > _STALLED_AFTER
            if self.was_cancelled or self.stalled:
                self.kill()


def run(arguments: Sequence[str], *, cancelled: Callable[[], bool] = lambda: False) -> None:
    """Run ffmpeg to its end. Raises FfmpegFailed or Cancelled."""
    with Ffmpeg(arguments, cancelled=cancelled) as child:
        child.finish()


def _guarded(command: list[str]) -> list[str]:
    if sys.platform != "linux":
        return command
    return [sys.executable, "-I", "-S", "-c", _EXEC, str(os.getpid()), *command]
