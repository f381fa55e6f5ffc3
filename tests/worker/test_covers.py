"""A video and its pictures: all of them are there, or none, and nobody else's are lost."""

from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image

from editing import storage
from editing.models import Bucket, EditingJob, JobState, MediaAsset, Recording
from editing.services import editing_jobs
from editing.services import media as media_service
from editing.worker import edit, sweep
from tests.samples import number_of
from tests.services.test_editing_jobs import clip, submit


def test_the_cover_is_the_frame_that_the_first_clip_names(recording: Recording, ed: User) -> None:
    job = submit(ed, clip(0, 1), clip(3, 4, cover=3.48), clip(5, 6, cover=5.2), key="clips/a.mp4")

    edit.run(job.pk)

    asset = MediaAsset.objects.get()
    assert (asset.cover_bucket, asset.cover_key) == (asset.bucket, "clips/a.jpg")
    assert [number_of(gray(bucket, key)) for bucket, key in asset.pictures] == [87, 87]


def test_a_cover_goes_where_it_is_wanted_and_leaves_with_its_asset(recording: Recording, ed: User) -> None:
    media = Bucket.objects.get(name="media")
    job = submit(ed, clip(), key="a.mp4", bucket="vod-media", cover=(media, "covers/goal.jpg"))
    edit.run(job.pk)
    asset = MediaAsset.objects.get()

    assert storage.exists(media, "covers/goal.jpg")
    assert not storage.exists(asset.bucket, "a.jpg")
    media_service.delete(asset)
    assert not storage.exists(media, "covers/goal.jpg")


def test_a_cover_of_the_same_name_outlives_the_asset_it_replaces(recording: Recording, ed: User) -> None:
    for start in (0, 4):
        edit.run(submit(ed, clip(start, start + 1), key="a.mp4").pk)

    asset = MediaAsset.objects.get()
    assert [storage.exists(bucket, key) for bucket, key in asset.pictures] == [True, True]


def gray(bucket: Bucket, key: str) -> np.ndarray:
    with storage.open_file(bucket, key) as file, Image.open(file) as image:
        return np.asarray(image.convert("L"))


def test_the_poster_of_a_replaced_file_goes_with_it(recording: Recording, ed: User) -> None:
    jobs = []
    for _ in range(2):
        jobs.append(submit(ed, clip(), key="a.mp4"))
        edit.run(jobs[-1].pk)

    posters = [f"posters/{job.media_id}.jpg" for job in jobs]
    assert [storage.exists(jobs[0].bucket, poster) for poster in posters] == [False, True]


def blocked(bucket: Bucket, key: str) -> None:
    """Let something be in the way of a file of that name: a folder."""
    storage.save_bytes(b"in the way", bucket, f"{key}/x.txt")


def test_pictures_of_a_video_that_cannot_be_published_are_not_left_behind(recording: Recording, ed: User) -> None:
    job = submit(ed, clip(), key="clips/a.mp4")
    blocked(job.bucket, "clips/a.mp4")

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (JobState.FAILED, "StorageFailure")
    left = [storage.exists(job.bucket, key) for key in ("clips/a.jpg", f"posters/{job.media_id}.jpg")]
    assert (left, MediaAsset.objects.count()) == ([False, False], 0)


def test_a_video_that_is_not_replaced_after_all_keeps_its_cover(recording: Recording, ed: User) -> None:
    edit.run(submit(ed, clip(4, 5), key="a.mp4").pk)
    asset = MediaAsset.objects.get()
    path = storage.local_path(asset.bucket, "a.mp4")
    assert path is not None
    path.unlink()
    blocked(asset.bucket, "a.mp4")

    edit.run(submit(ed, clip(2, 3), key="a.mp4").pk)

    assert [number_of(gray(bucket, key)) for bucket, key in MediaAsset.objects.get().pictures] == [100, 100]


def test_a_video_is_not_published_without_the_cover_that_was_made(recording: Recording, ed: User) -> None:
    job = submit(ed, clip(), key="clips/a.mp4")
    blocked(job.bucket, "clips/a.jpg")

    edit.run(job.pk)

    job.refresh_from_db()
    assert (job.state, storage.exists(job.bucket, job.key)) == (JobState.FAILED, False)


@pytest.mark.parametrize("key", ["a.mp4", "a.mkv"])
def test_a_job_that_is_done_again_has_its_cover(recording: Recording, ed: User, key: str) -> None:
    """After it failed, and after its worker died when it had stored the picture."""
    media = Bucket.objects.get(name="media")
    job = submit(ed, clip(3, 4, cover=3.5), key=key, cover=(media, "covers/goal.jpg"))
    blocked(media, key)
    edit.run(job.pk)
    storage.delete(media, f"{key}/x.txt")
    path = storage.local_path(media, key)
    assert path is not None
    path.rmdir()

    editing_jobs.retry(EditingJob.objects.get(pk=job.pk))
    storage.save_bytes(b"half of a picture", media, "covers/goal.jpg")
    EditingJob.objects.update(state=JobState.PROCESSING, lease_token="dead", lease_until=timezone.now() - timedelta(1))
    sweep.run()
    edit.run(job.pk)

    asset = MediaAsset.objects.get()
    assert asset.job == EditingJob.objects.get(state=JobState.SUCCESS)
    assert (asset.cover_bucket, asset.cover_key) == (media, "covers/goal.jpg")
    assert [number_of(gray(bucket, key)) for bucket, key in asset.pictures] == [87, 87]


def test_outputs_that_differ_in_their_extension_do_not_share_a_cover(recording: Recording, ed: User) -> None:
    for start, key in ((2, "a.mp4"), (4, "a.mkv"), (6, "a.mp4")):
        edit.run(submit(ed, clip(start, start + 1), key=key).pk)

    covers = {
        asset.key: (asset.cover_key, number_of(gray(asset.bucket, asset.cover_key)))
        for asset in MediaAsset.objects.all()
    }
    assert covers == {"a.mp4": ("a.jpg", 150), "a.mkv": ("a.mkv.jpg", 100)}


def test_the_first_cover_that_is_named_counts_and_a_clips_end_means_its_last_frame(
    recording: Recording, ed: User
) -> None:
    edit.run(submit(ed, clip(0, 1), clip(3, 4, cover=4), clip(5, 6, cover=5.2)).pk)

    assert [number_of(gray(bucket, key)) for bucket, key in MediaAsset.objects.get().pictures] == [99, 99]
