"""Callbacks over the JSON API."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from editing.api import callback_serializers as serializers
from editing.api import filters
from editing.api.parsers import BoundedJSONParser
from editing.api.schema import ProblemSchema
from editing.api.views import ListedViewSet
from editing.models import Delivery
from editing.models.roles import Verb
from editing.services import callbacks

_OWN, _EVERYBODY = "own", "everybody"
_SETTINGS = serializers.EventCallbackSerializer
_DELIVERY = serializers.DeliveryDetailSerializer
_WHOSE = OpenApiParameter(
    "whose",
    enum=[_OWN, _EVERYBODY],
    location="path",
    description="The events of one's own jobs, or those of everybody's, which is for operators.",
)


@extend_schema(parameters=[_WHOSE])
class EventCallbackViewSet(viewsets.ViewSet):
    """Event callbacks: where events are sent that no job names an address for, and the key that signs."""

    schema = ProblemSchema()
    parser_classes = (BoundedJSONParser,)
    verb = Verb.EDIT
    lookup_field = "whose"
    lookup_value_regex = f"{_OWN}|{_EVERYBODY}"

    @extend_schema(responses=_SETTINGS)
    def retrieve(self, request: Request, whose: str) -> Response:
        """Where they go now; an empty address where they go nowhere."""
        return Response(_SETTINGS(callbacks.shown_to(_user(request), _whose(request, whose))).data)

    @extend_schema(request=serializers.EventCallbackInput, responses=_SETTINGS)
    def update(self, request: Request, whose: str) -> Response:
        """Say where they go."""
        given = serializers.EventCallbackInput(data=request.data)
        given.is_valid(raise_exception=True)
        callback = callbacks.set_up(_whose(request, whose), by=_user(request), **given.validated_data)
        return Response(_SETTINGS(callback).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, whose: str) -> Response:
        """Send them nowhere, and forget the key."""
        callbacks.remove(_whose(request, whose), by=_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=serializers.NewKeySerializer)
    @action(detail=True, methods=["post"])
    def key(self, request: Request, whose: str) -> Response:
        """A new key, with which everything is signed from now on; shown this once."""
        _, key = callbacks.renew_key(_whose(request, whose), by=_user(request))
        answer = Response({"key": key, "secret": callbacks.standard_secret(key)})
        answer["Cache-Control"] = "no-store"
        return answer

    @extend_schema(request=None, responses={202: _DELIVERY})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, whose: str) -> Response:
        """Send a CallbackTest to the address; the answer names the delivery."""
        delivery = callbacks.test(_whose(request, whose), by=_user(request))
        return Response(_DELIVERY(delivery).data, status.HTTP_202_ACCEPTED)


class DeliveryViewSet(ListedViewSet):
    """Callback deliveries: the events of one's own jobs on their way to an address; operators see all."""

    queryset = rows = Delivery.objects.all()
    serializer_class = serializers.DeliverySerializer
    detail_class = _DELIVERY
    filterset_class = filters.DeliveryFilter
    lookup_value_regex = "[0-9]{1,18}"
    verb = Verb.EDIT

    @extend_schema(request=None, responses={202: _DELIVERY})
    @action(detail=True, methods=["post"])
    def redeliver(self, request: Request, pk: str) -> Response:
        """Send it now, whatever has become of it; under the same message_id."""
        delivery = callbacks.redeliver(self.get_object())
        return Response(_DELIVERY(delivery).data, status.HTTP_202_ACCEPTED)


def _user(request: Request) -> User:
    return cast("User", request.user)


def _whose(request: Request, whose: str) -> User | None:
    return _user(request) if whose == _OWN else None
