"""A recording's playlist in its bucket."""

from __future__ import annotations

from collections.abc import Sequence

from editing import storage
from editing.media import playlist as hls
from editing.models import Recording
from editing.timeline.coverage import Segment
from editing.worker import record_names


def save(
    recording: Recording, key: str, segments: Sequence[Segment] | None = None, *, ended: bool | None = None
) -> None:
    """Write it anew: of `segments`, or of all that there are. Raises StorageFailure, NoSpace."""
    if segments is None:
        segments = recording.segments.defer("packed").order_by("sequence").values_of()
    text = hls.write(
        segments,
        uri=lambda segment: record_names.relative(segment.key, key),
        ended=recording.ended if ended is None else ended,
        first=segments[0].sequence if segments else 0,
    )
    storage.save_bytes(text.encode(), recording.bucket, key)
