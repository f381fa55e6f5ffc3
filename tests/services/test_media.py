from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from PIL import Image

from editing import storage
from editing.errors import AssetExists, InvalidInput, OutputKeyTaken, PermissionDenied
from editing.models import Bucket, MediaAsset, Recording
from editing.services import editing_jobs
from editing.services import media as registry
from editing.worker import edit, prepare, sweep
from tests.samples import number_of
from tests.services.test_editing_jobs import clip, submit


@pytest.fixture
def asset(recording: Recording, ed: User) -> MediaAsset:
    edit.run(submit(ed, clip()).pk)
    return MediaAsset.objects.get()


def test_an_asset_goes_with_its_file_and_its_poster(asset: MediaAsset) -> None:
    registry.delete(asset)

    assert not MediaAsset.objects.exists()
    assert [storage.exists(asset.bucket, key) for key in ("out.mp4", asset.poster)] == [False, False]


def test_a_file_that_a_job_is_about_to_replace_stays(asset: MediaAsset, ed: User) -> None:
    job = submit(ed, clip(4, 6))

    with pytest.raises(OutputKeyTaken):
        registry.delete(asset)
    assert storage.exists(asset.bucket, asset.key)

    editing_jobs.cancel(job)
    registry.delete(asset)
    assert not storage.exists(asset.bucket, asset.key)


def test_deleting_what_was_replaced_leaves_the_new_file_alone(asset: MediaAsset, ed: User) -> None:
    edit.run(submit(ed, clip(4, 6)).pk)

    registry.delete(asset)

    new = MediaAsset.objects.get()
    assert [storage.exists(new.bucket, key) for key in (new.key, new.poster)] == [True, True]


@pytest.fixture
def file(media: Bucket, recording: Recording) -> str:
    """Two seconds of picture and sound that no asset knows."""
    segment = recording.segments.earliest("start")
    with storage.open_file(recording.bucket, segment.key) as source:
        storage.save_bytes(source.read(), media, "in/goal.ts")
    return "in/goal.ts"


def test_a_registered_file_is_looked_at_in_the_background(ed: User, media: Bucket, file: str) -> None:
    asset = registry.register(ed, media, file, kind="video", title="Goal", tags=["a"], poster_at=1_000_000)
    assert (asset.state, asset.size, asset.owner) == ("Preparing", 0, ed)

    prepare.run(asset.pk)
    asset.refresh_from_db()

    assert (asset.state, asset.problem, asset.title, asset.tags) == ("Normal", "", "Goal", ["a"])
    assert (asset.size, asset.duration) == (storage.size(media, file), pytest.approx(2_000_000, abs=100_000))
    assert [track["kind"] for track in asset.facts["tracks"]] == ["video", "audio"]
    assert picture_of(asset) == 25
    assert asset.changed_at is not None


def picture_of(asset: MediaAsset) -> int:
    """The number of the frame on its poster."""
    with storage.open_file(asset.bucket, asset.poster) as poster, Image.open(poster) as picture:
        return number_of(np.asarray(picture.convert("L")))


def test_no_poster_is_taken_where_none_is_wanted(ed: User, media: Bucket, file: str) -> None:
    asset = registry.register(ed, media, file, kind="video", poster_at=None)
    prepare.run(asset.pk)
    asset.refresh_from_db()

    assert (asset.state, asset.poster) == ("Normal", "")


@pytest.mark.parametrize(("content", "problem"), [(None, "not in bucket"), (b"no media", "cannot be read")])
def test_a_file_that_is_no_media_or_not_there_is_said(
    ed: User, media: Bucket, content: bytes | None, problem: str
) -> None:
    if content:
        storage.save_bytes(content, media, "x.mp4")
    asset = registry.register(ed, media, "x.mp4")
    prepare.run(asset.pk)
    asset.refresh_from_db()

    assert asset.state == "PrepareFail"
    assert problem in asset.problem


def test_text_is_taken_as_it_is(ed: User, media: Bucket) -> None:
    storage.save_bytes(b"1\n", media, "x.srt")
    asset = registry.register(ed, media, "x.srt", kind="text", business="subtitles")
    prepare.run(asset.pk)
    asset.refresh_from_db()

    assert (asset.state, asset.size, asset.facts) == ("Normal", 2, {})


