"""Shapes of input on the pages of callbacks: they clean and never save."""

from __future__ import annotations

from typing import Any

from django import forms

from editing.models import DeliveryState, EventCallback
from editing.services import callbacks
from editing.worker.events import TEST


class EventCallbackForm(forms.Form):
    """Where events go; the fields are the arguments of services.callbacks.set_up."""

    address = forms.CharField(
        required=False,
        max_length=callbacks.LONGEST_ADDRESS,
        widget=forms.TextInput({"placeholder": "https://example.com/hook", "inputmode": "url", "spellcheck": "false"}),
        help_text="Empty: events go only to the addresses that jobs name.",
    )
    event_types = forms.MultipleChoiceField(
        label="Events",
        choices=[(kind, f"{kind} – {words}") for kind, words in callbacks.KINDS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all of them.",
    )
    signs = forms.BooleanField(label="Sign what is sent", required=False)
    key = forms.CharField(
        required=False,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        help_text="Up to 32 characters, with capitals, small letters and digits. Empty: the key stays as it is.",
    )

    @classmethod
    def of(cls, callback: EventCallback, data: Any = None) -> EventCallbackForm:
        shown = {name: getattr(callback, name) for name in ("address", "event_types", "signs")}
        return cls(data, initial=shown, prefix="own" if callback.user_id else "everybody")


class DeliveryFilterForm(forms.Form):
    """Which deliveries are listed."""

    state = forms.ChoiceField(choices=[("", "any state"), *DeliveryState.choices], required=False)
    event = forms.ChoiceField(
        choices=[("", "any event"), *((kind, kind) for kind in (*callbacks.KINDS, TEST))], required=False
    )
    job = forms.CharField(label="Job ID", required=False, widget=forms.TextInput({"spellcheck": "false"}))

    def wanted(self) -> dict[str, str]:
        """Filters of the rows."""
        if not self.is_valid():
            return {}
        named = {"state": "state", "event": "event", "job": "subject"}
        return {named[name]: value.strip() for name, value in self.cleaned_data.items() if value.strip()}
