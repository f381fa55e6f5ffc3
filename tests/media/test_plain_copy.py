"""Copying without libav gives, packet by packet, the file that libav would have made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

import av
import numpy as np
import pytest

from editing.errors import NoSpace, UnreadableMedia
from editing.media import ffmpeg, merge, tables
from editing.media.layout import Bytes
from editing.media.plain_copy import may_be_plain
from editing.media.segments_ahead import SegmentsAhead
from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage, Segment
from editing.timeline.frames import layout_of, pack
from editing.timeline.plan import CutPlan
from tests.media.cutting import clip, plan_of, run
from tests.samples import BASIC, WRAPPING, Kind, segments_of, watch

HEVC = Kind(codec="libx265", options="-x265-params log-level=none:open-gop=0:keyint=25")
KINDS = {
    "basic": BASIC,
    "wraps": WRAPPING,
    "no B-frames, fractional rate": Kind(bframes=0, rate="30000/1001", gop=30),
    "several slices": Kind(options="-x264-params slices=4:scenecut=0", audio_rate=44100, channels=2),
    "HEVC": HEVC,
    "no sound": Kind(audio=None),
    "low rate of sound": Kind(audio_rate=22050),
}
CLIPS = [clip(6.5, 7), clip(0.1, 3), clip(5, 12)]


def by_libav(plan: CutPlan, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(merge, "may_be_plain", lambda plan, output: False)
        run(plan, output)


def without_libav(plan: CutPlan, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails where libav copies after all."""
    with monkeypatch.context() as patch:
        patch.setattr(merge, "Muxer", None)
        run(plan, output)


def packets(path: Path) -> list[list[tuple[Any, ...]]]:
    with av.open(str(path)) as container:
        found: list[list[tuple[Any, ...]]] = [[] for _ in container.streams]
        for packet in container.demux():
            if packet.size:
                facts = (packet.pts, packet.dts, packet.time_base, packet.is_keyframe, bytes(packet))
                found[packet.stream_index].append(facts)
        return found


def described(path: Path) -> list[dict[str, Any]]:
    """All that a player learns of the tracks before their packets."""
    with av.open(str(path)) as container:
        return [
            {
                "codec": (stream.type, stream.codec_context.name, stream.codec_context.codec_tag),
                "extradata": bytes(stream.codec_context.extradata or b""),
                "time": (stream.time_base, stream.start_time, stream.duration),
                "size": [getattr(stream.codec_context, name, None) for name in ("width", "height", "pix_fmt")],
                "shape": getattr(stream.codec_context, "sample_aspect_ratio", None),
                "colours": [
                    getattr(stream.codec_context, name, None)
                    for name in ("color_range", "color_primaries", "color_trc", "colorspace")
                ],
                "sound": [getattr(stream.codec_context, name, None) for name in ("sample_rate", "channels")],
                "rate": stream.average_rate if stream.type == "video" else None,
                "frames": stream.frames,
                "language": stream.language,
                "disposition": stream.disposition,
            }
            for stream in container.streams
        ]


