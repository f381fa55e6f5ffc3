"""Record jobs and templates over the JSON API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from editing.api import filters
from editing.api import record_serializers as serializers
from editing.api.serializers import RecordFileSerializer
from editing.api.views import ListedViewSet
from editing.models import RecordFile, RecordJob, RecordTemplate
from editing.services import record_files, record_jobs, record_templates

_ID = "[0-9a-f]{32}"
_JOB = serializers.RecordJobDetailSerializer
_TEMPLATE = serializers.RecordTemplateSerializer


class RecordTemplateViewSet(ListedViewSet):
    """Record templates: how record jobs record."""

    queryset = rows = RecordTemplate.objects.all()
    serializer_class = _TEMPLATE
    filterset_class = filters.RecordTemplateFilter
    lookup_value_regex = _ID

    @extend_schema(request=serializers.RecordTemplateInput, responses={201: _TEMPLATE})
    def create(self, request: Request) -> Response:
        """Make a template of your own."""
        template = record_templates.create(**_checked(serializers.RecordTemplateInput, request))
        return Response(_TEMPLATE(template).data, status.HTTP_201_CREATED)

    @extend_schema(request=serializers.RecordTemplateInput, responses=_TEMPLATE)
    def update(self, request: Request, pk: str) -> Response:
        """Replace name and formats of a template of your own; jobs that use it keep what they have."""
        template = self.get_object()
        given = _checked(serializers.RecordTemplateInput, request)
        return Response(_TEMPLATE(record_templates.update(template, **given)).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a template of your own; jobs that use it go on."""
        record_templates.delete(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class RecordFileViewSet(ListedViewSet):
    """Record files: whole recordings as MP4 or FLV, because the template of their job asks for them."""

    queryset = rows = RecordFile.objects.all()
    serializer_class = RecordFileSerializer
    filterset_class = filters.RecordFileFilter
    lookup_value_regex = _ID

    @extend_schema(request=None, responses={202: RecordFileSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Have a file made that could not be made."""
        return Response(RecordFileSerializer(record_files.retry(self.get_object())).data, status.HTTP_202_ACCEPTED)


class RecordJobViewSet(ListedViewSet):
    """Record jobs: live streams that are recorded."""

    queryset = rows = RecordJob.objects.select_related("stream", "bucket")
    serializer_class = serializers.RecordJobSerializer
    detail_class = _JOB
    filterset_class = filters.RecordJobFilter
    lookup_value_regex = _ID

    @extend_schema(request=serializers.RecordJobInput, responses={201: _JOB})
    def create(self, request: Request) -> Response:
        """Record a stream, at once or by a schedule."""
        job = record_jobs.create(request.user, **_checked(serializers.RecordJobInput, request))
        answer = self._answer(job, status.HTTP_201_CREATED)
        answer["Location"] = self.reverse_action("detail", args=[job.pk])
        return answer

    @extend_schema(request=serializers.RecordJobChange, responses=_JOB)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change its name, its callback, or the end of its schedule."""
        return self._answer(record_jobs.update(self.get_object(), **_checked(serializers.RecordJobChange, request)))

    @extend_schema(request=None, responses=_JOB)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Stop recording within two seconds, until somebody resumes it; its recording stays open."""
        return self._change(record_jobs.pause)

    @extend_schema(request=None, responses=_JOB)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Record again what was paused, into the same recording."""
        return self._change(record_jobs.resume)

    @extend_schema(request=None, responses=_JOB)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """End it within two seconds; its recording is closed."""
        return self._change(record_jobs.stop)

    @extend_schema(request=None, responses=_JOB)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Look for the stream again after a stop; its recording goes on, with a pause in it."""
        return self._change(record_jobs.start)

    def _change(self, change: Callable[[RecordJob], RecordJob]) -> Response:
        return self._answer(change(self.get_object()))

    def _answer(self, job: RecordJob, code: int = status.HTTP_200_OK) -> Response:
        return Response(_JOB(job, context=self.get_serializer_context()).data, code)


def _checked(shape: type[Any], request: Request) -> dict[str, Any]:
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    values: dict[str, Any] = given.validated_data
    return values
