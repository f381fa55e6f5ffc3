from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from editing.models import EditingJob, Recording
from editing.worker import edit
from tests.conftest import bearer, signed_in

JOBS = "/api/v1/editing-jobs/"


def body(**changes: Any) -> dict[str, Any]:
    return {
        "mode": "RoughFast",
        "clips": [
            {
                "stream": {"domain": "example.com", "app": "live", "stream": "main"},
                "start": "2026-11-20T10:00:01Z",
                "end": "2026-11-20T11:00:03.5+01:00",
            }
        ],
        "output": {"bucket": "media", "key": "clips/goal.mp4"},
        **changes,
    }


def post(client: Client, data: Any, path: str = JOBS, **headers: str):
    return client.post(path, data, content_type="application/json", headers=headers)


def test_a_program_submits_follows_and_fetches(recording: Recording, ed: User) -> None:
    client, headers = Client(), bearer(ed)

    answer = post(client, body(user_data={"goal": 17}), **headers)

    assert (answer.status_code, answer["Location"]) == (202, f"http://testserver{JOBS}{answer.json()['id']}/")
    job = answer.json()
    assert job["state"] == "Queuing"
    assert job["user_data"] == '{"goal":17}'
    assert job["clips"][0] == {
        "stream": {"domain": "example.com", "app": "live", "stream": "main"},
        "start": "2026-11-20T10:00:01.000Z",
        "end": "2026-11-20T10:00:03.500Z",
        "cover": None,
    }
    assert job["output"]["url"] == "https://media.oss.example.com/clips/goal.mp4"

    edit.run(job["id"])

    done = client.get(answer["Location"], headers=headers).json()
    assert (done["state"], done["progress"], done["error"]) == ("Success", 100, None)
    asset = client.get(f"/api/v1/media-assets/{done['media_asset']}/", headers=headers).json()
    assert asset["duration"] == pytest.approx(4.0, abs=0.05)
    fetched = client.get(asset["download"].removeprefix("http://testserver"))
    assert b"".join(fetched.streaming_content)[4:8] == b"ftyp"


def test_a_plan_is_a_dry_run(recording: Recording, ed: User) -> None:
    answer = post(signed_in(ed), body(), JOBS + "plan/")

    plan = answer.json()["plan"]
    assert (answer.status_code, plan["duration"], plan["frames"]) == (200, 4.0, 100)
    assert plan["clips"][0]["achieved"] == {"start": "2026-11-20T10:00:00.000Z", "end": "2026-11-20T10:00:04.000Z"}
    assert plan["warnings"] == ["Clip 1 becomes 1.500 s longer: RoughFast takes whole segments."]
    assert EditingJob.objects.count() == 0


def clip(**changes: Any) -> dict[str, Any]:
    return {**body()["clips"][0], **changes}


@pytest.mark.parametrize(
    ("data", "status", "code", "field"),
    [
        (body(clips=[]), 422, "InvalidClips", "clips"),
        (body(clips=[clip(start="2026-11-20T10:00:01")]), 400, "InvalidInput", "clips[0].start"),
        (body(clips=[clip(), clip(end="2026-11-20T09:00:00Z")]), 422, "InvalidClips", "clips[1].end"),
        (body(clips=[clip(stream="main")]), 400, "InvalidInput", "clips[0].stream"),
        (body(mode="Fast"), 400, "InvalidInput", "mode"),
        (body(mode="AccurateFast"), 422, "ModeNotAvailable", "mode"),
        (body(output={"bucket": "nowhere", "key": "a.mp4"}), 400, "InvalidInput", "output.bucket"),
        (body(output={"bucket": "media", "key": "../a.mp4"}), 422, "InvalidKey", "output.key"),
        (body(output={"bucket": "media", "key": "a.mp4", "width": 640}), 422, "InvalidOutput", "output.width"),
        (body(output={"bucket": "media"}), 400, "InvalidInput", "output.key"),
        (body(sources=[]), 400, "InvalidInput", "sources"),
        (body(user_data="{"), 422, "InvalidInput", "user_data"),
        ("[1", 400, "MalformedBody", None),
    ],
)
def test_a_refusal_is_a_problem_that_names_the_field(
    recording: Recording, ed: User, data: Any, status: int, code: str, field: str | None
) -> None:
    answer = post(signed_in(ed), data)

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem.get("field")) == (status, code, field)
    assert answer["Content-Type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["detail"]


def test_an_idempotency_key_makes_one_job(recording: Recording, ed: User) -> None:
    client = signed_in(ed)

    first = post(client, body(), **{"Idempotency-Key": "goal"})
    again = post(client, body(), **{"Idempotency-Key": "goal"})
    other = post(client, body(mode="Accurate"), **{"Idempotency-Key": "goal"})

    assert (again.status_code, again.json()["id"], again["Idempotency-Replayed"]) == (202, first.json()["id"], "true")
    assert (other.status_code, other.json()["code"]) == (422, "IdempotencyConflict")
    assert EditingJob.objects.count() == 1


def test_jobs_are_cancelled_and_retried(recording: Recording, ed: User) -> None:
    client = signed_in(ed)
    address = f"{JOBS}{post(client, body()).json()['id']}/"

    assert post(client, {}, address + "cancel/").json()["state"] == "Cancelled"
    assert post(client, {}, address + "cancel/").json()["code"] == "JobNotCancellable"
    assert post(client, {}, address + "retry/").json()["state"] == "Queuing"
    assert post(client, {}, address + "retry/").status_code == 409
    assert post(client, {}, f"{JOBS}{'0' * 32}/cancel/").status_code == 404


def test_jobs_are_filtered_and_paged(recording: Recording, ed: User) -> None:
    client = signed_in(ed)
    ids = [post(client, body(output={"bucket": "media", "key": f"{n}.mp4"})).json()["id"] for n in range(3)]
    post(client, {}, f"{JOBS}{ids[0]}/cancel/")

    assert client.get(JOBS, {"state": "Cancelled"}).json()["count"] == 1
    assert client.get(JOBS, {"state": "Nonsense"}).status_code == 400
    page = client.get(JOBS, {"page_size": 2}).json()
    assert [job["id"] for job in page["results"]] == ids[:0:-1]
    assert page["count"] == 3


@pytest.mark.parametrize("items", [1, 3])
def test_the_list_takes_as_many_queries_for_three_as_for_one(
    recording: Recording, ed: User, items: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(ed)
    for number in range(items):
        post(client, body(output={"bucket": "media", "key": f"{number}.mp4"}))

    with django_assert_num_queries(5):  # session, user, roles, count, rows
        assert client.get(JOBS).json()["count"] == items


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    field=st.sampled_from(["mode", "clips", "output", "holes", "user_data"]),
    value=json_values,
    start=st.one_of(json_values, st.datetimes().map(lambda moment: moment.isoformat() + "Z")),
)
def test_no_body_is_an_error_of_ours(recording: Recording, ed: User, field: str, value: Any, start: Any) -> None:
    client = signed_in(ed)

    for data in (body(**{field: value}), body(clips=[clip(start=start)]), body(clips=[clip(stream=value)])):
        assert post(client, data, JOBS + "plan/").status_code < 500
