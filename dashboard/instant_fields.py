"""Instants in forms: what is sent is ISO-8601, what is typed is whatever the script of the page understands."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from editing.errors import InvalidInstant
from editing.timeline.instant import Instant, format_instant, from_datetime, parse_instant


class ComingInstantInput(forms.TextInput):
    """A text field for an instant that is still to come, typed as one likes in the zone that is shown."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        field = super().render(name, value, attrs, renderer)
        first = format_instant(from_datetime(timezone.now()))
        return format_html('<time-field first="{}">{}</time-field>', first, field)


class InstantField(forms.CharField):
    """An instant in full, or nothing."""

    def clean(self, value: Any) -> Instant | None:
        text = super().clean(value)
        try:
            return parse_instant(text) if text else None
        except InvalidInstant as error:
            raise forms.ValidationError(error.message) from error
