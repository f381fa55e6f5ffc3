from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User

from editing import queue
from editing.models import Bucket, RecordJob
from editing.services import record_jobs, record_templates
from tests.rtmp import Server, server


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("nginx")) as running:
        yield running


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent to the queue; there is no broker here, and tests run jobs themselves."""
    messages: list[str] = []
    monkeypatch.setattr(queue, "_send", lambda name, keys, queue: messages.extend(keys))
    monkeypatch.setattr(queue, "waiting", lambda name: 0)
    return messages


@pytest.fixture
def quick(settings: LazySettings) -> Iterator[LazySettings]:
    yield settings
    shutil.rmtree(settings.SPOOL_DIR, ignore_errors=True)


@pytest.fixture
def job(nginx: Server, request: pytest.FixtureRequest, opal: User, media: Bucket, quick: LazySettings) -> RecordJob:
    """Records in segments of two seconds."""
    template = record_templates.create(name="quick", formats=[{"format": "m3u8", "slice_duration": 2}])
    url = nginx.url(request.node.name)
    return record_jobs.create(opal, name="Main stage", url=url, bucket=media, template=template)
