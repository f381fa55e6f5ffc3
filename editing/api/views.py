"""The JSON API: load, ask a service, answer."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from editing.api import filters, inputs, project_inputs, project_serializers, serializers
from editing.api.clip_views import ClipsOfProject
from editing.api.paging import SegmentPages
from editing.api.parsers import BoundedJSONParser
from editing.api.plans import PlannedSerializer
from editing.api.schema import ProblemSchema
from editing.models import Bucket, EditingJob, MediaAsset, Project, ProjectState, Recording, SegmentRow, Stream
from editing.models.editing_job import IdempotencyKey
from editing.models.roles import Verb
from editing.services import editing_jobs, links, media, projects, recordings, streams
from editing.timeline.describe import describe
from editing.timeline.instant import Instant, parse_instant

_ID = "[0-9a-f]{32}"
_NUMBER = "[0-9]+"


class ListedViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Any]):
    """A list and its items, as far as the asker may see them; lists leave out what is long."""

    schema = ProblemSchema()
    parser_classes = (BoundedJSONParser,)
    filter_backends = (filters.StrictFilterBackend,)
    rows: QuerySet[Any]
    detail_class: type[Any] | None = None

    def get_queryset(self) -> QuerySet[Any]:
        visible: QuerySet[Any] = self.rows.all().visible_to(self.request.user)  # type: ignore[attr-defined]
        return visible

    def get_serializer_class(self) -> type[Any]:
        if self.action != "list" and self.detail_class:
            return self.detail_class
        return super().get_serializer_class()


class StreamViewSet(ListedViewSet):
    """Streams: known by domain, application and name."""

    queryset = rows = Stream.objects.all()
    serializer_class = serializers.StreamSerializer
    filterset_class = filters.StreamFilter
    lookup_value_regex = _NUMBER

    @extend_schema(request=inputs.StreamChange, responses=serializers.StreamSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Say how much of what is recorded of it is kept."""
        stream = self.get_object()
        given = inputs.StreamChange(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(serializers.StreamSerializer(streams.keep(stream, **given.validated_data)).data)


_START, _END = (OpenApiParameter(name, OpenApiTypes.DATETIME) for name in ("start", "end"))


class RecordingViewSet(ListedViewSet):
    """Recordings: dated runs of segments of a stream."""

    queryset = rows = Recording.objects.select_related("stream", "bucket")
    serializer_class = serializers.RecordingSerializer
    detail_class = serializers.RecordingDetailSerializer
    filterset_class = filters.RecordingFilter
    lookup_value_regex = _NUMBER

    @extend_schema(responses=serializers.CoverageSerializer)
    @action(detail=True, pagination_class=None)
    def coverage(self, request: Request, pk: str) -> Response:
        """What is recorded, as merged ranges, the gaps between them with their reasons, and steps of the clock."""
        found = recordings.outline(self.get_object()).coverage
        body = {"covered": found.covered(), "gaps": found.gaps(), "clock_steps": found.clock_steps()}
        return Response(serializers.CoverageSerializer(body).data)

    @extend_schema(responses=serializers.SegmentSerializer(many=True))
    @action(detail=True, filter_backends=(), pagination_class=SegmentPages)
    def segments(self, request: Request, pk: str) -> Response:
        """The segments in order, paged by cursor."""
        rows = SegmentRow.objects.filter(recording=self.get_object()).defer("packed")
        page = self.paginate_queryset(rows.select_related("anchor", "parameters"))
        return self.get_paginated_response(serializers.SegmentSerializer(page, many=True).data)

    @extend_schema(responses=serializers.PlaybackSerializer, parameters=[_START, _END])
    @action(detail=True, pagination_class=None)
    def playback(self, request: Request, pk: str) -> Response:
        """A time-limited address of the recording, or of a part of it, as HLS; 25 hours at most play at once."""
        start, end = (_instant(request, name) for name in ("start", "end"))
        address = links.playlist_url(self.get_object(), start=start, end=end)
        return Response({"url": request.build_absolute_uri(address)})


class BucketViewSet(ListedViewSet):
    """Buckets: where recordings and results are kept."""

    queryset = rows = Bucket.objects.all()
    serializer_class = serializers.BucketSerializer
    lookup_field = "name"
    lookup_value_regex = "[a-z0-9-]+"
    filterset_class = filters.BucketFilter


_IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The same request with the same key makes one job, however often it is sent.",
)


