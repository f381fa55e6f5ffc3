from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from editing.models.bucket import Bucket
from editing.models.ids import new_id
from editing.models.publishing import lapsed
from editing.models.querysets import SeenByRole
from editing.models.record_template import RecordTemplate
from editing.models.states import RECORD_MOVES, RecordState
from editing.models.stream import Stream
from editing.timeline.instant import from_datetime


class PauseReason(models.TextChoices):
    """Why a job is paused: silence and a full disk end by themselves."""

    SILENCE = "silence", "nothing came"
    DISK = "disk", "too little room on the disk"
    OPERATOR = "operator", "an operator paused it"


SELF_ENDING = (PauseReason.SILENCE, PauseReason.DISK)


class RecordJobQuerySet(SeenByRole):
    def wanting(self) -> RecordJobQuerySet:
        """Those that should be recording now, or looking for their stream.

        Our own RTMP server tells when somebody publishes: its streams are not looked for in silence.
        """
        now = from_datetime(timezone.now())
        resting = Q(state=RecordState.PAUSED, pause_reason__in=SELF_ENDING)
        findable = Q(published=False) | Q(stream__publication__seen_at__gt=lapsed())
        alive = Q(state__in=(RecordState.INITIAL, RecordState.STARTED)) | resting & findable
        begun = Q(start_at=None) | Q(start_at__lte=now)
        return self.filter(alive, begun, Q(end_at=None) | Q(end_at__gt=now))

    def unfinished(self) -> RecordJobQuerySet:
        """Those, and jobs that ended before everything of them was stored and closed."""
        stopped = Q(state=RecordState.STOPPED, recording__isnull=False)
        resting = Q(state=RecordState.PAUSED, recording__ended=False)
        return self.filter(Q(pk__in=self.wanting().values("pk")) | stopped | resting)

    def free(self) -> RecordJobQuerySet:
        """Those that no living worker holds."""
        return self.filter(Q(lease_token="") | Q(lease_until__lt=timezone.now()))


class RecordJob(models.Model):
    """A live stream that is recorded. The row is the truth about it; a message in the queue only carries its id.

    The state is what operators (and silence) say; whether somebody records is the lease: only the holder of
    `lease_token` may write segments of it. `formats` is the template as it was when the job was made. `recording` is
    the one that is open; `vitals` what the worker last said of the stream, `problem` what keeps it from storing.
    `start_at` and `end_at` are instants (µs). `published`: the stream comes to our own RTMP server; then `url` follows
    the server, and a publisher wakes the job.
    """

    class Input(models.TextChoices):
        RTMP = "rtmp", "RTMP"
        HLS = "hls", "HLS"

    id = models.CharField(max_length=32, primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=128)
    stream = models.ForeignKey(Stream, models.PROTECT, related_name="record_jobs")
    input = models.CharField(max_length=4, choices=Input.choices, default=Input.RTMP)
    url = models.TextField()
    published = models.BooleanField(default=False)
    bucket = models.ForeignKey(Bucket, models.PROTECT, related_name="+")
    # Its id stays when the template is deleted: jobs go on telling which one they were made from.
    template = models.ForeignKey(RecordTemplate, models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    template_name = models.CharField(max_length=128)
    formats = models.JSONField()
    notify_url = models.CharField(max_length=1024, blank=True)
    start_at = models.BigIntegerField(null=True)
    end_at = models.BigIntegerField(null=True)

    state = models.CharField(max_length=8, choices=RecordState.choices, default=RecordState.INITIAL)
    pause_reason = models.CharField(max_length=8, choices=PauseReason.choices, blank=True)
    recording = models.ForeignKey(
        "editing.Recording", models.SET_NULL, null=True, related_name="+", help_text="The one that is open."
    )
    vitals = models.JSONField(default=dict)
    problem = models.CharField(max_length=512, blank=True)

    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="When the queue was last told of it; empty: it is to be told.")
    created_at = models.DateTimeField(auto_now_add=True)

    moves = RECORD_MOVES
    objects = RecordJobQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (
            models.Index(fields=("-created_at",), name="record_job_newest"),
            models.Index(fields=("state",), name="record_job_by_state"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def held(self) -> bool:
        """Whether a living worker is at it."""
        return bool(self.lease_token) and self.lease_until is not None and self.lease_until > timezone.now()


class RecordEvent(models.Model):
    """One change of a record job's state."""

    job = models.ForeignKey(RecordJob, models.CASCADE, related_name="events")
    old = models.CharField(max_length=8)
    new = models.CharField(max_length=8)
    at = models.DateTimeField()
    detail = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.job_id} {self.old} → {self.new}"


class RecordPause(models.Model):
    """An interval in which a job does not record, and why; `end` is empty while it lasts. Instants in µs."""

    job = models.ForeignKey(RecordJob, models.CASCADE, related_name="pauses")
    start = models.BigIntegerField()
    end = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=64)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.job_id} {self.reason}"
