"""Conversions go on whatever the queue lost."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from editing.models import MediaAsset, Project, Recording
from editing.services import projects
from editing.worker import convert, edit, prepare, sweep
from tests.services.test_editing_jobs import clip, submit
from tests.worker.test_sweep import empty_queues, messages_in

__all__ = ["empty_queues"]


@pytest.fixture
def asset(recording: Recording, ed: User) -> MediaAsset:
    """Which wants no pictures of the queue that is counted here."""
    edit.run(submit(ed, clip()).pk)
    MediaAsset.objects.update(stills_wanted="")
    return MediaAsset.objects.get()


def converting(ed: User, *clips: dict[str, object]) -> Project:
    timeline = json.dumps({"VideoTracks": [{"VideoTrackClips": list(clips)}]})
    return projects.start_converting(projects.create(ed, title="Match", timeline=timeline))


def converted(project: Project) -> str:
    convert.run(project.pk)
    project.refresh_from_db()
    return str(project.convert_state)


@pytest.mark.django_db(transaction=True)
def test_a_lost_message_is_sent_again_but_not_for_deleted_projects(asset: MediaAsset, ed: User) -> None:
    messages_in("fast")
    kept, deleted = (converting(ed, {"MediaId": asset.pk}) for _ in range(2))
    projects.delete(ed, [deleted.pk])
    assert messages_in("fast") == 2
    Project.objects.update(sent_at=timezone.now() - timedelta(hours=1))

    sweep.run()

    assert messages_in("fast") == 1
    assert (converted(kept), converted(deleted)) == ("Converted", "Converting")


@pytest.mark.django_db(transaction=True)
def test_a_prepared_file_lets_the_conversion_go_on(asset: MediaAsset, ed: User) -> None:
    url = asset.bucket.url(asset.key)
    asset.delete()
    project = converting(ed, {"MediaURL": url})
    assert converted(project) == "Converting"
    messages_in("fast")

    prepare.run(MediaAsset.objects.get().pk)

    assert messages_in("fast") == 1
    assert converted(project) == "Converted"


def test_a_timeline_that_is_replaced_meanwhile_is_not_overwritten(
    asset: MediaAsset, ed: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = converting(ed, {"MediaId": asset.pk})
    read = convert.read

    def replaced_while_read(text: str):
        projects.update(Project.objects.get(pk=project.pk), timeline="{}")
        return read(text)

    monkeypatch.setattr(convert, "read", replaced_while_read)

    assert converted(project) == "Unconverted"
    assert (project.timeline, project.frontend) == ("{}", "")


def test_what_has_no_length_is_named(asset: MediaAsset, ed: User) -> None:
    MediaAsset.objects.update(duration=0, kind="image")
    project = converting(ed, {"MediaId": asset.pk, "Type": "Image"})

    assert converted(project) == "ConvertFailed"
    assert project.convert_problem.startswith("VideoTracks[0].VideoTrackClips[0] has no length of its own")
