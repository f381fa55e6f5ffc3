from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from editing.models.bucket import Bucket
from editing.models.ids import new_id
from editing.models.media_asset import MediaAsset
from editing.models.project_states import (
    BUSINESS_MOVES,
    CONVERT_MOVES,
    PROJECT_MOVES,
    BusinessState,
    ConvertState,
    ProjectState,
)
from editing.models.querysets import SeenByRole
from editing.models.states import compare_and_set
from editing.timeline.clips import StreamName

MOVES = {"state": PROJECT_MOVES, "business_state": BUSINESS_MOVES, "convert_state": CONVERT_MOVES}


class ProjectQuerySet(SeenByRole):
    def present(self) -> ProjectQuerySet:
        """Those that are not deleted."""
        return self.exclude(state=ProjectState.DELETED)


class Project(models.Model):
    """An editing project, or one of live editing, whose jobs cut clips from its live streams.

    `timeline` is what was written, `frontend` the same in the style of web editors once it has been converted.
    `business_config` is repeated as it came; `bucket`, `folder` and `reserved_at` are what it says.
    `duration` is in µs; `clips` is a list of {"id", "recording", "domain", "app", "stream", "start", "end", "cover"}.
    """

    class Kind(models.TextChoices):
        EDITING = "EditingProject"
        LIVE = "LiveEditingProject"

    class Template(models.TextChoices):
        TIMELINE = "Timeline"
        ADVANCED = "VETemplate"
        NONE = "None"

    class Source(models.TextChoices):
        OPEN_API = "OpenAPI"
        CONSOLE = "AliyunConsole"
        WEB_SDK = "WebSDK"
        LIVE_OPEN_API = "LiveEditingOpenAPI"
        LIVE_CONSOLE = "LiveEditingConsole"

    id = models.CharField(max_length=32, primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=24, choices=Kind.choices, default=Kind.EDITING)
    title = models.CharField(max_length=128)
    description = models.TextField(blank=True)
    cover_url = models.CharField(max_length=1024, blank=True)
    timeline = models.TextField(blank=True)
    template_id = models.CharField(max_length=64, blank=True)
    clips_param = models.TextField(blank=True)
    template_type = models.CharField(max_length=16, choices=Template.choices, default=Template.TIMELINE)
    duration = models.PositiveBigIntegerField(default=0)
    created_by = models.CharField(max_length=24, choices=Source.choices, default=Source.OPEN_API)
    changed_by = models.CharField(max_length=24, choices=Source.choices, default=Source.OPEN_API)

    clips = models.JSONField(default=list, help_text="Chosen on the pages of recordings and not merged yet.")
    clips_revision = models.PositiveIntegerField(default=0, help_text="Counts the changes of its clips.")

    business_config = models.TextField(blank=True)
    bucket = models.ForeignKey(Bucket, models.PROTECT, null=True, related_name="+", help_text="Where its jobs store.")
    folder = models.CharField(max_length=255, blank=True)
    reserved_at = models.DateTimeField(null=True, help_text="When its live streams are to be on.")
    loading_since = models.DateTimeField(null=True, help_text="When they were first looked for.")

    state = models.CharField(max_length=16, choices=ProjectState.choices, default=ProjectState.DRAFT)
    business_state = models.CharField(
        max_length=24, choices=BusinessState.choices, default=BusinessState.NONE, blank=True
    )
    convert_state = models.CharField(max_length=16, choices=ConvertState.choices, default=ConvertState.UNCONVERTED)
    frontend = models.TextField(blank=True)
    convert_problem = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, help_text="When the queue was last told to convert it.")
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (
            # All that lists filter by is in it: counting and pages far in read no rows.
            models.Index(
                fields=("-created_at", "-id", "state", "kind", "created_by", "template_type"), name="project_newest"
            ),
            models.Index(fields=("state", "-created_at"), name="project_by_state"),
            models.Index(fields=("changed_at",), name="project_by_change"),
        )

    def __str__(self) -> str:
        return self.title

    def move(self, column: str, to: str, *, where: models.Q | None = None, detail: str = "", **changes: Any) -> None:
        """Take one of its three states further. Raises StaleState, and ValueError as `states.move` does."""
        compare_and_set(self, column, to, MOVES[column], where=where, detail=detail, **changes)


class CurrentProject(models.Model):
    """The live project to which somebody's clips go."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.project_id}"


class ProjectEvent(models.Model):
    """One change of one of a project's states."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="events")
    column = models.CharField(max_length=16)
    old = models.CharField(max_length=24)
    new = models.CharField(max_length=24)
    at = models.DateTimeField()
    detail = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.project_id} {self.old} → {self.new}"


class ProjectMaterial(models.Model):
    """What a project works with: a media asset, a live stream, or the ordinary project of a live one."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="materials")
    asset = models.ForeignKey(MediaAsset, models.CASCADE, null=True, related_name="+")
    other = models.ForeignKey(Project, models.CASCADE, null=True, related_name="+")
    domain = models.CharField(max_length=253, blank=True)
    app = models.CharField(max_length=255, blank=True)
    stream = models.CharField(max_length=255, blank=True)
    url = models.CharField(max_length=1024, blank=True)
    vouched = models.BooleanField(
        default=False, help_text="An operator named the stream: it may be recorded from there."
    )
    record_job = models.ForeignKey(
        "editing.RecordJob",
        models.SET_NULL,
        null=True,
        related_name="+",
        help_text="The one that its project's reservation started.",
    )

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("project", "asset"), condition=models.Q(asset__isnull=False), name="material_asset"
            ),
            models.UniqueConstraint(
                fields=("project", "other"), condition=models.Q(other__isnull=False), name="material_project"
            ),
            models.UniqueConstraint(
                fields=("project", "domain", "app", "stream"), condition=~models.Q(stream=""), name="material_stream"
            ),
        )

    def __str__(self) -> str:
        return str(self.asset_id or self.other_id or self.name)

    @property
    def name(self) -> StreamName:
        return StreamName(self.domain, self.app, self.stream)
