"""Damaged recordings: the right pictures, those of the damaged recording as the plan says, or a clear refusal.

Never a picture that nobody recorded, a traceback or a wait without an end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import av
import numpy as np
import pytest

from editing.errors import MediaError, UnreadableMedia
from editing.media import clock
from editing.media.index import index_segment
from editing.media.report import CutReport
from editing.media.transport import breaks
from editing.timeline.clips import Mode
from editing.timeline.coverage import Coverage, Segment
from editing.timeline.damage import sound_damage_in
from editing.timeline.frames import FrameIndex, FrameKind, holds_damage, holds_damaged_sound, pack
from editing.timeline.pieces import Action, Piece
from editing.timeline.plan import CutPlan, make
from tests.media.cutting import run
from tests.media.matrix.material import TINY
from tests.media.matrix.oracle import STREAM, Plane, clips_of, material, psnr, seen_in, source_planes
from tests.samples import number_of

PACKET = 188
Mutation = Callable[[bytes, Random], bytes]
_AS_RECORDED = 26.0
"""PSNR, in dB, of an encoded picture against the damaged one: noise is coded worse than pictures."""


def flip_bits(data: bytes, chance: Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def drop_packets(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data) // PACKET) * PACKET
    return data[:at] + data[at + PACKET * chance.randint(1, 4) :]


def repeat_packets(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data) // PACKET) * PACKET
    return data[: at + PACKET] + data[at:]


def swap_packets(data: bytes, chance: Random) -> bytes:
    one, other = sorted(chance.sample(range(len(data) // PACKET), 2))
    parts = [data[at : at + PACKET] for at in range(0, len(data), PACKET)]
    parts[one], parts[other] = parts[other], parts[one]
    return b"".join(parts)


def change_counters(data: bytes, chance: Random) -> bytes:
    made = bytearray(data)
    for _ in range(3):
        made[chance.randrange(len(made) // PACKET) * PACKET + 3] ^= chance.randint(1, 15)
    return bytes(made)


def truncate(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data))]


def lose_sync(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.randint(1, 400)) + data[at:]


def empty(data: bytes, chance: Random) -> bytes:
    return b"" if chance.random() < 0.5 else chance.randbytes(len(data))


MUTATIONS: dict[str, Mutation] = {
    function.__name__: function
    for function in (
        *(flip_bits, drop_packets, repeat_packets, swap_packets, change_counters, truncate, lose_sync, empty),
    )
}


@cache
def segments() -> tuple[Segment, ...]:
    return material("closed GOP").coverage.segments


def damaged(mutate: Mutation, chance: Random, folder: Path) -> Segment:
    """The third segment, damaged, with the index it had before."""
    victim = segments()[2]
    target = folder / "2.ts"
    target.write_bytes(mutate(Path(victim.key).read_bytes(), chance))
    return replace(victim, key=str(target), size=target.stat().st_size)


def indexed(victim: Segment, before: Segment) -> Segment:
    """As an import that found it damaged would know it. Raises UnreadableMedia."""
    found = index_segment(Path(victim.key).read_bytes(), near=before.end_pts, known=before.parameters)
    anchor = victim.anchor
    return replace(
        victim,
        checksum=found.checksum,
        start=anchor.instant(found.first_pts),
        end=anchor.instant(found.end_pts),
        first_pts=found.first_pts,
        end_pts=found.end_pts,
        frames=len(found.index.video) if found.index.video else 0,
        parameters=found.parameters,
        packed=pack(found.index),
    )


def plan_with(victim: Segment | None, mode: Mode) -> CutPlan:
    parts = [each for at, each in enumerate(segments()) if at != 2] + ([victim] if victim else [])
    clips = clips_of(material("closed GOP"), [(30, 101), (57, 70)])
    return make(clips, {STREAM: Coverage(parts)}, mode, bitrate=None if mode.copies else 3_000_000)


_AFTER = [(name, seed) for name in MUTATIONS for seed in range(3)]


@pytest.mark.parametrize(("name", "seed"), _AFTER)
def test_a_segment_that_changed_since_it_was_indexed_ends_the_cut(name: str, seed: int, tmp_path: Path) -> None:
    mode = [*Mode][seed % 4]
    victim = damaged(MUTATIONS[name], Random(f"{name} {seed}"), tmp_path)

    with pytest.raises(UnreadableMedia):
        run(plan_with(victim, mode), tmp_path / "out.mp4")

    assert not (tmp_path / "out.mp4").exists()


def _seeds(each: int) -> list[tuple[str, int]]:
    return [(name, seed) for name in MUTATIONS for seed in range(each)]


@pytest.mark.parametrize(("name", "seed"), _seeds(6))
def test_a_recording_that_is_damaged_is_cut_as_it_is_or_refused(name: str, seed: int, tmp_path: Path) -> None:
    check(name, seed, tmp_path)


@pytest.mark.sweep
@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name, seed in _seeds(60) if seed >= 6])
def test_a_recording_that_is_damaged_is_cut_as_it_is_or_refused_again(name: str, seed: int, tmp_path: Path) -> None:
    check(name, seed, tmp_path)


def check(name: str, seed: int, folder: Path) -> None:
    mode = (Mode.ACCURATE_FAST, Mode.ROUGH_FAST, Mode.ACCURATE)[seed % 3]
    victim = damaged(MUTATIONS[name], Random(f"{name} {seed}"), folder)
    plan = plan_with(_indexed_or_lost(victim), mode)
    try:
        report = run(plan, folder / "out.mp4")
    except MediaError:
        assert not (folder / "out.mp4").exists()
        return
    judge(plan, report, folder)


def _indexed_or_lost(victim: Segment) -> Segment | None:
    try:
        return indexed(victim, segments()[1])
    except MediaError:
        return None


def judge(plan: CutPlan, report: CutReport, folder: Path) -> None:
    """Every picture is the one that was sent at its time, but for those that what was changed can reach.

    These are named, each of them, where anything but the picture itself shows that it is damaged.
    """
    promised = dict(zip(clock.promised(plan.pieces), _source_times(plan), strict=True))
    seen = seen_in(folder / "out.mp4")
    named = any(clip.damage for clip in plan.clips)
    assert named or len(seen) == len(promised)
    sent, recorded = source_planes("closed GOP"), as_recorded(folder)
    changed = (folder / "2.ts").read_bytes()
    silent, reach = not breaks(changed, 256), reached(Path(segments()[2].key).read_bytes(), changed)
    first = segments()[0].first_pts
    wrong: list[int] = []
    for time, plane in seen:
        pts = promised[time]
        original = sent.get(round((pts - first) / 3600))
        if original is None or not alike(plane, original):
            assert any(abs(pts - each) < 2 * 3600 for each in reach), f"A picture is wrong at {pts}, out of reach."
            as_it_was = any(alike(plane, each) for each in recorded.get(pts, []))
            assert named or silent or as_it_was, f"Wrong at {pts}."
            wrong += [] if as_it_was or silent else [pts]
    assert len(wrong) <= report.damaged_pictures, f"Wrong are {wrong}; {report.damaged_pictures} are named."


def reached(before: bytes, after: bytes) -> set[int]:
    """The times of the pictures that a change can spoil: those in whose bytes it is, and, up to the next IDR picture,
    all that are decoded after one that others refer to; where it hits a table, all that follow."""
    video = segments()[2].index.video
    assert video is not None
    hit, found, frame, spoilt, lost = _changed(before, after), set(), -1, False, False
    for number in range(len(before) // PACKET):
        pid, begins = _pid(before, number), before[number * PACKET + 1] & 0x40
        lost = lost or (number in hit and pid not in (256, 257))
        if pid == 256 and begins:
            if number in hit and frame >= 0:  # without its beginning the rest of it belongs to the one before
                found.add(video.pts[frame])
                spoilt = spoilt or not video.disposable(frame)
            frame += 1
            spoilt = spoilt and video.kind(frame) is not FrameKind.IDR
        foreign = number in hit and _pid(after, number) == 256  # what comes instead may be one that others refer to
        if frame >= 0 and ((number in hit and pid == 256) or foreign or spoilt or lost):
            found.add(video.pts[frame])
            spoilt = spoilt or foreign or not video.disposable(frame)
    return found


def _pid(data: bytes, number: int) -> int:
    head = data[number * PACKET : number * PACKET + 3].ljust(3, b"\0")
    return (head[1] & 0x1F) << 8 | head[2]


def _changed(before: bytes, after: bytes) -> set[int]:
    """The numbers of the packets that are not there any more as they were, and of those beside a place that moved."""
    count = len(before) // PACKET
    if len(before) == len(after):
        return {at for at in range(count) if before[at * PACKET :][:PACKET] != after[at * PACKET :][:PACKET]}
    prefix = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), len(after))
    pairs = zip(reversed(before), reversed(after), strict=False)
    suffix = next((at for at, (one, other) in enumerate(pairs) if one != other), len(after))
    ends = sorted((prefix // PACKET, (len(before) - suffix) // PACKET))
    return set(range(ends[0] - 1, ends[1] + 2))


def _source_times(plan: CutPlan) -> list[int]:
    return [pts for piece in plan.pieces for pts in clock.frames_of(piece).shown]


def alike(one: Plane, other: Plane) -> bool:
    return one.shape == other.shape and (np.array_equal(one, other) or psnr(one, other) > _AS_RECORDED)


def as_recorded(folder: Path) -> dict[int, list[Plane]]:
    """What decoders show of the damaged recording at each time: of all of it, and from the damaged segment on."""
    parts = [Path(each.key).read_bytes() for each in segments()]
    parts[2] = (folder / "2.ts").read_bytes()
    found: dict[int, list[Plane]] = {}
    for number, data in enumerate((b"".join(parts), parts[2] + parts[3])):
        whole = folder / f"whole{number}"
        whole.write_bytes(data)
        for pts, plane in _decoded(whole):
            found.setdefault(pts, []).append(plane)
    return found


def _decoded(path: Path) -> list[tuple[int, Plane]]:
    found = []
    try:
        with av.open(str(path), format="mpegts") as container:
            for packet in container.demux(video=0):
                try:
                    found += [(frame.pts, frame.to_ndarray(format="gray")) for frame in packet.decode()]
                except av.error.FFmpegError:
                    continue
    except (av.error.FFmpegError, IndexError):
        return found
    return found


def test_pictures_that_were_damaged_when_they_were_recorded_are_named(tmp_path: Path) -> None:
    data = Path(segments()[2].key).read_bytes()
    parts = [data[at : at + PACKET] for at in range(0, len(data), PACKET)]
    pictures = [at for at, part in enumerate(parts) if (part[1] & 0x1F) << 8 | part[2] == 256]
    victim = damaged(lambda _, __: b"".join(parts[: pictures[-3]] + parts[pictures[-3] + 1 :]), Random(), tmp_path)

    plan = plan_with(indexed(victim, segments()[1]), Mode.ROUGH_FAST)
    report = run(plan, tmp_path / "out.mp4")

    (damage,) = plan.clips[0].damage
    assert damage.segment == 2
    assert segments()[2].start <= damage.start < segments()[2].end
    assert 0 < damage.pictures < TINY.gop
    assert report.damaged_pictures == sum(each.pictures for clip in plan.clips for each in clip.damage)
    assert any(f"{damage.pictures} pictures from" in warning for warning in plan.warnings)


def test_recordings_that_are_whole_or_joined_from_whole_files_have_no_damage() -> None:
    for name in ("closed GOP", "settings change inside a segment", "wrap in a segment"):
        assert not any(
            holds_damage(segment.packed) or holds_damaged_sound(segment.packed)
            for segment in material(name).coverage.segments
        )
    assert number_of(source_planes("closed GOP")[7]) == 7


def _sound_packets(data: bytes) -> list[int]:
    return [at for at in range(0, len(data), PACKET) if (data[at + 1] & 0x1F) << 8 | data[at + 2] == 257]


@pytest.mark.parametrize("mode", [Mode.ROUGH_FAST, Mode.ACCURATE])
def test_sound_that_was_damaged_when_it_was_recorded_is_named(mode: Mode, tmp_path: Path) -> None:
    data = Path(segments()[2].key).read_bytes()
    places = _sound_packets(data)
    lost = places[len(places) // 2]
    victim = indexed(damaged(lambda *_: data[:lost] + data[lost + PACKET :], Random(), tmp_path), segments()[1])

    plan = plan_with(victim, mode)
    report = run(plan, tmp_path / "out.mp4")

    (damage,) = plan.clips[0].sound_damage
    assert (damage.segment, plan.clips[0].damage) == (2, ())
    assert segments()[2].start <= damage.start < segments()[2].end
    assert 0 < damage.packets < 20
    assert report.damaged_sound == sum(each.packets for clip in plan.clips for each in clip.sound_damage)
    assert any(f"{damage.packets} packets of sound from" in warning for warning in plan.warnings)


def test_packets_of_sound_that_are_missing_are_counted() -> None:
    whole = segments()[2].index.audio[0]
    data = Path(segments()[2].key).read_bytes()
    starts = [at for at in _sound_packets(data) if data[at + 1] & 0x40]
    begin, end = starts[len(starts) // 2], starts[len(starts) // 2 + 1]
    kept = b"".join(data[at : at + PACKET] for at in range(0, len(data), PACKET) if not _lost(data, at, begin, end))

    found = index_segment(kept, near=segments()[1].end_pts).index.audio[0]

    assert len(whole) - len(found) > 0
    assert found.damaged
    assert sound_damage_in(_piece_of(replace(segments()[2], packed=pack(FrameIndex(None, (found,))))))[0].packets >= (
        len(whole) - len(found)
    )


def _lost(data: bytes, at: int, begin: int, end: int) -> bool:
    return begin <= at < end and (data[at + 1] & 0x1F) << 8 | data[at + 2] == 257


def _piece_of(segment: Segment) -> Piece:
    return Piece(Action.COPY, (segment,), segment.first_pts, segment.end_pts, segment.frames)


def test_what_a_decoder_finds_damaged_at_an_edge_is_in_the_report(tmp_path: Path) -> None:
    """Bits flip where no counter tells of it, in a group that is cut."""
    victim = segments()[2]
    data = bytearray(Path(victim.key).read_bytes())
    pictures = [at for at in range(0, len(data), PACKET) if (data[at + 1] & 0x1F) << 8 | data[at + 2] == 256]
    for at in pictures[1:3]:
        for byte in range(40, 180):
            data[at + byte] ^= 0x5A
    target = tmp_path / "2.ts"
    target.write_bytes(data)
    broken = indexed(replace(victim, key=str(target)), segments()[1])
    parts = [each if at != 2 else broken for at, each in enumerate(segments())]

    plan = make(clips_of(material("closed GOP"), [(62, 70), (90, 110)]), {STREAM: Coverage(parts)}, Mode.ACCURATE_FAST)
    report = run(plan, tmp_path / "out.mp4")

    assert any("were found damaged when they were decoded" in warning for warning in report.warnings)
