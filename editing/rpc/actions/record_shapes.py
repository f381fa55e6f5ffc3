"""Record jobs, their files and templates in the words of IMS; their ids are UUIDs with hyphens there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from editing.models import RecordFile, Recording, RecordJob, RecordState, RecordTemplate
from editing.models.ids import dashed, record_id
from editing.rpc.errors import invalid
from editing.rpc.params import choice, integer, optional, required, text
from editing.rpc.wire import moment
from editing.timeline.instant import SECOND, to_datetime

CYCLE, SLICE = 6 * 3600, 30
"""Seconds, where a template does not say: IMS's own."""
_FORMAT = required("Format", choice("m3u8", "mp4", "flv"))
_REST = {
    "cycle_duration": optional("CycleDuration", integer(1, 1 << 20), None),
    "object_prefix": optional("OssObjectPrefix", text(), ""),
    "slice_duration": optional("SliceDuration", integer(1, 1 << 20), None),
    "slice_prefix": optional("SliceOssObjectPrefix", text(), ""),
}
_NAMES = {"format": "Format", **{field: param.name for field, param in _REST.items()}}
FORMATS_FIELDS = {
    "formats": "RecordFormat",
    "formats[]": "RecordFormat[]",
    **{f"formats[].{field}": f"RecordFormat[].{name}" for field, name in _NAMES.items()},
}


def row_id(value: object, path: str) -> str:
    """An id as our rows have it, with hyphens or without; what is no id at all names nothing."""
    said = text(most=64)(value, path).strip()
    try:
        return UUID(said).hex
    except ValueError:
        return said


def status(job: RecordJob) -> str:
    """IMS knows no stopped jobs."""
    return RecordState.PAUSED.value if job.state == RecordState.STOPPED else job.state


def job(row: RecordJob, *, with_url: bool) -> dict[str, Any]:
    """Both addresses may hold a key: they are for those who operate."""
    return {
        "JobId": dashed(row.pk),
        "Name": row.name,
        "StreamInput": {"Type": row.input, "Url": row.url if with_url else ""},
        "RecordOutput": output(row),
        "TemplateId": dashed(row.template_id) if row.template_id else "",
        "TemplateName": row.template_name,
        "NotifyUrl": row.notify_url if with_url else "",
        "CreateTime": moment(row.created_at),
        "Status": status(row),
    }


def output(row: RecordJob) -> dict[str, str]:
    return {"Type": row.bucket.kind, "Endpoint": row.bucket.endpoint, "Bucket": row.bucket.name}


def file(row: Recording, size: Mapping[str, int], whole: RecordFile | None, *, with_url: bool) -> dict[str, Any]:
    """A recording by its index file, or the `whole` of it. RecordOutput is JSON in text here: so it is in IMS."""
    assert row.record_job is not None  # as the query asks, here and below
    assert row.start is not None
    assert row.end is not None
    return {
        "RecordId": dashed(whole.pk) if whole else record_id(row.pk),
        "RecordUrl": row.bucket.url(whole.key if whole else row.playlist),
        "JobId": dashed(row.record_job.pk),
        "JobName": row.record_job.name,
        "StreamUrl": row.record_job.url if with_url else "",
        "Format": whole.format if whole else "m3u8",
        "StartTime": moment(to_datetime(row.start)),
        "EndTime": moment(to_datetime(row.end)),
        "CreateTime": moment(whole.created_at if whole else row.created_at),
        "Duration": (row.end - row.start) / SECOND,
        "Width": size.get("width", 0),
        "Height": size.get("height", 0),
        "RecordOutput": json.dumps(output(row.record_job)),
    }


def template(row: RecordTemplate) -> dict[str, Any]:
    return _template(row.pk, row.name, row.kind, row.formats) | {
        "CreateTime": moment(row.created_at),
        "LastModified": moment(row.modified_at),
    }


def used_template(row: RecordJob) -> dict[str, Any]:
    """The copy that a job has kept since it was made, whatever has become of the template."""
    at = moment(row.created_at)
    kind = RecordTemplate.objects.filter(pk=row.template_id).values_list("kind", flat=True).first()
    said = _template(row.template_id or "", row.template_name, kind or RecordTemplate.Kind.CUSTOM, row.formats)
    return said | {"CreateTime": at, "LastModified": at}


def _template(key: str, name: str, kind: str, formats: list[dict[str, Any]]) -> dict[str, Any]:
    """The list is called RecordFormat where it is asked for, RecordFormatList where it is told."""
    return {
        "TemplateId": dashed(key),
        "Name": name,
        "Type": kind,
        "RecordFormatList": [
            {_NAMES[field]: value for field, value in entry.items() if field in _NAMES} for entry in formats
        ],
    }


def formats(items: list[dict[str, object]], name: str) -> list[dict[str, Any]]:
    """RecordFormat as the service takes it. Raises Refused."""
    return [_entry(item, f"{name}[{number}]") for number, item in enumerate(items)]


def _entry(item: Mapping[str, object], path: str) -> dict[str, Any]:
    kind = _FORMAT.of({**item, "Format": str(item.get("Format") or "").lower()}, path)
    said = {field: param.of(item, path) for field, param in _REST.items()}
    if kind != "m3u8" and (said["slice_duration"] or said["slice_prefix"]):
        raise invalid(path, "Only m3u8 has slices.")
    given = {field: value for field, value in said.items() if value}
    defaults = {"cycle_duration": CYCLE} | ({"slice_duration": SLICE} if kind == "m3u8" else {})
    return {"format": kind, **defaults, **given}
