"""Publishing to us, over the JSON API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from editing.api import filters
from editing.api import publishing_serializers as serializers
from editing.api.parsers import BoundedJSONParser
from editing.api.schema import ProblemSchema
from editing.api.views import ListedViewSet
from editing.models import Stream
from editing.services import publishing, stream_keys

_STREAM = serializers.PublishedStreamSerializer
_RULE = serializers.PublishingRuleSerializer


class PublishedStreamViewSet(ListedViewSet):
    """Published streams: those of our own RTMP server, with their keys and who is on air."""

    queryset = rows = Stream.objects.all()
    serializer_class = _STREAM
    filterset_class = filters.StreamFilter
    lookup_value_regex = "[0-9]+"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset() & publishing.streams_here()

    @extend_schema(request=serializers.PublishedStreamInput, responses={201: _STREAM})
    def create(self, request: Request) -> Response:
        """Make a key for a stream that has none."""
        given = serializers.PublishedStreamInput(data=request.data)
        given.is_valid(raise_exception=True)
        stream = publishing.invite(given.validated_data["app"], given.validated_data["stream"])
        answer = self._answer(stream, status.HTTP_201_CREATED)
        answer["Location"] = self.reverse_action("detail", args=[stream.pk])
        return answer

    @extend_schema(request=None, responses=_STREAM)
    @action(detail=True, methods=["post"])
    def key(self, request: Request, pk: str) -> Response:
        """Give it another key; who publishes with the former is sent away within ten seconds."""
        stream = self.get_object()
        stream_keys.rotate(stream)
        return self._answer(stream)

    @extend_schema(request=None, responses={204: None})
    @key.mapping.delete
    def remove_key(self, request: Request, pk: str) -> Response:
        """Take its key away: where others than this machine reach the server it cannot be published then."""
        stream_keys.remove(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _answer(self, stream: Stream, code: int = status.HTTP_200_OK) -> Response:
        return Response(_STREAM(stream, context=self.get_serializer_context()).data, code)


class PublishingRuleViewSet(viewsets.ViewSet):
    """Publishing rules: what becomes of what is published under an application of our RTMP server."""

    schema = ProblemSchema()
    parser_classes = (BoundedJSONParser,)
    lookup_field = "app"
    lookup_value_regex = "[A-Za-z0-9_-]{1,63}"

    @extend_schema(responses=_RULE(many=True))
    def list(self, request: Request) -> Response:
        """All applications with their rules."""
        return Response(_RULE([publishing.rule_of(app) for app in settings.RTMP_APPLICATIONS], many=True).data)

    @extend_schema(request=serializers.PublishingRuleInput, responses=_RULE)
    def update(self, request: Request, app: str) -> Response:
        """Replace the rule, for those who publish from now on."""
        given = serializers.PublishingRuleInput(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(_RULE(publishing.set_rule(app, **given.validated_data)).data)
