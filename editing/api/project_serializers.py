"""Editing projects that go out."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from editing.api.fields import StreamNameSerializer
from editing.api.serializers import FaultSerializer
from editing.models import Project, ProjectEvent


class ProjectEventSerializer(serializers.ModelSerializer[ProjectEvent]):
    class Meta:
        model = ProjectEvent
        fields = ("column", "old", "new", "at", "detail")


class MaterialsSerializer(serializers.Serializer[Any]):
    """Ids of media assets and of projects, and live streams."""

    media_assets = serializers.ListField(child=serializers.CharField())
    streams = StreamNameSerializer(many=True)
    projects = serializers.ListField(child=serializers.CharField())


class ProjectSerializer(serializers.ModelSerializer[Project]):
    """`duration` in seconds; `bucket`, `folder` and `reserved_at` are of live editing projects."""

    bucket = serializers.CharField(source="bucket.name", allow_null=True, default=None)
    duration = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = Project
        fields = (
            *("id", "kind", "title", "description", "cover_url", "state", "business_state", "error", "duration"),
            *("bucket", "folder", "reserved_at", "created_by", "changed_by", "created_at", "changed_at"),
        )

    def get_duration(self, project: Project) -> float:
        return project.duration / 1_000_000

    @extend_schema_field(FaultSerializer(allow_null=True))
    def get_error(self, project: Project) -> dict[str, str] | None:
        return {"code": project.error_code, "message": project.error_message} if project.error_code else None


class ProjectDetailSerializer(ProjectSerializer):
    """With the timeline as it was written, the materials, and every change of state."""

    timeline = serializers.SerializerMethodField()
    materials = serializers.SerializerMethodField()
    events = ProjectEventSerializer(many=True)

    class Meta(ProjectSerializer.Meta):
        fields = (*ProjectSerializer.Meta.fields, "timeline", "materials", "events")  # type: ignore[assignment]

    @extend_schema_field(serializers.DictField())
    def get_timeline(self, project: Project) -> Any:
        return json.loads(project.timeline or "{}")

    @extend_schema_field(MaterialsSerializer())
    def get_materials(self, project: Project) -> dict[str, Any]:
        rows = list(project.materials.all())
        return {
            "media_assets": [row.asset_id for row in rows if row.asset_id],
            "streams": [{"domain": row.domain, "app": row.app, "stream": row.stream} for row in rows if row.stream],
            "projects": [row.other_id for row in rows if row.other_id],
        }
