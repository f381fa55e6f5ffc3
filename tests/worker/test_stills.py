"""Assets get snapshots and a sprite in the background, one asset at a time."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image

from editing import storage
from editing.models import MediaAsset, Recording
from editing.services import media as media_service
from editing.worker import edit, stills, sweep
from tests.services.test_editing_jobs import clip, submit

ALL = MediaAsset.Stills.ALL


def merged(user: User, key: str = "a.mp4") -> MediaAsset:
    job = submit(user, clip(0, 4), key=key)
    edit.run(job.pk)
    return MediaAsset.objects.get(pk=job.media_id)


def files(asset: MediaAsset) -> list[str]:
    """Those in the folder of its pictures."""
    folder = storage.local_path(asset.bucket, f"posters/{asset.pk}")
    assert folder is not None
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_the_result_of_a_job_gets_its_pictures(recording: Recording, ed: User) -> None:
    asset = merged(ed)
    assert (asset.stills_wanted, asset.snapshots, asset.sprite) == (ALL, [], "")

    stills.run(asset.pk)

    asset.refresh_from_db()
    assert (asset.stills_wanted, asset.state) == ("", "Normal")
    assert [at for at, _ in asset.snapshots] == [0, 1_000_000, 2_000_000, 3_000_000]
    assert files(asset) == ["00001.jpg", "00002.jpg", "00003.jpg", "00004.jpg", "sprite-00001.jpg"]
    for key, size in ((asset.snapshots[3][1], (320, 180)), (asset.sprite, (4 * 160, 90))):
        with storage.open_file(asset.bucket, key) as file, Image.open(BytesIO(file.read())) as image:
            assert image.size == size


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (MediaAsset.Stills.NONE, []),
        (MediaAsset.Stills.SPRITE, ["sprite-00001.jpg"]),
        (MediaAsset.Stills.SNAPSHOTS, ["00001.jpg", "00002.jpg", "00003.jpg", "00004.jpg"]),
    ],
)
def test_only_what_is_wanted_is_made(
    recording: Recording, ed: User, wanted: MediaAsset.Stills, left: list[str]
) -> None:
    asset = merged(ed)
    MediaAsset.objects.update(stills_wanted=wanted)

    stills.run(asset.pk)

    asset.refresh_from_db()
    assert (files(asset), asset.stills_wanted) == (left, "")
    assert (len(asset.snapshots), bool(asset.sprite)) == (len(left) // 4 * 4, len(left) == 1)


def test_pictures_go_with_their_asset(recording: Recording, ed: User) -> None:
    asset = merged(ed)
    stills.run(asset.pk)

    replacing = merged(ed)
    stills.run(replacing.pk)

    assert (files(asset), len(files(replacing))) == ([], 5)
    media_service.delete(MediaAsset.objects.get(pk=replacing.pk))
    assert files(replacing) == []


def test_a_file_that_is_gone_or_no_video_gets_none_and_stays_what_it_is(recording: Recording, ed: User) -> None:
    gone, other = merged(ed), merged(ed, "b.mp4")
    storage.delete(gone.bucket, gone.key)
    path = storage.local_path(other.bucket, other.key)
    assert path is not None
    path.write_text("no video")

    for asset in (gone, other):
        stills.run(asset.pk)
        asset.refresh_from_db()
        assert (asset.state, asset.stills_wanted, asset.stills) == ("Normal", "", {})


def test_the_sweep_hands_out_one_asset_at_a_time(recording: Recording, ed: User) -> None:
    first, second = merged(ed), merged(ed, "b.mp4")
    MediaAsset.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(minutes=1))

    def told() -> list[str]:
        sweep.run()
        return [asset.pk for asset in MediaAsset.objects.exclude(stills_sent_at=None)]

    assert told() == [first.pk]
    assert told() == [first.pk]
    stills.run(first.pk)
    assert told() == [second.pk]


def test_a_file_of_which_none_could_be_made_for_a_day_is_left_alone(recording: Recording, ed: User) -> None:
    asset = merged(ed)
    MediaAsset.objects.filter(pk=asset.pk).update(created_at=timezone.now() - timedelta(days=2))

    stills.hand_out()

    asset.refresh_from_db()
    assert (asset.stills_sent_at, asset.stills_wanted) == (None, "")
