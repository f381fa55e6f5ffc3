"""Cutting tells where it stands and asks whether it shall go on: in every mode, in every stage, again and again.

How fast a machine is does not matter here: at every step that could be told something is, and is asked.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from editing.errors import Cancelled
from editing.media import drain, report
from editing.media.cut import cut
from editing.media.report import Stage
from editing.timeline.clips import HolePolicy, Mode
from editing.timeline.coverage import Coverage
from editing.timeline.plan import CutPlan, make
from tests.media.cutting import STREAM, clip, open_segment, plan_of
from tests.media.matrix.material import plain
from tests.samples import BASIC, coverage_of


@pytest.fixture(autouse=True)
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is told, whatever the clock says, and blocks that are moved are small."""
    monkeypatch.setattr(report, "_ASK_EVERY", 0.0)
    monkeypatch.setattr(drain, "_BLOCK", 4096)


def _holed() -> CutPlan:
    kept = [each for each in coverage_of(BASIC).segments if each.sequence != 3]
    return make([clip(1.1, 11)], {STREAM: Coverage(kept)}, Mode.ACCURATE_FAST, holes=HolePolicy.SLATE)


PLANS: dict[str, tuple[Callable[[], CutPlan], str]] = {
    "AccurateFast": (lambda: plan_of(BASIC, Mode.ACCURATE_FAST, clip(1.1, 6.3), clip(7.5, 11.1)), ".mp4"),
    "AccurateFast, transport stream": (lambda: plan_of(BASIC, Mode.ACCURATE_FAST, clip(1.1, 6.3)), ".ts"),
    "AccurateFast, slate": (_holed, ".mp4"),
    "AccurateFast, encoded sound": (
        lambda: plan_of(plain(audio="libmp3lame")().coverage, Mode.ACCURATE_FAST, clip(0.3, 4.3)),
        ".mp4",
    ),
    "Accurate": (lambda: plan_of(BASIC, Mode.ACCURATE, clip(1.1, 6.3), clip(7.5, 11.1)), ".mp4"),
    "Rough": (lambda: plan_of(BASIC, Mode.ROUGH, clip(1.1, 6.3)), ".mov"),
    "RoughFast": (lambda: plan_of(BASIC, Mode.ROUGH_FAST, clip(1.1, 11.1)), ".mp4"),
    "RoughFast, other container": (lambda: plan_of(BASIC, Mode.ROUGH_FAST, clip(1.1, 11.1)), ".mkv"),
}
STAGES = {
    Mode.ACCURATE_FAST: [Stage.READING, Stage.ENCODING, Stage.WRITING, Stage.VERIFYING],
    Mode.ACCURATE: [Stage.ENCODING, Stage.WRITING, Stage.VERIFYING],
    Mode.ROUGH: [Stage.ENCODING, Stage.WRITING, Stage.VERIFYING],
    Mode.ROUGH_FAST: [Stage.READING, Stage.WRITING, Stage.VERIFYING],
}


@pytest.mark.parametrize("name", PLANS)
def test_progress_is_told_by_stage_and_media_time(name: str, tmp_path: Path) -> None:
    made, suffix = PLANS[name]
    plan = made()
    told: list[tuple[Stage, float]] = []

    cut(plan, tmp_path / f"out{suffix}", open_segment=open_segment, progress=lambda *step: told.append(step))

    times = [done * plan.ticks / 90_000 for _, done in told]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(plan.ticks / 90_000)
    longest = max(later - earlier for earlier, later in zip([0.0, *times], times, strict=False))
    assert longest <= (2.01 if plan.mode.copies else 0.5)  # a segment may be copied in one go
    stages = [stage for stage, _ in told]
    assert sorted(set(stages), key=STAGES[plan.mode].index) == STAGES[plan.mode]
    assert stages.index(Stage.WRITING) < stages.index(Stage.VERIFYING)


@pytest.mark.parametrize(
    ("name", "stage"), [(name, stage) for name in PLANS for stage in STAGES[Mode(name.split(",")[0])]]
)
def test_a_cut_ends_at_the_first_step_after_it_was_cancelled(name: str, stage: Stage, tmp_path: Path) -> None:
    made, suffix = PLANS[name]
    plan, before = made(), threading.active_count()
    told: list[Stage] = []
    watching = threading.current_thread()
    asked_since = 0

    def cancelled() -> bool:
        nonlocal asked_since
        if stage not in told:
            return False
        asked_since += threading.current_thread() is watching  # whoever watches over ffmpeg asks, too
        return True

    with pytest.raises(Cancelled):
        cut(
            plan,
            tmp_path / f"out{suffix}",
            open_segment=open_segment,
            progress=lambda at, _: told.append(at),
            cancelled=cancelled,
        )

    assert told.count(stage) <= 1
    assert asked_since <= 1
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == before
    assert _children() == []


def _children() -> list[str]:
    """The processes that this one has started and that are still there."""
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
