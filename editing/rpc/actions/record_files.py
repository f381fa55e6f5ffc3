"""Live recording: the index files of recordings, and the MP4 and FLV files that are made of them."""

from __future__ import annotations

from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value

from editing.errors import EditingError
from editing.models import ParameterSet, RecordFile, Recording, SegmentRow
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
INDEX = "m3u8"
_FORMATS = (INDEX, "mp4", "flv")
FORMAT = optional("RecordFormat", lambda value, path: choice(*_FORMATS)(str(value).lower(), path), "")
SORT_BY = paging.direction("SortBy", "asc", "desc", default="asc")
PAGE_SIZE = optional("PageSize", integer(5, 30), 10)
RECORD_IDS = required("RecordIds", words(most=MOST_DELETED, each=text(most=64)))
REMOVE_FILE = optional("RemoveFile", flag, default=False)


def listed(call: Call) -> Answer:
    """Two of the numbers are text in this answer: so it is in IMS."""
    keys, number, most = _keys(call), call[paging.PAGE_NO], call[PAGE_SIZE]
    sign = "" if call[SORT_BY] == "asc" else "-"
    page = keys.order_by(*(f"{sign}{name}" for name in _KEY))[(number - 1) * most : number * most]
    return {
        "Files": _told(list(page), with_url=can(call.user, Verb.OPERATE)),
        "SortBy": call[SORT_BY],
        "PageNo": number,
        "PageSize": str(most),
        "TotalCount": str(keys.count()),
    }


def delete(call: Call) -> Answer:
    """Each by itself: what became of it is in the list."""
    told = [
        {"RecordId": name, **_deleted(call, name, keep_files=not call[REMOVE_FILE])}
        for name in dict.fromkeys(call[RECORD_IDS])
    ]
    return {"Message": "OK", "DeleteFileInfoList": told}


def _deleted(call: Call, name: str, *, keep_files: bool) -> dict[str, str]:
    key = shapes.row_id(name, RECORD_IDS.name)
    file = _whole_files(call).filter(pk=key).first()
    recording = None if file else _with_index(call).filter(pk=_number(key)).first()
    try:
        if file:
            recordings.delete_file(file, keep_file=keep_files)
        elif recording:
            recordings.delete(recording, keep_files=keep_files)
        else:
            return {"Code": "ResourceNotFound", "Message": "There is no such recording."}
    except EditingError as error:
        refused = refusal_of(error, {})
        return {"Code": refused.code, "Message": refused.message}
    return {"Code": "OK", "Message": "OK"}


def _number(key: str) -> int:
    try:
        return min(int(key, 16), 0x7FFF_FFFF_FFFF_FFFF)
    except ValueError:
        return 0


_KEY = ("at", "of", "file")
"""When a file begins, the number of its recording, and its id if it is not the index file."""


def _keys(call: Call) -> QuerySet[Any, tuple[int, int, str]]:
    """Of all files that are asked for. They are rows of two tables, and one list."""
    wanted, whole = _wanted(call), _wanted(call, "recording__")
    index = (
        _with_index(call)
        .order_by()
        .filter(wanted)
        .annotate(at=F("start"), of=F("pk"), file=Value(""))
        .values_list(*_KEY)
    )
    files = (
        _whole_files(call).order_by().filter(whole).annotate(at=F("recording__start"), of=F("recording"), file=F("pk"))
    )
    if call[FORMAT] == INDEX:
        return index
    if call[FORMAT]:
        return files.filter(format=call[FORMAT]).values_list(*_KEY)
    both: QuerySet[Any, tuple[int, int, str]] = index.union(files.values_list(*_KEY), all=True)
    return both


def _told(keys: list[tuple[int, int, str]], *, with_url: bool) -> list[dict[str, Any]]:
    rows = Recording.objects.select_related("bucket", "record_job__bucket").in_bulk([of for _, of, _ in keys])
    files = RecordFile.objects.in_bulk([file for _, _, file in keys if file])
    sizes = _sizes(list(rows.values()))
    return [
        shapes.file(rows[of], sizes[of], files.get(file), with_url=with_url)
        for _, of, file in keys
        if of in rows and (not file or file in files)  # nobody has deleted it between two queries
    ]


def _with_index(call: Call) -> paging.Rows[Recording]:
    """What record jobs have recorded, from its first segment on."""
    rows: paging.Rows[Recording] = Recording.objects.visible_to(call.user)
    return rows.filter(record_job__isnull=False, start__isnull=False).exclude(playlist="")


def _whole_files(call: Call) -> paging.Rows[RecordFile]:
    """Those that have been made. Of recordings that have lost their job nothing is listed."""
    rows: paging.Rows[RecordFile] = RecordFile.objects.visible_to(call.user)
    return rows.filter(state=RecordFile.State.MADE, recording__record_job__isnull=False)


def _wanted(call: Call, recording: str = "") -> Q:
    """What was recorded within the range, in part at least; `recording` leads to the columns of the recording."""
    start, end = call[paging.START_TIME], call[paging.END_TIME]
    if start is not None and end is not None and not 0 <= end - start <= LONGEST_SPAN:
        raise invalid(paging.END_TIME.name, "It lies up to 4 days after StartTime.")
    wanted = Q() if start is None else Q(**{f"{recording}end__gt": start})
    wanted &= Q() if end is None else Q(**{f"{recording}start__lt": end})
    return wanted & (Q(**{f"{recording}record_job__in": call[JOB_IDS]}) if call[JOB_IDS] else Q())


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
        "RecordUrl is not its final name. MP4 and FLV files are listed once they are made. In a range is what was "
        "recorded in it, in part at least.",
    ),
    Operation(
        "DeleteLiveRecordFiles",
        delete,
        Verb.OPERATE,
        (RECORD_IDS, REMOVE_FILE),
        differs="For keys of operators. A recording is deleted by its m3u8 and cannot be edited any more, with "
        "RemoveFile or without; its MP4 and FLV files stay as media assets and are listed no more. One that grows is "
        "not deleted: its Code says why.",
    ),
)
