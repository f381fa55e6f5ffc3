"""The whole way of a programmer who knows IMS, through Alibaba's own SDK.

Reserve a live project, have its stream recorded when it comes on the air, cut clips from it while it runs, in every
mode, and download them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_ice20201109 import models
from alibabacloud_ice20201109.client import Client

from tests.installation import Installation, installation
from tests.rpc.conftest import key_of
from tests.rpc.test_sdk import client_of, fetched, finished
from tests.rpc.test_sdk_record import until
from tests.rtmp import Publisher, Server, server
from tests.samples import Kind, watch

pytestmark = pytest.mark.servers
ON_AIR = Kind(seconds=300, gop=25)
MODES = {"AccurateFast": True, "Accurate": True, "Rough": False, "RoughFast": False}
"""Whether the result begins and ends with the very pictures that are asked for."""


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path / "home", RECORD_SILENCE_SECONDS="3") as found:
        found.start()
        yield found


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as running:
        yield running


def reserved(client: Client, url: str) -> str:
    """A live project whose stream is to be on in two seconds."""
    config = {
        "OutputMediaConfig": {"StorageLocation": "media.oss.example.com", "Path": "match"},
        "OutputMediaTarget": "oss-object",
        "ReservationTime": stamp(datetime.now(UTC) + timedelta(seconds=2)),
    }
    live = [{"appName": "live", "domainName": "127.0.0.1", "streamName": "match", "liveUrl": url}]
    request = models.CreateEditingProjectRequest(
        title="Match",
        project_type="LiveEditingProject",
        business_config=json.dumps(config),
        material_maps=json.dumps({"liveStream": json.dumps(live)}),
    )
    project = client.create_editing_project(request).body.project
    assert project.business_status == "Reserving"
    return str(project.project_id)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def status(client: Client, project: str) -> str:
    request = models.GetEditingProjectRequest(project_id=project)
    return str(client.get_editing_project(request).body.project.business_status)


def recorded(client: Client) -> list[Any]:
    return list(client.list_live_record_files(models.ListLiveRecordFilesRequest()).body.files)


def submitted(client: Client, project: str, mode: str, start: datetime) -> models.SubmitLiveEditingJobResponseBody:
    """Two clips: of two seconds, and of one second."""
    pieces = [(start, start + timedelta(seconds=2)), (start + timedelta(seconds=3), start + timedelta(seconds=4))]
    clips = [{"StartTime": stamp(begin), "EndTime": stamp(end)} for begin, end in pieces]
    request = models.SubmitLiveEditingJobRequest(
        project_id=project,
        clips=json.dumps(clips),
        live_stream_config='{"AppName":"live","DomainName":"127.0.0.1","StreamName":"match"}',
        media_produce_config=json.dumps({"Mode": mode}),
    )
    return client.submit_live_editing_job(request).body


def test_a_reserved_stream_is_recorded_cut_while_it_runs_and_downloaded(
    studio: Installation, nginx: Server, tmp_path: Path
) -> None:
    client, url = client_of(studio, key_of(studio)), nginx.url("match")
    project = reserved(client, url)
    with Publisher(url, ON_AIR) as publisher:
        until(lambda: status(client, project) == "BroadCasting", "the stream was not recorded")
        materials = client.get_editing_project_materials(models.GetEditingProjectMaterialsRequest(project_id=project))
        (live,) = materials.body.live_materials
        assert (live.domain_name, live.app_name, live.stream_name) == ("127.0.0.1", "live", "match")
        assert live.live_url == url
        index = client.get_live_editing_index_file(
            models.GetLiveEditingIndexFileRequest(
                app_name="live", domain_name="127.0.0.1", stream_name="match", project_id=project
            )
        ).body.index_file
        assert b"#EXT-X-PROGRAM-DATE-TIME" in fetched(index)

        until(lambda: recorded(client)[0].duration > 8, "the recording does not grow")
        begin = datetime.fromisoformat(recorded(client)[0].start_time) + timedelta(seconds=2)
        jobs = {mode: submitted(client, project, mode, begin) for mode in MODES}
        for mode, job in jobs.items():
            assert job.media_url.startswith("https://media.oss.example.com/match/live-match-")
            check(client, mode, job, tmp_path / f"{mode}.mp4")
        assert publisher.process.poll() is None  # it is still on the air

    until(lambda: status(client, project) == "LiveFinished", "the end was not seen")
    listed = client.list_media_producing_jobs(
        models.ListMediaProducingJobsRequest(project_id=project, job_type="LiveEditingJob")
    ).body
    assert {job.job_id for job in listed.media_producing_job_list} == {job.job_id for job in jobs.values()}
    check_what_is_left(client, project)


def check(client: Client, mode: str, submitted: models.SubmitLiveEditingJobResponseBody, file: Path) -> None:
    """Poll, fetch the media info, download, look at every picture."""
    job = finished(client, submitted.job_id)
    assert (job.status, job.code, job.media_produce_config.mode) == ("Success", None, mode)
    info = client.get_media_info(models.GetMediaInfoRequest(media_id=submitted.media_id, auth_timeout=60)).body
    (asset,) = info.media_info.file_info_list
    file.write_bytes(fetched(asset.file_basic_info.file_url))
    assert str(file.stat().st_size) == asset.file_basic_info.file_size
    numbers = watch(file).numbers
    steps = [(one, other) for one, other in pairwise(numbers) if other != one + 1]
    if MODES[mode]:
        assert len(numbers) == 75
        assert [other - one for one, other in steps] == [26]  # a second lies between the clips
        assert steps[0][0] - numbers[0] == 49
    else:
        assert len(numbers) >= 75
        assert all(numbers.count(number) <= 2 for number in numbers)  # whole segments may overlap


def check_what_is_left(client: Client, project: str) -> None:
    """An ordinary project holds the recording, whose playlist plays."""
    request = models.GetEditingProjectMaterialsRequest(project_id=project)
    (other,) = client.get_editing_project_materials(request).body.project_materials
    request.project_id = other
    (held,) = client.get_editing_project_materials(request).body.media_infos
    assert b"#EXT-X-ENDLIST" in fetched(held.file_info_list[0].file_basic_info.file_url)
    assert held.media_basic_info.input_url == recorded(client)[0].record_url
