"""Media assets: make one of a file, say something else of it, remove it."""

from __future__ import annotations

import re
from typing import Any

from editing import storage
from editing.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from editing.models import MediaAsset
from editing.models.roles import Verb
from editing.rpc.actions.media_reads import INPUT_URL, MEDIA_ID, at_url, found, visible
from editing.rpc.errors import invalid, missing
from editing.rpc.operation import Answer, Call, Operation
from editing.rpc.params import (
    Param,
    Reader,
    choice,
    flag,
    json_object,
    json_text,
    optional,
    required,
    seconds,
    text,
    words,
)
from editing.services import media

MOST_DELETED = 20
LONGEST = 24 * 3600
_REFERENCE = re.compile(r"[A-Za-z0-9_-]{6,64}")


def reference(value: object, path: str) -> str:
    found = text(most=64)(value, path)
    if not _REFERENCE.fullmatch(found):
        raise invalid(path, "It has 6 to 64 letters, digits, hyphens and underscores.")
    return found


def elsewhere(why: str) -> Reader[str]:
    """For parameters of parts of IMS that are not here: a program that counts on one is told."""

    def read(value: object, path: str) -> str:
        raise invalid(path, why)

    return read


REGISTERED_URL = required("InputURL", text())
MEDIA_TYPE = optional("MediaType", choice(*MediaAsset.Kind.values), "")
TITLE = optional("Title", text(most=128), None)
DESCRIPTION = optional("Description", text(), None)
CATEGORY = optional("Category", text(most=64), None)
TAGS = optional("MediaTags", words(most=16, each=text(most=32)), None)
COVER_URL = optional("CoverURL", text(most=128), None)
USER_DATA = optional("UserData", json_text(most=1024), None)
BUSINESS = optional("BusinessType", choice(*MediaAsset.Business.values), None)
REFERENCE = optional("ReferenceId", reference, None)
OVERWRITE = optional("Overwrite", flag, default=False)
TOKEN = optional("ClientToken", text(most=64), "")
CONFIG = optional("RegisterConfig", json_object, None)
SNAPSHOT, SPRITE = optional("NeedSnapshot", flag, default=True), optional("NeedSprite", flag, default=True)
COVER_CONFIG = optional("CoverConfig", json_object, None)
COVER_START = optional("StartTime", seconds(LONGEST), 0)
APPEND = optional("AppendTags", flag, default=False)
CATE_ID = optional("CateId", elsewhere("There are no numbered categories here."), "")
WORKFLOW = optional("WorkflowId", elsewhere("There are no workflows here."), "")
SMART_TAGS = optional("SmartTagTemplateId", elsewhere("There is no tagging by machine here."), "")
MEDIA_IDS = optional("MediaIds", words(most=MOST_DELETED, each=text(most=64)), None)
INPUT_URLS = optional("InputURLs", words(most=MOST_DELETED), None)
WITH_FILES = optional("DeletePhysicalFiles", flag, default=False)

_DETAILS: dict[str, Param[Any]] = {
    "title": TITLE,
    "description": DESCRIPTION,
    "category": CATEGORY,
    "tags": TAGS,
    "cover_url": COVER_URL,
    "user_data": USER_DATA,
    "business": BUSINESS,
    "reference": REFERENCE,
}
FIELDS = {"key": "InputURL", "kind": "MediaType", "reference": "ReferenceId", "user_data": "UserData"}


def register(call: Call) -> Answer:
    """Answers at once; the file is looked at in the background."""
    bucket, key = storage.resolve(call[REGISTERED_URL], field=REGISTERED_URL.name)
    asset = media.register(
        call.user,
        bucket,
        key,
        kind=call[MEDIA_TYPE],
        poster_at=_poster_at(call),
        stills=_stills(call),
        overwrite=call[OVERWRITE],
        token=call[TOKEN],
        **_details(call),
    )
    return {"MediaId": asset.pk}


def update(call: Call) -> Answer:
    asset = media.update(found(call), append_tags=call[APPEND], **_details(call))
    return {"MediaId": asset.pk}


def delete(call: Call) -> Answer:
    """Those that are unknown are ignored, those that may not go now are forbidden; the rest is gone."""
    named = call[MEDIA_IDS] or call[INPUT_URLS]
    if not named:
        raise missing(MEDIA_IDS.name)
    ignored, forbidden = [], []
    for name in dict.fromkeys(named):
        try:
            media.delete(_asset(call, name), keep_file=not call[WITH_FILES])
        except (NotFound, InvalidInput):
            ignored.append(name)
        except (Conflict, PermissionDenied):
            forbidden.append(name)
    return {"IgnoredList": ignored, "ForbiddenList": forbidden}


def _asset(call: Call, name: str) -> MediaAsset:
    """By MediaId where those are given, else by address."""
    asset = visible(call).filter(pk=name).first() if call[MEDIA_IDS] else at_url(call, name, INPUT_URLS.name)
    if asset is None:
        raise NotFound(f"There is no media asset {name}.")
    return asset


def _details(call: Call) -> dict[str, Any]:
    """What is said of the asset; what is not stays as it is."""
    said = {name: param.of(call.values) for name, param in _DETAILS.items()}
    return {name: value for name, value in said.items() if value is not None}


def _poster_at(call: Call) -> int | None:
    config = call[CONFIG] or {}
    if not SNAPSHOT.of(config, CONFIG.name):
        return None
    path = f"{CONFIG.name}.{COVER_CONFIG.name}"
    return COVER_START.of(COVER_CONFIG.of(config, CONFIG.name) or {}, path)


def _stills(call: Call) -> MediaAsset.Stills:
    config, kinds = call[CONFIG] or {}, MediaAsset.Stills
    if SNAPSHOT.of(config, CONFIG.name):
        return kinds.ALL if SPRITE.of(config, CONFIG.name) else kinds.SNAPSHOTS
    return kinds.SPRITE if SPRITE.of(config, CONFIG.name) else kinds.NONE


_COMMON = (TITLE, DESCRIPTION, TAGS, COVER_URL, USER_DATA, BUSINESS, REFERENCE, CATE_ID)
OPERATIONS = (
    Operation(
        "RegisterMediaInfo",
        register,
        Verb.EDIT,
        (REGISTERED_URL, MEDIA_TYPE, *_COMMON, OVERWRITE, TOKEN, CONFIG, WORKFLOW, SMART_TAGS),
        differs="InputURL lies in a bucket of this studio (no vod://). Of RegisterConfig NeedSnapshot, NeedSprite and "
        "CoverConfig count. CateId, WorkflowId and SmartTagTemplateId are refused. Without Title it is the "
        "file's name.",
        fields=FIELDS,
    ),
    Operation(
        "UpdateMediaInfo",
        update,
        Verb.EDIT,
        (MEDIA_ID, INPUT_URL, *_COMMON, CATEGORY, APPEND),
        differs="CateId is refused. An empty value changes nothing.",
        fields=FIELDS,
    ),
    Operation(
        "DeleteMediaInfos",
        delete,
        Verb.EDIT,
        (MEDIA_IDS, INPUT_URLS, WITH_FILES),
        differs="Files of recordings are not deleted with an asset, nor what a job is about to replace: ForbiddenList.",
    ),
)
