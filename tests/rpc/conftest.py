"""A studio with a recording, running as its users start it, for clients that call it over the network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.installation import Installation, installation
from tests.rpc.calling import Caller
from tests.samples import BASIC, playlist

MAKE_VIEWER = """
from django.contrib.auth.models import Group, User
User.objects.create_user("vera").groups.add(Group.objects.get(name="viewer"))
print("{}")
"""


@pytest.fixture(scope="package")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Its recording 1 is twelve seconds of example.com/live/main from 2026-11-20T10:00:00Z; Vera may only look.

    Callbacks may reach this machine."""
    with installation(tmp_path_factory.mktemp("rpc") / "home", CALLBACK_NETWORKS="127.0.0.1") as found:
        found.start()
        found.manage("import_recording", str(playlist(BASIC)), "--domain", "example.com", "--app", "live",
                     "--stream", "main", "--start", "2026-11-20T10:00:00Z")  # fmt: skip
        found.manage("shell", "-c", MAKE_VIEWER)
        yield found


@pytest.fixture(scope="package")
def operator(studio: Installation) -> Caller:
    return key_of(studio)


@pytest.fixture(scope="package")
def viewer(studio: Installation) -> Caller:
    return key_of(studio, "--user", "vera")


def key_of(studio: Installation, *arguments: str) -> Caller:
    pair = studio.manage("create_access_key", *arguments)
    return Caller(pair["AccessKeyId"], pair["AccessKeySecret"])
