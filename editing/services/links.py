"""Time-limited addresses of media: whoever has one may fetch that file or play that recording until it expires.

A signature covers what it opens and when it ends. Segments of a recording share one, so that a playlist of thousands
is signed once.
"""

import re
from urllib.parse import quote, urlencode

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from editing import storage
from editing.errors import PermissionDenied
from editing.models import Bucket, MediaAsset, Recording
from editing.timeline.instant import SECOND, Instant

LONGEST_PLAYLIST = 25 * 3600 * SECOND
"""A record job's recording is closed after a day at the latest; the rest is for what it may run over."""
_SALT = "editing.links"


def file_url(bucket: Bucket, key: str, *, seconds: int | None = None, download: str = "") -> str:
    """An address of a file, on this site where the bucket is local; `download` is a name for browsers to save it as."""
    lasting = seconds or settings.SIGNED_URL_SECONDS
    headers = {"ResponseContentType": storage.content_type(key)}
    headers |= {"ResponseContentDisposition": disposition(download)} if download else {}
    if direct := storage.signed_url(bucket, key, seconds=lasting, headers=headers):
        return direct
    query = _signed(f"file:{bucket.name}/{key}", lasting) | ({"download": download} if download else {})
    return f"/files/{bucket.name}/{quote(key)}?{urlencode(query)}"


def asset_url(asset: MediaAsset, *, seconds: int | None = None, download: str = "") -> str:
    """An address of an asset's file; that of a recording is a playlist whose segments are signed with it: of one that
    is longer than a playlist may be, the end."""
    if asset.recording_id:
        start = None
        if asset.duration > LONGEST_PLAYLIST:
            end = Recording.objects.filter(pk=asset.recording_id).values_list("end", flat=True).get()
            start = (end or 0) - LONGEST_PLAYLIST
        return _playlist_url(asset.recording_id, seconds or settings.SIGNED_URL_SECONDS, start=start)
    return file_url(asset.bucket, asset.key, seconds=seconds, download=download)


def playlist_url(recording: Recording, *, start: Instant | None = None, end: Instant | None = None) -> str:
    """An address of the recording as an HLS playlist, whole or from `start` to `end`."""
    return _playlist_url(recording.pk, settings.SIGNED_URL_SECONDS, start=start, end=end)


def _playlist_url(recording_id: int, seconds: int, **within: Instant | None) -> str:
    query: dict[str, str | int] = dict(_signed(_recording_scope(recording_id), seconds))
    query |= {name: value for name, value in within.items() if value is not None}
    return f"/playback/{recording_id}/index.m3u8?{urlencode(query)}"


def check_file(bucket_name: str, key: str, *, expires: str, signature: str) -> None:
    """Raises PermissionDenied unless the address was made by `file_url` and still holds."""
    _check(f"file:{bucket_name}/{key}", expires, signature)


def check_recording(recording_id: int, *, expires: str, signature: str) -> None:
    """Raises PermissionDenied unless the address was made by `playlist_url` and still holds."""
    _check(_recording_scope(recording_id), expires, signature)


def disposition(name: str) -> str:
    """Content-Disposition that saves under `name`, whatever its letters."""
    plain = re.sub(r"[^ !#-\[\]-~]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _recording_scope(recording_id: int) -> str:
    return f"recording:{recording_id}"


def _signed(scope: str, seconds: int) -> dict[str, str]:
    expires = str(int(timezone.now().timestamp()) + seconds)
    return {"expires": expires, "signature": _signature(scope, expires)}


def _signature(scope: str, expires: str) -> str:
    return salted_hmac(_SALT, f"{scope}:{expires}", algorithm="sha256").hexdigest()


def _check(scope: str, expires: str, signature: str) -> None:
    if not constant_time_compare(_signature(scope, expires), signature):
        raise PermissionDenied("This address is not signed by us.")
    if int(expires) < timezone.now().timestamp():
        raise PermissionDenied("This address has expired; open the page again for a fresh one.")
