from __future__ import annotations

import errno
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as current

from editing import storage
from editing.errors import InvalidKey, InvalidOutput, NoSpace, NotFound, StorageFailure
from editing.models import Bucket
from editing.services import links, recordings
from tests.conftest import MAIN
from tests.s3 import ALIAS, alias
from tests.s3 import server as s3_server
from tests.samples import BASIC, START, playlist

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def remote(db: None, s3: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setitem(current.STORAGES, ALIAS, alias(s3))
    yield Bucket.objects.create(name="remote", kind="oss", endpoint="oss.example.com", storage=ALIAS)
    storage._instance.cache_clear()


@pytest.fixture(params=["local", "s3"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """A bucket of each kind of storage."""
    name = {"local": "media", "s3": "remote"}[request.param]
    found: Bucket = request.getfixturevalue(name)
    return found


def test_a_file_is_published_whole_replaced_and_deleted(bucket: Bucket, tmp_path: Path) -> None:
    for content in (b"first", b"second, longer"):
        source = tmp_path / "output.mp4"
        source.write_bytes(content)
        storage.publish(source, bucket, "clips/a b/ü.mp4")

        assert not source.exists()
        assert storage.size(bucket, "clips/a b/ü.mp4") == len(content)
        with storage.open_file(bucket, "clips/a b/ü.mp4") as file:
            assert (file.read(3), file.seek(1), file.read()) == (content[:3], 1, content[1:])

    storage.delete(bucket, "clips/a b/ü.mp4")
    storage.delete(bucket, "clips/a b/ü.mp4")
    assert not storage.exists(bucket, "clips/a b/ü.mp4")
    with pytest.raises(NotFound, match="is not in bucket"):
        storage.open_file(bucket, "clips/a b/ü.mp4")


def test_small_files_are_saved_from_memory(bucket: Bucket) -> None:
    storage.save_bytes(b"one", bucket, "posters/1.jpg")
    storage.save_bytes(b"two", bucket, "posters/1.jpg")

    with storage.open_file(bucket, "posters/1.jpg") as file:
        assert file.read() == b"two"


def test_a_local_file_is_moved_and_leaves_no_draft(media: Bucket, tmp_path: Path) -> None:
    source = tmp_path / "output.mp4"
    source.write_bytes(b"x")
    inode = source.stat().st_ino

    storage.publish(source, media, "clips/x.mp4")

    target = storage.local_path(media, "clips/x.mp4")
    assert target is not None
    assert [path.name for path in target.parent.iterdir()] == ["x.mp4"]
    assert target.stat().st_ino == inode


def test_a_file_cannot_be_a_folder_at_once(media: Bucket) -> None:
    storage.save_bytes(b"old", media, "clips/x.mp4")

    with pytest.raises(StorageFailure, match=r"cannot be read or written: File exists\.$"):
        storage.save_bytes(b"new", media, "clips/x.mp4/inside.mp4")

    target = storage.local_path(media, "clips/x.mp4")
    assert target is not None
    assert ([path.name for path in target.parent.iterdir()], target.read_bytes()) == (["x.mp4"], b"old")


def test_a_full_disk_is_said_and_leaves_what_was_there(media: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.save_bytes(b"old", media, "clips/x.mp4")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)

    with pytest.raises(NoSpace, match="Bucket media is full"):
        storage.save_bytes(b"new", media, "clips/x.mp4")
    target = storage.local_path(media, "clips/x.mp4")
    assert target is not None
    assert ([path.name for path in target.parent.iterdir()], target.read_bytes()) == (["x.mp4"], b"old")


def test_a_storage_that_does_not_answer_is_said(remote: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = alias("http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setitem(current.STORAGES, ALIAS, dead)
    storage._instance.cache_clear()

    for act in (storage.exists, storage.size, storage.delete, storage.open_file):
        with pytest.raises(StorageFailure, match=r"x\.mp4 in bucket remote"):
            act(remote, "x.mp4")


def test_a_remote_file_has_a_signed_address_at_its_storage(remote: Bucket, s3: str) -> None:
    storage.save_bytes(b"film", remote, "clips/x.mp4")

    address = urlsplit(links.file_url(remote, "clips/x.mp4", seconds=60, download="Film.mp4"))
    connection = HTTPConnection(str(address.hostname), address.port)
    connection.request("GET", f"{address.path}?{address.query}")
    answer = connection.getresponse()

    assert (answer.status, answer.read()) == (200, b"film")
    assert answer.getheader("Content-Type") == "video/mp4"
    assert answer.getheader("Content-Disposition") == "attachment; filename=\"Film.mp4\"; filename*=UTF-8''Film.mp4"
    connection.close()


def test_a_recording_may_be_kept_remotely(remote: Bucket, client) -> None:
    recording = recordings.import_playlist(str(playlist(BASIC)), stream=MAIN, bucket=remote, start=START)

    segment = recording.segments.get(sequence=3)
    with storage.open_file(remote, segment.key) as file:
        assert file.read() == (playlist(BASIC).parent / "003.ts").read_bytes()
    answer = client.get(links.playlist_url(recording).replace("index.m3u8", "3.ts"))
    assert (answer.status_code, "/studio/remote/recordings/" in answer["Location"]) == (302, True)
    recordings.delete(recording)
    assert not storage.exists(remote, segment.key)


@pytest.mark.parametrize(
    "key",
    [
        *(
            "",
            "/a.mp4",
            "a//b.mp4",
            "a/",
            "../a.mp4",
            "a/../b.mp4",
            "./a.mp4",
            "a/.",
            "a\\b.mp4",
            "a\nb.mp4",
            "\x00.mp4",
        ),
        *("a\x7f.mp4", "a\x9f.mp4", "a\u2028b.mp4", "\ud800.mp4", "x" * 509 + ".mp4", "ü" * 130 + ".mp4"),
    ],
)
def test_a_key_that_no_file_may_have_is_refused(key: str) -> None:
    with pytest.raises(InvalidKey) as refusal:
        storage.check_key(key, field="output.key")

    assert refusal.value.field == "output.key"


@pytest.mark.parametrize(
    "key", ["a.mp4", "a b/c.d/é.MP4", ".hidden/a.mp4", "...mp4", "x" * 200 + "/" + "y" * 200 + ".mp4"]
)
def test_a_key_may_have_anything_else(key: str) -> None:
    assert storage.check_key(key, extensions=storage.OUTPUTS) == key


@pytest.mark.parametrize("key", ["a", "a.exe", "mp4", ".mp4", "a.mp4.sh", "a.mp4/b"])
def test_an_unknown_extension_is_refused(key: str) -> None:
    with pytest.raises(InvalidKey, match=r"\.mp4"):
        storage.check_key(key, extensions=storage.OUTPUTS)


@pytest.mark.parametrize(
    "url",
    [
        "https://media.oss.example.com/clips/a b.mp4",
        "http://media.oss.example.com/clips/a b.mp4",
        "oss://media/clips/a b.mp4",
    ],
)
def test_an_address_names_a_bucket_and_a_key(media: Bucket, url: str) -> None:
    assert storage.resolve(url) == (media, "clips/a b.mp4")
    assert storage.resolve(media.url("x.mp4")) == (media, "x.mp4")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("clips/a.mp4", InvalidOutput),
        ("ftp://media.oss.example.com/a.mp4", InvalidOutput),
        ("https://media.oss.example.com/", InvalidOutput),
        ("https://media.oss.example.com/a.mp4?x=1", InvalidOutput),
        ("https://other.oss.example.com/a.mp4", NotFound),
        ("https://media.elsewhere.example.com/a.mp4", NotFound),
        ("https://media/a.mp4", NotFound),
        ("oss://other/a.mp4", NotFound),
        ("oss://media/../a.mp4", InvalidKey),
    ],
)
def test_an_address_of_something_else_is_refused(url: str, fault: type[Exception]) -> None:
    with pytest.raises(fault) as refusal:
        storage.resolve(url, field="clips[0].url")

    assert refusal.value.field == "clips[0].url"


def test_an_inactive_bucket_is_not_found(media: Bucket) -> None:
    Bucket.objects.filter(pk=media.pk).update(active=False)

    with pytest.raises(NotFound):
        storage.resolve("oss://media/a.mp4")
