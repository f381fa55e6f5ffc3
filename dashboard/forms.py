"""Shapes of page input: they clean and never save."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from dashboard.instant_fields import ComingInstantInput, InstantField
from editing.errors import EditingError, InvalidInstant
from editing.models import Bucket, Project, RecordTemplate, Stream
from editing.services import editing_jobs
from editing.services.editing_jobs import Output
from editing.timeline.clips import Clip, HolePolicy, Mode
from editing.timeline.instant import SECOND, Instant, Range, from_datetime, parse_instant, to_datetime

_TIME = re.compile(r"^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6}))?)?$")
_OFFSET = re.compile(r"^([+-])(?:(\d+):)?(\d+(?:[.,]\d+)?)$")
MODES = {
    Mode.ACCURATE_FAST: "exact to the frame; copied, but for the pictures at the edges",
    Mode.ACCURATE: "exact to the frame; everything is encoded, in any size",
    Mode.ROUGH: "whole segments, encoded: a little more than marked, in any size",
    Mode.ROUGH_FAST: "whole segments, copied: the fastest, a little more than marked",
}
_CLIP = re.compile(r"clips\[(\d+)\]")
HOLES = {
    HolePolicy.SKIP: "close the hole",
    HolePolicy.FAIL: "refuse to merge",
    HolePolicy.SLATE: "black and silence",
}


class MomentField(forms.CharField):
    """An instant: full ISO-8601, a time of the recording's day (UTC), `now`, or +30 / −1:00 from the other end."""

    def __init__(self, *, day: Instant, **options: Any) -> None:
        super().__init__(**options)
        self.day = day

    def clean(self, value: Any) -> tuple[str, int] | None:
        """("at", instant) or ("by", µs); None for an empty one that need not be there."""
        text = super().clean(value)
        if not text:
            return None
        text = text.replace("−", "-").replace("UTC", "Z").strip()
        if text.lower() == "now":
            return "at", from_datetime(timezone.now())
        if match := _OFFSET.match(text):
            return "by", _offset(match)
        if match := _TIME.match(text.removesuffix("Z").strip()):
            return "at", self._of_day(match)
        try:
            return "at", parse_instant(re.sub(r"\s+Z$", "Z", text))
        except InvalidInstant as error:
            raise forms.ValidationError(error.message) from error

    def _of_day(self, match: re.Match[str]) -> Instant:
        hours, minutes, seconds, fraction = match.groups(default="0")
        midnight = from_datetime(to_datetime(self.day).replace(hour=0, minute=0, second=0, microsecond=0))
        micros = int(fraction.ljust(6, "0"))
        found = midnight + ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * SECOND + micros
        # A recording may run past midnight: a time before its beginning is meant for the next day.
        return found if found >= self.day // SECOND * SECOND else found + 24 * 3600 * SECOND


def _offset(match: re.Match[str]) -> int:
    sign, minutes, seconds = match.groups()
    length = round(float(seconds.replace(",", ".")) * SECOND) + int(minutes or 0) * 60 * SECOND
    return length if sign == "+" else -length


