"""A process of its own that cuts once and prints how many MiB it grew by at its peak, and the seconds it took.

`python -m tests.benchmarks._memory SEGMENTS OUTPUT SECONDS`: SEGMENTS is a pickled list of segments.
"""

from __future__ import annotations

import json
import pickle
import re
import sys
import time
from pathlib import Path

from editing.media.cut import cut
from editing.timeline.clips import Mode
from tests.benchmarks.engine import open_segment, plan_of


def main(kept: Path, output: Path, seconds: int) -> None:
    _cut(kept, output, 12)  # what any cut needs is there before anything is measured
    Path("/proc/self/clear_refs").write_text("5")
    before, begun = _memory("VmRSS"), time.perf_counter()
    _cut(kept, output, seconds)
    print(json.dumps({"grown": _memory("VmHWM") - before, "seconds": time.perf_counter() - begun}))


def _cut(kept: Path, output: Path, seconds: int) -> None:
    segments = pickle.loads(kept.read_bytes())[: seconds // 6]
    cut(plan_of(segments, Mode.ROUGH_FAST, [(0, seconds)]), output, open_segment=open_segment)
    output.unlink()


def _memory(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) >> 10


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
