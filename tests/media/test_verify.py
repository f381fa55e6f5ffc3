"""An output that does not hold what was promised is found out, whatever is wrong with it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from editing.errors import VerificationFailed
from editing.media.index import index_segment
from editing.media.verify import verify
from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage
from editing.timeline.frames import pack
from editing.timeline.plan import CutPlan
from tests.media.cutting import clip, plan_of, run
from tests.samples import BASIC, Kind, segments_of


@pytest.fixture
def plan() -> CutPlan:
    return plan_of(BASIC, Mode.ROUGH_FAST, clip(4, 6), clip(2, 4))


@pytest.fixture
def output(plan: CutPlan, tmp_path: Path) -> Path:
    run(plan, tmp_path / "out.mp4")
    return tmp_path / "out.mp4"


def rewritten(output: Path, change: Any, *, options: dict[str, str] | None = None) -> Path:
    """A copy of the file whose packets went through `change(number, packet)`; None leaves one out."""
    other = output.with_name(f"other{output.suffix}")
    options = {"movflags": "faststart"} if options is None else options
    with av.open(str(output)) as read, av.open(str(other), "w", options=options) as written:
        tracks = {stream.index: written.add_stream_from_template(stream) for stream in read.streams}
        counts = dict.fromkeys(tracks, 0)
        for packet in read.demux():
            if packet.dts is None:
                continue
            number = counts[packet.stream_index]
            counts[packet.stream_index] += 1
            if changed := change(number, packet):
                changed.stream = tracks[packet.stream_index]
                written.mux_one(changed)
    return other


def is_video(packet: Any) -> bool:
    return packet.stream.type == "video"


def test_a_good_output_is_described(plan: CutPlan, output: Path) -> None:
    verdict = verify(plan, output)

    assert (verdict.frames, verdict.duration, verdict.seams_decoded) == (100, 4_000_000, 1)
    assert abs(verdict.sound_lag) <= 10_667


def test_a_copy_of_a_good_output_is_good(plan: CutPlan, output: Path) -> None:
    assert verify(plan, rewritten(output, lambda number, packet: packet)) == verify(plan, output)


def test_a_missing_frame_is_missed(plan: CutPlan, output: Path) -> None:
    other = rewritten(output, lambda number, packet: None if is_video(packet) and number == 49 else packet)

    with pytest.raises(VerificationFailed, match="99 frames; the plan has 100"):
        verify(plan, other)


def test_a_frame_at_another_time_is_found(plan: CutPlan, output: Path) -> None:
    def late(number: int, packet: Any) -> Any:
        if is_video(packet) and packet.pts == 3600 * 60:
            packet.pts += 900
        return packet

    with pytest.raises(VerificationFailed, match=r"Frame 60 is shown at 2\.410000 s instead of 2\.400000 s"):
        verify(plan, rewritten(output, late))


def test_sound_that_ends_early_is_found(plan: CutPlan, output: Path) -> None:
    other = rewritten(output, lambda number, packet: packet if is_video(packet) or number < 150 else None)

    with pytest.raises(VerificationFailed, match=r"The sound ends -0\.8"):
        verify(plan, other)


def test_a_track_too_many_or_too_few_is_found(plan: CutPlan, output: Path) -> None:
    silent = plan_of(Kind(audio=None), Mode.ROUGH_FAST, clip(4, 6), clip(2, 4))

    with pytest.raises(VerificationFailed, match="1 audio tracks instead of 0"):
        verify(silent, output)


def test_an_index_behind_the_media_is_found(plan: CutPlan, output: Path) -> None:
    with pytest.raises(VerificationFailed, match="index comes after its media"):
        verify(plan, rewritten(output, lambda number, packet: packet, options={}))


@pytest.mark.parametrize("kept", [0, 100, 20_000, -1])
def test_a_file_that_was_cut_short_is_found(plan: CutPlan, output: Path, kept: int) -> None:
    output.write_bytes(output.read_bytes()[:kept])

    with pytest.raises(VerificationFailed):
        verify(plan, output)


def spoiling(*numbers: int) -> Any:
    """Makes pictures, by their places in the file, impossible to decode."""

    def ruined(number: int, packet: Any) -> Any:
        if not is_video(packet) or number not in numbers:
            return packet
        data = bytearray(packet)
        data[4:] = b"\x09" * (len(data) - 4)
        other = av.Packet(bytes(data))
        other.pts, other.dts, other.duration, other.time_base = (
            packet.pts,
            packet.dts,
            packet.duration,
            packet.time_base,
        )
        other.is_keyframe = True
        return other

    return ruined


def test_a_seam_that_cannot_be_decoded_is_found(plan: CutPlan, output: Path) -> None:
    with pytest.raises(VerificationFailed, match=r"near 2\.000 s"):
        verify(plan, rewritten(output, spoiling(50)))


def test_damage_of_the_recording_excuses_no_other_seam(tmp_path: Path) -> None:
    """Of three clips the first holds a picture that lost a packet when it was recorded."""
    first, *rest = segments_of(BASIC)
    data = Path(first.key).read_bytes()
    holed = tmp_path / "holed.ts"
    lost = next(at for at in range(100 * 188, len(data), 188) if data[at + 1 : at + 3] == b"\x01\x00")  # of a picture
    holed.write_bytes(data[:lost] + data[lost + 188 :])
    index = index_segment(holed.read_bytes())
    damaged = replace(first, key=str(holed), size=len(data) - 188, checksum=index.checksum, packed=pack(index.index))
    plan = plan_of(Coverage([damaged, *rest]), Mode.ROUGH_FAST, clip(0, 2), clip(4, 6), clip(8, 10))
    output = tmp_path / "out.mp4"
    run(plan, output)

    assert plan.clips[0].damage
    assert verify(plan, rewritten(output, spoiling(50))).seams_decoded == 2
    with pytest.raises(VerificationFailed, match=r"near 4\.000 s"):
        verify(plan, rewritten(output, spoiling(100)))


@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".flv"])
def test_other_containers_are_verified_by_their_packets(plan: CutPlan, suffix: str, tmp_path: Path) -> None:
    run(plan, tmp_path / f"out{suffix}")
    longer = plan_of(BASIC, Mode.ROUGH_FAST, clip(4, 6), clip(2, 4), clip(0, 2))

    with pytest.raises(VerificationFailed, match="100 frames; the plan has 150"):
        verify(longer, tmp_path / f"out{suffix}")


def test_a_joint_between_the_entries_of_a_transport_stream_is_decoded_from_one(tmp_path: Path) -> None:
    """Without an index a seek leads into the middle of a group, to pictures whose parameters nobody has read yet."""
    plan = plan_of(Kind(rate="60000/1001"), Mode.ACCURATE_FAST, clip(1, 2.5), clip(6.2, 9.9))

    assert run(plan, tmp_path / "out.ts").verdict["seams_decoded"] == len(plan.pieces) - 1
