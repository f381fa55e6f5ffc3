"""The index of an MP4 comes to the front, whatever its places need, and a player finds the same media there."""

from __future__ import annotations

from pathlib import Path

import pytest

from editing.media import faststart
from editing.media.faststart import index_first
from editing.timeline.clips import Mode
from tests.media.cutting import clip, plan_of, run
from tests.samples import BASIC, watch


@pytest.fixture
def behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file whose index comes last; it is no output of ours, for those are checked."""
    monkeypatch.setattr("editing.media.cut.verify", _Unchecked)
    monkeypatch.setattr("editing.media.muxer.index_first", lambda *_: None)
    run(plan_of(BASIC, Mode.ACCURATE_FAST, clip(1.1, 6.3)), tmp_path / "out.mov")
    return tmp_path / "out.mov"


class _Unchecked:
    def __init__(self, *_: object) -> None:
        return

    def to_json(self) -> dict[str, object]:
        return {}


@pytest.mark.parametrize("large", [1 << 32, 0], ids=["four bytes", "eight bytes"])
def test_an_index_comes_to_the_front(large: int, behind: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, data = watch(behind), behind.read_bytes()
    assert data.index(b"mdat") < data.index(b"moov")
    monkeypatch.setattr(faststart, "_LARGE", large)
    asked: list[None] = []

    index_first(behind, lambda: asked.append(None))

    made = behind.read_bytes()
    assert made.index(b"moov") < made.index(b"mdat")
    assert (b"co64" in made, b"stco" in made) == (large == 0, large != 0)
    assert watch(behind) == seen
    assert asked
    index_first(behind, lambda: pytest.fail("It is there already."))
    assert behind.read_bytes() == made
