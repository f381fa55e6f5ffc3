"""Times, sizes and states as people read them."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from editing.timeline.instant import SECOND, Instant, format_instant, to_datetime

_ANCHORS = {
    "start": "the recording began",
    "discontinuity": "the stream began anew",
    "clock": "the stream's own clock jumped",
}

register = template.Library()
_STATES = {
    "Init": ("quiet", "Preparing"),
    "Queuing": ("quiet", "In the queue"),
    "Processing": ("busy", "Working"),
    "Success": ("good", "Done"),
    "Failed": ("bad", "Failed"),
    "Cancelled": ("quiet", "Cancelled"),
    "initial": ("busy", "Looking for the stream"),
    "started": ("live", "Recording"),
    "paused": ("quiet", "Paused"),
    "stopped": ("quiet", "Stopped"),
    "waiting": ("busy", "On its way"),
    "delivered": ("good", "Arrived"),
    "failed": ("bad", "Given up"),
    "Draft": ("quiet", "Draft"),
    "Editing": ("quiet", "In editing"),
    "Producing": ("busy", "Merging"),
    "Produced": ("good", "Merged"),
    "ProduceFailed": ("bad", "Merge failed"),
    "Reserving": ("busy", "Reserved"),
    "ReservationCanceled": ("quiet", "Reservation cancelled"),
    "BroadCasting": ("live", "On air"),
    "LoadingFailed": ("bad", "Stream not found"),
    "LiveFinished": ("quiet", "Off air"),
}


@register.filter
def instant(value: Instant | None) -> SafeString | str:
    """An instant in µs as a <time> in UTC; a script shows it in the viewer's zone where that was chosen."""
    if value is None:
        return "–"
    return format_html(
        '<time datetime="{}" data-instant>{} UTC</time>',
        format_instant(value),
        to_datetime(value).strftime("%Y-%m-%d %H:%M:%S.") + f"{value % SECOND // 1000:03d}",
    )


@register.filter
def moment_of(value: Instant | None) -> SafeString | str:
    """An instant in µs, to the second."""
    return moment(to_datetime(value)) if value is not None else "–"


@register.filter
def span(value: float | None) -> str:
    """A duration in seconds as people say it: 12.4 s, 3 min 20 s."""
    if value is None:
        return "–"
    if value < 60:
        return f"{value:.2f}".rstrip("0").rstrip(".") + " s"
    return f"{int(value // 60)} min {value % 60:.0f} s"


@register.filter
def bit_rate(value: int | None) -> str:
    if not value:
        return "–"
    return f"{value / 1_000_000:.2f} Mbit/s" if value >= 1_000_000 else f"{value / 1000:.0f} kbit/s"


@register.filter
def iso(value: Instant | None) -> str:
    return format_instant(value) if value is not None else ""


@register.filter
def moment(value: Any) -> SafeString | str:
    """A datetime, to the second."""
    if value is None:
        return "–"
    return format_html(
        '<time datetime="{}" data-instant="seconds">{} UTC</time>',
        value.isoformat(timespec="seconds").replace("+00:00", "Z"),
        value.strftime("%Y-%m-%d %H:%M:%S"),
    )


@register.filter
def duration(microseconds: int | str | None) -> str:
    """A duration in µs as 1:02:03.450, without hours where there are none. Of a range that is not there it is ""."""
    if microseconds is None or microseconds == "":
        return "–"
    seconds, rest = divmod(int(microseconds), SECOND)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    tail = f"{seconds:02d}.{rest // 1000:03d}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


@register.filter
def anchor_words(reason: str) -> str:
    """Why a clock was tied to UTC anew."""
    return _ANCHORS.get(reason, reason)


@register.filter
def milliseconds(microseconds: int | None) -> str:
    """A difference in µs, with its sign: +12 ms, −90.0 s."""
    if abs(microseconds or 0) >= 2 * SECOND:
        return f"{(microseconds or 0) / SECOND:+.1f} s".replace("-", "−")
    return f"{(microseconds or 0) / 1000:+.0f} ms".replace("-", "−").replace("+0 ", "0 ").replace("−0 ", "0 ")


@register.filter
def rough(microseconds: int | None) -> str:
    """A duration in µs as one says it: 6 s, 4 min, 3 h, 2 days."""
    if microseconds is None:
        return "–"
    found = microseconds / SECOND
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if found >= 2 * size:
            return f"{found / size:.0f} {unit}"
    return f"{found:.0f} s"


@register.filter
def seconds(value: float | None) -> str:
    """A duration in seconds, in the same way."""
    return duration(round(value * SECOND)) if value is not None else "–"


@register.filter
def wait(value: float | None) -> str:
    """A prediction in seconds, in words as rough as it is."""
    if value is None:
        return "–"
    if value < 1.5:
        return "a second"
    if value < 90:
        return f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 5400 else f"{value / 3600:.1f} h"


@register.filter
def bytes_(value: int | None) -> str:
    size = float(value or 0)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


@register.filter
def bits_(value: int | None) -> str:
    """As people say the rate of a stream."""
    rate = float(value or 0) / 1000
    return f"{rate:.0f} kbit" if rate < 1000 else f"{rate / 1000:.1f} Mbit"


@register.filter
def state_words(state: str) -> str:
    """A job's state as people say it."""
    return _STATES.get(state, ("", state))[1]


@register.filter
def badge(state: str) -> SafeString:
    kind, words = _STATES.get(state, ("quiet", state))
    return format_html('<span class="badge {}">{}</span>', kind, words)
