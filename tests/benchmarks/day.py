"""A day of a stream in segments of six seconds: how long its import takes and how much memory it wants."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from editing.models import Bucket
from editing.services import recordings
from editing.timeline.clips import StreamName
from tests.benchmarks.database import temporary
from tests.benchmarks.rows import Row
from tests.samples import START, Kind, playlist

SEGMENTS = 14_400
_LOOP = Kind(seconds=60, rate="25", gop=50, segment=6, width=64, height=48, audio="aac")


def rows() -> Iterator[Row]:
    names = sorted(str(path) for path in playlist(_LOOP).parent.glob("*.ts"))
    with temporary(), TemporaryDirectory() as folder:
        source = Path(folder) / "index.m3u8"
        source.write_text("\n".join(["#EXTM3U", *_entries(names)]))
        before, begun = _peak(), time.perf_counter()
        recording = recordings.import_playlist(
            str(source),
            stream=StreamName("example.com", "live", "day"),
            bucket=Bucket.objects.get(name="media"),
            start=START,
        )
        seconds, grown = time.perf_counter() - begun, _peak(reset=False) - before
        yield Row(
            f"import of {recording.segment_count:,} segments", seconds, note=f"{grown} MiB more memory at its peak"
        )
        begun = time.perf_counter()
        recordings.coverage(recording).gaps()
        yield Row(f"coverage of {recording.segment_count:,} segments", time.perf_counter() - begun)


def _entries(names: list[str]) -> Iterator[str]:
    """The minute again and again, each time on a clock that begins anew."""
    for number in range(SEGMENTS):
        if number and number % len(names) == 0:
            yield "#EXT-X-DISCONTINUITY"
        yield f"#EXTINF:6.000,\n{names[number % len(names)]}"


def _peak(*, reset: bool = True) -> int:
    """MiB that this process held at most since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) >> 10
