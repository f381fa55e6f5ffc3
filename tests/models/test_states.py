from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from editing.errors import StaleState
from editing.models import Bucket, EditingJob, JobState, RecordState
from editing.models.states import JOB_MOVES, RECORD_MOVES, move


def make_job(**values: object) -> EditingJob:
    bucket = Bucket.objects.get(name="media")
    return EditingJob.objects.create(mode="RoughFast", clips=[], bucket=bucket, key="a.mp4", **values)


@pytest.mark.django_db
def test_a_move_writes_the_state_the_changes_and_an_event() -> None:
    job = make_job()
    now = timezone.now()

    move(job, JobState.QUEUING, detail="submitted", queued_at=now)

    job.refresh_from_db()
    assert (job.state, job.queued_at) == (JobState.QUEUING, now)
    assert list(job.events.values_list("old", "new", "detail")) == [("Init", "Queuing", "submitted")]


@pytest.mark.django_db
def test_a_move_from_a_state_that_has_passed_writes_nothing() -> None:
    job = make_job(state=JobState.QUEUING)
    late = EditingJob.objects.get(pk=job.pk)
    move(job, JobState.CANCELLED)

    with pytest.raises(StaleState):
        move(late, JobState.PROCESSING, stage="reading")

    job.refresh_from_db()
    assert (job.state, job.stage, job.events.count()) == (JobState.CANCELLED, "", 1)


@pytest.mark.django_db
def test_a_move_that_the_table_lacks_is_refused() -> None:
    job = make_job(state=JobState.SUCCESS)

    with pytest.raises(ValueError, match="cannot move from Success to Queuing"):
        move(job, JobState.QUEUING)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_claim_at_once_exactly_one_wins() -> None:
    job = make_job(state=JobState.QUEUING)

    def claim(_: int) -> bool:
        try:
            move(EditingJob.objects.get(pk=job.pk, state=JobState.QUEUING), JobState.PROCESSING)
        except (StaleState, EditingJob.DoesNotExist):
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        wins = list(pool.map(claim, range(8)))

    assert wins.count(True) == 1
    assert job.events.count() == 1


def test_every_state_has_its_moves() -> None:
    assert set(JOB_MOVES) == set(JobState)
    assert set(RECORD_MOVES) == set(RecordState)