class EditingJobViewSet(ListedViewSet):
    """Editing jobs: clips merged into one video in the background."""

    queryset = rows = EditingJob.objects.select_related("bucket", "cover_bucket")
    serializer_class = serializers.EditingJobSerializer
    detail_class = serializers.EditingJobDetailSerializer
    filterset_class = filters.EditingJobFilter
    lookup_value_regex = _ID
    verb = Verb.EDIT

    @extend_schema(
        request=inputs.EditingJobInput,
        responses={202: serializers.EditingJobDetailSerializer},
        parameters=[_IDEMPOTENCY],
    )
    def create(self, request: Request) -> Response:
        """Submit a merge. The answer names the job; its address tells how it goes."""
        key = request.headers.get("Idempotency-Key", "")
        replayed = bool(key) and IdempotencyKey.objects.filter(owner_id=request.user.pk, key=key).exists()
        job = editing_jobs.submit(request.user, **_input(request), idempotency_key=key)
        answer = self._answer(job, status.HTTP_202_ACCEPTED)
        answer["Location"] = self.reverse_action("detail", args=[job.pk])
        if replayed:
            answer["Idempotency-Replayed"] = "true"
        return answer

    @extend_schema(request=inputs.EditingJobInput, responses=PlannedSerializer)
    @action(detail=False, methods=["post"], pagination_class=None)
    def plan(self, request: Request) -> Response:
        """A dry run: what would be taken, snapped and missing, how long and how big it would be."""
        given = _input(request)
        del given["user_data"], given["project"]
        planned = editing_jobs.plan(given.pop("clips"), **given)
        return Response({"waiting": planned.waiting, "plan": describe(planned.plan) if planned.plan else None})

    @extend_schema(request=None, responses={202: serializers.EditingJobDetailSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop a job that has not finished; one that runs ends within a second."""
        return self._answer(editing_jobs.cancel(self.get_object()), status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses={202: serializers.EditingJobDetailSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Put a failed or cancelled job back into the queue."""
        return self._answer(editing_jobs.retry(self.get_object()), status.HTTP_202_ACCEPTED)

    def _answer(self, job: EditingJob, code: int) -> Response:
        return Response(serializers.EditingJobDetailSerializer(job, context=self.get_serializer_context()).data, code)


class MediaAssetViewSet(ListedViewSet):
    """Media assets: finished files."""

    queryset = rows = MediaAsset.objects.select_related("bucket", "cover_bucket")
    serializer_class = serializers.MediaAssetSerializer
    detail_class = serializers.MediaAssetDetailSerializer
    filterset_class = filters.MediaAssetFilter
    lookup_value_regex = _ID
    verb = Verb.EDIT

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete an asset and its file."""
        media.delete(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ProjectViewSet(ClipsOfProject, ListedViewSet):
    """Editing projects, and those of live editing whose jobs store where they say."""

    queryset = rows = Project.objects.select_related("bucket").exclude(state=ProjectState.DELETED)
    serializer_class = project_serializers.ProjectSerializer
    detail_class = project_serializers.ProjectDetailSerializer
    filterset_class = filters.ProjectFilter
    lookup_value_regex = _ID
    verb = Verb.EDIT

    @extend_schema(request=project_inputs.ProjectInput, responses={201: project_serializers.ProjectDetailSerializer})
    def create(self, request: Request) -> Response:
        """A project: a Draft until it has a timeline."""
        given = project_inputs.ProjectInput(data=request.data)
        given.is_valid(raise_exception=True)
        project = projects.create(request.user, **given.request())
        answer = Response(project_serializers.ProjectDetailSerializer(project).data, status.HTTP_201_CREATED)
        answer["Location"] = self.reverse_action("detail", args=[project.pk])
        return answer

    @extend_schema(request=project_inputs.ProjectChanges, responses=project_serializers.ProjectDetailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Replace what is given; reserve, or cancel the reservation."""
        given = project_inputs.ProjectChanges(data=request.data)
        given.is_valid(raise_exception=True)
        project = projects.update(self.get_object(), **given.validated_data)
        return Response(project_serializers.ProjectDetailSerializer(project).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a project; its jobs go on and its assets stay."""
        projects.delete(request.user, [self.get_object().pk])
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema(exclude=True)
class Nowhere(APIView):
    """Every other address: a problem like all others, and not even that for those who have not signed in."""

    verb = Verb.SEE

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise exceptions.NotFound("There is no such address; those of the API end with a slash.")


def _instant(request: Request, name: str) -> Instant | None:
    text = request.query_params.get(name)
    return parse_instant(text, field=name) if text else None


def _input(request: Request) -> dict[str, Any]:
    given = inputs.EditingJobInput(data=request.data)
    given.is_valid(raise_exception=True)
    return given.request(request.user)
