"""What goes out: rows as JSON. What comes in is in `inputs`."""

from __future__ import annotations

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from editing.api.fields import GapSerializer, InstantField, RangeSerializer, StreamNameSerializer
from editing.api.plans import PlanField
from editing.api.stills import SnapshotSerializer, SpriteSerializer, snapshots_of, sprite_of
from editing.models import (
    Bucket,
    EditingJob,
    JobEvent,
    MediaAsset,
    RecordFile,
    Recording,
    SegmentRow,
    Stream,
)
from editing.services import links


class BucketSerializer(serializers.ModelSerializer[Bucket]):
    class Meta:
        model = Bucket
        fields = ("name", "kind", "endpoint", "active")


class StreamSerializer(serializers.ModelSerializer[Stream]):
    """What is recorded of it goes when it is older than `keep_days` or more than `keep_bytes`; null: it stays."""

    stream = serializers.CharField(source="name")

    class Meta:
        model = Stream
        fields = ("id", "domain", "app", "stream", "keep_days", "keep_bytes", "created_at")


class RecordingSerializer(serializers.ModelSerializer[Recording]):
    """`size` in bytes; `ended` is false while segments may still come."""

    stream = serializers.SerializerMethodField()
    bucket = serializers.CharField(source="bucket.name")
    start = InstantField(allow_null=True)
    end = InstantField(allow_null=True)

    class Meta:
        model = Recording
        fields = ("id", "stream", "bucket", "start", "end", "segment_count", "size", "ended", "created_at")

    @extend_schema_field(StreamNameSerializer)
    def get_stream(self, recording: Recording) -> dict[str, str]:
        return _stream(recording.stream)


class RecordFileSerializer(serializers.ModelSerializer[RecordFile]):
    """The whole recording as one file, because the template of its job asks for it."""

    class Meta:
        model = RecordFile
        fields = ("id", "recording", "format", "key", "state", "problem", "asset", "created_at")


class RecordingDetailSerializer(RecordingSerializer):
    """With a time-limited address of the recording as HLS; of a long one `playback/` gives parts."""

    playback = serializers.SerializerMethodField()
    files = RecordFileSerializer(many=True)

    class Meta(RecordingSerializer.Meta):
        fields = (*RecordingSerializer.Meta.fields, "playback", "files")  # type: ignore[assignment]

    def get_playback(self, recording: Recording) -> str:
        return _absolute(self, links.playlist_url(recording))


class PlaybackSerializer(serializers.Serializer[Any]):
    """A time-limited address that a player opens without signing in."""

    url = serializers.CharField()


class ClockStepSerializer(serializers.Serializer[Any]):
    """The clock was set, or its drift followed: what would have been the instant `before` is the instant `after`. No
    media is missing there."""

    before = InstantField()
    after = InstantField()


class CoverageSerializer(serializers.Serializer[Any]):
    """Merged ranges of what is recorded, the gaps between them with reasons, and where the clock was set."""

    covered = RangeSerializer(many=True)
    gaps = GapSerializer(many=True)
    clock_steps = ClockStepSerializer(many=True)


class SegmentSerializer(serializers.ModelSerializer[SegmentRow]):
    """A stored segment. Presentation times are ticks of 1/90,000 s on the unwrapped clock of its epoch."""

    start = InstantField()
    end = InstantField()
    epoch = serializers.IntegerField(source="anchor.epoch")
    parameters = serializers.CharField(source="parameters.identity")

    class Meta:
        model = SegmentRow
        fields = ("sequence", "start", "end", "first_pts", "end_pts", "epoch", "frames", "size", "key", "parameters")


class JobEventSerializer(serializers.ModelSerializer[JobEvent]):
    class Meta:
        model = JobEvent
        fields = ("old", "new", "at", "detail")


class ClipSerializer(serializers.Serializer[Any]):
    """Half-open: frames from `start` up to, but not including, `end`."""

    stream = StreamNameSerializer()
    start = InstantField()
    end = InstantField()
    cover = InstantField(allow_null=True)


class OutputSerializer(serializers.Serializer[Any]):
    bucket = serializers.CharField()
    key = serializers.CharField()
    url = serializers.CharField()
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    bitrate = serializers.IntegerField(allow_null=True)
    cover_url = serializers.CharField(allow_null=True)


class FaultSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class EditingJobSerializer(serializers.ModelSerializer[EditingJob]):
    """`progress` in percent, `eta` in seconds, `media_asset` the id the result has (or will have)."""

    clips = serializers.SerializerMethodField()
    output = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    media_asset = serializers.CharField(source="media_id")
    project = serializers.CharField(source="project_id", allow_null=True)

    class Meta:
        model = EditingJob
        fields = (
            *("id", "state", "waiting", "stage", "progress", "eta", "mode", "holes", "clips", "output", "user_data"),
            *("project", "error", "media_asset", "attempts", "created_at", "queued_at", "started_at", "finished_at"),
        )

    @extend_schema_field(ClipSerializer(many=True))
    def get_clips(self, job: EditingJob) -> Any:
        name = ("domain", "app", "stream")
        rows = [{**row, "stream": {part: row[part] for part in name}} for row in job.clips]
        return ClipSerializer(rows, many=True).data

    @extend_schema_field(OutputSerializer)
    def get_output(self, job: EditingJob) -> dict[str, Any]:
        return {
            "bucket": job.bucket.name,
            "key": job.key,
            "url": job.bucket.url(job.key),
            "width": job.width,
            "height": job.height,
            "bitrate": job.bitrate,
            "cover_url": job.cover_bucket.url(job.cover_key) if job.cover_bucket else None,
        }

    @extend_schema_field(FaultSerializer(allow_null=True))
    def get_error(self, job: EditingJob) -> dict[str, str] | None:
        return {"code": job.error_code, "message": job.error_message} if job.error_code else None


class EditingJobDetailSerializer(EditingJobSerializer):
    """With the plan made at submission, the report of the cut, and every change of state."""

    plan = PlanField()
    report = serializers.JSONField()
    events = JobEventSerializer(many=True)

    class Meta(EditingJobSerializer.Meta):
        fields = (*EditingJobSerializer.Meta.fields, "plan", "report", "events")  # type: ignore[assignment]


class MediaAssetSerializer(serializers.ModelSerializer[MediaAsset]):
    """`duration` in seconds, `size` in bytes; both are zero while a registered file is Preparing."""

    bucket = serializers.CharField(source="bucket.name")
    url = serializers.SerializerMethodField()
    duration = serializers.SerializerMethodField()
    job = serializers.CharField(source="job_id", allow_null=True)

    class Meta:
        model = MediaAsset
        fields = ("id", "title", "kind", "state", "bucket", "key", "url", "size", "duration", "job", "created_at")

    def get_url(self, asset: MediaAsset) -> str:
        return asset.bucket.url(asset.key)

    def get_duration(self, asset: MediaAsset) -> float:
        return asset.duration / 1_000_000


class MediaAssetDetailSerializer(MediaAssetSerializer):
    """With what probing found and time-limited addresses to play and to download it."""

    facts = serializers.JSONField()
    playback = serializers.SerializerMethodField()
    download = serializers.SerializerMethodField()
    poster = serializers.SerializerMethodField(help_text="A picture of it, no wider than 640 pixels.")
    cover_url = serializers.SerializerMethodField(help_text="The same picture in full size, or its owner's own.")

    snapshots = serializers.SerializerMethodField(help_text="Pictures spread over it, once they are made.")
    sprite = serializers.SerializerMethodField(help_text="The same pictures, small, side by side in rows.")

    class Meta(MediaAssetSerializer.Meta):
        fields = (  # type: ignore[assignment]
            *(*MediaAssetSerializer.Meta.fields, "facts", "playback", "download"),
            *("poster", "cover_url", "snapshots", "sprite"),
        )

    def get_playback(self, asset: MediaAsset) -> str:
        return _absolute(self, links.asset_url(asset))

    def get_download(self, asset: MediaAsset) -> str:
        return _absolute(self, links.asset_url(asset, download=asset.key.rpartition("/")[2]))

    def get_cover_url(self, asset: MediaAsset) -> str | None:
        if asset.cover_url or not asset.cover_bucket:
            return asset.cover_url or None
        return _absolute(self, links.file_url(asset.cover_bucket, asset.cover_key))

    @extend_schema_field(SnapshotSerializer(many=True))
    def get_snapshots(self, asset: MediaAsset) -> list[dict[str, Any]]:
        return snapshots_of(asset, partial(_absolute, self))

    @extend_schema_field(SpriteSerializer(allow_null=True))
    def get_sprite(self, asset: MediaAsset) -> dict[str, Any] | None:
        return sprite_of(asset, partial(_absolute, self))

    def get_poster(self, asset: MediaAsset) -> str | None:
        return _absolute(self, links.file_url(asset.bucket, asset.poster)) if asset.poster else None


def _stream(stream: Stream) -> dict[str, str]:
    return {"domain": stream.domain, "app": stream.app, "stream": stream.name}


def _absolute(serializer: serializers.BaseSerializer[Any], address: str) -> str:
    return str(serializer.context["request"].build_absolute_uri(address))
