"""Which picture becomes the cover, and where pages show it."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from editing.models import EditingJob, MediaAsset, Recording
from editing.worker import edit, stills
from tests.conftest import signed_in
from tests.dashboard.test_clips import add, chosen
from tests.media.test_frames import number_in

TEN = 1_795_168_800_000_000
MERGE = {"mode": "RoughFast", "bucket": "media", "key": "a.mp4"}


@pytest.fixture
def client(ed: User) -> Client:
    return signed_in(ed)


def covers(client: Client) -> list[float | None]:
    """Of the chosen clips, in seconds after ten o'clock."""
    return [None if row["cover"] is None else (row["cover"] - TEN) / 1e6 for row in chosen(client)]


@pytest.mark.parametrize(
    ("cover", "at"), [("", None), ("2026-11-20T10:00:01.5Z", 1_500_000), ("+0.5", 1_500_000), ("10:00:01.5", 1_500_000)]
)
def test_a_clip_can_name_its_cover(recording: Recording, client: Client, cover: str, at: int | None) -> None:
    add(client, recording)
    name = chosen(client)[0]["id"]

    client.post(f"/clips/{name}/change/", {"start": "10:00:01", "end": "10:00:03", "cover": cover})

    assert chosen(client)[0]["cover"] == (at and 1_795_168_800_000_000 + at)


def test_a_cover_outside_its_clip_is_refused_at_its_field(recording: Recording, client: Client) -> None:
    add(client, recording)
    name = chosen(client)[0]["id"]

    answer = client.post(f"/clips/{name}/change/", {"start": "10:00:01", "end": "10:00:03", "cover": "10:00:05"})

    assert "must lie in its clip" in answer.content.decode()
    assert chosen(client)[0]["cover"] is None


def test_a_clip_is_added_with_the_cover_that_was_marked(recording: Recording, client: Client) -> None:
    form = {"start": "10:00:01", "end": "10:00:03", "cover": "2026-11-20T10:00:01.480Z"}
    panel = client.post(f"/recordings/{recording.pk}/clips/", form).content.decode()

    assert covers(client) == [1.48]
    assert 'data-cover="2026-11-20T10:00:01.480Z"' in panel
    shown = re.search(r'img src="(/recordings/[^"]+)"', panel)
    assert shown
    assert number_in(client.get(shown[1]).content) == 37
    assert client.get(f"/recordings/{recording.pk}/picture/1/").status_code == 404


def test_a_merge_has_one_cover_and_the_newest_choice_counts(recording: Recording, client: Client) -> None:
    add(client, recording)
    add(client, recording, "6.500", "7.000")
    first, second = (row["id"] for row in chosen(client))

    client.post(f"/clips/{first}/cover/", {"at": "2026-11-20T10:00:02.040Z"})
    client.post(f"/clips/{second}/cover/", {"at": "2026-11-20T10:00:06.600Z"})
    assert covers(client) == [None, 6.6]
    client.post(f"/clips/{second}/duplicate/")
    assert covers(client) == [None, 6.6, None]
    client.post(f"/clips/{second}/cover/", {"at": "2026-11-20T10:00:05Z"})
    assert covers(client) == [None, 6.6, None]
    client.post(f"/clips/{second}/cover/")
    assert covers(client) == [None, None, None]


def test_the_cover_is_kept_when_a_jobs_clips_are_edited_again(recording: Recording, client: Client) -> None:
    for start in ("1.000", "4.000"):
        add(client, recording, start, "6.000")
    name = chosen(client)[1]["id"]
    client.post(f"/clips/{name}/cover/", {"at": "2026-11-20T10:00:05Z"})
    client.post("/clips/merge/", MERGE)

    client.post(f"/jobs/{EditingJob.objects.get().pk}/clips/")

    assert [(row["start"] - TEN) / 1e6 for row in chosen(client)] == [1, 4]
    assert covers(client) == [None, 5]


def test_the_pages_of_a_job_and_its_asset_show_the_cover(recording: Recording, client: Client) -> None:
    add(client, recording)
    client.post(f"/clips/{chosen(client)[0]['id']}/cover/", {"at": "2026-11-20T10:00:02.040Z"})
    client.post("/clips/merge/", MERGE)
    job = EditingJob.objects.get()
    assert "The picture of" in client.get(f"/jobs/{job.pk}/").content.decode()

    edit.run(job.pk)

    for path in (f"/jobs/{job.pk}/", f"/assets/{MediaAsset.objects.get().pk}/"):
        page = client.get(path).content.decode()
        assert "2026-11-20T10:00:02.040Z" in page
        shown = re.search(r'<a href="([^"]+)"[^>]*><img class="cover" src="([^"]+)"', page)
        assert shown, page
        for address in shown.groups():
            answer = client.get(address.replace("&amp;", "&"))
            assert answer.getvalue()[:2] == b"\xff\xd8"
    facts = client.get(f"/jobs/{job.pk}/facts/").content.decode()
    assert 'class="cover"' in facts


def test_the_page_of_a_job_says_that_the_cover_was_chosen(recording: Recording, client: Client) -> None:
    add(client, recording)
    client.post("/clips/merge/", MERGE)

    page = client.get(f"/jobs/{EditingJob.objects.get().pk}/").content.decode()
    assert "The first picture that is neither black nor blurred" in page


def test_the_page_of_an_asset_shows_pictures_spread_over_it(recording: Recording, client: Client) -> None:
    add(client, recording, "0.000", "4.000")
    client.post("/clips/merge/", MERGE)
    edit.run(EditingJob.objects.get().pk)
    asset = MediaAsset.objects.get()
    part = f"/assets/{asset.pk}/stills/"
    assert f'hx-get="{part}"' in client.get(f"/assets/{asset.pk}/").content.decode()

    stills.run(asset.pk)

    page = client.get(part).content.decode()
    assert "hx-get" not in page
    assert re.findall(r'data-at="(\d+)"', page) == ["0", "1000000", "2000000", "3000000"]
    assert [
        client.get(each.replace("&amp;", "&")).getvalue()[:2] for each in re.findall(r'img src="([^"]+)"', page)
    ] == [b"\xff\xd8"] * 4
