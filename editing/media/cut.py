"""From a plan to a file that was checked: the one way in for whoever wants something cut."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import av

from editing.media import containers, encode, ffmpeg, merge
from editing.media.likeness import compare
from editing.media.reader import OpenSegment
from editing.media.report import Course, CutReport, Progress, Stage
from editing.media.verify import verify
from editing.timeline.plan import CutPlan


def cut(
    plan: CutPlan,
    output: Path,
    *,
    open_segment: OpenSegment,
    progress: Progress = lambda stage, done: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> CutReport:
    """Cut `plan` into `output` (the container follows its suffix) and verify it.

    `progress` hears of the stage and the part that is done several times a second; `cancelled` is asked as often.
    Raises InvalidOutput (a container that cannot hold it), Cancelled, NoSpace and the MediaError family,
    VerificationFailed among them; then `output` is gone.
    """
    report = CutReport(versions=versions())
    report.damaged_pictures = sum(each.pictures for clip in plan.clips for each in clip.damage)
    report.damaged_sound = sum(each.packets for clip in plan.clips for each in clip.sound_damage)
    course = Course(progress, cancelled, plan.ticks)
    containers.check(plan, output)
    try:
        work = merge.copy if plan.mode.copies else encode.encode
        work(plan, output, open_segment=open_segment, course=course, report=report)
        course.tell(Stage.VERIFYING, plan.ticks)
        with report.timed(Stage.VERIFYING):
            alive = partial(course.step, Stage.VERIFYING, plan.ticks)
            report.verdict = verify(plan, output, alive).to_json()
            if not plan.mode.copies:
                report.verdict["pictures_compared"] = compare(plan, output, open_segment=open_segment, alive=alive)
        course.ask()
    except BaseException:
        output.unlink(missing_ok=True)
        raise
    report.bytes_written = output.stat().st_size
    return report


def versions() -> dict[str, str]:
    """Of the libraries that cut, for the report."""
    libavcodec = ".".join(map(str, av.library_versions["libavcodec"]))
    return {"PyAV": av.__version__, "libavcodec": libavcodec, "ffmpeg": ffmpeg.version()}
