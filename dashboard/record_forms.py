"""Shapes of page input about recording: they clean and never save."""

from __future__ import annotations

from typing import Any

from django import forms

from editing.errors import EditingError
from editing.models import RecordTemplate
from editing.models.defaults import segments_of
from editing.services import record_templates

_SEGMENTS = "m3u8"
_SLICES, _CYCLES = record_templates.SLICES, record_templates.CYCLES


class RecordTemplateForm(forms.Form):
    """A template: its segments, which every one has, and the files it makes besides of them."""

    name = forms.CharField(max_length=record_templates.LONGEST_NAME)
    slice_duration = forms.IntegerField(
        label="Seconds of a segment",
        help_text=f"{_SLICES[0]} to {_SLICES[-1]}. A segment can be cut once it is whole, and ends with a keyframe.",
    )
    cycle_duration = forms.IntegerField(
        label="Seconds of a recording",
        help_text=f"{_CYCLES[0]} to {_CYCLES[-1]}; then the next one begins, without losing a frame.",
    )
    object_prefix = forms.CharField(
        label="Names of playlists",
        max_length=record_templates.LONGEST_PREFIX,
        help_text="With {EscapedStartTime} and {EscapedEndTime}, or {StartTime} and {EndTime}; {JobId} and {Sequence}.",
    )
    slice_prefix = forms.CharField(
        label="Names of segments",
        max_length=record_templates.LONGEST_PREFIX,
        help_text="With {UnixTimestamp} and {Sequence}; {JobId} if you like.",
    )
    also = forms.MultipleChoiceField(
        label="Besides, a file of each recording as", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", _shown([segments_of(6)]))
        super().__init__(*args, **kwargs)
        field = self.fields["also"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(name, name) for name in record_templates.FORMATS if name != _SEGMENTS]
        if not field.choices:
            del self.fields["also"]

    @staticmethod
    def initial_of(template: RecordTemplate) -> dict[str, Any]:
        return {"name": template.name, **_shown(template.formats)}

    def values(self) -> dict[str, Any]:
        """The arguments of services.record_templates.create and update."""
        given = self.cleaned_data
        common = {"cycle_duration": given["cycle_duration"], "object_prefix": given["object_prefix"]}
        segments = {"slice_duration": given["slice_duration"], "slice_prefix": given["slice_prefix"]}
        files = [{"format": name, **common} for name in given.get("also", ())]
        return {"name": given["name"], "formats": [{"format": _SEGMENTS, **common, **segments}, *files]}

    def add_refusal(self, error: EditingError) -> None:
        """Show a service's refusal at the field it names."""
        field = (error.field or "").rpartition(".")[2]
        self.add_error(field if field in self.fields else None, error.message)


def _shown(formats: list[dict[str, Any]]) -> dict[str, Any]:
    whole = {name: formats[0][name] for name in ("cycle_duration", "object_prefix")}
    segments = next((entry for entry in formats if entry["format"] == _SEGMENTS), {**segments_of(6), **whole})
    return {
        **{name: segments[name] for name in ("slice_duration", "cycle_duration", "object_prefix", "slice_prefix")},
        "also": [entry["format"] for entry in formats if entry["format"] != _SEGMENTS],
    }
