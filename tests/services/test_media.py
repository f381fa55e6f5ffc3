import pytest
from django.contrib.auth.models import User

from editing import storage
from editing.errors import OutputKeyTaken
from editing.models import MediaAsset, Recording
from editing.services import editing_jobs, media
from editing.worker import edit
from tests.services.test_editing_jobs import clip, submit


@pytest.fixture
def asset(recording: Recording, ed: User) -> MediaAsset:
    edit.run(submit(ed, clip()).pk)
    return MediaAsset.objects.get()


def test_an_asset_goes_with_its_file_and_its_poster(asset: MediaAsset) -> None:
    media.delete(asset)

    assert not MediaAsset.objects.exists()
    assert [storage.exists(asset.bucket, key) for key in ("out.mp4", asset.poster)] == [False, False]


def test_a_file_that_a_job_is_about_to_replace_stays(asset: MediaAsset, ed: User) -> None:
    job = submit(ed, clip(4, 6))

    with pytest.raises(OutputKeyTaken):
        media.delete(asset)
    assert storage.exists(asset.bucket, asset.key)

    editing_jobs.cancel(job)
    media.delete(asset)
    assert not storage.exists(asset.bucket, asset.key)


def test_deleting_what_was_replaced_leaves_the_new_file_alone(asset: MediaAsset, ed: User) -> None:
    edit.run(submit(ed, clip(4, 6)).pk)

    media.delete(asset)

    new = MediaAsset.objects.get()
    assert [storage.exists(new.bucket, key) for key in (new.key, new.poster)] == [True, True]
