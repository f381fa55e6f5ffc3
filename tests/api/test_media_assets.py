"""Finished files on the API."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from editing import storage
from editing.models import MediaAsset, Recording
from editing.worker import edit, stills
from tests.api.test_editing_jobs import JOBS, body, post
from tests.conftest import bearer, signed_in
from tests.services.test_editing_jobs import clip, submit

ASSETS = "/api/v1/media-assets/"


def made(user: User, number: int = 0) -> MediaAsset:
    """What a finished merge has filed."""
    job = submit(user, clip(), key=f"clips/{number}.mp4")
    edit.run(job.pk)
    return MediaAsset.objects.get(pk=job.media_id)


def fetched(address: str) -> bytes:
    """What anybody gets who has the address."""
    return b"".join(Client().get(address.removeprefix("http://testserver")).streaming_content)


def test_an_asset_tells_its_facts_and_plays(recording: Recording, ed: User) -> None:
    asset = made(ed)

    found = Client().get(f"{ASSETS}{asset.pk}/", headers=bearer(ed)).json()

    names = ("playback", "download", "poster", "cover_url")
    video, saved, poster, cover = [fetched(found.pop(name)) for name in names]
    assert (video[4:8], saved, poster[:2], cover[:2]) == (b"ftyp", video, b"\xff\xd8", b"\xff\xd8")
    assert found.pop("facts") == asset.facts
    assert found == {
        "id": asset.pk,
        "title": asset.title,
        "state": "Normal",
        "kind": "video",
        "bucket": "media",
        "key": "clips/0.mp4",
        "url": "https://media.oss.example.com/clips/0.mp4",
        "size": storage.size(asset.bucket, asset.key),
        "duration": pytest.approx(4.0, abs=0.05),
        "job": asset.job_id,
        "created_at": asset.created_at.isoformat().replace("+00:00", "Z"),
        "snapshots": [],
        "sprite": None,
    }


def test_an_asset_shows_pictures_spread_over_it_once_they_are_made(recording: Recording, ed: User) -> None:
    asset = made(ed)
    stills.run(asset.pk)

    found = Client().get(f"{ASSETS}{asset.pk}/", headers=bearer(ed)).json()

    snapshots, sprite = found["snapshots"], found["sprite"]
    assert [each["at"] for each in snapshots] == [0, 1, 2, 3]
    assert {fetched(each["url"])[:2] for each in [*snapshots, sprite]} == {b"\xff\xd8"}
    sprite.pop("url")
    assert sprite == {"count": 4, "columns": 4, "width": 160, "height": 90}


def test_an_editor_deletes_an_asset_with_its_file(recording: Recording, ed: User) -> None:
    asset = made(ed)
    client = signed_in(ed)

    assert client.delete(f"{ASSETS}{asset.pk}/").status_code == 204

    assert not storage.exists(asset.bucket, asset.key)
    assert client.delete(f"{ASSETS}{asset.pk}/").status_code == 404
    job = client.get(f"{JOBS}{asset.job_id}/").json()
    assert (job["state"], job["media_asset"]) == ("Success", asset.pk)


def test_an_asset_that_a_job_is_about_to_replace_stays(recording: Recording, ed: User) -> None:
    asset = made(ed)
    post(signed_in(ed), body(output={"key": "clips/0.mp4"}))

    answer = signed_in(ed).delete(f"{ASSETS}{asset.pk}/")

    assert (answer.status_code, answer.json()["code"]) == (409, "OutputKeyTaken")
    assert storage.exists(asset.bucket, asset.key)


def test_assets_are_filtered_and_ordered(recording: Recording, ed: User) -> None:
    first, second = made(ed, 0), made(ed, 1)
    client = signed_in(ed)

    def ids(**query: str) -> list[str]:
        return [asset["id"] for asset in client.get(ASSETS, query).json()["results"]]

    assert ids() == [second.pk, first.pk]
    assert ids(ordering="created_at", kind="video", bucket="media") == [first.pk, second.pk]
    assert ids(job=str(first.job_id)) == ids(key="clips/0.mp4") == [first.pk]
    assert ids(created_before=first.created_at.isoformat()) == []
    assert ids(created_after=second.created_at.isoformat()) == [second.pk]


@pytest.mark.parametrize("items", [1, 3])
def test_assets_take_as_many_queries_for_three_as_for_one(
    recording: Recording, ed: User, items: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(items):
        made(ed, number)
    client = signed_in(ed)

    with django_assert_num_queries(6):  # session, user, roles, count, keys, rows
        assert client.get(ASSETS).json()["count"] == items
