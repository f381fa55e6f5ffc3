from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from editing import storage
from editing.models import Bucket, Recording
from editing.services import links

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def address(media: Bucket) -> str:
    storage.save_bytes(CONTENT, media, "clips/ä b.mp4")
    return links.file_url(media, "clips/ä b.mp4")


def fetch(address: str, **headers: str) -> HttpResponse:
    """A GET that is read to its end; a streamed answer's bytes are then its content."""
    answer = Client().get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    if not answer.streaming:
        return answer
    return HttpResponse(b"".join(answer.streaming_content), status=answer.status_code, headers=dict(answer.items()))


def test_a_signed_address_gives_the_whole_file(address: str) -> None:
    answer = fetch(address)

    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert (answer["Content-Type"], answer["Accept-Ranges"]) == ("video/mp4", "bytes")
    assert answer["Content-Length"] == "1024"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-99", 0, 100), ("bytes=1000-", 1000, 1024), ("bytes=-24", 1000, 1024), ("bytes=500-9999", 500, 1024)],
)
def test_a_range_gives_that_part(address: str, asked: str, start: int, end: int) -> None:
    answer = fetch(address, Range=asked)

    assert (answer.status_code, answer.content) == (206, CONTENT[start:end])
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/1024"
    assert answer["Content-Length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=-0"])
def test_a_range_beyond_the_file_is_unsatisfiable(address: str, asked: str) -> None:
    answer = fetch(address, Range=asked)

    assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */1024")


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=9-2", "bytes=-"])
def test_a_range_that_we_do_not_serve_gives_the_whole_file(address: str, asked: str) -> None:
    assert fetch(address, Range=asked).status_code == 200


def test_if_range_and_if_none_match_compare_with_the_file(address: str) -> None:
    tag = fetch(address)["ETag"]

    ranged = {"Range": "bytes=0-9"}
    assert fetch(address, **ranged, If_Range=tag).status_code == 206
    assert fetch(address, **ranged, If_Range='"other"').status_code == 200
    assert fetch(address, If_None_Match=tag).status_code == 304


def test_a_download_is_saved_under_its_name(media: Bucket, address: str) -> None:
    answer = fetch(links.file_url(media, "clips/ä b.mp4", download="Tor für Köln.mp4"))

    assert answer["Content-Disposition"] == (
        "attachment; filename=\"Tor f_r K_ln.mp4\"; filename*=UTF-8''Tor%20f%C3%BCr%20K%C3%B6ln.mp4"
    )


def changed(address: str, **values: str) -> str:
    parts = urlsplit(address)
    query = {name: found[0] for name, found in parse_qs(parts.query).items()} | values
    return f"{parts.path}?{urlencode(query)}"


def test_tampered_expired_and_unsigned_addresses_are_refused(
    address: str, media: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fetch(changed(address, expires="9999999999")).status_code == 403
    assert fetch(changed(address, signature="0" * 64)).status_code == 403
    assert fetch(urlsplit(address).path).status_code == 403
    assert fetch(address.replace("clips", "other")).status_code == 403

    later = timezone.now() + timedelta(days=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    answer = fetch(address)
    assert (answer.status_code, b"expired" in answer.content) == (403, True)


def test_a_file_that_is_gone_is_not_found(media: Bucket, address: str) -> None:
    storage.delete(media, "clips/ä b.mp4")

    assert fetch(address).status_code == 404


def test_nginx_sends_the_bytes_where_it_is_told_to(address: str, settings) -> None:
    settings.ACCEL_REDIRECT = "/_buckets/"

    answer = fetch(address)

    assert answer["X-Accel-Redirect"] == "/_buckets/media/clips/%C3%A4%20b.mp4"
    assert (answer["Content-Type"], answer.content) == ("video/mp4", b"")


def test_a_playlist_and_its_segments_share_one_signature(recording: Recording) -> None:
    address = links.playlist_url(recording)

    playlist = fetch(address)
    names = [line for line in playlist.content.decode().splitlines() if line and not line.startswith("#")]
    segment = fetch(f"/playback/{recording.pk}/{names[2]}")

    assert playlist["Content-Type"] == "application/vnd.apple.mpegurl"
    assert (segment.status_code, segment["Content-Type"]) == (200, "video/mp2t")
    assert segment.content[0] == 0x47
    assert fetch(f"/playback/{recording.pk + 1}/{names[2]}").status_code == 403
    assert fetch(address, If_None_Match=playlist["ETag"]).status_code == 304


def test_a_playlist_covers_the_range_asked_for(recording: Recording) -> None:
    assert recording.start is not None
    address = links.playlist_url(recording, start=recording.start + 3_000_000, end=recording.start + 5_000_000)

    text = fetch(address).content.decode()

    assert text.count("#EXTINF") == 2
    assert "#EXT-X-PROGRAM-DATE-TIME:2026-11-20T10:00:02.000Z" in text
    assert "#EXT-X-MEDIA-SEQUENCE:1" in text


@pytest.mark.parametrize(("start", "end", "status"), [("x", "", 400), ("0", "1000000", 404), ("0", str(10**17), 400)])
def test_a_playlist_of_nonsense_of_nothing_and_of_more_than_half_a_day_is_refused(
    recording: Recording, start: str, end: str, status: int
) -> None:
    address = changed(links.playlist_url(recording), start=start, **({"end": end} if end else {}))

    assert fetch(address).status_code == status


def test_a_recording_or_segment_that_is_gone_is_not_found(recording: Recording) -> None:
    address = links.playlist_url(recording)
    segment = address.replace("index.m3u8", "0.ts")
    recording.segments.filter(sequence=0).delete()

    assert fetch(segment).status_code == 404
    recording.delete()
    assert fetch(address).status_code == 404
