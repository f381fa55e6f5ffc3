"""Names of a record job's files in its bucket, by its template's prefixes."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from editing.models import Recording, RecordJob
from editing.models.defaults import LIVE_SECONDS, segments_of
from editing.timeline.instant import SECOND, Instant, to_datetime

OPEN = "open"
"""Stands for the end of a file that is still growing."""


def of_slice(job: RecordJob, start: Instant, sequence: int) -> str:
    """{UnixTimestamp} and {Sequence} tell the slices of a job apart."""
    values = {"UnixTimestamp": str(start // SECOND), "Sequence": str(sequence)}
    return f"{_filled(job, segments_format(job)['slice_prefix'], values)}.ts"


def of_playlist(job: RecordJob, recording: Recording, number: int, *, final: bool) -> str:
    """The name of a recording's playlist: while it grows, and for good."""
    return f"{_of_recording(job, segments_format(job)['object_prefix'], recording, number, final=final)}.m3u8"


def of_file(job: RecordJob, recording: Recording, number: int, entry: Mapping[str, Any]) -> str:
    """The name of a whole recording in the format of a template's entry."""
    return f"{_of_recording(job, entry['object_prefix'], recording, number, final=True)}.{entry['format']}"


def _of_recording(job: RecordJob, prefix: str, recording: Recording, number: int, *, final: bool) -> str:
    start, end = recording.start or 0, recording.end if final else None
    values = {
        "Sequence": str(number),
        "StartTime": _plain(start),
        "EscapedStartTime": _escaped(start),
        "EndTime": OPEN if end is None else _plain(end),
        "EscapedEndTime": OPEN if end is None else _escaped(end),
    }
    return _filled(job, prefix, values)


def relative(key: str, playlist: str) -> str:
    """How a playlist calls a file of the same bucket."""
    folder, _, name = key.rpartition("/")
    return posixpath.join(_from_to(posixpath.dirname(playlist), folder), name)


@lru_cache(maxsize=256)
def _from_to(playlists: str, folder: str) -> str:
    """The way from one folder to the other; playlists of a day name thousands of files of the same few folders."""
    way = posixpath.relpath(f"/{folder}", f"/{playlists}")
    return "" if way == "." else way


def segments_format(job: RecordJob) -> dict[str, Any]:
    """The m3u8 entry of a job's template. Who wants only whole files gets segments, too: they are made of them."""
    for entry in job.formats:
        if entry["format"] == "m3u8":
            return {**entry}
    return {**segments_of(LIVE_SECONDS), "cycle_duration": job.formats[0]["cycle_duration"]}


def file_formats(job: RecordJob) -> list[dict[str, Any]]:
    """The entries of a job's template for whole files."""
    return [entry for entry in job.formats if entry["format"] != "m3u8"]


def _filled(job: RecordJob, prefix: str, values: dict[str, str]) -> str:
    """Two jobs must never write one name, even by a template that forgets to tell them apart."""
    prefix = prefix if "{JobId}" in prefix else f"{{JobId}}/{prefix}"
    for name, value in {**values, "JobId": job.pk}.items():
        prefix = prefix.replace(f"{{{name}}}", value)
    return prefix


def _plain(instant: Instant) -> str:
    return to_datetime(instant).strftime("%Y-%m-%dT%H:%M:%SZ")


def _escaped(instant: Instant) -> str:
    return to_datetime(instant).strftime("%Y-%m-%d-%H-%M-%S")
