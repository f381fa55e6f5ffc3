"""Every kind of material × every mode × every kind of cut: each picture's number, time and looks, each beep.

The usual run puts three kinds of cut into each merge; `-m sweep` makes each
alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from editing.timeline.clips import Mode
from editing.timeline.plan import make
from tests.media.cutting import run
from tests.media.matrix.material import MATERIALS
from tests.media.matrix.oracle import CUTS, STREAM, clips_of, judge, material

_TOGETHER = 3
_WIDE = [(name, mode, (cut,)) for name in MATERIALS for mode in Mode for cut in CUTS]


def _usual() -> list[tuple[str, Mode, tuple[str, ...]]]:
    """Each material in each mode, with kinds of cut that differ from one material to the next."""
    cuts = list(CUTS)
    found = []
    for at, name in enumerate(MATERIALS):
        for number, mode in enumerate(Mode):
            first = (at * 5 + number * _TOGETHER) % len(cuts)
            found.append((name, mode, tuple((cuts * 2)[first : first + _TOGETHER])))
    return found


def _id(value: object) -> str:
    return " + ".join(value) if isinstance(value, tuple) else str(value)


def check(name: str, mode: Mode, cuts: tuple[str, ...], folder: Path) -> None:
    found = material(name)
    clips = clips_of(found, [each for cut in cuts for each in CUTS[cut](found.gop, found.seam)])
    bitrate = None if mode.copies else 3_000_000
    plan = make(clips, {STREAM: found.coverage}, mode, bitrate=bitrate)
    output = folder / "out.mp4"

    report = run(plan, output)

    judge(name, mode, plan, clips, output)
    assert (report.warnings, report.damaged_pictures, report.damaged_sound, report.undecodable_sound) == ([], 0, 0, 0)


@pytest.mark.parametrize(("name", "mode", "cuts"), _usual(), ids=_id)
def test_each_picture_and_each_beep_is_the_one_that_was_asked_for(
    name: str, mode: Mode, cuts: tuple[str, ...], tmp_path: Path
) -> None:
    check(name, mode, cuts, tmp_path)


@pytest.mark.sweep
@pytest.mark.parametrize(("name", "mode", "cuts"), _WIDE, ids=_id)
def test_each_cut_alone(name: str, mode: Mode, cuts: tuple[str, ...], tmp_path: Path) -> None:
    check(name, mode, cuts, tmp_path)
