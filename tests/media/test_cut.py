"""Whole cuts, judged by looking at every picture and listening to every beep of the output."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from editing.errors import Cancelled, UnreadableMedia, VerificationFailed
from editing.media.cut import cut
from editing.media.report import Stage
from editing.media.verify import verify
from editing.timeline.clips import Clip, Mode, StreamName
from editing.timeline.coverage import Coverage, Segment
from editing.timeline.instant import SECOND, Range
from editing.timeline.plan import CutPlan, make
from editing.timeline.target import Size
from tests.samples import BASIC, START, WRAPPING, Kind, beeps, coverage_of, watch

STREAM = StreamName("example.com", "live", "one")
OTHER = StreamName("example.com", "live", "two")
KINDS = {
    "basic": BASIC,
    "no B-frames": Kind(bframes=0),
    "clock that wraps": WRAPPING,
    "open GOP": Kind(options="-x264-params open-gop=1:keyint=25:scenecut=0"),
    "30000/1001": Kind(rate="30000/1001", gop=30),
    "HEVC": Kind(codec="libx265", options="-x265-params log-level=none:open-gop=0:keyint=25"),
    "HEVC with open GOP": Kind(codec="libx265", options="-x265-params log-level=none:open-gop=1:keyint=25"),
    "44.1 kHz stereo": Kind(audio_rate=44100, channels=2),
    "MP3": Kind(audio="libmp3lame"),
    "no sound": Kind(audio=None),
}


def clip(start: float, end: float, stream: StreamName = STREAM) -> Clip:
    return Clip(stream, Range(START + round(start * SECOND), START + round(end * SECOND)))


def open_segment(segment: Segment):
    return Path(segment.key).open("rb")


def run(plan: CutPlan, tmp_path: Path, name: str = "out.mp4") -> Path:
    output = tmp_path / name
    cut(plan, output, open_segment=open_segment)
    return output


def numbers_in(kind: Kind, start: float, end: float) -> list[int]:
    """The frames whose instant, rounded down to the microsecond, lies in the range."""
    first, end_ = round(start * SECOND), round(end * SECOND)
    return [n for n in range(kind.frames) if first <= n * SECOND // Fraction(kind.rate) < end_]


@pytest.mark.parametrize("mode", [Mode.ACCURATE, Mode.ACCURATE_FAST])
@pytest.mark.parametrize("name", KINDS)
def test_the_accurate_modes_hold_exactly_the_frames_asked_for(name: str, mode: Mode, tmp_path: Path) -> None:
    kind = KINDS[name]
    ranges = [(7.1, 8.33), (0.5, 2.5), (3.0, 3.04)]
    rate = None if mode.copies else 2_000_000
    plan = make([clip(*each) for each in ranges], {STREAM: coverage_of(kind)}, mode, bitrate=rate)

    seen = watch(run(plan, tmp_path))

    assert seen.numbers == [number for each in ranges for number in numbers_in(kind, *each)]
    assert seen.psnr > 30


@pytest.mark.parametrize("mode", [Mode.ROUGH, Mode.ROUGH_FAST])
@pytest.mark.parametrize("name", KINDS)
def test_the_rough_modes_hold_every_frame_of_the_segments_touched(name: str, mode: Mode, tmp_path: Path) -> None:
    kind = KINDS[name]
    plan = make([clip(6.5, 7), clip(1, 3)], {STREAM: coverage_of(kind)}, mode)

    seen = watch(run(plan, tmp_path))

    first, second = (sum(piece.frames for piece in each.pieces) for each in plan.clips)
    assert seen.numbers[:first] == list(range(seen.numbers[0], seen.numbers[0] + first))
    assert seen.numbers[first:] == list(range(seen.numbers[first], seen.numbers[first] + second))
    assert set(numbers_in(kind, 6.5, 7)) <= set(seen.numbers[:first])
    assert set(numbers_in(kind, 1, 3)) <= set(seen.numbers[first:])
    assert seen.psnr > 25


@pytest.mark.parametrize("mode", Mode)
def test_frames_follow_each_other_without_a_hole(mode: Mode, tmp_path: Path) -> None:
    plan = make([clip(6.5, 7), clip(1, 3), clip(9, 9.2)], {STREAM: coverage_of(BASIC)}, mode)

    seen = watch(run(plan, tmp_path))

    assert seen.times == [3600 * number for number in range(plan.frames)]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("name", ["basic", "clock that wraps", "44.1 kHz stereo"])
def test_beeps_stay_with_their_pictures(mode: Mode, name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    plan = make([clip(6.5, 8.5), clip(0.5, 3.5)], {STREAM: coverage_of(kind)}, mode)

    output = run(plan, tmp_path)

    shown = [at / 25 for at, number in enumerate(watch(output).numbers) if number % 25 == 0]
    half_a_packet = 1024 / kind.audio_rate / 2 if mode.copies else 0
    end = plan.ticks / 90000
    heard = [beep for beep in beeps(output) if beep < end - half_a_packet]  # half a packet of the next one may be there
    assert len(heard) == len(shown)
    assert max(abs(a - b) for a, b in zip(heard, shown, strict=True)) < half_a_packet + 0.004


def test_a_hundred_clips_do_not_drift(tmp_path: Path) -> None:
    plan = make([clip(at, at + 0.36) for at in [1.2, 5.2, 3.2, 7.2] * 25], {STREAM: coverage_of(BASIC)}, Mode.ACCURATE)

    seen = watch(run(plan, tmp_path))

    assert seen.numbers == [n for at in [30, 130, 80, 180] * 25 for n in range(at, at + 9)]
    assert verify(plan, tmp_path / "out.mp4").sound_lag <= 22_000


def test_streams_of_different_size_and_sound_are_encoded_into_one(tmp_path: Path) -> None:
    silent = Kind(width=160, height=120, audio=None, first=1000)
    plan = make(
        [clip(1, 2), clip(1, 2, OTHER), clip(3, 4)],
        {STREAM: coverage_of(BASIC), OTHER: coverage_of(silent)},
        Mode.ACCURATE,
    )

    output = run(plan, tmp_path)

    report = verify(plan, output)
    assert (report.frames, report.audio_packets > 0) == (75, True)
    assert [round(beep, 2) for beep in beeps(output)] == [0.0, 2.0]


def test_a_size_is_filled_without_stretching(tmp_path: Path) -> None:
    plan = make([clip(1, 2)], {STREAM: coverage_of(BASIC)}, Mode.ACCURATE, size=Size(640, 480))

    assert watch_size(run(plan, tmp_path)) == (640, 480)


def watch_size(path: Path) -> tuple[int, int]:
    with __import__("av").open(str(path)) as container:
        frame = next(container.decode(video=0))
        plane = frame.to_ndarray(format="gray")
        assert plane[:50].max() < 30  # the bars above a wide picture
        return frame.width, frame.height


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts", ".flv"])
@pytest.mark.parametrize("mode", Mode)
def test_every_container_holds_the_same_frames(mode: Mode, suffix: str, tmp_path: Path) -> None:
    plan = make([clip(4, 5), clip(2, 3)], {STREAM: coverage_of(BASIC)}, mode)

    seen = watch(run(plan, tmp_path, f"out{suffix}"))

    assert len(seen.numbers) == plan.frames
    assert seen.numbers[0] == 100


@pytest.mark.parametrize("mode", Mode)
def test_a_cancelled_cut_leaves_nothing(mode: Mode, tmp_path: Path) -> None:
    plan = make([clip(0, 12)] * 20, {STREAM: coverage_of(BASIC)}, mode)

    with pytest.raises(Cancelled):
        cut(plan, tmp_path / "out.mp4", open_segment=open_segment, cancelled=lambda: True)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_a_cut_can_be_cancelled_while_it_is_verified(suffix: str, tmp_path: Path) -> None:
    plan = make([clip(0, 12)] * 40, {STREAM: coverage_of(BASIC)}, Mode.ROUGH_FAST)
    stages: list[Stage] = []

    with pytest.raises(Cancelled):
        cut(
            plan,
            tmp_path / f"out{suffix}",
            open_segment=open_segment,
            progress=lambda stage, _: stages.append(stage),
            cancelled=lambda: Stage.VERIFYING in stages,
        )

    assert list(tmp_path.iterdir()) == []


def test_progress_rises_through_its_stages(tmp_path: Path) -> None:
    plan = make([clip(0, 12)], {STREAM: coverage_of(BASIC)}, Mode.ACCURATE)
    told: list[tuple[Stage, float]] = []

    cut(plan, tmp_path / "out.mp4", open_segment=open_segment, progress=lambda *step: told.append(step))

    assert [done for _, done in told] == sorted(done for _, done in told)
    assert {stage for stage, _ in told} == {Stage.ENCODING, Stage.WRITING, Stage.VERIFYING}


def test_an_output_that_lacks_a_frame_is_found_out(tmp_path: Path) -> None:
    coverage = coverage_of(BASIC)
    output = run(make([clip(1, 2)], {STREAM: coverage}, Mode.ACCURATE), tmp_path)
    other = make([clip(1, 2.04)], {STREAM: coverage}, Mode.ACCURATE)

    with pytest.raises(VerificationFailed, match="25 frames; the plan has 26"):
        verify(other, output)


def test_a_file_that_changed_since_it_was_indexed_is_found_out(tmp_path: Path) -> None:
    segments = list(coverage_of(BASIC).segments)
    swapped = replace(segments[2], key=segments[3].key)
    plan = make([clip(0, 8)], {STREAM: Coverage([*segments[:2], swapped, *segments[3:]])}, Mode.ROUGH_FAST)

    with pytest.raises(UnreadableMedia, match=r"003\.ts has changed since it was indexed"):
        run(plan, tmp_path)
