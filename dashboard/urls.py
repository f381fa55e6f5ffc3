"""Addresses of all faces."""

from django.urls import URLPattern, URLResolver, include, path

from dashboard.views import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("api/", include("editing.api.urls")),
    path("", include("editing.delivery.urls")),
]