@pytest.mark.parametrize("mode", [Mode.ROUGH_FAST, Mode.ACCURATE_FAST])
@pytest.mark.parametrize("name", KINDS)
def test_the_file_is_the_one_that_libav_would_have_made(
    name: str, mode: Mode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where HEVC is encoded its parameter sets go into its packets, and libav copies: so nothing of it is cut here.
    clips = [clip(2, 6)] if (name, mode) == ("HEVC", Mode.ACCURATE_FAST) else CLIPS
    plan = plan_of(KINDS[name], mode, *clips)
    ours, theirs = tmp_path / "ours.mp4", tmp_path / "theirs.mp4"

    without_libav(plan, ours, monkeypatch)
    by_libav(plan, theirs, monkeypatch)

    assert described(ours) == described(theirs)
    assert packets(ours) == packets(theirs)


def test_an_index_without_a_layout_gives_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = [replace(each, packed=pack(replace(each.index, layout=None))) for each in segments_of(BASIC)]
    new = plan_of(BASIC, Mode.ACCURATE_FAST, *CLIPS)

    without_libav(plan_of(Coverage(old), Mode.ACCURATE_FAST, *CLIPS), tmp_path / "old.mp4", monkeypatch)
    without_libav(new, tmp_path / "new.mp4", monkeypatch)

    assert layout_of(old[0].packed) is None
    assert layout_of(new.pieces[0].segments[0].packed)
    assert (tmp_path / "old.mp4").read_bytes() == (tmp_path / "new.mp4").read_bytes()


def test_what_is_known_not_to_be_plain_is_left_to_libav_at_once(tmp_path: Path) -> None:
    segments = segments_of(BASIC)
    segments[1] = replace(segments[1], packed=pack(replace(segments[1].index, layout=b"")))

    assert may_be_plain(plan_of(Coverage(segments[:1]), Mode.ROUGH_FAST, clip(0, 1)), tmp_path / "out.mp4")
    assert not may_be_plain(plan_of(Coverage(segments), Mode.ROUGH_FAST, clip(0, 6)), tmp_path / "out.mp4")


@pytest.mark.parametrize("kind", [BASIC, HEVC], ids=["H.264", "HEVC"])
def test_ffmpeg_decodes_it_without_a_complaint(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_libav(plan_of(kind, Mode.ROUGH_FAST, *CLIPS), tmp_path / "out.mp4", monkeypatch)

    ffmpeg.run(["-xerror", "-i", str(tmp_path / "out.mp4"), "-f", "null", "-"])


def test_the_report_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(BASIC, Mode.ROUGH_FAST, *CLIPS)
    ours = run(plan, tmp_path / "ours.mp4")
    monkeypatch.setattr(merge, "may_be_plain", lambda plan, output: False)
    theirs = run(plan, tmp_path / "theirs.mp4")

    for report in (ours, theirs):
        report.seconds, report.bytes_written = {}, 0
    assert ours == theirs


def test_an_index_that_needs_more_room_moves_the_media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "likely_index", lambda plan: 100)

    without_libav(plan_of(BASIC, Mode.ROUGH_FAST, clip(0, 12)), tmp_path / "out.mp4", monkeypatch)

    assert tables.read(tmp_path / "out.mp4").index_first
    assert watch(tmp_path / "out.mp4").numbers == list(range(300))


def test_a_disk_that_fills_up_ends_the_cut(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").symlink_to("/dev/full")

    with pytest.raises(NoSpace):
        run(plan_of(BASIC, Mode.ROUGH_FAST, clip(0, 12)), tmp_path / "out.mp4")

    assert list(tmp_path.iterdir()) == []


def test_whatever_keeps_a_segment_from_being_opened_is_heard_of(tmp_path: Path) -> None:
    def broken(segment: Segment) -> BinaryIO:
        raise RuntimeError(segment.key)

    plan, free = plan_of(BASIC, Mode.ROUGH_FAST, clip(0, 6)), SimpleQueue[Bytes | None]()
    free.put(np.empty(0, np.uint8))
    with (
        pytest.raises(RuntimeError, match=r"\.ts"),
        SegmentsAhead(plan.pieces[0].files, broken, free, lambda segment, data, memory: None) as it,
    ):
        next(it.segments(lambda: None))
    assert free.qsize() == 1


@pytest.mark.parametrize("change", ["longer", "shorter", "other"])
def test_a_segment_that_has_changed_is_named(change: str, tmp_path: Path) -> None:
    segments = segments_of(BASIC)
    data = Path(segments[1].key).read_bytes()
    changed = {"longer": data + data[-188:], "shorter": data[:-188], "other": data[:5000] + b"\0" + data[5001:]}
    (tmp_path / "changed.ts").write_bytes(changed[change])
    segments[1] = replace(segments[1], key=str(tmp_path / "changed.ts"))

    with pytest.raises(UnreadableMedia, match=r"changed\.ts has changed"):
        run(plan_of(Coverage(segments), Mode.ROUGH_FAST, clip(0, 6)), tmp_path / "out.mp4")
