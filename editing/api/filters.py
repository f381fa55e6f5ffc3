"""Filters of the lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from editing.models import EditingJob, MediaAsset, Recording, Stream
from editing.models.states import JobState
from editing.timeline.clips import Mode
from editing.timeline.instant import parse_instant


class StreamFilter(django_filters.FilterSet):
    stream = django_filters.CharFilter("name")

    class Meta:
        model = Stream
        fields = ("domain", "app")


class InstantFilter(django_filters.CharFilter):
    def filter(self, rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return super().filter(rows, parse_instant(value, field=self.field_name)) if value else rows


class RecordingFilter(django_filters.FilterSet):
    """`after` and `before` select recordings that overlap the time between them."""

    domain = django_filters.CharFilter("stream__domain")
    app = django_filters.CharFilter("stream__app")
    stream = django_filters.CharFilter("stream__name")
    after = InstantFilter("end", lookup_expr="gt")
    before = InstantFilter("start", lookup_expr="lt")

    class Meta:
        model = Recording
        fields = ("ended",)


class EditingJobFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=JobState.choices)
    mode = django_filters.MultipleChoiceFilter(choices=[(mode.value, mode.value) for mode in Mode])
    bucket = django_filters.CharFilter("bucket__name")
    created_after = django_filters.IsoDateTimeFilter("created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter("created_at", lookup_expr="lt")
    ordering = django_filters.OrderingFilter(fields=("created_at", "finished_at"))

    class Meta:
        model = EditingJob
        fields = ("key",)


class MediaAssetFilter(django_filters.FilterSet):
    bucket = django_filters.CharFilter("bucket__name")
    created_after = django_filters.IsoDateTimeFilter("created_at", lookup_expr="gte")
    created_before = django_filters.IsoDateTimeFilter("created_at", lookup_expr="lt")
    ordering = django_filters.OrderingFilter(fields=("created_at", "size", "duration"))

    class Meta:
        model = MediaAsset
        fields = ("kind", "job", "key")
