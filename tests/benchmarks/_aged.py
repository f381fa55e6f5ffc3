"""Rows of a stream that has been recorded for a day in segments of six seconds, made without recording it."""

from __future__ import annotations

from editing.models import AnchorRow, Bucket, GapRow, ParameterSet, Recording, RecordJob, SegmentRow, Stream
from editing.timeline.coverage import PAUSED_BY_HAND
from editing.timeline.instant import SECOND, Instant
from editing.timeline.ticks import TICKS_PER_SECOND
from tests.benchmarks import material

SEGMENTS, LONG = 14_400, 6
"""Of a day, and seconds of each."""
PAUSES = 24
"""One an hour, of a second."""


def day(stream: Stream, bucket: Bucket, *, ends: Instant, job: RecordJob | None = None) -> Recording:
    """The open recording of a day that ends at an instant; every hour it was paused for a second."""
    sample = material.recording(1)[0]
    starts = ends - (SEGMENTS * LONG + PAUSES - 1) * SECOND
    recording = Recording.objects.create(
        stream=stream,
        bucket=bucket,
        source="a day",
        origin=f"day-{stream.pk}",
        start=starts,
        end=ends,
        segment_count=SEGMENTS,
        size=SEGMENTS * sample.size,
        ended=False,
        playlist=f"record/{stream.name}/day.m3u8",
        record_job=job,
    )
    parameters, _ = ParameterSet.objects.get_or_create(
        identity=sample.parameters.identity, defaults={"facts": sample.parameters.to_json()}
    )
    rows, start = [], starts
    for number in range(SEGMENTS):
        if number % (SEGMENTS // PAUSES) == 0:
            anchor = AnchorRow.objects.create(
                recording=recording, epoch=number, utc=start + bool(number) * SECOND, pts=0, reason="discontinuity"
            )
            if number:
                GapRow.objects.create(recording=recording, start=start, end=start + SECOND, reason=PAUSED_BY_HAND)
            begun, start = number, anchor.utc
        pts = (number - begun) * LONG * TICKS_PER_SECOND
        rows.append(
            SegmentRow(
                recording=recording,
                stream=stream,
                anchor=anchor,
                parameters=parameters,
                sequence=number,
                start=start,
                end=start + LONG * SECOND,
                first_pts=pts,
                end_pts=pts + LONG * TICKS_PER_SECOND,
                frames=sample.frames,
                size=sample.size,
                checksum=sample.checksum,
                key=f"record/{stream.name}/{start // SECOND}_{number}.ts",
                source=f"{stream.pk}-{number}",
                packed=sample.packed,
            )
        )
        start += LONG * SECOND
    Recording.objects.filter(pk=recording.pk).update(end=start)
    SegmentRow.objects.bulk_create(rows, batch_size=500)
    recording.refresh_from_db()
    return recording
