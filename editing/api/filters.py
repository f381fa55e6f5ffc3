"""Filters of the lists. A parameter that no list knows is refused: a typing error must not select everything."""

from __future__ import annotations

import re
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from editing.errors import InvalidInstant
from editing.models import (
    Bucket,
    Delivery,
    DeliveryState,
    EditingJob,
    MediaAsset,
    Project,
    ProjectState,
    RecordFile,
    Recording,
    RecordJob,
    RecordTemplate,
    Stream,
)
from editing.models.states import JobState, RecordState
from editing.timeline.clips import Mode
from editing.timeline.instant import Instant, parse_instant, to_datetime

_PAGING = {"page", "page_size", "cursor", "format"}


class StrictFilterBackend(DjangoFilterBackend):
    """Filters lists, and nothing but lists: an item is found by its address alone."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        if view.action != "list":
            return queryset
        known = self.get_filterset_class(view, queryset).base_filters
        if unknown := set(request.query_params) - set(known) - _PAGING:
            said = [f"Unknown parameter; known are {', '.join([*known, 'page', 'page_size'])}."]
            raise ValidationError(dict.fromkeys(sorted(unknown), said))
        filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return filtered


class InstantFormField(forms.CharField):
    """An instant as ISO-8601 text with an offset, whose + may have come as the space that it means in an address."""

    def to_python(self, value: Any) -> Any:
        text = re.sub(r" (\d\d:?\d\d)$", r"+\1", super().to_python(value) or "")
        try:
            return parse_instant(text) if text else None
        except InvalidInstant as error:
            raise forms.ValidationError(error.message) from error


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantFilter(django_filters.CharFilter):
    """Of a column that holds instants."""

    field_class = InstantFormField

    def filter(self, rows: QuerySet[Any], value: Instant | None) -> QuerySet[Any]:
        return rows if value is None else rows.filter(**{f"{self.field_name}__{self.lookup_expr}": self.column(value)})

    def column(self, value: Instant) -> Any:
        return value


class MomentFilter(InstantFilter):
    """Of a column that holds the database's own dates and times."""

    def column(self, value: Instant) -> Any:
        return to_datetime(value)


class FlagFormField(forms.Field):
    """`true` or `false`, and nothing that would silently count as neither."""

    words = {"true": True, "false": False, "": None}

    def to_python(self, value: Any) -> bool | None:
        if (word := (value or "").lower()) not in self.words:
            raise forms.ValidationError("Give true or false.")
        return self.words[word]


class FlagFilter(django_filters.BooleanFilter):
    field_class = FlagFormField

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.TextInput, **options)


class BucketFilter(django_filters.FilterSet):
    active = FlagFilter()

    class Meta:
        model = Bucket
        fields = ("kind",)


class StreamFilter(django_filters.FilterSet):
    stream = django_filters.CharFilter("name")
    ordering = django_filters.OrderingFilter(fields=("domain", "app", ("name", "stream"), "created_at"))

    class Meta:
        model = Stream
        fields = ("domain", "app")


class RecordingFilter(django_filters.FilterSet):
    """`after` and `before` select recordings that overlap the time between them."""

    domain = django_filters.CharFilter("stream__domain")
    app = django_filters.CharFilter("stream__app")
    stream = django_filters.CharFilter("stream__name")
    bucket = django_filters.CharFilter("bucket__name")
    after = InstantFilter("end", lookup_expr="gt")
    before = InstantFilter("start", lookup_expr="lt")
    ended = FlagFilter()
    record_job = django_filters.CharFilter("record_job_id")
    ordering = django_filters.OrderingFilter(fields=("start", "end", "size", "created_at"))

    class Meta:
        model = Recording
        fields: tuple[str, ...] = ()


class EditingJobFilter(django_filters.FilterSet):
    """`domain`, `app` and `stream` select jobs with a clip of such a stream."""

    state = django_filters.MultipleChoiceFilter(distinct=False, choices=JobState.choices)
    mode = django_filters.MultipleChoiceFilter(distinct=False, choices=[(mode.value, mode.value) for mode in Mode])
    domain = django_filters.CharFilter(method="of_stream")
    app = django_filters.CharFilter(method="of_stream")
    stream = django_filters.CharFilter(method="of_stream")
    bucket = django_filters.CharFilter("bucket__name")
    media_asset = django_filters.CharFilter("media_id")
    project = django_filters.CharFilter("project_id")
    created_after = MomentFilter("created_at", lookup_expr="gte")
    created_before = MomentFilter("created_at", lookup_expr="lt")
    ordering = django_filters.OrderingFilter(fields=("created_at", "finished_at"))

    class Meta:
        model = EditingJob
        fields = ("key",)

    def of_stream(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """All parts together, of one and the same clip; the first of them does it for all."""
        parts = {part: self.form.cleaned_data[part] for part in ("domain", "app", "stream")}
        given = {part: text for part, text in parts.items() if text}
        selected: QuerySet[Any] = rows.of_stream(**given) if name == next(iter(given)) else rows  # type: ignore[attr-defined]
        return selected


class RecordJobFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(distinct=False, choices=RecordState.choices)
    name = django_filters.CharFilter(lookup_expr="icontains")
    domain = django_filters.CharFilter("stream__domain")
    app = django_filters.CharFilter("stream__app")
    stream = django_filters.CharFilter("stream__name")
    bucket = django_filters.CharFilter("bucket__name")
    created_after = MomentFilter("created_at", lookup_expr="gte")
    created_before = MomentFilter("created_at", lookup_expr="lt")
    ordering = django_filters.OrderingFilter(fields=("created_at", "name"))

    class Meta:
        model = RecordJob
        fields: tuple[str, ...] = ()


class RecordFileFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(choices=RecordFile.State.choices)
    job = django_filters.CharFilter("recording__record_job_id")
    recording = django_filters.NumberFilter("recording_id")
    ordering = django_filters.OrderingFilter(fields=("created_at",))

    class Meta:
        model = RecordFile
        fields = ("format",)


class RecordTemplateFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(lookup_expr="icontains")
    ordering = django_filters.OrderingFilter(fields=("created_at", "name"))

    class Meta:
        model = RecordTemplate
        fields = ("kind",)


class MediaAssetFilter(django_filters.FilterSet):
    bucket = django_filters.CharFilter("bucket__name")
    created_after = MomentFilter("created_at", lookup_expr="gte")
    created_before = MomentFilter("created_at", lookup_expr="lt")
    ordering = django_filters.OrderingFilter(fields=("created_at", "size", "duration"))
    job = django_filters.CharFilter("job_id")

    class Meta:
        model = MediaAsset
        fields = ("kind", "key")


class ProjectFilter(django_filters.FilterSet):
    bucket = django_filters.CharFilter("bucket__name")
    state = django_filters.MultipleChoiceFilter(distinct=False, choices=ProjectState.choices)
    created_after = MomentFilter("created_at", lookup_expr="gte")
    created_before = MomentFilter("created_at", lookup_expr="lt")
    ordering = django_filters.OrderingFilter(fields=("created_at", "changed_at"))

    class Meta:
        model = Project
        fields = ("kind",)


class DeliveryFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(distinct=False, choices=DeliveryState.choices)
    job = django_filters.CharFilter("subject")
    created_after = MomentFilter("created_at", lookup_expr="gte")
    created_before = MomentFilter("created_at", lookup_expr="lt")
    ordering = django_filters.OrderingFilter(fields=(("id", "created_at"),))

    class Meta:
        model = Delivery
        fields = ("event", "address")
