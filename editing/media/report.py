"""What a cut tells while it runs and after it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from editing.errors import Cancelled


class Stage(StrEnum):
    """What a job is busy with."""

    READING = "reading"
    ENCODING = "encoding"
    WRITING = "writing"
    VERIFYING = "verifying"
    PUBLISHING = "publishing"


Progress = Callable[[Stage, float], None]
"""Called with a stage and how much of the whole cut is done, 0 to 1."""

_ASK_EVERY = 0.1


@dataclass
class CutReport:
    """What was done. Seconds by stage; `joints` holds the error of the sound at each joint, in µs.

    `damaged_pictures` and `damaged_sound` (packets) are what the plan says of the recording. `silent_frames` counts the
    packets of sound that were made up, `undecodable_sound` those that turned out to be broken and became silence;
    `warnings` are sentences on what nobody could know before: what decoders complain of.
    """

    frames_copied: int = 0
    frames_encoded: int = 0
    bytes_read: int = 0
    bytes_written: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    encoder: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    joints: list[int] = field(default_factory=list)
    silent_frames: int = 0
    damaged_pictures: int = 0
    damaged_sound: int = 0
    undecodable_sound: int = 0
    warnings: list[str] = field(default_factory=list)
    verdict: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def restart(self) -> None:
        """Forget what was counted of a first try."""
        self.frames_copied = self.frames_encoded = self.bytes_read = self.silent_frames = 0
        self.undecodable_sound = 0
        self.joints.clear()
        self.warnings.clear()

    @contextmanager
    def timed(self, stage: Stage) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.seconds[stage] = round(self.seconds.get(stage, 0.0) + time.perf_counter() - begun, 3)


class Course:
    """Where a cut stands: tells progress, and stops it when somebody asked. `step` is cheap enough for every packet."""

    def __init__(self, progress: Progress, cancelled: Callable[[], bool], ticks: int) -> None:
        self.progress = progress
        self.cancelled = cancelled
        self._ticks = max(ticks, 1)
        self._next = 0.0
        self._done = 0

    def ask(self) -> None:
        """Raises Cancelled."""
        if self.cancelled():
            raise Cancelled("The cut was cancelled.")

    def step(self, stage: Stage, ticks: int) -> None:
        """`ticks` of the output are done. Raises Cancelled."""
        if time.monotonic() >= self._next:
            self.tell(stage, ticks)

    def tell(self, stage: Stage, ticks: int) -> None:
        """The same at once: where a stage begins that may be over before the next step is due."""
        self._next = time.monotonic() + _ASK_EVERY
        self.ask()
        self._done = max(self._done, min(ticks, self._ticks))  # while a piece is waited for, nothing goes back
        self.progress(stage, self._done / self._ticks)
