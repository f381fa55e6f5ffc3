"""A media asset in the words of IMS. All values of files and streams are text there, numbers too."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from editing.models import MediaAsset
from editing.rpc.operation import Call
from editing.rpc.params import integer, optional
from editing.rpc.wire import moment
from editing.services import links
from editing.timeline.instant import SECOND

AUTH_TIMEOUT = optional("AuthTimeout", integer(1, 86400), 3600)


def basic_info(call: Call, asset: MediaAsset, *, addresses: bool = False) -> dict[str, Any]:
    """With `addresses` the snapshots and the sprite say where they can be fetched, each by itself."""
    return {
        "MediaId": asset.pk,
        "InputURL": asset.bucket.url(asset.key),
        "MediaType": asset.kind,
        "BusinessType": asset.business,
        "Source": asset.bucket.kind,
        "Title": asset.title,
        "Description": asset.description,
        "Category": asset.category,
        "MediaTags": ",".join(asset.tags),
        "CoverURL": _cover(call, asset),
        "UserData": asset.user_data,
        "Snapshots": _snapshots(call, asset, addresses=addresses),
        "Status": asset.state,
        "CreateTime": moment(asset.created_at),
        "ModifiedTime": moment(asset.changed_at or asset.created_at),
        "DeletedTime": "",
        "SpriteImages": _sprites(call, asset, addresses=addresses),
        "ReferenceId": asset.reference,
    }


def file_list(call: Call, asset: MediaAsset, *, streams: bool) -> list[dict[str, Any]]:
    """The one file of an asset; with its streams for those operations that tell of them."""
    info: dict[str, Any] = {"FileBasicInfo": _file(call, asset)}
    if streams:
        tracks = asset.facts.get("tracks", [])
        info["VideoStreamInfoList"] = [_video(n, track) for n, track in enumerate(tracks) if track["kind"] == "video"]
        info["AudioStreamInfoList"] = [_audio(n, track) for n, track in enumerate(tracks) if track["kind"] == "audio"]
        info["SubtitleStreamInfoList"] = []
    return [info]


def _file(call: Call, asset: MediaAsset) -> dict[str, str]:
    tracks = asset.facts.get("tracks", [])
    picture: dict[str, Any] = next((track for track in tracks if track["kind"] == "video"), {})
    return {
        "FileName": PurePosixPath(asset.key).name,
        "FileStatus": "Normal",
        "FileType": "source_file",
        "FileSize": str(asset.size),
        "FileUrl": call.absolute(links.asset_url(asset, seconds=call[AUTH_TIMEOUT])),
        "Region": "",
        "FormatName": asset.facts.get("container", ""),
        "Duration": _seconds(asset.duration),
        "Bitrate": _kilobits(asset.facts.get("bit_rate", 0)),
        "Width": str(picture.get("width") or ""),
        "Height": str(picture.get("height") or ""),
        **_times(asset.created_at),
    }


def _times(at: datetime) -> dict[str, str]:
    return {"CreateTime": moment(at), "ModifiedTime": moment(at)}


def _signed(call: Call, asset: MediaAsset, key: str) -> str:
    return call.absolute(links.file_url(asset.bucket, key, seconds=call[AUTH_TIMEOUT]))


def _cover(call: Call, asset: MediaAsset) -> str:
    """Somebody's own picture before ours, the cover before the smaller poster."""
    if asset.cover_url:
        return asset.cover_url
    if asset.cover_bucket:
        return call.absolute(links.file_url(asset.cover_bucket, asset.cover_key, seconds=call[AUTH_TIMEOUT]))
    return _signed(call, asset, asset.poster) if asset.poster else ""


def _snapshots(call: Call, asset: MediaAsset, *, addresses: bool) -> str:
    """JSON in text, an empty list where there are none. {Count} is the number of a picture in five digits."""
    if not asset.snapshots:
        return "[]"
    said = {**_stored(asset), "snapshotRegular": f"{asset.stills['folder']}/{{Count}}.jpg"}
    urls = [_signed(call, asset, key) for _, key in asset.snapshots] if addresses else []
    return _json([said | ({"snapshotUrls": urls} if urls else {})])


def _sprites(call: Call, asset: MediaAsset, *, addresses: bool) -> str:
    if not asset.sprite:
        return "[]"
    said = {
        **_stored(asset),
        "snapshotRegular": f"{asset.stills['folder']}/{{Count}}.jpg" if asset.snapshots else "",
        "spriteRegular": f"{asset.stills['folder']}/sprite-{{TileCount}}.jpg",
        "tileCount": "1",
    }
    return _json([said | ({"spriteUrls": [_signed(call, asset, asset.sprite)]} if addresses else {})])


def _stored(asset: MediaAsset) -> dict[str, str]:
    """What both say. No job and no template of somebody's makes them here."""
    location = asset.bucket.endpoint.partition(".")[0]
    count = str(len(asset.stills["at"]))
    return {"bucket": asset.bucket.name, "count": count, "iceJobId": "", "location": location, "templateId": ""}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _video(index: int, track: dict[str, Any]) -> dict[str, str]:
    return {
        **_common(index, track),
        "Width": str(track["width"]),
        "Height": str(track["height"]),
        "PixFmt": track["pixel_format"],
        "Fps": _rate(track["frame_rate"]),
        "AvgFPS": _rate(track["frame_rate"]),
    }


def _audio(index: int, track: dict[str, Any]) -> dict[str, str]:
    return {
        **_common(index, track),
        "SampleRate": str(track["sample_rate"]),
        "Channels": str(track["channels"]),
        "ChannelLayout": track["layout"],
    }


def _common(index: int, track: dict[str, Any]) -> dict[str, str]:
    return {
        "Index": str(index),
        "CodecName": track["codec"],
        "Profile": track["profile"],
        "Duration": _seconds(track["duration"]),
        "Bitrate": _kilobits(track["bit_rate"]),
        "NumFrames": str(track["frames"] or ""),
    }


def _seconds(micros: int) -> str:
    return f"{micros / SECOND:.6f}"


def _kilobits(bits: int) -> str:
    return f"{bits / 1000:.3f}"


def _rate(fraction: str) -> str:
    """30000/1001 as 29.97."""
    above, _, below = fraction.partition("/")
    return f"{int(above) / int(below or 1):.4f}".rstrip("0").rstrip(".") if above else ""
