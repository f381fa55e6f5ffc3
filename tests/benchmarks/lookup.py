"""What a range lookup costs among ten thousand and among ten million segments, and how the database finds them."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from statistics import quantiles
from time import perf_counter

from django.db import connection
from django.test.utils import CaptureQueriesContext

from editing.models import Bucket, SegmentRow, Stream
from editing.services import recordings
from editing.timeline.clips import StreamName
from editing.timeline.instant import SECOND, Range
from editing.worker.coverage import coverage_of
from tests.benchmarks.database import temporary
from tests.benchmarks.rows import Row
from tests.samples import START, Kind, playlist

FEW, MANY = 10_000, 10_000_000
_TIMES = 300
_STEP = 2 * SECOND
_NARROW = Kind(seconds=2, rate="2", gop=2, width=64, height=48, bframes=0, audio=None)


def rows() -> Iterator[Row]:
    with temporary():
        stream = _stream()
        vendor = connection.vendor
        few, many = f"lookup among {FEW:,} segments, {vendor}", f"lookup among {MANY:,} segments, {vendor}"
        _grow(FEW)
        before = _lookups(stream, FEW)
        yield Row(few, before)
        _grow(MANY)
        after = _lookups(stream, MANY)
        yield Row(many, after, few, after / before, aim=1.5)
        naive = _naive(stream, MANY)
        yield Row(f"start < out AND end > in, {MANY:,} segments, {vendor}", naive, many, naive / after)
        print(_explained(stream, MANY), file=sys.stderr)


def _stream() -> Stream:
    recording = recordings.import_playlist(
        str(playlist(_NARROW)),
        stream=StreamName("example.com", "live", "long"),
        bucket=Bucket.objects.get(name="media"),
        start=START,
    )
    return recording.stream


def _grow(count: int) -> None:
    """Copy the first row until there are so many, each two seconds after the one before."""
    first, there = SegmentRow.objects.earliest("sequence"), SegmentRow.objects.count()
    columns = [field.column for field in SegmentRow._meta.fields if field.column != "id"]
    later = f"n * CAST({_STEP} AS BIGINT)"
    moved = {"sequence": "n", "start": f'"start" + {later}', "end": f'"end" + {later}'}
    values = ", ".join(moved.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT {there} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {count}) "
            f"INSERT INTO editing_segment ({names}) SELECT {values} FROM numbers, editing_segment WHERE id = %s",
            [first.pk],
        )
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE editing_segment")


def _range(number: int) -> Range:
    """A minute that begins in the midst of a segment."""
    start = START + number * _STEP + SECOND
    return Range(start, start + 60 * SECOND)


def _lookups(stream: Stream, count: int) -> float:
    """What the fastest tenth of many lookups all over the table take at most.

    Each is of a range that was just read, and the fastest count: neither the disk nor the machine's moods are measured.
    """
    chosen = random.Random(1)
    seconds = []
    for _ in range(_TIMES):
        wanted = _range(chosen.randrange(count))
        coverage_of(stream, [wanted])
        begun = perf_counter()
        coverage_of(stream, [wanted])
        seconds.append(perf_counter() - begun)
    return quantiles(seconds, n=10)[0]


def _naive(stream: Stream, count: int) -> float:
    """The obvious condition, near the end of the recording, where it has most to read."""
    wanted = _range(count - 100)
    begun = perf_counter()
    SegmentRow.objects.filter(stream=stream, start__lt=wanted.end, end__gt=wanted.start).values_of()
    return perf_counter() - begun


def _explained(stream: Stream, count: int) -> str:
    """How the database runs each query on segments that one lookup makes."""
    with CaptureQueriesContext(connection) as captured:
        coverage_of(stream, [_range(count // 2)])
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN (ANALYZE, TIMING OFF)"
    lines: list[str] = []
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            if 'FROM "editing_segment"' in query["sql"]:
                cursor.execute(f"{explain} {query['sql']}")
                lines += [f"  {row[-1]}" for row in cursor.fetchall()]
    return "\n".join([f"{connection.vendor} {explain}", *lines])
