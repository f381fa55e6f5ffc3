"""What an output must show, worked out from how its recording was made, and what it does show."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np

from editing.timeline.clips import Clip, Mode, StreamName
from editing.timeline.instant import Range
from editing.timeline.plan import CutPlan
from tests.media.matrix.material import MATERIALS, Material
from tests.samples import BEEP, beeps, number_of

STREAM = StreamName("example.com", "live", "matrix")
Ranges = list[tuple[int, int]]
Plane = np.ndarray[Any, Any]
ENCODED_AT_LEAST = 30.0
"""PSNR of an encoded picture against the recording's, in dB. Another picture has less than 20."""
_JUST_BEFORE = 60
"""Microseconds: where a frame's time is no whole number of ticks nobody can say it to the tick."""

_SMEAR = 35_000
"""Microseconds by which copied sound may be off, and the length over which a packet spreads it."""

CUTS = {
    "on key frames": lambda g, s: [(g, 3 * g)],
    "one before, one after": lambda g, s: [(g - 1, 3 * g + 1)],
    "one after, one before": lambda g, s: [(g + 1, 3 * g - 1)],
    "middle of a group": lambda g, s: [(g + g // 2, 3 * g + g // 2)],
    "one frame": lambda g, s: [(g + 3, g + 4)],
    "one key frame": lambda g, s: [(2 * g, 2 * g + 1)],
    "within one group": lambda g, s: [(g + 3, g + 7)],
    "across the seam": lambda g, s: [(s - 7, s + 9)],
    "up to the seam": lambda g, s: [(s - 15, s)],
    "from the seam": lambda g, s: [(s, s + 15)],
    "adjacent": lambda g, s: [(g, 2 * g + 3), (2 * g + 3, 3 * g + 5)],
    "overlapping": lambda g, s: [(g, 3 * g + 2), (2 * g + 1, 3 * g + 8)],
    "reversed": lambda g, s: [(2 * g + 3, 3 * g + 5), (g - 3, 2 * g)],
    "many": lambda g, s: [(at % (3 * g), at % (3 * g) + 1 + at % 5) for at in range(0, 12 * 7, 7)],
}


@cache
def material(name: str) -> Material:
    return MATERIALS[name]()


def clips_of(found: Material, ranges: Ranges) -> list[Clip]:
    """Clips of the pictures with first ≤ position < end."""
    times = [instant - _JUST_BEFORE for instant, _ in found.pictures]
    times.append(times[-1] + 1_000_000)
    return [Clip(STREAM, Range(max(times[first], 0), times[min(end, len(times) - 1)])) for first, end in ranges]


@cache
def source_planes(name: str) -> dict[int, Plane]:
    """The recording's own pictures by number, each run of files decoded from its beginning."""
    planes: dict[int, Plane] = {}
    runs: dict[tuple[int, int], list[Path]] = {}
    for each in material(name).coverage.segments:
        runs.setdefault((each.recording, each.epoch), []).append(Path(each.key))
    for paths in runs.values():
        folder = paths[0].parent
        whole = folder / "whole"
        whole.write_bytes(b"".join(path.read_bytes() for path in sorted(folder.glob("*.ts"))))
        with av.open(str(whole), format="mpegts") as container:
            for frame in container.decode(video=0):
                plane = frame.to_ndarray(format="gray")
                planes[number_of(plane)] = plane
    return planes


def seen_in(output: Path) -> list[tuple[int, Plane]]:
    """The time in ticks from the first picture, and the luma, of each picture of an output."""
    with av.open(str(output)) as container:
        stream = container.streams.video[0]
        found = [
            (round(frame.pts * frame.time_base * 90_000), frame.to_ndarray(format="gray"))
            for frame in container.decode(stream)
        ]
    return [(time - found[0][0], plane) for time, plane in found]


def judge(name: str, mode: Mode, plan: CutPlan, clips: list[Clip], output: Path) -> None:
    """Fail where the output is not what the clips asked for."""
    found = material(name)
    seen = seen_in(output)
    numbers = [number_of(plane) for _, plane in seen]
    wanted = _wanted(found, plan, clips, mode)
    promised = [number for part in wanted for _, number in part]
    assert numbers == promised, f"Shown are {numbers} instead of {promised}."
    _judge_times([time for time, _ in seen], found, wanted)
    _judge_pictures(name, numbers, seen)
    if found.beeps is not None and plan.target.audio:
        _judge_sound(found, wanted, [time for time, _ in seen], output)


def _wanted(found: Material, plan: CutPlan, clips: list[Clip], mode: Mode) -> list[list[tuple[int, int]]]:
    """Instants and numbers of the pictures of each clip."""
    if not mode.snaps:
        return [[each for each in found.pictures if _in(clip.range, each[0])] for clip in clips]
    achieved = [Range(part.achieved.start - _JUST_BEFORE, part.achieved.end - _JUST_BEFORE) for part in plan.clips]
    return [[each for each in found.pictures if _in(part, each[0])] for part in achieved]


def _in(wanted: Range, instant: int) -> bool:
    return wanted.start <= instant < wanted.end


def _judge_times(times: list[int], found: Material, wanted: list[list[tuple[int, int]]]) -> None:
    """Pictures are as far from each other as they were recorded; where nothing follows them, as far as usual."""
    steps = [later - earlier for earlier, later in pairwise(times)]
    instants = [instant for part in wanted for instant, _ in part]
    assert len(steps) == len(instants) - 1
    usual = round((found.pictures[5][0] - found.pictures[0][0]) * 9 / 500)
    for step, (earlier, later) in zip(steps, pairwise(instants), strict=True):
        recorded = round((later - earlier) * 9 / 100)
        if 0 < recorded < 2 * usual:
            assert abs(step - recorded) <= max(3, usual // 3 if recorded != usual else 3), (step, recorded)
        else:
            assert 0 < step <= 2 * usual, (step, usual)


def _judge_pictures(name: str, numbers: list[int], seen: list[tuple[int, Plane]]) -> None:
    source = source_planes(name)
    for number, (_, plane) in zip(numbers, seen, strict=True):
        own = source[number]
        if own.shape == plane.shape and not np.array_equal(own, plane):
            worst = psnr(own, plane)
            assert worst > ENCODED_AT_LEAST, f"Picture {number} is ruined: {worst:.1f} dB."


def psnr(one: Plane, other: Plane) -> float:
    error = float(np.mean((one.astype(float) - other.astype(float)) ** 2))
    return 99.0 if error == 0 else 10 * float(np.log10(255**2 / error))


def _judge_sound(found: Material, wanted: list[list[tuple[int, int]]], times: list[int], output: Path) -> None:
    """Each beep that lies well within a clip is heard where its picture is seen, and there are no others."""
    seen, position, surely, perhaps = beeps(output), 0, [], []
    step = (found.pictures[5][0] - found.pictures[0][0]) / 5
    for part in wanted:
        for first, end, pictures in _stretches(part, step):
            offset, position = times[position] / 90_000, position + pictures
            for beep in found.beeps or ():
                at = offset + (beep - first) / 1e6
                if first - 1e6 * BEEP - _SMEAR < beep < end + _SMEAR:
                    inside = first + _SMEAR <= beep and beep + 1e6 * BEEP + _SMEAR <= end
                    (surely if inside else perhaps).append(at)
    for at in surely:
        assert any(abs(at - heard) < _SMEAR / 1e6 for heard in seen), f"The beep at {at:.3f} s is not heard: {seen}."
    for heard in seen:
        near = [at for at in (*surely, *perhaps) if -_SMEAR / 1e6 < heard - at < BEEP + _SMEAR / 1e6]
        assert near, f"At {heard:.3f} s is a beep that nobody recorded there: {surely} {perhaps}."


def _stretches(part: list[tuple[int, int]], step: float) -> list[tuple[int, float, int]]:
    """The first and the last instant, and how many pictures, of each stretch of a clip without a hole."""
    found: list[list[int]] = [[part[0][0]]]
    for (earlier, _), (later, _) in pairwise(part):
        if later - earlier > 1.6 * step:
            found.append([])
        found[-1].append(later)
    return [(stretch[0], stretch[-1] + step, len(stretch)) for stretch in found]
