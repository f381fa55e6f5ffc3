"""A file of a bucket as an HTTP answer."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.http import http_date, parse_http_date_safe

from editing import storage
from editing.delivery import ranges
from editing.delivery.ranges import ByteRange, Unsatisfiable
from editing.models import Bucket
from editing.services import links


class _Part(io.RawIOBase):
    """A part of a file as a file of its own. It can seek, so that waitress sends it without keeping a thread busy."""

    def __init__(self, file: BinaryIO, part: ByteRange) -> None:
        self._file, self._part = file, part
        file.seek(part.start)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        left = max(self._part.length - self.tell(), 0)
        return self._file.read(left if size < 0 else min(size, left))

    def tell(self) -> int:
        return self._file.tell() - self._part.start

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._part.length}[whence]
        self._file.seek(self._part.start + max(origin + offset, 0))
        return self.tell()

    def close(self) -> None:
        self._file.close()
        super().close()


def respond(request: HttpRequest, bucket: Bucket, key: str, *, download: str = "") -> HttpResponseBase:
    """The file, the part of it that Range asks for, or where else to get it. Raises NotFound."""
    path = storage.local_path(bucket, key)
    if path is None:
        return HttpResponseRedirect(links.file_url(bucket, key, download=download))
    if settings.ACCEL_REDIRECT:
        answer: HttpResponseBase = HttpResponse()
        answer["X-Accel-Redirect"] = f"{settings.ACCEL_REDIRECT.rstrip('/')}/{bucket.name}/{quote(key)}"
    else:
        answer = _bytes(request, bucket, key, path)
    answer["Content-Type"] = storage.content_type(key)
    answer["Cache-Control"] = "private, max-age=3600"
    if download:
        answer["Content-Disposition"] = links.disposition(download)
    return answer


def _bytes(request: HttpRequest, bucket: Bucket, key: str, path: Path) -> HttpResponseBase:
    file = storage.open_file(bucket, key)
    status = path.stat()
    tag, changed = f'"{status.st_mtime_ns:x}-{status.st_size:x}"', http_date(status.st_mtime)
    if _unchanged(request, tag, int(status.st_mtime)):
        file.close()
        answer: HttpResponseBase = HttpResponse(status=304)
    else:
        answer = _content(request, file, status.st_size, tag, changed)
    answer["ETag"], answer["Last-Modified"], answer["Accept-Ranges"] = tag, changed, "bytes"
    return answer


def _content(request: HttpRequest, file: BinaryIO, size: int, tag: str, changed: str) -> HttpResponseBase:
    try:
        part = _range(request, size, tag, changed)
    except Unsatisfiable:
        file.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    answer = _body(request, file, part or ByteRange(0, size))
    if part:
        answer.status_code = 206
        answer["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    return answer


def _body(request: HttpRequest, file: BinaryIO, part: ByteRange) -> HttpResponseBase:
    if request.method != "HEAD":
        return FileResponse(_Part(file, part))
    file.close()  # waitress would send a file after the headers even so
    return HttpResponse(headers={"Content-Length": str(part.length)})


def _range(request: HttpRequest, size: int, tag: str, changed: str) -> ByteRange | None:
    condition = request.headers.get("If-Range")
    if condition not in (None, tag, changed) or "Range" not in request.headers:
        return None
    return ranges.read(request.headers["Range"], size)


def _unchanged(request: HttpRequest, tag: str, changed: int) -> bool:
    if known := request.headers.get("If-None-Match"):
        return tag in (each.strip() for each in known.split(",")) or known == "*"
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and changed <= since
