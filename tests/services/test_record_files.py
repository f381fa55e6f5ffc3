"""Files of recordings that could not be made are made again when somebody asks, whichever way."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from editing import queue
from editing.errors import JobNotMovable
from editing.models import Bucket, RecordFile, Recording, RecordJob
from editing.services import record_files, record_jobs
from tests.conftest import signed_in


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    messages: list[str] = []
    monkeypatch.setattr(queue, "send", lambda name, *keys, queue: messages.extend(keys))
    return messages


@pytest.fixture
def job(opal: User, media: Bucket, recording: Recording, sent: list[str]) -> RecordJob:
    made = record_jobs.create(opal, name="Main stage", url="rtmp://example.com/live/main", bucket=media)
    Recording.objects.update(record_job=made)
    sent.clear()
    return made


@pytest.fixture
def file(job: RecordJob, recording: Recording) -> RecordFile:
    """One that could not be made."""
    return RecordFile.objects.create(
        recording=recording, format="mp4", key="whole.mp4", state="failed", problem="Segment 3 has changed."
    )


def asked(file: RecordFile, sent: list[str]) -> bool:
    file.refresh_from_db()
    return (file.state, file.problem, sent) == ("waiting", "", [file.pk])


def test_a_failed_file_is_made_again_and_no_other(file: RecordFile, sent: list[str]) -> None:
    record_files.retry(file)

    assert asked(file, sent)
    with pytest.raises(JobNotMovable, match="The file is to be made; only one that could not be made"):
        record_files.retry(file)
    assert sent == [file.pk]


def test_while_its_recording_goes_on_a_file_waits_for_the_end(file: RecordFile, job: RecordJob) -> None:
    RecordJob.objects.update(recording=file.recording)

    with pytest.raises(JobNotMovable, match="when it is complete"):
        record_files.retry(file)
    file.refresh_from_db()
    assert file.state == "failed"


def test_by_rest(file: RecordFile, opal: User, ed: User, sent: list[str]) -> None:
    path = f"/api/v1/record-files/{file.pk}/"
    client = signed_in(opal)

    assert client.get(path).json()["problem"] == "Segment 3 has changed."
    assert client.get("/api/v1/record-files/?state=failed").json()["count"] == 1
    assert client.get("/api/v1/record-files/?state=made").json()["count"] == 0
    assert signed_in(ed).post(f"{path}retry/").status_code == 403
    answer = client.post(f"{path}retry/")
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert asked(file, sent)
    assert client.post(f"{path}retry/").status_code == 409


def test_on_the_page_of_its_job(file: RecordFile, job: RecordJob, opal: User, ed: User, sent: list[str]) -> None:
    def shown(client: Client) -> str:
        return client.get(f"/record-jobs/{job.pk}/").content.decode()

    retry = f"/record-files/{file.pk}/retry/"
    assert "mp4: Segment 3 has changed." in shown(signed_in(ed))
    assert retry not in shown(signed_in(ed))
    assert retry in shown(signed_in(opal))
    assert "mp4 to be made" in signed_in(opal).post(retry).content.decode()
    assert asked(file, sent)
    assert "only one that could not be made is tried again" in signed_in(opal).post(retry).content.decode()


def test_in_the_console(file: RecordFile, opal: User, sent: list[str]) -> None:
    def act() -> str:
        data = {"action": "retry", "_selected_action": [file.pk]}
        return signed_in(opal).post("/admin/editing/recordfile/", data, follow=True).content.decode()

    page = act()
    assert "hole.mp4: is made again" in page
    assert "Main stage" in page
    assert asked(file, sent)
    assert "only one that could not be made is tried again" in act()
