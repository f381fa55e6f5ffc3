"""Media assets: one, several, all."""

from __future__ import annotations

from django.db.models import Q

from editing import storage
from editing.errors import NotFound
from editing.models import Bucket, MediaAsset
from editing.models.media_asset import MediaAssetQuerySet
from editing.models.roles import Verb
from editing.rpc import paging
from editing.rpc.actions.media_shapes import AUTH_TIMEOUT, basic_info, file_list
from editing.rpc.errors import missing
from editing.rpc.operation import Answer, Call, Operation
from editing.rpc.paging import MAX_RESULTS, NEXT_TOKEN
from editing.rpc.params import choice, flag, instant, json_object, optional, required, text, words
from editing.timeline.instant import to_datetime

MOST_AT_ONCE = 100
MEDIA_ID = optional("MediaId", text(most=64), "")
INPUT_URL = optional("InputURL", text(), "")
OUTPUT_TYPE = optional("OutputType", choice("oss", "cdn"), "oss")
DETAILED = optional("ReturnDetailedInfo", json_object, None)
MEDIA_IDS = required("MediaIds", words(most=MOST_AT_ONCE, each=text(most=64)))
ADDITION = optional("AdditionType", words(most=2, each=choice("FileInfo", "DynamicMetaData")), None)
START_TIME, END_TIME = (optional(name, instant, None) for name in ("StartTime", "EndTime"))
MEDIA_TYPE = optional("MediaType", choice(*MediaAsset.Kind.values), "")
BUSINESS = optional("BusinessType", choice(*MediaAsset.Business.values), "")
SOURCE = optional("Source", choice("oss", "vod", "live", "general"), "")
STATUS = optional("Status", choice("Init", "Preparing", "PrepareFail", "Normal"), "")
SORT_BY = paging.direction("SortBy", "asc", "desc")
WITH_FILE = optional("IncludeFileBasicInfo", flag, default=False)


def get(call: Call) -> Answer:
    asset = found(call)
    return {
        "MediaInfo": {
            "MediaId": asset.pk,
            "MediaBasicInfo": basic_info(call, asset, addresses=True),
            "FileInfoList": file_list(call, asset, streams=True),
        }
    }


def batch(call: Call) -> Answer:
    """Those that are there, in the order asked for; the ids of the others are in IgnoredList."""
    wanted = list(dict.fromkeys(call[MEDIA_IDS]))
    assets = {asset.pk: asset for asset in visible(call).filter(pk__in=wanted)}
    with_files = "FileInfo" in (call[ADDITION] or ())
    return {
        "MediaInfos": [_info(call, assets[key], with_file=with_files) for key in wanted if key in assets],
        "IgnoredList": [key for key in wanted if key not in assets],
    }


def listed(call: Call) -> Answer:
    rows = _filtered(call, visible(call))
    assets, token = paging.page(call, rows, oldest_first=call[SORT_BY] == "asc")
    return {
        "MediaInfos": [_info(call, asset, with_file=call[WITH_FILE]) for asset in assets],
        "MaxResults": call[MAX_RESULTS],
        "NextToken": token,
        "TotalCount": rows.count(),
    }


def found(call: Call) -> MediaAsset:
    """By MediaId, which counts, or by InputURL. Raises Refused, NotFound."""
    key, url = call[MEDIA_ID], call[INPUT_URL]
    if not key and not url:
        raise missing(MEDIA_ID.name)
    asset = visible(call).filter(pk=key).first() if key else at_url(call, url)
    if asset is None:
        raise NotFound(f"There is no media asset {key or url}.")
    return asset


def at_url(call: Call, url: str, field: str = INPUT_URL.name) -> MediaAsset | None:
    """The asset that is kept there, however the address is written; vod:// is followed by a MediaId."""
    if url.startswith("vod://"):
        kept: MediaAsset | None = visible(call).filter(pk=url.removeprefix("vod://")).first()
        return kept
    try:
        bucket, key = storage.resolve(url, field=field)
    except NotFound:
        return None
    return visible(call).filter(bucket=bucket, key=key).first()


def visible(call: Call) -> MediaAssetQuerySet:
    rows: MediaAssetQuerySet = MediaAsset.objects.visible_to(call.user)
    return rows.select_related("bucket", "cover_bucket")


def _filtered(call: Call, rows: MediaAssetQuerySet) -> MediaAssetQuerySet:
    """From StartTime on, but without it, to EndTime and with it: so it is in IMS."""
    start, end = call[START_TIME], call[END_TIME]
    wanted = Q() if start is None else Q(created_at__gt=to_datetime(start))
    wanted &= Q() if end is None else Q(created_at__lte=to_datetime(end))
    if call[SOURCE]:
        wanted &= Q(bucket__in=list(Bucket.objects.filter(kind=call[SOURCE]).values_list("pk", flat=True)))
    exact = {
        "pk": call[MEDIA_ID],
        "kind": call[MEDIA_TYPE],
        "state": call[STATUS],
        "business": call[BUSINESS],
    }
    return rows.filter(wanted, **{name: value for name, value in exact.items() if value})


def _info(call: Call, asset: MediaAsset, *, with_file: bool) -> Answer:
    info = {"MediaId": asset.pk, "MediaBasicInfo": basic_info(call, asset)}
    return info | ({"FileInfoList": file_list(call, asset, streams=False)} if with_file else {})


_SIGNED = "FileUrl and CoverURL are addresses of this studio, signed for AuthTimeout. "
OPERATIONS = (
    Operation(
        "GetMediaInfo",
        get,
        Verb.SEE,
        (MEDIA_ID, INPUT_URL, OUTPUT_TYPE, DETAILED, AUTH_TIMEOUT),
        differs=f"{_SIGNED}OutputType changes nothing; there is no AiRoughData. Snapshots and SpriteImages have "
        "addresses, too: snapshotUrls and spriteUrls; iceJobId and templateId are empty. "
        "Stream lists hold what probing finds.",
    ),
    Operation(
        "BatchGetMediaInfos",
        batch,
        Verb.SEE,
        (MEDIA_IDS, ADDITION, AUTH_TIMEOUT),
        differs=f"{_SIGNED}At most {MOST_AT_ONCE} MediaIds.",
    ),
    Operation(
        "ListMediaBasicInfos",
        listed,
        Verb.SEE,
        (
            *(MEDIA_ID, MEDIA_TYPE, BUSINESS, SOURCE, STATUS, START_TIME, END_TIME),
            *(SORT_BY, WITH_FILE, MAX_RESULTS, NEXT_TOKEN, AUTH_TIMEOUT),
        ),
        differs=f"{_SIGNED}Source is oss or vod.",
    ),
)
