"""Where covers may go."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from editing import storage
from editing.errors import InvalidInput, InvalidKey, InvalidOutput, OutputKeyTaken
from editing.models import Bucket, EditingJob, MediaAsset, Recording
from editing.services import editing_jobs
from editing.services import media as media_service
from editing.worker import edit
from tests.services.test_editing_jobs import clip, submit


def place(key: str) -> tuple[Bucket, str]:
    return Bucket.objects.get(name="media"), key


@pytest.mark.parametrize(
    ("bucket", "key", "error"),
    [
        ("vod-media", "a.jpg", InvalidOutput),
        ("media", "a.mp4", InvalidKey),
        ("media", "../a.jpg", InvalidKey),
        ("media", "posters/a.jpg", InvalidKey),
        ("media", "recordings/a.jpg", InvalidKey),
    ],
)
def test_a_cover_that_cannot_be_there_is_refused(
    recording: Recording, ed: User, bucket: str, key: str, error: type[InvalidInput]
) -> None:
    with pytest.raises(error) as refusal:
        submit(ed, clip(), cover=(Bucket.objects.get(name=bucket), key))

    assert refusal.value.field == "output.cover_url"


def test_a_cover_lies_beside_its_output(recording: Recording, ed: User) -> None:
    names = ("clips/a.mp4", "clips/a.mkv", "b.c.ts")

    covers = [submit(ed, clip(), key=name).cover_key for name in names]

    assert covers == ["clips/a.jpg", "clips/a.mkv.jpg", "b.c.jpg"]


def test_two_unfinished_jobs_do_not_share_a_cover(recording: Recording, ed: User) -> None:
    submit(ed, clip(), key="a.mp4", cover=place("goal.jpg"))
    submit(ed, clip(), key="b.mp4")

    for key in ("goal.jpg", "b.jpg"):
        with pytest.raises(OutputKeyTaken, match=f"{key}; choose another name") as refusal:
            submit(ed, clip(), key="c.mp4", cover=place(key))
        assert refusal.value.field == "output.cover_url"
    assert EditingJob.objects.count() == 2


def test_the_database_holds_it_against_two_requests_at_once(recording: Recording, ed: User) -> None:
    submit(ed, clip(), key="a.mp4")
    job = submit(ed, clip(), key="b.mp4")

    with pytest.raises(IntegrityError), transaction.atomic():
        EditingJob.objects.filter(pk=job.pk).update(cover_key="a.jpg")


def test_a_job_is_not_retried_over_a_cover_that_is_anothers_now(recording: Recording, ed: User) -> None:
    job = editing_jobs.cancel(submit(ed, clip(), key="a.mp4", cover=place("goal.jpg")))
    other = submit(ed, clip(), key="b.mp4", cover=place("goal.jpg"))

    for _ in ("while the other one is unfinished", "after it is done"):
        with pytest.raises(OutputKeyTaken) as refusal:
            editing_jobs.retry(job)
        assert refusal.value.field == "output.cover_url"
        edit.run(other.pk)
    media_service.delete(MediaAsset.objects.get())
    editing_jobs.retry(job)


def test_a_cover_replaces_that_of_its_own_output_only(recording: Recording, ed: User) -> None:
    edit.run(submit(ed, clip(), key="a.mp4", cover=place("goal.jpg")).pk)
    storage.save_bytes(b"a picture", *place("logo.jpg"))
    media_service.register(ed, *place("logo.jpg"))

    for key in ("goal.jpg", "logo.jpg"):
        with pytest.raises(OutputKeyTaken, match="media asset") as refusal:
            submit(ed, clip(), key="b.mp4", cover=place(key))
        assert refusal.value.field == "output.cover_url"
    submit(ed, clip(), key="a.mp4", cover=place("goal.jpg"))


def test_a_name_that_leaves_no_room_for_a_cover_is_refused(recording: Recording, ed: User) -> None:
    with pytest.raises(InvalidKey, match="no room") as refusal:
        submit(ed, clip(), key="/".join(["x" * 200, "y" * 200, "z" * 107]) + ".ts")

    assert refusal.value.field == "output.key"
