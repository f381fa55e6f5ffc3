"""Jobs in the pages: followed, cancelled, tried again; and what came out of them."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from editing import storage
from editing.models import Bucket, EditingJob, JobState, MediaAsset, Recording, Worker
from editing.models.states import move
from editing.services import editing_jobs
from editing.services import media as registry
from editing.timeline.clips import Mode
from editing.worker import edit, prepare
from tests.conftest import signed_in
from tests.services.test_editing_jobs import clip, submit


@pytest.fixture
def client(ed: User) -> Client:
    return signed_in(ed)


@pytest.fixture
def job(recording: Recording, ed: User) -> EditingJob:
    return submit(ed, clip(1, 3), clip(10, 20), mode=Mode.ACCURATE, key="clips/out.mp4", user_data='{"goal": 17}')


def progress(client: Client, job: EditingJob) -> str:
    return client.get(f"/jobs/{job.pk}/progress/").content.decode()


def test_a_waiting_job_says_why_and_is_asked_for_again_every_second(client: Client, job: EditingJob) -> None:
    shown = progress(client, job)

    assert f'id="job-{job.pk}-progress"' in shown
    assert 'hx-trigger="every 1s"' in shown
    assert "In the queue" in shown
    assert "No worker has shown a sign of life" in shown
    assert "Cancel job" in shown


def test_a_job_behind_others_says_how_many(client: Client, job: EditingJob, ed: User) -> None:
    for queue in ("fast", "slow", "live", "callbacks", "system"):
        Worker.objects.create(name=queue, queues=queue, started_at=timezone.now(), seen_at=timezone.now())
    second = submit(ed, clip(), key="second.mp4")

    assert "1 job before it" in progress(client, second)


def test_a_running_job_tells_percent_stage_and_what_is_left(client: Client, job: EditingJob) -> None:
    move(job, JobState.PROCESSING, progress=42, stage="encoding", eta=100, started_at=timezone.now())

    shown = progress(client, job)

    assert 'value="42"' in shown
    assert "42 %" in shown
    assert "encoding" in shown
    assert "about 2 min left" in shown
    assert 'data-announce="Working, 25 percent"' in shown


def test_a_finished_job_stops_asking_and_shows_its_result(client: Client, job: EditingJob) -> None:
    edit.run(job.pk)

    answer = client.get(f"/jobs/{job.pk}/progress/")

    shown = answer.content.decode()
    assert (answer.status_code, answer["HX-Trigger"]) == (286, '{"job-ended": {}}')
    assert "hx-trigger" not in shown
    assert 'src="/files/media/clips/out.mp4?' in shown
    assert "download=out.mp4" in shown
    assert f'href="/assets/{job.media_id}/"' in shown
    assert "Try again" not in shown


def test_the_page_of_a_job_tells_what_was_asked_for_and_what_came_out(client: Client, job: EditingJob) -> None:
    edit.run(job.pk)

    page = client.get(f"/jobs/{job.pk}/").content.decode()

    for text in (
        "2026-11-20T10:00:20.000Z",  # asked for
        "2026-11-20T10:00:12.000Z",  # taken
        "missing: 8 s",
        "Clip 2 misses 8.000 s",
        "100 frames encoded",
        "100 frames there, times as planned",
        "{&quot;goal&quot;: 17}",
        "submitted",
        job.media_id,
    ):
        assert text in page


def test_a_failed_job_says_why_in_plain_words_and_can_be_tried_again(
    client: Client, job: EditingJob, recording: Recording
) -> None:
    for segment in recording.segments.all():
        storage.delete(recording.bucket, segment.key)
    edit.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.FAILED

    shown = progress(client, job)
    assert job.error_message.split("'")[0] in shown
    assert job.error_code in shown
    again = client.post(f"/jobs/{job.pk}/retry/").content.decode()
    assert "In the queue" in again
    assert 'hx-trigger="every 1s"' in again


def test_a_job_is_cancelled_and_cannot_be_twice(client: Client, job: EditingJob) -> None:
    assert "Cancelled" in client.post(f"/jobs/{job.pk}/cancel/").content.decode()
    assert "cannot be cancelled any more" in client.post(f"/jobs/{job.pk}/cancel/").content.decode()


def test_a_finished_job_cannot_be_tried_again(client: Client, job: EditingJob) -> None:
    edit.run(job.pk)

    assert "only failed and cancelled jobs" in client.post(f"/jobs/{job.pk}/retry/").content.decode()


def test_a_viewer_follows_a_job_but_gets_no_buttons(job: EditingJob, vera: User) -> None:
    client = signed_in(vera)

    assert "Cancel job" not in progress(client, job)
    assert "Edit these clips again" not in client.get(f"/jobs/{job.pk}/").content.decode()


def test_a_line_of_the_list_asks_again_only_while_its_job_is_active(client: Client, job: EditingJob) -> None:
    row = f"/jobs/{job.pk}/row/"
    assert 'hx-trigger="every 2s"' in client.get(row).content.decode()

    editing_jobs.cancel(job)
    assert "hx-trigger" not in client.get(row).content.decode()


def test_an_asset_shows_player_facts_and_a_download(client: Client, job: EditingJob) -> None:
    edit.run(job.pk)

    page = client.get(f"/assets/{job.media_id}/").content.decode()

    assert 'src="/files/media/clips/out.mp4?' in page
    assert "h264" in page
    assert "320×180" in page
    assert f'href="/jobs/{job.pk}/"' in page
    assert "https://media.oss.example.com/clips/out.mp4" in page


def test_an_asset_that_may_not_go_now_stays_and_the_page_says_why(client: Client, job: EditingJob, ed: User) -> None:
    edit.run(job.pk)
    submit(ed, clip(4, 6), key=job.key)

    answer = client.post(f"/assets/{job.media_id}/delete/", follow=True)

    assert "A job is about to replace this file" in answer.content.decode()
    assert MediaAsset.objects.filter(pk=job.media_id).exists()


def test_a_file_that_is_still_being_looked_at_or_unreadable_says_so(client: Client, ed: User, media: Bucket) -> None:
    asset = registry.register(ed, media, "x.mp4", tags=["goal"], description="The third")
    page = client.get(f"/assets/{asset.pk}/").content.decode()
    assert "still being looked at" in page
    assert "The third" in page

    prepare.run(asset.pk)
    assert "could not be read: x.mp4 is not in bucket media" in client.get(f"/assets/{asset.pk}/").content.decode()


def test_deleting_an_asset_removes_its_file_and_the_job_says_so(client: Client, job: EditingJob) -> None:
    edit.run(job.pk)

    assert client.post(f"/assets/{job.media_id}/delete/")["Location"] == "/assets/"
    assert not MediaAsset.objects.exists()
    assert not storage.exists(job.bucket, job.key)
    assert "Its result was deleted or replaced" in progress(client, job)


@pytest.mark.parametrize("page", ["/assets/{0.media_id}/", "/jobs/{0.pk}/progress/"])
def test_whoever_has_the_signed_address_gets_the_file(client: Client, job: EditingJob, page: str) -> None:
    edit.run(job.pk)
    shown = client.get(page.format(job)).content.decode()
    address = shown.split('src="/files/')[1].split('"')[0].replace("&amp;", "&")

    answer = Client().get(f"/files/{address}", headers={"Range": "bytes=0-99"})

    assert (answer.status_code, answer["Content-Type"], len(answer.getvalue())) == (206, "video/mp4", 100)


def test_what_no_browser_plays_is_offered_for_download_only(recording: Recording, client: Client, ed: User) -> None:
    job = submit(ed, clip(), key="out.mkv")
    edit.run(job.pk)

    for page in (progress(client, job), client.get(f"/assets/{job.media_id}/").content.decode()):
        assert "Browsers do not play .mkv files" in page
        assert "<video" not in page
        assert "download=out.mkv" in page
