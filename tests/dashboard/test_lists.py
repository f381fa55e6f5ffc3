"""Streams, a stream's recordings, jobs and assets: empty, filled, and without a query per row."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from editing.models import Bucket, MediaAsset, Project, Recording
from editing.services import projects
from editing.services.project_materials import LiveStream, Materials
from editing.services.project_storage import Business
from editing.timeline.clips import StreamName
from editing.worker import edit
from tests.conftest import imported, signed_in
from tests.services.test_editing_jobs import clip, submit


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/streams/", "uv run manage.py import_recording"),
        ("/jobs/", "Open a recording, mark clips and merge them"),
        ("/projects/", "or by submitting a live editing job"),
        ("/assets/", "Every merged video becomes a media asset"),
    ],
)
def test_an_empty_list_says_what_to_do_next(vera: User, path: str, says: str) -> None:
    assert says in signed_in(vera).get(path).content.decode()


def test_a_stream_lists_its_recordings(recording: Recording, vera: User) -> None:
    client = signed_in(vera)

    streams = client.get("/streams/").content.decode()
    assert f'href="/streams/{recording.stream_id}/"' in streams
    assert f'href="/recordings/{recording.pk}/"' in streams
    assert "2026-11-20T10:00:00Z" in streams
    assert "0:12.000" in streams

    detail = client.get(f"/streams/{recording.stream_id}/").content.decode()
    assert f'href="/recordings/{recording.pk}/"' in detail
    assert "0:12.000" in detail


def test_an_operator_says_how_much_of_a_stream_is_kept(recording: Recording, opal: User, ed: User) -> None:
    path = f"/streams/{recording.stream_id}/"
    assert "Everything that is recorded of this stream stays." in signed_in(ed).get(path).content.decode()
    assert 'id="keep"' not in signed_in(ed).get(path).content.decode()
    client = signed_in(opal)

    client.post(f"{path}keep/", {"days": "7", "gigabytes": "1.5"})

    shown = client.get(path).content.decode()
    assert "older than 7 days, or more than 1.5 GB" in shown
    assert 'value="1.5"' in shown
    assert "Give a whole number from 1" in client.post(f"{path}keep/", {"days": "0"}).content.decode()
    assert signed_in(ed).post(f"{path}keep/", {"days": "1"}).status_code == 403


def test_a_stream_without_recordings_says_how_to_import_one(recording: Recording, vera: User) -> None:
    stream = recording.stream
    recording.delete()

    page = signed_in(vera).get(f"/streams/{stream.pk}/").content.decode()
    assert "import_recording PLAYLIST --domain example.com --app live --stream main" in page


def queries(client: Any, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


def _stream(number: int, user: User) -> None:
    imported(stream=StreamName("example.com", "live", f"s{number}"))


def _job(number: int, user: User) -> None:
    submit(user, clip(), key=f"{number}.mp4")


def _asset(number: int, user: User) -> None:
    edit.run(submit(user, clip(), key=f"{number}.mp4").pk)


@pytest.mark.parametrize(("path", "make"), [("/streams/", _stream), ("/jobs/", _job), ("/assets/", _asset)])
def test_a_list_asks_the_database_equally_often_for_one_row_and_for_three(
    recording: Recording, ed: User, path: str, make: Callable[[int, User], None]
) -> None:
    client = signed_in(ed)
    make(0, ed)
    one = queries(client, path)
    make(1, ed)
    make(2, ed)

    assert queries(client, path) == one


def test_the_library_shows_results_with_their_picture(recording: Recording, ed: User) -> None:
    _asset(0, ed)
    asset = MediaAsset.objects.get()

    page = signed_in(ed).get("/assets/").content.decode()
    assert f'href="/assets/{asset.pk}/"' in page
    assert f"/files/media/{asset.poster}?" in page


def test_a_project_shows_its_materials_and_jobs(recording: Recording, ed: User, vera: User) -> None:
    business = Business("", Bucket.objects.get(name="media"), "matches")
    materials = Materials(live=[LiveStream(recording.stream.full_name)])
    project = projects.create(ed, title="Cup <final>", kind=Project.Kind.LIVE, business=business, materials=materials)
    job = submit(ed, clip(), project=project)
    client = signed_in(vera)

    index = client.get("/projects/").content.decode()
    assert f'<a href="/projects/{project.pk}/">Cup &lt;final&gt;</a>' in index
    page = client.get(f"/projects/{project.pk}/").content.decode()
    for said in ("Merging", "media / matches", "example.com/live/main", f'href="/jobs/{job.pk}/"'):
        assert said in page

    projects.delete(ed, [project.pk])
    assert "Cup" not in client.get("/projects/").content.decode()
    assert "Deleted" in client.get(f"/projects/{project.pk}/").content.decode()