def test_a_prepared_asset_is_not_prepared_again(ed: User, media: Bucket, file: str) -> None:
    asset = registry.register(ed, media, file, kind="video")
    prepare.run(asset.pk)
    storage.delete(media, file)
    prepare.run(asset.pk)

    asset.refresh_from_db()
    assert asset.state == "Normal"


def test_a_file_has_one_asset_unless_it_is_to_be_replaced(asset: MediaAsset, ed: User) -> None:
    with pytest.raises(AssetExists, match=asset.pk):
        registry.register(ed, asset.bucket, asset.key)

    new = registry.register(ed, asset.bucket, asset.key, overwrite=True)

    assert list(MediaAsset.objects.all()) == [new]
    assert [storage.exists(asset.bucket, key) for key in (asset.key, asset.poster)] == [True, False]


def test_the_same_request_gives_the_same_asset(ed: User, vera: User, media: Bucket) -> None:
    first = registry.register(ed, media, "a.mp4", token="t")

    assert registry.register(ed, media, "a.mp4", token="t") == first
    for user, token in ((ed, "u"), (ed, ""), (vera, "t")):
        with pytest.raises(AssetExists):
            registry.register(user, media, "a.mp4", token=token)


@pytest.mark.parametrize(
    ("key", "kind"), [("a/b.MP4", "video"), ("b.mov", "video"), ("c.mp3", "audio"), ("d.jpeg", "image")]
)
def test_the_name_tells_what_a_file_is(key: str, kind: str) -> None:
    assert registry.kind_of(key) == kind


@pytest.mark.parametrize("key", ["noname", "a.srt", "a.pdf"])
def test_a_name_that_does_not_tell_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        registry.kind_of(key)
    assert raised.value.field == "kind"


def test_what_is_said_of_an_asset_changes_and_the_rest_stays(asset: MediaAsset) -> None:
    registry.update(asset, title="Goal", tags=["a", "b"])
    registry.update(asset, append_tags=True, tags=["b", "c"], description="The third")

    asset.refresh_from_db()
    assert (asset.title, asset.tags, asset.description, asset.key) == ("Goal", ["a", "b", "c"], "The third", "out.mp4")
    assert asset.changed_at is not None


def test_a_reference_names_one_asset_of_its_owner(ed: User, vera: User, media: Bucket) -> None:
    registry.register(ed, media, "a.mp4", reference="ref-01")
    registry.register(vera, media, "b.mp4", reference="ref-01")
    other = registry.register(ed, media, "c.mp4")

    for again in (
        lambda: registry.register(ed, media, "d.mp4", reference="ref-01"),
        lambda: registry.update(other, reference="ref-01"),
    ):
        with pytest.raises(InvalidInput) as raised:
            again()
        assert raised.value.field == "reference"


def test_an_asset_goes_and_its_file_stays(asset: MediaAsset) -> None:
    registry.delete(asset, keep_file=True)

    assert not MediaAsset.objects.exists()
    assert [storage.exists(asset.bucket, key) for key in ("out.mp4", asset.poster)] == [True, False]


def test_a_file_of_a_recording_goes_with_the_recording_only(ed: User, recording: Recording) -> None:
    segment = recording.segments.earliest("start")
    asset = registry.register(ed, recording.bucket, segment.key, kind="video")

    with pytest.raises(PermissionDenied):
        registry.delete(asset)
    assert storage.exists(recording.bucket, segment.key)
    registry.delete(asset, keep_file=True)
    assert storage.exists(recording.bucket, segment.key)


def test_the_sweep_sends_what_was_lost(ed: User, media: Bucket) -> None:
    asset = registry.register(ed, media, "a.mp4")
    long_ago = timezone.now() - timedelta(minutes=1)
    MediaAsset.objects.update(sent_at=long_ago)

    sweep.run()
    asset.refresh_from_db()
    assert asset.sent_at is not None
    assert asset.sent_at > long_ago
