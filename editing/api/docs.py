"""The description of the API and its page, both served from here."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView


class _RefusesInJSON(APIView):
    """Refusals are problems here too, whatever an answer would have been written in."""

    def handle_exception(self, exc: Exception) -> Response:
        self.request.accepted_renderer, self.request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return super().handle_exception(exc)


class Schema(_RefusesInJSON, SpectacularAPIView):
    """OpenAPI, as YAML or JSON."""


class Docs(_RefusesInJSON, SpectacularSwaggerSplitView):
    """Swagger UI. Its script comes as a second answer of the same address, so that no page holds one."""

    template_name = "api/docs.html"
