from __future__ import annotations

from django.conf import settings
from django.db import connections, models
from django.db.models.expressions import RawSQL

from editing.models.bucket import Bucket
from editing.models.ids import new_id
from editing.models.querysets import SeenByRole
from editing.models.states import JOB_MOVES, UNFINISHED, JobState
from editing.timeline.clips import HolePolicy, Mode


class EditingJobQuerySet(SeenByRole):
    def unfinished(self) -> EditingJobQuerySet:
        return self.filter(state__in=UNFINISHED)

    def of_stream(self, **parts: str) -> EditingJobQuerySet:
        """With at least one clip whose `domain`, `app`, `stream` are these; a part that is not given may be any."""
        if connections[self.db].features.supports_json_field_contains:
            return self.filter(clips__contains=[parts])
        same = " AND ".join(f"json_extract(clip.value, '$.{part}') = %s" for part in parts)
        table = self.model._meta.db_table
        has_one = f"EXISTS (SELECT 1 FROM json_each({table}.clips) AS clip WHERE {same})"  # noqa: S608 - our own names
        return self.filter(RawSQL(has_one, [*parts.values()], models.BooleanField()))  # noqa: S611


class EditingJob(models.Model):
    """A merge of clips into one video. The row is the truth about it; a message in the queue only carries its id.

    `clips` is a list of {"domain", "app", "stream", "start", "end", "cover"}, instants in µs. `media_id` is the id
    that the output's media asset will have. `progress` is a percentage; `eta` the seconds that are left, if known.
    A worker that has claimed the job holds a lease: only the holder of `lease_token` may write while it runs.
    """

    id = models.CharField(max_length=32, primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    mode = models.CharField(max_length=16, choices=[(mode.value, mode.value) for mode in Mode])
    holes = models.CharField(
        max_length=8, choices=[(policy.value, policy.value) for policy in HolePolicy], default=HolePolicy.SKIP.value
    )
    clips = models.JSONField()
    bucket = models.ForeignKey(Bucket, models.PROTECT, related_name="+")
    key = models.CharField(max_length=512)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    bitrate = models.PositiveIntegerField(null=True, help_text="Bits per second of the video.")
    cover_bucket = models.ForeignKey(Bucket, models.PROTECT, null=True, related_name="+")
    cover_key = models.CharField(max_length=512, blank=True, help_text="Beside the output where nobody named it.")
    user_data = models.TextField(blank=True)
    request = models.JSONField(null=True, help_text="What is repeated to the program that asked, in its own words.")
    project = models.ForeignKey("editing.Project", models.SET_NULL, null=True, related_name="jobs", db_index=False)
    media_id = models.CharField(max_length=32, unique=True, default=new_id, editable=False)

    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.INIT)
    waiting = models.CharField(max_length=255, blank=True, help_text="Why it is still in the queue.")
    stage = models.CharField(max_length=16, blank=True)
    progress = models.PositiveSmallIntegerField(default=0)
    eta = models.PositiveIntegerField(null=True)
    plan = models.JSONField(null=True)
    report = models.JSONField(null=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    cancel_requested = models.BooleanField(default=False)

    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)

    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="When the queue was last told of it; empty: it is to be told.")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    moves = JOB_MOVES
    objects = EditingJobQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("bucket", "key"), condition=models.Q(state__in=UNFINISHED), name="one_unfinished_job_per_key"
            ),
            models.UniqueConstraint(
                fields=("cover_bucket", "cover_key"),
                condition=models.Q(state__in=UNFINISHED),
                name="one_unfinished_job_per_cover",
            ),
        )
        indexes = (
            models.Index(fields=("-created_at", "-id", "state", "mode"), name="job_newest"),
            models.Index(fields=("state", "queued_at"), name="job_by_state"),
            models.Index(fields=("state", "-created_at"), name="job_by_state_newest"),
            models.Index(fields=("finished_at",), name="job_by_end"),
            # SQLite takes no partial index, such as those of the constraints, where the states are parameters.
            models.Index(fields=("key", "bucket"), name="job_by_key"),
            models.Index(fields=("cover_bucket", "cover_key"), name="job_by_cover"),
            models.Index(fields=("project", "state"), name="job_of_project_by_state"),
            models.Index(fields=("project", "-created_at"), name="job_of_project_newest"),
            models.Index(fields=("project", "-finished_at"), name="job_of_project_last"),
        )

    def __str__(self) -> str:
        return self.id

    @property
    def active(self) -> bool:
        return self.state in UNFINISHED


class JobEvent(models.Model):
    """One change of a job's state."""

    job = models.ForeignKey(EditingJob, models.CASCADE, related_name="events")
    old = models.CharField(max_length=16)
    new = models.CharField(max_length=16)
    at = models.DateTimeField()
    detail = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.job_id} {self.old} → {self.new}"


class IdempotencyKey(models.Model):
    """A request that must make one job however often it is sent; `fingerprint` tells whether it is the same request."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    job = models.ForeignKey(EditingJob, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("owner", "key"), name="idempotency_key"),)

    def __str__(self) -> str:
        return self.key
