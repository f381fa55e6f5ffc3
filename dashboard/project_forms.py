"""Shapes of what pages say of live projects."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.instant_fields import ComingInstantInput, InstantField
from editing.errors import EditingError
from editing.models import Bucket, Project
from editing.services import record_jobs
from editing.services.project_materials import LiveStream, Materials
from editing.services.project_storage import Business
from editing.timeline.instant import to_datetime


class LiveProjectForm(forms.Form):
    """A live project: where its clips go, whose stream they are of, and when that is to be on."""

    title = forms.CharField(max_length=128)
    bucket = forms.ModelChoiceField(Bucket.objects.active(), empty_label=None, to_field_name="name")
    folder = forms.CharField(max_length=200, required=False, help_text="Empty: the top of the bucket.")
    url = forms.CharField(
        label="Stream", max_length=1024, required=False, help_text="rtmp://host/application/stream, if you know it yet"
    )
    reserved_at = InstantField(
        label="Begins",
        required=False,
        widget=ComingInstantInput({"placeholder": "20:00"}),
        help_text="When to look for the stream and record it: 20:00, or 2026-11-20 20:00. Empty: it is not reserved.",
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("reserved_at") is not None and not values.get("url"):
            self.add_error("url", "Say which stream shall be recorded.")
        return values

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        try:
            self.stream = record_jobs.stream_of(url) if url else None
        except EditingError as error:
            raise forms.ValidationError(error.message) from error
        return url

    def request(self) -> dict[str, Any]:
        """The arguments of services.projects.create."""
        values = self.cleaned_data
        at = values["reserved_at"]
        reserved = None if at is None else to_datetime(at)
        return {
            "title": values["title"],
            "kind": Project.Kind.LIVE,
            "business": Business("", values["bucket"], values["folder"].strip("/"), reserved),
            "materials": Materials(live=[LiveStream(self.stream, values["url"])] if self.stream else []),
            "source": Project.Source.LIVE_CONSOLE,
        }
