"""Parameters of editing projects that are JSON within JSON: BusinessConfig and MaterialMaps."""

from __future__ import annotations

from collections.abc import Mapping

from editing import storage
from editing.models import Bucket, MediaAsset
from editing.rpc.actions.output import LOCATION
from editing.rpc.actions.streams import APP, DOMAIN, STREAM
from editing.rpc.errors import invalid
from editing.rpc.operation import Call
from editing.rpc.params import (
    Param,
    choice,
    instant,
    json_object,
    json_objects,
    json_text,
    optional,
    required,
    text,
    words,
)
from editing.services.project_materials import MOST, LiveStream, Materials
from editing.services.project_storage import Business
from editing.timeline.clips import StreamName
from editing.timeline.instant import to_datetime

MATERIALS = optional("MaterialMaps", json_object, None)
BUSINESS = optional("BusinessConfig", json_object, None)
BUSINESS_TEXT = optional("BusinessConfig", json_text(most=4096), "")
_MEDIA_CONFIG = optional("OutputMediaConfig", json_object, None)
_PATH = optional("Path", text(most=200), "")
_TARGET = optional("OutputMediaTarget", choice("oss-object", "vod-media"), "oss-object")
_RESERVED = optional("ReservationTime", instant, None)
_KINDS = {"oss-object": Bucket.Kind.OSS, "vod-media": Bucket.Kind.VOD}

_LIVE = optional("liveStream", json_objects(most=MOST), None)
_LIVE_URL = optional("liveUrl", text(), "")
_PROJECTS = optional("editingProject", words(most=MOST, each=text(most=64)), None)
_MEDIA = {kind: optional(kind, words(most=MOST, each=text(most=64)), None) for kind in MediaAsset.Kind.values}

_CONFIG = f"{BUSINESS.name}.{_MEDIA_CONFIG.name}"
FIELDS = {
    "title": "Title",
    "timeline": "Timeline",
    "template_id": "TemplateId",
    "clips_param": "ClipsParam",
    "business_state": "BusinessStatus",
    "bucket": f"{_CONFIG}.{LOCATION.name}",
    "folder": f"{_CONFIG}.{_PATH.name}",
    **{f"materials.{kind}": f"{MATERIALS.name}.{kind}" for kind in (*_MEDIA, _LIVE.name, _PROJECTS.name)},
    "materials.ids": "MaterialIds",
    **dict.fromkeys(("domain", "app", "stream"), f"{MATERIALS.name}.{_LIVE.name}"),
}


def business(call: Call) -> Business:
    """Raises Refused, and what `storage.resolve` raises."""
    config = call[BUSINESS]
    if config is None:
        return Business()
    if not isinstance(call.values[BUSINESS.name], str):
        raise invalid(BUSINESS.name, "It must be JSON in one parameter.")
    media = _MEDIA_CONFIG.of(config, BUSINESS.name) or {}
    reserved = _RESERVED.of(config, BUSINESS.name)
    folder = _PATH.of(media, _CONFIG).strip("/")
    return Business(
        call[BUSINESS_TEXT], _bucket(config, media), folder, None if reserved is None else to_datetime(reserved)
    )


def _bucket(config: Mapping[str, object], media: Mapping[str, object]) -> Bucket | None:
    location, target = LOCATION.of(media, _CONFIG), _TARGET.of(config, BUSINESS.name)
    if not location:
        return None
    bucket, _ = storage.resolve(f"https://{location}/x", field=f"{_CONFIG}.{LOCATION.name}")
    if bucket.kind != _KINDS[target]:
        raise invalid(f"{_CONFIG}.{LOCATION.name}", f"Bucket {bucket} is not for {target}; its kind is {bucket.kind}.")
    return bucket


def materials(call: Call) -> Materials:
    """Values are text, lists of ids separated by commas; liveStream is a JSON array in text, its keys in camelCase."""
    given = call[MATERIALS]
    if given is None:
        return Materials()
    for name in given:
        if name not in (*_MEDIA, _LIVE.name, _PROJECTS.name):
            raise invalid(f"{MATERIALS.name}.{name}", "There are no materials of this type.")
    live = _LIVE.of(given, MATERIALS.name) or []
    return Materials(
        {kind: found for kind, param in _MEDIA.items() if (found := param.of(given, MATERIALS.name))},
        [_live(item, f"{MATERIALS.name}.{_LIVE.name}[{number}]") for number, item in enumerate(live)],
        _PROJECTS.of(given, MATERIALS.name) or (),
    )


def _live(item: Mapping[str, object], path: str) -> LiveStream:
    domain, app, stream = (_camel(param).of(item, path) for param in (DOMAIN, APP, STREAM))
    return LiveStream(StreamName(domain, app, stream), _LIVE_URL.of(item, path))


def _camel(param: Param[str]) -> Param[str]:
    return required(param.name[0].lower() + param.name[1:], param.read)
