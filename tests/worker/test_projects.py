"""Projects follow their jobs and their live streams."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from editing.errors import StaleState
from editing.models import Bucket, EditingJob, JobState, MediaAsset, Project, Recording
from editing.models.project import MOVES
from editing.models.project_states import BusinessState, ConvertState, ProjectState
from editing.services import project_materials, projects
from editing.services.project_materials import LiveStream, Materials
from editing.services.project_storage import Business
from editing.worker import edit, sweep
from tests.conftest import MAIN
from tests.services.test_editing_jobs import clip, submit


def make(ed: User, reserved_in: timedelta | None = None) -> Project:
    """A live project of the main stream."""
    at = None if reserved_in is None else timezone.now() + reserved_in
    business = Business("{}", Bucket.objects.get(name="media"), "", at)
    materials = Materials(live=[LiveStream(MAIN)])
    return projects.create(ed, title="Match", kind=Project.Kind.LIVE, business=business, materials=materials)


def recorded(recording: Recording, *, now: bool) -> None:
    Recording.objects.filter(pk=recording.pk).update(ended=not now)


def swept(project: Project) -> str:
    sweep.run()
    project.refresh_from_db()
    return str(project.business_state)


@pytest.fixture
def asset(recording: Recording, ed: User) -> MediaAsset:
    edit.run(submit(ed, clip()).pk)
    return MediaAsset.objects.get()


def test_a_project_without_a_reservation_is_on_when_its_stream_is(ed: User, recording: Recording) -> None:
    project = make(ed)
    assert swept(project) == ""

    recorded(recording, now=True)
    assert swept(project) == "BroadCasting"
    recorded(recording, now=False)
    assert swept(project) == "LiveFinished"

    other = project.materials.get(other__isnull=False).other
    assert (other.kind, other.title, other.owner) == ("EditingProject", "Match", ed)
    assert [(event.old, event.new) for event in project.events.all()] == [
        ("", "BroadCasting"),
        ("BroadCasting", "LiveFinished"),
    ]


def test_a_reservation_counts_from_its_time_on(ed: User, recording: Recording) -> None:
    early, due = (make(ed, timedelta(minutes=minutes)) for minutes in (1, -1))
    assert (swept(early), swept(due)) == ("Reserving", "Reserving")

    recorded(recording, now=True)
    assert (swept(early), swept(due)) == ("Reserving", "BroadCasting")


def test_a_cancelled_reservation_is_left_alone(ed: User, recording: Recording) -> None:
    project = make(ed, timedelta(minutes=-1))
    projects.update(project, business_state="ReservationCanceled")
    recorded(recording, now=True)

    assert swept(project) == "ReservationCanceled"


def test_what_was_recorded_is_handed_to_the_ordinary_project(ed: User, asset: MediaAsset) -> None:
    project = make(ed)
    assert projects.stream_ended(project, assets=[asset]) is None

    projects.stream_is_on(project)
    other = projects.stream_ended(project, assets=[asset])

    assert other is not None
    assert [row.asset for row in other.materials.all()] == [asset]
    projects.stream_is_on(project)
    assert projects.stream_ended(project, assets=[asset]) == other
    assert other.materials.count() == 1


def test_a_job_that_the_sweep_gives_up_on_fails_its_project(ed: User, recording: Recording) -> None:
    project = make(ed)
    job = submit(ed, clip(), project=project)
    project.refresh_from_db()
    assert project.state == ProjectState.PRODUCING
    EditingJob.objects.filter(pk=job.pk).update(
        state=JobState.PROCESSING, attempts=99, lease_until=timezone.now() - timedelta(seconds=1)
    )

    sweep.run()

    project.refresh_from_db()
    assert (project.state, project.error_code) == ("ProduceFailed", "WorkerLost")


def test_a_deleted_project_stays_deleted_when_its_job_ends(ed: User, recording: Recording) -> None:
    project = make(ed)
    job = submit(ed, clip(), project=project)
    projects.delete(ed, [project.pk])

    edit.run(job.pk)

    project.refresh_from_db()
    job.refresh_from_db()
    assert (project.state, job.state) == ("Deleted", "Success")


def test_of_two_who_move_a_project_at_once_one_wins(ed: User) -> None:
    project = make(ed)
    late = Project.objects.get(pk=project.pk)
    project.move("state", ProjectState.EDITING)

    with pytest.raises(StaleState):
        late.move("state", ProjectState.DELETED)
    with pytest.raises(ValueError, match="state cannot move from Editing to Produced"):
        project.move("state", ProjectState.PRODUCED)

    assert Project.objects.get().state == "Editing"


def test_a_project_may_be_produced_while_its_timeline_changes(ed: User, recording: Recording) -> None:
    project = make(ed)
    job = submit(ed, clip(), project=project)
    project.refresh_from_db()
    projects.update(project, timeline='{"AudioTracks": [{}]}')
    assert Project.objects.get().state == "Producing"

    edit.run(job.pk)
    project.refresh_from_db()
    assert project.state == "Produced"
    assert projects.update(project, title="Other").state == "Produced"
    assert projects.update(project, timeline='{"VideoTracks": [{}]}').state == "Editing"


def test_materials_are_there_once_however_often_they_are_added(ed: User, asset: MediaAsset) -> None:
    project = make(ed)
    for _ in range(2):
        project_materials.add(
            project, Materials({"video": [asset.pk]}, [LiveStream(MAIN, "rtmp://example.com/x")]), by=ed
        )

    assert sorted(str(row) for row in project.materials.all()) == sorted([str(MAIN), asset.pk])
    assert project.materials.exclude(stream="").get().url == "rtmp://example.com/x"


@pytest.mark.parametrize(
    ("column", "states"), [("state", ProjectState), ("business_state", BusinessState), ("convert_state", ConvertState)]
)
def test_every_state_has_its_moves(column: str, states: type[ProjectState | BusinessState | ConvertState]) -> None:
    assert set(MOVES[column]) == set(states)
