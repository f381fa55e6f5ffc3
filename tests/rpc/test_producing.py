"""Live editing jobs as producing jobs, and their list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from editing.models import EditingJob, JobState, MediaAsset, Recording
from editing.worker import edit
from tests.rpc.calling import Caller, caller, stamp
from tests.services.test_editing_jobs import clip, submit

NOON = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)


@pytest.fixture
def call(vera: User) -> Caller:
    return caller(vera)


@pytest.fixture
def jobs(recording: Recording, ed: User) -> list[EditingJob]:
    """Five, a minute apart, the last two at the same moment."""
    made = [submit(ed, clip(), key=f"{number}.mp4") for number in range(5)]
    for number, job in enumerate(made):
        EditingJob.objects.filter(pk=job.pk).update(created_at=NOON + timedelta(minutes=min(number, 3)))
    return sorted(EditingJob.objects.all(), key=lambda job: (job.created_at, job.pk))


def ids(call: Caller, **params: str) -> list[str]:
    status, body = call("ListMediaProducingJobs", **params)
    assert status == 200, body
    return [job["JobId"] for job in body["MediaProducingJobList"]]


def test_a_finished_job_is_told_with_its_length(call: Caller, recording: Recording, ed: User) -> None:
    job = submit(ed, clip(2, 4), user_data='{"a":1}')
    edit.run(job.pk)
    job.refresh_from_db()
    assert job.finished_at is not None

    status, body = call.acs3("GetMediaProducingJob", query=[("JobId", job.pk)], method="GET")

    listed = {
        "JobId": job.pk,
        "ProjectId": "",
        "MediaId": job.media_id,
        "MediaURL": "https://media.oss.example.com/out.mp4",
        "TemplateId": "",
        "ClipsParam": "",
        "Status": "Success",
        "Duration": MediaAsset.objects.get().duration / 1_000_000,
        "UserData": '{"a":1}',
        "CreateTime": stamp(job.created_at),
        "ModifiedTime": stamp(job.finished_at),
        "CompleteTime": stamp(job.finished_at),
    }
    assert status == 200
    assert body["MediaProducingJob"] == {**listed, "Timeline": "", "SubJobMaterials": "", "Progress": 100}
    assert call("ListMediaProducingJobs")[1]["MediaProducingJobList"] == [listed]


def test_the_list_is_read_in_pages_in_both_directions(call: Caller, jobs: list[EditingJob]) -> None:
    expected = [job.pk for job in jobs]
    for order, wanted in (("CreationTime:Asc", expected), ("CreationTime:Desc", expected[::-1]), ("", expected[::-1])):
        seen: list[Any] = []
        token = ""
        for most in (2, 2, 1):
            status, body = call("ListMediaProducingJobs", SortBy=order, MaxResults="2", NextToken=token)
            found = [job["JobId"] for job in body["MediaProducingJobList"]]
            assert (status, len(found), body["MaxResults"]) == (200, most, "2")
            seen, token = [*seen, *found], body["NextToken"]
        assert (seen, token) == (wanted, "")


def test_a_page_is_not_disturbed_by_jobs_that_come_meanwhile(call: Caller, jobs: list[EditingJob], ed: User) -> None:
    _, first = call("ListMediaProducingJobs", MaxResults="3")
    submit(ed, clip(), key="new.mp4")

    assert ids(call, NextToken=first["NextToken"]) == [job.pk for job in jobs[:2][::-1]]


def test_the_list_is_filtered(call: Caller, jobs: list[EditingJob]) -> None:
    EditingJob.objects.filter(pk=jobs[0].pk).update(state=JobState.FAILED)
    EditingJob.objects.filter(pk=jobs[1].pk).update(state=JobState.CANCELLED)
    EditingJob.objects.filter(pk=jobs[2].pk).update(state=JobState.SUCCESS)

    assert ids(call, Status="Failed") == [jobs[1].pk, jobs[0].pk]
    assert ids(call, Status="Success, Failed") == [jobs[2].pk, jobs[1].pk, jobs[0].pk]
    assert ids(call, Keyword=jobs[3].pk) == [jobs[3].pk]
    assert ids(call, StartTime=stamp(jobs[1].created_at), EndTime=stamp(jobs[2].created_at)) == [jobs[2].pk, jobs[1].pk]
    assert len(ids(call, JobType="LiveEditingJob")) == 5
    assert ids(call, JobType="EditingJob") == ids(call, ProjectId="p") == ids(call, MasterJobId="m") == []


def test_jobs_of_more_than_a_year_ago_are_not_listed(call: Caller, jobs: list[EditingJob]) -> None:
    EditingJob.objects.filter(pk=jobs[0].pk).update(created_at=NOON - timedelta(days=370))

    assert jobs[0].pk not in ids(call)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("MaxResults", {"MaxResults": "0"}),
        ("MaxResults", {"MaxResults": "101"}),
        ("MaxResults", {"MaxResults": "ten"}),
        ("NextToken", {"NextToken": "garbage"}),
        ("NextToken", {"NextToken": "OTk5OTk5OTk5OTk5OTk5OTk5OTk6YQ"}),
        ("NextToken", {"NextToken": "é"}),
        ("SortBy", {"SortBy": "Title:Asc"}),
        ("Status", {"Status": "Cancelled"}),
        ("JobType", {"JobType": "x"}),
        ("StartTime", {"StartTime": "2026-11-20"}),
        ("EndTime", {"StartTime": "2026-10-01T00:00:00Z", "EndTime": "2026-11-20T00:00:00Z"}),
        ("EndTime", {"StartTime": "2026-10-02T00:00:00Z", "EndTime": "2026-10-01T00:00:00Z"}),
    ],
)
def test_what_is_wrong_is_named(call: Caller, name: str, params: dict[str, str]) -> None:
    status, body = call("ListMediaProducingJobs", **params)

    assert (status, body["Code"]) == (400, "InvalidParameter")
    assert f'"{name}"' in body["Message"]


def test_an_unknown_job_is_not_found(call: Caller) -> None:
    assert call("GetMediaProducingJob", JobId="x")[1]["Code"] == "ResourceNotFound"
