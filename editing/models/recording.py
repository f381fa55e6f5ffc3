from __future__ import annotations

from typing import Any

from django.db import models

from editing.models.bucket import Bucket
from editing.models.querysets import SeenByRole
from editing.models.stream import Stream
from editing.timeline.coverage import Segment
from editing.timeline.instant import Range
from editing.timeline.parameters import Parameters
from editing.timeline.ticks import Anchor


class RecordingQuerySet(SeenByRole):
    pass


class Recording(models.Model):
    """A dated run of segments of a stream. `start` and `end` are instants (µs); both empty until the first segment."""

    stream = models.ForeignKey(Stream, models.PROTECT, related_name="recordings")
    bucket = models.ForeignKey(Bucket, models.PROTECT, related_name="recordings")
    source = models.TextField(help_text="Where it came from: a playlist's path or URL.")
    origin = models.CharField(max_length=64, editable=False, help_text="Hash of what it begins with at its source.")
    start = models.BigIntegerField(null=True)
    end = models.BigIntegerField(null=True)
    segment_count = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of all segments.")
    ended = models.BooleanField(default=True, help_text="No more segments will come.")
    poster = models.CharField(max_length=255, blank=True, help_text="Key of its poster in the bucket.")
    record_job = models.ForeignKey("editing.RecordJob", models.SET_NULL, null=True, related_name="recordings")
    playlist = models.CharField(max_length=512, blank=True, help_text="Key of its playlist in the bucket.")
    former_playlists = models.JSONField(
        default=list, help_text="Keys of those it had when its job was stopped, before it went on."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RecordingQuerySet.as_manager()

    class Meta:
        ordering = ("-start", "-id")
        constraints = (models.UniqueConstraint(fields=("stream", "origin"), name="recording_origin"),)
        indexes = (
            models.Index(fields=("stream", "start"), name="recording_by_start"),
            models.Index(fields=("start", "id"), name="recording_in_order"),
        )

    def __str__(self) -> str:
        return f"{self.stream} #{self.pk}"

    @property
    def range(self) -> Range | None:
        return Range(self.start, self.end) if self.start is not None and self.end is not None else None

    @property
    def other_keys(self) -> list[str]:
        """Its files besides its segments."""
        return [key for key in (self.poster, self.playlist, *self.former_playlists) if key]


class AnchorRow(models.Model):
    """An anchor: on the clock of `epoch`, `pts` ticks of 1/90,000 s are the instant `utc`.

    A recording has one per epoch, and one more wherever later dates drifted too far from it; segments name theirs.
    `drift` is the last measured distance (µs) of the source's dates from this anchor.
    """

    recording = models.ForeignKey(Recording, models.CASCADE, related_name="anchors")
    epoch = models.PositiveIntegerField()
    utc = models.BigIntegerField()
    pts = models.BigIntegerField()
    drift = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=64, help_text="Why it began: start, discontinuity, clock, drift …")

    moved: int | None = None
    """µs from where the anchor before would have it; set by who lists them."""

    class Meta:
        ordering = ("recording", "id")

    def __str__(self) -> str:
        return f"{self.recording} epoch {self.epoch}"

    @property
    def value(self) -> Anchor:
        return Anchor(self.utc, self.pts)


class ParameterSet(models.Model):
    """Codec parameters that segments share; `facts` is timeline.Parameters as JSON, `identity` its hash."""

    identity = models.CharField(max_length=64, unique=True)
    facts = models.JSONField()

    def __str__(self) -> str:
        return self.identity[:12]

    @property
    def parameters(self) -> Parameters:
        facts: dict[str, Any] = self.facts
        return Parameters.from_json(facts)


class SegmentQuerySet(models.QuerySet["SegmentRow"]):
    def values_of(self) -> list[Segment]:
        """The rows as values, with anchors and parameters read once each."""
        rows = list(self)
        anchors = AnchorRow.objects.in_bulk({row.anchor_id for row in rows})
        parameters = ParameterSet.objects.in_bulk({row.parameters_id for row in rows})
        sets = {key: found.parameters for key, found in parameters.items()}
        buckets = dict(
            Recording.objects.filter(pk__in={row.recording_id for row in rows}).values_list("pk", "bucket__name")
        )
        return [row.value(anchors[row.anchor_id], sets[row.parameters_id], buckets[row.recording_id]) for row in rows]


class SegmentRow(models.Model):
    """A stored media file of a recording with its index; the value the engine works with is timeline.Segment.

    `stream` repeats the recording's, so that a range of a stream is found by one index however long the table is.
    `source` tells a segment from others of the same playlist when it is imported again.
    """

    recording = models.ForeignKey(Recording, models.CASCADE, related_name="segments")
    stream = models.ForeignKey(Stream, models.PROTECT, related_name="+", db_index=False)
    # Anchors go with their recording, as segments do; checking that here would search a whole table without an index.
    anchor = models.ForeignKey(AnchorRow, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False)
    parameters = models.ForeignKey(ParameterSet, models.PROTECT, related_name="+", db_index=False)
    sequence = models.PositiveIntegerField()
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    first_pts = models.BigIntegerField()
    end_pts = models.BigIntegerField()
    frames = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField()
    checksum = models.PositiveBigIntegerField(help_text="CRC-32 of the file when it was indexed.")
    key = models.CharField(max_length=512)
    source = models.CharField(max_length=64, help_text="SHA-256 of what the playlist calls it.")
    packed = models.BinaryField()

    objects = SegmentQuerySet.as_manager()

    class Meta:
        db_table = "editing_segment"
        ordering = ("recording", "sequence")
        constraints = (models.UniqueConstraint(fields=("recording", "sequence"), name="segment_sequence"),)
        indexes = (models.Index(fields=("stream", "start"), name="segment_by_start"),)

    def __str__(self) -> str:
        return f"{self.recording} segment {self.sequence}"

    def value(self, anchor: AnchorRow, parameters: Parameters, bucket: str) -> Segment:
        packed = b"" if "packed" in self.get_deferred_fields() else bytes(self.packed)
        return Segment(
            id=self.pk,
            recording=self.recording_id,
            sequence=self.sequence,
            bucket=bucket,
            key=self.key,
            size=self.size,
            checksum=self.checksum,
            epoch=anchor.epoch,
            anchor=anchor.value,
            start=self.start,
            end=self.end,
            first_pts=self.first_pts,
            end_pts=self.end_pts,
            frames=self.frames,
            parameters=parameters,
            packed=packed,
        )


class GapRow(models.Model):
    """Media that is known to be missing from a recording, and why."""

    recording = models.ForeignKey(Recording, models.CASCADE, related_name="gaps")
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    reason = models.CharField(max_length=255)
    source = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "editing_gap"
        ordering = ("recording", "start")

    def __str__(self) -> str:
        return f"{self.recording} gap at {self.start}"
