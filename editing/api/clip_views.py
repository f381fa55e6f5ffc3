"""The clips that are chosen in a live project, as a list that is read and replaced whole."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from editing.api.fields import InstantField, StreamNameSerializer, StrictSerializer
from editing.models import Project
from editing.services import project_clips
from editing.services.project_clips import Chosen
from editing.timeline.clips import Clip
from editing.timeline.instant import Range


class ChosenClip(StrictSerializer):
    """The frames of a stream from `start` up to, but not including, `end`; `cover` is an instant in it or its end.

    A clip keeps its `id` while it is said again; one that is new needs none.
    """

    id = serializers.RegexField(r"^[0-9a-f]{8}\Z", required=False)
    stream = StreamNameSerializer()
    start = InstantField()
    end = InstantField()
    cover = InstantField(required=False, allow_null=True, default=None)

    def to_internal_value(self, data: Any) -> tuple[str, Clip]:
        values = super().to_internal_value(data)
        return values.get("id", ""), Clip(values["stream"], Range(values["start"], values["end"]), values["cover"])

    def to_representation(self, instance: Chosen) -> dict[str, Any]:
        clip = instance.clip
        said = {"id": instance.id, "stream": clip.stream, "start": clip.range.start, "end": clip.range.end}
        return super().to_representation({**said, "cover": clip.cover})


class ClipList(StrictSerializer):
    """The clips in their order, and the revision that counts their changes.

    To replace them say the revision that you have read: where somebody else has changed them since, nothing is
    replaced (409, ClipsChanged); read them again.
    """

    revision = serializers.IntegerField(min_value=0, max_value=0x7FFF_FFFF)
    clips = ChosenClip(many=True, max_length=project_clips.MOST)  # type: ignore[call-arg] # of the list


class ClipsOfProject:
    """For the view of projects."""

    @extend_schema(methods=["GET"], responses=ClipList)
    @extend_schema(methods=["PUT"], request=ClipList, responses=ClipList)
    @action(detail=True, methods=["get", "put"], pagination_class=None)
    def clips(self, request: Request, pk: str) -> Response:
        """The clips that are chosen in a live project and not merged yet: those that its page shows."""
        project: Project = self.get_object()  # type: ignore[attr-defined]
        if request.method == "PUT":
            given = ClipList(data=request.data)
            given.is_valid(raise_exception=True)
            project_clips.replace(project, **given.validated_data)
        chosen = project_clips.chosen(project)
        return Response(ClipList({"revision": project.clips_revision, "clips": chosen}).data)