class RangeForm(forms.Form):
    """In and out of a clip on a recording that begins at `day`."""

    def __init__(self, *args: Any, day: Instant, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start"] = MomentField(day=day, label="In")
        self.fields["end"] = MomentField(day=day, label="Out")
        self.fields["cover"] = MomentField(day=day, label="Cover", required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if {"start", "end"} <= values.keys():
            self._resolve(values)
        return values

    def _resolve(self, values: dict[str, Any]) -> None:
        (start_kind, start), (end_kind, end) = values["start"], values["end"]
        if start_kind == end_kind == "by":
            self.add_error("start", "Give at least one end as a time.")
            return
        start = end + start if start_kind == "by" else start
        end = start + end if end_kind == "by" else end
        if end <= start:
            self.add_error("end", "The clip must end after its start.")
            return
        values["range"] = Range(start, end)
        self._resolve_cover(values, start, end)

    def _resolve_cover(self, values: dict[str, Any], start: Instant, end: Instant) -> None:
        kind, cover = values.get("cover") or ("at", None)
        values["cover"] = start + cover if kind == "by" and cover is not None else cover
        if values["cover"] is not None and not start <= values["cover"] <= end:
            self.add_error("cover", "The cover must lie in its clip.")


class CoverForm(forms.Form):
    """An instant of a clip, or none; a clip's end means its last picture."""

    at = InstantField(required=False)

    def __init__(self, *args: Any, clip: Range, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clip = clip

    def clean_at(self) -> Instant | None:
        at: Instant | None = self.cleaned_data["at"]
        if at is not None and not self.clip.start <= at <= self.clip.end:
            raise forms.ValidationError("The cover must lie in its clip.")
        return at


def _number(placeholder: str) -> forms.NumberInput:
    return forms.NumberInput({"placeholder": placeholder, "inputmode": "numeric"})


class MergeForm(forms.Form):
    """Where the merged video goes and how it is cut."""

    mode = forms.ChoiceField(
        choices=[(mode.value, words) for mode, words in MODES.items()],
        initial=Mode.ACCURATE_FAST.value,
        widget=forms.RadioSelect,
    )
    bucket = forms.ModelChoiceField(Bucket.objects.active(), empty_label=None, to_field_name="name")
    key = forms.CharField(
        label="File name", max_length=512, required=False, help_text="Empty: named after the first clip."
    )
    holes = forms.ChoiceField(
        label="Missing media", choices=[(policy.value, words) for policy, words in HOLES.items()], required=False
    )
    width = forms.IntegerField(required=False, widget=_number("auto"))
    height = forms.IntegerField(required=False, widget=_number("auto"))
    bitrate = forms.IntegerField(label="kbit/s", required=False, widget=_number("auto"))
    user_data = forms.CharField(
        label="JSON, kept with the job (at most 512 bytes)", required=False, widget=forms.Textarea({"rows": 2})
    )

    def clean_holes(self) -> str:
        return str(self.cleaned_data["holes"] or HolePolicy.SKIP.value)

    def request(self, clips: Sequence[Clip], project: Project | None) -> dict[str, Any]:
        """The arguments of services.editing_jobs.submit; without a name the suggested one, in the project's folder."""
        values = self.cleaned_data
        key = values["key"] or editing_jobs.suggest_key(clips, folder=project.folder if project else "")
        bitrate = values["bitrate"] * 1000 if values["bitrate"] else None
        return {
            "clips": clips,
            "mode": Mode(values["mode"]),
            "output": Output(values["bucket"], key, values["width"], values["height"], bitrate),
            "holes": HolePolicy(values["holes"]),
            "user_data": values["user_data"],
            "project": project,
        }

    def add_refusal(self, error: EditingError) -> None:
        """Show a service's refusal at the field it names."""
        field = self._field_of(error)
        self.add_error(field, error.message if field else self.words_of(error))

    def words_of(self, error: EditingError) -> str:
        """A refusal with the field or the clip it is about, counted as people count."""
        if clip := _CLIP.match(error.field or ""):
            return f"Clip {int(clip[1]) + 1}: {error.message}"
        field = self._field_of(error)
        label = str(self[field].label) if field else ""
        return error.message if not label or error.message.startswith(label) else f"{label}: {error.message}"

    def _field_of(self, error: EditingError) -> str | None:
        field = (error.field or "").removeprefix("output.")
        return field if field in self.fields else None


_GIGABYTE = 10**9


class KeepForm(forms.Form):
    """How much of what is recorded of a stream is kept; both may be empty."""

    days = forms.IntegerField(label="Days", required=False, widget=_number("all"))
    gigabytes = forms.DecimalField(label="Gigabytes", required=False, widget=_number("all"), max_digits=12)

    def limits(self) -> dict[str, Any]:
        """The arguments of services.streams.keep."""
        gigabytes = self.cleaned_data["gigabytes"]
        size = None if gigabytes is None else int(gigabytes * _GIGABYTE)
        return {"keep_days": self.cleaned_data["days"], "keep_bytes": size}

    def add_refusal(self, error: EditingError) -> None:
        self.add_error("days" if error.field == "keep_days" else "gigabytes", error.message)

    @classmethod
    def of(cls, stream: Stream) -> KeepForm:
        size = stream.keep_bytes
        return cls(initial={"days": stream.keep_days, "gigabytes": size and Decimal(size) / _GIGABYTE})


class RecordJobForm(forms.Form):
    """A stream to record; the fields are the arguments of services.record_jobs.create."""

    name = forms.CharField(max_length=128)
    url = forms.CharField(label="Address", help_text="rtmp://host/application/stream, rtmps, or a live .m3u8")
    bucket = forms.ModelChoiceField(Bucket.objects.active(), empty_label=None, to_field_name="name")
    template = forms.ModelChoiceField(
        RecordTemplate.objects.order_by("kind", "name"), required=False, empty_label="live editing (default)"
    )
    notify_url = forms.CharField(
        label="Callback",
        required=False,
        help_text="An http(s) address that is told of each state and each file.",
    )
    start_at = InstantField(
        label="Begins",
        required=False,
        widget=ComingInstantInput({"placeholder": "20:00"}),
        help_text="20:00, or 2026-11-20 20:00. Empty: now.",
    )
    end_at = InstantField(
        label="Ends",
        required=False,
        widget=ComingInstantInput({"placeholder": "22:00"}),
        help_text="Empty: when somebody stops it.",
    )
