import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editing.timeline.frames import (
    DISPOSABLE,
    AudioIndex,
    FrameIndex,
    FrameKind,
    VideoIndex,
    pack,
    unpack,
)
from tests.timeline.made import FRAME, video

TIMES = st.integers(-(1 << 34), 1 << 44)


@st.composite
def indexes(draw: st.DrawFn) -> FrameIndex:
    pts = tuple(draw(st.lists(TIMES, min_size=1, max_size=20)))
    each = st.integers(0, 1 << 30)
    found = VideoIndex(
        pts,
        tuple(draw(st.lists(TIMES, min_size=len(pts), max_size=len(pts)))),
        tuple(draw(st.lists(each, min_size=len(pts), max_size=len(pts)))),
        bytes(draw(st.lists(st.integers(0, 0x17), min_size=len(pts), max_size=len(pts)))),
        draw(TIMES),
        tuple(draw(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 99)), max_size=2))),
    )
    tracks = draw(st.lists(st.builds(AudioIndex, st.lists(TIMES, max_size=9).map(tuple), TIMES), max_size=2))
    return FrameIndex(draw(st.sampled_from([found, None])), tuple(tracks))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(indexes())
def test_a_packed_index_comes_back_equal(index: FrameIndex) -> None:
    assert unpack(pack(index)) == index


def test_six_steady_seconds_fit_into_few_bytes() -> None:
    index = FrameIndex(video([FrameKind.IDR, *[FrameKind.INTER] * 179], 1 << 34), (AudioIndex((1, 2), 3),))

    assert len(pack(index)) < 200


@pytest.mark.parametrize("foreign", [b"", b"\x00", b"\x63rest"])
def test_foreign_bytes_are_no_index(foreign: bytes) -> None:
    with pytest.raises(ValueError, match="not a segment index"):
        unpack(foreign)


def test_marks_say_what_a_decoder_can_do() -> None:
    kinds = [FrameKind.IDR, FrameKind.INTER | DISPOSABLE, FrameKind.REFRESH, FrameKind.CRA, FrameKind.RASL]
    index = video(kinds, 90_000)

    assert [index.kind(position).name for position in range(5)] == ["IDR", "INTER", "REFRESH", "CRA", "RASL"]
    assert [index.disposable(position) for position in range(5)] == [False, True, False, False, False]
    assert (index.entries, index.start, index.end, len(index)) == ([0, 3], 90_000, 90_000 + 5 * FRAME, 5)
