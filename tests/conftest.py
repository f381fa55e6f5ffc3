"""The cast, the same in every test: Vera may see, Ed may edit, Opal operates, Sam has no role at all."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, rmtree

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client

from editing.models import Bucket, Recording
from editing.services import access_keys, recordings
from editing.timeline.clips import StreamName
from editing.worker import lease
from tests.samples import BASIC, START, Kind, playlist

pytest_plugins = ["tests.no_skips", "tests.spreading"]
MAIN = StreamName("example.com", "live", "main")


@pytest.fixture(autouse=True)
def fresh_files() -> Iterator[None]:
    """No test finds the files of another, in buckets or in scratch."""
    yield
    rmtree(settings.STORAGES["local"]["OPTIONS"]["location"], ignore_errors=True)
    rmtree(settings.SCRATCH_DIR, ignore_errors=True)


@pytest.fixture(autouse=True)
def leases_see_the_row(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that renews a lease has a connection of its own, to which a test's open transaction is invisible.

    It would take the lease for lost; so it rests where the test does not commit.
    """
    marker = request.node.get_closest_marker("django_db")
    if not (marker and marker.kwargs.get("transaction")):
        monkeypatch.setattr(lease, "_BEAT", 3600)


def make_user(name: str, role: str = "") -> User:
    user = User.objects.create_user(name, password="secret")
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def vera(db: None) -> User:
    return make_user("vera", "viewer")


@pytest.fixture
def ed(db: None) -> User:
    return make_user("ed", "editor")


@pytest.fixture
def opal(db: None) -> User:
    return make_user("opal", "operator")


@pytest.fixture
def sam(db: None) -> User:
    return make_user("sam")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def bearer(user: User) -> dict[str, str]:
    """The header with which a program of this user signs in."""
    key, secret = access_keys.create(user)
    return {"Authorization": f"Bearer {key.pk}:{secret}"}


@pytest.fixture
def media(db: None) -> Bucket:
    return Bucket.objects.get(name="media")


def imported(kind: Kind = BASIC, stream: StreamName = MAIN, bucket: str = "media") -> Recording:
    """A sample as a recording that begins at START."""
    return recordings.import_playlist(
        str(playlist(kind)), stream=stream, bucket=Bucket.objects.get(name=bucket), start=START
    )


@pytest.fixture
def recording(db: None) -> Recording:
    """Twelve seconds of the stream example.com/live/main, 25 frames a second, in segments of two seconds."""
    return imported()


@pytest.fixture
def folder_of_basic(tmp_path: Path) -> Path:
    """A copy of the sample's playlist and segments that a test may damage."""
    return Path(copytree(playlist(BASIC).parent, tmp_path / "hls"))
