"""Live recording: the index files of recordings."""

from __future__ import annotations

from django.db.models import OuterRef, Q, Subquery

from editing.errors import EditingError
from editing.models import ParameterSet, Recording, SegmentRow
from editing.models.roles import Verb, can
from editing.rpc import paging
from editing.rpc.actions import record_shapes as shapes
from editing.rpc.errors import invalid, refusal_of
from editing.rpc.operation import Answer, Call, Operation
from editing.rpc.params import choice, flag, integer, optional, required, text, words
from editing.services import recordings
from editing.timeline.instant import SECOND

MOST_DELETED = 100
LONGEST_SPAN = 4 * 24 * 3600 * SECOND
JOB_IDS = optional("JobIds", words(most=100, each=shapes.row_id), None)
_FORMATS = ("m3u8", "mp4", "flv")
FORMAT = optional("RecordFormat", lambda value, path: choice(*_FORMATS)(str(value).lower(), path), "")
SORT_BY = paging.direction("SortBy", "asc", "desc", default="asc")
PAGE_SIZE = optional("PageSize", integer(5, 30), 10)
RECORD_IDS = required("RecordIds", words(most=MOST_DELETED, each=text(most=64)))
REMOVE_FILE = optional("RemoveFile", flag, default=False)


def listed(call: Call) -> Answer:
    """Two of the numbers are text in this answer: so it is in IMS."""
    rows = _with_index(call).filter(_wanted(call))
    found, pages = paging.numbered(call, rows, "start", oldest_first=call[SORT_BY] == "asc", size=PAGE_SIZE)
    sizes = _sizes(found)
    with_url = can(call.user, Verb.OPERATE)
    return {
        "Files": [shapes.file(row, sizes[row.pk], with_url=with_url) for row in found],
        "SortBy": call[SORT_BY],
        "PageNo": pages["PageNo"],
        "PageSize": str(pages["PageSize"]),
        "TotalCount": str(pages["TotalCount"]),
    }


def delete(call: Call) -> Answer:
    """Each by itself: what became of it is in the list."""
    told = [
        {"RecordId": name, **_deleted(call, name, keep_files=not call[REMOVE_FILE])}
        for name in dict.fromkeys(call[RECORD_IDS])
    ]
    return {"Message": "OK", "DeleteFileInfoList": told}


def _deleted(call: Call, name: str, *, keep_files: bool) -> dict[str, str]:
    recording = _with_index(call).filter(pk=_number(name)).first()
    if recording is None:
        return {"Code": "ResourceNotFound", "Message": "There is no such recording."}
    try:
        recordings.delete(recording, keep_files=keep_files)
    except EditingError as error:
        refused = refusal_of(error, {})
        return {"Code": refused.code, "Message": refused.message}
    return {"Code": "OK", "Message": "OK"}


def _number(name: str) -> int:
    key = shapes.row_id(name, RECORD_IDS.name)
    try:
        return min(int(key, 16), 0x7FFF_FFFF_FFFF_FFFF)
    except ValueError:
        return 0


def _with_index(call: Call) -> paging.Rows[Recording]:
    """What record jobs have recorded, from its first segment on."""
    rows: paging.Rows[Recording] = Recording.objects.visible_to(call.user)
    return (
        rows.filter(record_job__isnull=False, start__isnull=False)
        .exclude(playlist="")
        .select_related("bucket", "record_job__bucket")
    )


def _wanted(call: Call) -> Q:
    """What was recorded within the range, in part at least."""
    start, end = call[paging.START_TIME], call[paging.END_TIME]
    if start is not None and end is not None and not 0 <= end - start <= LONGEST_SPAN:
        raise invalid(paging.END_TIME.name, "It lies up to 4 days after StartTime.")
    if call[FORMAT] not in ("", "m3u8"):
        return Q(pk__in=())
    wanted = Q() if start is None else Q(end__gt=start)
    wanted &= Q() if end is None else Q(start__lt=end)
    return wanted & (Q(record_job__in=call[JOB_IDS]) if call[JOB_IDS] else Q())


def _sizes(rows: list[Recording]) -> dict[int, dict[str, int]]:
    """Width and height with which each begins, with one query for all."""
    first = SegmentRow.objects.filter(recording=OuterRef("pk")).order_by("sequence").values("parameters")[:1]
    keys = [row.pk for row in rows]
    of_row = dict(Recording.objects.filter(pk__in=keys).values_list("pk", Subquery(first)))
    sets = ParameterSet.objects.in_bulk(set(filter(None, of_row.values())))
    return {key: _size(sets.get(of_row[key])) for key in keys}


def _size(found: ParameterSet | None) -> dict[str, int]:
    video = found.parameters.video if found else None
    return {"width": video.width, "height": video.height} if video else {}


OPERATIONS = (
    Operation(
        "ListLiveRecordFiles",
        listed,
        Verb.SEE,
        (JOB_IDS, paging.START_TIME, paging.END_TIME, FORMAT, SORT_BY, paging.PAGE_NO, PAGE_SIZE),
        differs="A file is listed from its first segment on; while it grows, EndTime is where it ends so far and "
        "RecordUrl is not its final name. In a range is what was recorded in it, in part at least.",
    ),
    Operation(
        "DeleteLiveRecordFiles",
        delete,
        Verb.OPERATE,
        (RECORD_IDS, REMOVE_FILE),
        differs="For keys of operators. A deleted recording cannot be edited any more, with RemoveFile or without. "
        "One that grows is not deleted: its Code says why.",
    ),
)
