"""Accurate: the frames asked for, at their own times, whatever the sources are like."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from editing.errors import Cancelled, FfmpegFailed, UnreadableMedia
from editing.media import ffmpeg, tables
from editing.media.command import command
from editing.media.cut import cut
from editing.timeline.clips import Mode, StreamName
from editing.timeline.coverage import Coverage
from editing.timeline.plan import make
from editing.timeline.target import Size
from tests.media.cutting import STREAM, clip, open_segment, plan_of, run
from tests.samples import BASIC, Kind, coverage_of, segments_of, watch

OTHER = StreamName("example.com", "live", "two")
BT709 = "-x264-params colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv:scenecut=0"
FULL_RANGE = "-x264-params colorprim=smpte170m:transfer=smpte170m:colormatrix=smpte170m:range=pc:scenecut=0:sar=4/3"


def children() -> list[str]:
    """Command lines of the processes that this one has started and not buried."""
    own = Path("/proc/self/task")
    pids = [pid for task in own.iterdir() for pid in (task / "children").read_text().split()]
    return [Path(f"/proc/{pid}/cmdline").read_text() for pid in pids]


def test_variable_frame_times_stay_as_they_are(tmp_path: Path) -> None:
    """Segments on a clock that runs unevenly: every frame keeps its own distance from the next."""
    kind = Kind(options="-vf select='not(eq(mod(n\\,7)\\,3))' -fps_mode passthrough")
    plan = plan_of(kind, Mode.ACCURATE, clip(1.0, 3.0), clip(6.0, 7.0))

    run(plan, tmp_path / "out.mp4")

    seen = watch(tmp_path / "out.mp4")
    wanted = [n for n in [*range(25, 75), *range(150, 175)] if n % 7 != 3]
    assert seen.numbers == wanted
    assert {b - a for a, b in zip(seen.times, seen.times[1:], strict=False)} == {3600, 7200}


def test_sources_of_all_kinds_share_one_sample_description(tmp_path: Path) -> None:
    kinds = {
        STREAM: Kind(options=BT709),
        OTHER: Kind(width=240, options=FULL_RANGE, rate="30", gop=30, audio=None),
        StreamName("a", "b", "10 bit"): Kind(options="-profile:v high10 -pix_fmt yuv420p10le"),
        StreamName("a", "b", "hevc"): Kind(codec="libx265", options="-x265-params log-level=none:open-gop=0:keyint=25"),
    }
    clips = [clip(2, 3, stream=name) for name in kinds] + [clip(5, 7)]
    plan = make(clips, {name: coverage_of(kind) for name, kind in kinds.items()}, Mode.ACCURATE)

    run(plan, tmp_path / "out.mp4")

    seen = watch(tmp_path / "out.mp4")
    assert seen.numbers[:25] == list(range(50, 75))
    assert seen.numbers[-50:] == list(range(125, 175))
    assert len(seen.numbers) == plan.frames
    with av.open(str(tmp_path / "out.mp4")) as container:
        context: Any = container.streams.video[0].codec_context
        assert (int(context.color_range), int(context.colorspace)) == (1, 1)
        assert context.sample_aspect_ratio in (None, Fraction(1))


def test_no_picture_is_stretched_into_another_shape() -> None:
    plan = make([clip(1, 2)], {STREAM: coverage_of(BASIC)}, Mode.ACCURATE, size=Size(640, 480))
    source = plan.pieces[0].segments[0].parameters.video
    assert source

    filters = " ".join(command(plan.target, replace(source, aspect="4:3")))

    assert "scale=trunc(iw*4/3/(1)/2)*2:ih" in filters
    assert "force_original_aspect_ratio=decrease" in filters
    assert "pad=640:480" in filters


def test_a_picture_that_fits_goes_through_no_scaler() -> None:
    plan = plan_of(BASIC, Mode.ACCURATE, clip(1, 2))
    source = plan.pieces[0].segments[0].parameters.video
    assert source

    filters = " ".join(command(plan.target, source))

    assert "scale" not in filters
    assert "pad" not in filters


def test_a_bit_rate_is_kept_to(tmp_path: Path) -> None:
    plan = make([clip(0, 12)], {STREAM: coverage_of(Kind(audio=None))}, Mode.ACCURATE, bitrate=100_000)

    run(plan, tmp_path / "out.mp4")

    video = tables.read(tmp_path / "out.mp4").tracks[0]
    assert 0.6 < sum(video.sizes) * 8 / 12 / 100_000 < 1.3


def test_twenty_clips_take_one_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    popen = ffmpeg.subprocess.Popen
    monkeypatch.setattr(
        ffmpeg.subprocess, "Popen", lambda *args, **kept: started.append(args[0]) or popen(*args, **kept)
    )
    plan = plan_of(BASIC, Mode.ACCURATE, *(clip(n / 2, n / 2 + 0.2) for n in range(20)))

    run(plan, tmp_path / "out.mp4")

    assert len(started) == 1
    assert watch(tmp_path / "out.mp4").numbers == [
        frame for n in range(20) for frame in range(300) if n / 2 <= frame / 25 < n / 2 + 0.2
    ]


@pytest.mark.parametrize("after", [0, 3])
def test_cancelling_leaves_no_process_and_no_file(after: int, tmp_path: Path) -> None:
    plan = plan_of(BASIC, Mode.ACCURATE, *[clip(0, 12)] * 10)
    asked: list[None] = []

    def cancelled() -> bool:
        asked.append(None)
        return len(asked) > after

    with pytest.raises(Cancelled):
        cut(plan, tmp_path / "out.mp4", open_segment=open_segment, cancelled=cancelled)

    assert list(tmp_path.iterdir()) == []
    assert not [line for line in children() if "ffmpeg" in line]


def test_a_segment_that_is_gone_is_named(tmp_path: Path) -> None:
    segments = segments_of(BASIC)
    segments[2] = replace(segments[2], key="/nowhere/2.ts")

    with pytest.raises(UnreadableMedia, match=r"/nowhere/2\.ts"):
        run(plan_of(Coverage(segments), Mode.ACCURATE, clip(1, 8)), tmp_path / "out.mp4")

    assert list(tmp_path.iterdir()) == []


def test_a_progress_that_fails_ends_the_cut(tmp_path: Path) -> None:
    """An error of whoever watches is no reason to leave ffmpeg running."""

    def progress(stage: object, done: float) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cut(
            plan_of(BASIC, Mode.ACCURATE, clip(0, 12)), tmp_path / "o.mp4", open_segment=open_segment, progress=progress
        )

    assert not [line for line in children() if "ffmpeg" in line]


def test_an_ffmpeg_that_cannot_start_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "binary", lambda: "/bin/false")

    with pytest.raises(FfmpegFailed):
        run(plan_of(BASIC, Mode.ACCURATE, clip(0, 2)), tmp_path / "out.mp4")


def test_frames_that_were_not_asked_for_are_not_there(tmp_path: Path) -> None:
    run(plan_of(BASIC, Mode.ACCURATE, clip(3.04, 3.08)), tmp_path / "out.mp4")

    assert watch(tmp_path / "out.mp4").numbers == [76]


def test_many_short_clips_keep_to_the_bit_rate_too(tmp_path: Path) -> None:
    """Where one clip ends and another begins nothing lasts any longer, for the encoder either."""
    clips = [clip(n, n + 0.48) for n in range(11)]
    plan = make(clips, {STREAM: coverage_of(Kind(audio=None))}, Mode.ACCURATE, bitrate=100_000)

    run(plan, tmp_path / "out.mp4")

    video = tables.read(tmp_path / "out.mp4").tracks[0]
    assert 0.6 < sum(video.sizes) * 8 / (plan.ticks / 90_000) / 100_000 < 1.5


def test_a_player_can_begin_at_every_clip(tmp_path: Path) -> None:
    plan = plan_of(BASIC, Mode.ACCURATE, clip(1, 1.2), clip(4.6, 5), clip(3.3, 3.5))

    run(plan, tmp_path / "out.mp4")

    with av.open(str(tmp_path / "out.mp4")) as container:
        entries = [
            round(packet.pts * packet.time_base * 25) for packet in container.demux(video=0) if packet.is_keyframe
        ]
    assert entries == [0, 5, 15]
