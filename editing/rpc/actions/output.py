"""OutputMediaConfig and OutputMediaTarget: where a result goes."""

from __future__ import annotations

from collections.abc import Mapping

from editing import storage
from editing.models import Bucket
from editing.rpc.errors import invalid, missing
from editing.rpc.operation import Call
from editing.rpc.params import choice, integer, json_object, optional, text
from editing.services.editing_jobs import Output

CONFIG = optional("OutputMediaConfig", json_object, None)
TARGET = optional("OutputMediaTarget", choice("oss-object", "vod-media"), "")
MEDIA_URL = optional("MediaURL", text(), "")
LOCATION = optional("StorageLocation", text(), "")
FILE_NAME = optional("FileName", text(), "")
WIDTH = optional("Width", integer(1, 1 << 16), None)
HEIGHT = optional("Height", integer(1, 1 << 16), None)
BITRATE = optional("Bitrate", integer(1, 1 << 20), None)
TEMPLATE_GROUP = optional("VodTemplateGroupId", choice("VOD_NO_TRANSCODE"), "")
_KINDS = {"oss-object": Bucket.Kind.OSS, "vod-media": Bucket.Kind.VOD}

FIELDS = {
    "output": CONFIG.name,
    "output.bucket": CONFIG.name,
    "output.key": CONFIG.name,
    "output.width": f"{CONFIG.name}.Width",
    "output.height": f"{CONFIG.name}.Height",
    "output.bitrate": f"{CONFIG.name}.Bitrate",
}


def requested(call: Call, place: tuple[Bucket, str] | None = None) -> Output:
    """What the request says of the output. A `place` counts before the one it names, which is not looked at then.

    Raises Refused, and what `storage.resolve` raises.
    """
    config = call[CONFIG]
    if config is None and place is None:
        raise missing(CONFIG.name)
    config = config or {}
    TEMPLATE_GROUP.of(config, CONFIG.name)
    bucket, key = place or _place(config, call[TARGET])
    bitrate = BITRATE.of(config, CONFIG.name)
    return Output(
        bucket,
        key,
        WIDTH.of(config, CONFIG.name),
        HEIGHT.of(config, CONFIG.name),
        bitrate * 1000 if bitrate else None,  # theirs are Kbit/s
    )


def _place(config: Mapping[str, object], target: str) -> tuple[Bucket, str]:
    """The target is what the fields say; saying another is a contradiction."""
    url, location, name = (param.of(config, CONFIG.name) for param in (MEDIA_URL, LOCATION, FILE_NAME))
    if url and (location or name):
        raise invalid(CONFIG.name, "Give MediaURL (oss-object), or StorageLocation and FileName (vod-media), not both.")
    meant = "vod-media" if location or name or (target == "vod-media" and not url) else "oss-object"
    if target and target != meant:
        raise invalid(TARGET.name, f"The fields of {CONFIG.name} mean {meant}.")
    found = _vod(location, name) if meant == "vod-media" else _oss(url)
    if found[0].kind != _KINDS[meant]:
        raise invalid(CONFIG.name, f"Bucket {found[0]} is not for {meant}; its kind is {found[0].kind}.")
    return found


def _oss(url: str) -> tuple[Bucket, str]:
    if not url:
        raise missing(f"{CONFIG.name}.MediaURL")
    return storage.resolve(url, field=f"{CONFIG.name}.MediaURL")


def _vod(location: str, name: str) -> tuple[Bucket, str]:
    for param, value in ((LOCATION, location), (FILE_NAME, name)):
        if not value:
            raise missing(f"{CONFIG.name}.{param.name}")
    storage.check_key(name, field=f"{CONFIG.name}.{FILE_NAME.name}", extensions=storage.OUTPUTS)
    bucket, _ = storage.resolve(f"https://{location}/x", field=f"{CONFIG.name}.{LOCATION.name}")
    return bucket, name
