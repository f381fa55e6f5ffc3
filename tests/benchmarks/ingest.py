"""How fast a recording is imported: read, indexed, stored, against copying the same bytes with cat."""

from __future__ import annotations

import itertools
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from editing.models import Bucket
from editing.services import recordings
from editing.timeline.clips import StreamName
from tests.benchmarks.database import temporary
from tests.benchmarks.material import recording
from tests.benchmarks.rows import Row, against, alone, alternate
from tests.samples import START

_RUNS = 3


def rows() -> Iterator[Row]:
    segments = [Path(segment.key) for segment in recording()]
    megabytes = sum(path.stat().st_size for path in segments) / 1e6
    numbers = itertools.count()

    def import_it() -> None:
        recordings.import_playlist(
            str(segments[0].with_name("index.m3u8")),
            stream=StreamName("example.com", "live", f"run-{next(numbers)}"),
            bucket=Bucket.objects.get(name="media"),
            start=START,
        )

    with temporary(), tempfile.TemporaryDirectory() as folder:

        def cat() -> None:
            with open(os.path.join(folder, "all.ts"), "wb") as target:
                subprocess.run(["cat", *map(str, segments)], stdout=target, check=True)

        seconds = alternate({"cat of the segments": cat, "import": import_it}, runs=_RUNS)
    yield alone("cat of the segments", seconds, note=f"{megabytes:.0f} MB")
    row = against("import", "cat of the segments", seconds)
    yield Row(row.name, row.seconds, row.floor, row.ratio, note=f"{megabytes / row.seconds:.0f} MB/s")
