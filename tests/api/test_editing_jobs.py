import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from editing.api.plans import ClipPlanSerializer, HoleSerializer, PieceSerializer, PlanSerializer
from editing.models import Bucket, EditingJob, Project, Recording
from editing.services import projects
from editing.services.project_storage import Business
from editing.timeline.clips import StreamName
from editing.worker import edit
from tests.conftest import bearer, imported, signed_in

JOBS = "/api/v1/editing-jobs/"


STREAM = {"domain": "example.com", "app": "live", "stream": "main"}
AFTER = "2026-11-20T11:00:00Z"


def body(**changes: Any) -> dict[str, Any]:
    return {
        "mode": "RoughFast",
        "clips": [
            {
                "stream": STREAM,
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
        "stream": STREAM,
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
        (body(mode="AccurateFast", output={"key": "a.mp4", "width": 640}), 422, "InvalidOutput", "output.width"),
        (body(output={"bucket": "nowhere", "key": "a.mp4"}), 400, "InvalidInput", "output.bucket"),
        (body(output={"bucket": "media", "key": "../a.mp4"}), 422, "InvalidKey", "output.key"),
        (body(output={"bucket": "media", "key": "a.mp4", "width": 640}), 422, "InvalidOutput", "output.width"),
        (body(output={"bucket": "media"}), 400, "InvalidInput", "output.key"),
        (body(output={"bucket": "media", "url": "oss://media/a.mp4"}), 400, "InvalidInput", "output.bucket"),
        (body(output={"url": "ftp://media/a.mp4"}), 422, "InvalidOutput", "output.url"),
        (body(output={"url": "oss://nowhere/a.mp4"}), 422, "NotFound", "output.url"),
        (body(output={"url": "oss://media/../a.mp4"}), 422, "InvalidKey", "output.url"),
        (body(output={"key": "a.mp4", "cover_url": "oss://vod-media/a.jpg"}), 422, "InvalidOutput", "output.cover_url"),
        (body(output={"key": "a.mp4", "heigth": 2}), 400, "InvalidInput", "output.heigth"),
        (body(clips=[clip(stream={**STREAM, "app": "other"})]), 422, "NotFound", "clips[0].stream"),
        (body(clips=[clip(stream={**STREAM, "name": "main"})]), 400, "InvalidInput", "clips[0].stream.name"),
        (
            body(clips=[clip(end="2026-11-20T12:00:00Z", start="2026-11-20T11:00:00Z")]),
            422,
            "NothingRecorded",
            "clips[0]",
        ),
        (body(clips=[clip(cover="2026-11-20T09:00:00Z")]), 422, "InvalidClips", "clips[0].cover"),
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


def test_several_faults_are_told_at_once(ed: User) -> None:
    problem = post(signed_in(ed), body(clips=[clip(start=7), clip(end=None)], mode="Fast")).json()

    assert [each["field"] for each in problem["errors"]] == ["mode", "clips[0].start", "clips[1].end"]
    assert (problem["field"], problem["title"]) == ("mode", "Bad Request")


@pytest.mark.parametrize(
    "output",
    [
        {"bucket": "vod-media", "key": "clips/goal.mp4"},
        {"url": "https://vod-media.oss.example.com/clips/goal.mp4"},
        {"url": "oss://vod-media/clips/goal.mp4"},
    ],
)
def test_an_output_is_named_by_bucket_and_key_or_by_url(recording: Recording, ed: User, output: dict[str, str]) -> None:
    made = post(signed_in(ed), body(output=output, mode="Accurate")).json()["output"]

    assert made == {
        "bucket": "vod-media",
        "key": "clips/goal.mp4",
        "url": "https://vod-media.oss.example.com/clips/goal.mp4",
        "cover_url": "https://vod-media.oss.example.com/clips/goal.jpg",
        "width": None,
        "height": None,
        "bitrate": None,
    }


def test_an_idempotency_key_makes_one_job(recording: Recording, ed: User) -> None:
    client = signed_in(ed)

    first = post(client, body(), **{"Idempotency-Key": "goal"})
    again = post(client, body(), **{"Idempotency-Key": "goal"})
    other = post(client, body(mode="Accurate"), **{"Idempotency-Key": "goal"})
    too_long = post(client, body(), **{"Idempotency-Key": "g" * 256})

    assert "Idempotency-Replayed" not in first
    assert (again.status_code, again.json(), again["Idempotency-Replayed"]) == (202, first.json(), "true")
    assert (again["Location"], too_long.json()["field"]) == (first["Location"], "Idempotency-Key")
    assert (other.status_code, other.json()["code"]) == (422, "IdempotencyConflict")
    assert EditingJob.objects.count() == 1


def test_an_idempotency_key_is_its_users_own(recording: Recording, ed: User, opal: User) -> None:
    post(signed_in(ed), body(), **{"Idempotency-Key": "goal"})
    answer = post(signed_in(opal), body(output={"key": "b.mp4"}), **{"Idempotency-Key": "goal"})

    assert (answer.status_code, "Idempotency-Replayed" in answer) == (202, False)


def test_what_the_description_says_of_a_plan_is_what_it_holds(recording: Recording, ed: User) -> None:
    holed = [clip(start="2026-11-20T10:00:05Z", end="2026-11-20T10:00:09Z")]
    recording.segments.filter(sequence=3).delete()

    plan = post(signed_in(ed), body(clips=holed), JOBS + "plan/").json()["plan"]

    clip_plan = plan["clips"][0]
    assert plan.keys() == PlanSerializer().fields.keys()
    assert clip_plan.keys() == ClipPlanSerializer().fields.keys()
    assert [piece.keys() for piece in clip_plan["pieces"]] == [PieceSerializer().fields.keys()] * 2
    assert [hole.keys() for hole in clip_plan["holes"]] == [HoleSerializer().fields.keys()]


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

    page = client.get(JOBS, {"page_size": 2}).json()
    assert [job["id"] for job in page["results"]] == ids[:0:-1]
    assert page["count"] == 3


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ({"state": "Cancelled"}, ["0.mp4"]),
        ({"state": ["Cancelled", "Queuing"]}, ["1.mp4", "0.mp4"]),
        ({"mode": "Accurate"}, ["1.mp4"]),
        ({"key": "0.mp4", "bucket": "media"}, ["0.mp4"]),
        ({"stream": "main"}, ["0.mp4"]),
        ({"domain": "example.com", "app": "live"}, ["1.mp4", "0.mp4"]),
        ({"app": "live", "stream": "Hauptbühne"}, ["1.mp4"]),
        ({"app": "other", "stream": "main"}, []),
        ({"created_after": "2026-11-20T10:00:00+01:00"}, ["1.mp4", "0.mp4"]),
        ({"created_before": "2020-01-01T00:00:00Z"}, []),
        ({"ordering": "created_at"}, ["0.mp4", "1.mp4"]),
    ],
)
def test_jobs_are_filtered_and_ordered(recording: Recording, ed: User, query: dict[str, str], keys: list[str]) -> None:
    client = signed_in(ed)
    imported(stream=StreamName("example.com", "live", "Hauptbühne"))
    first = post(client, body(output={"key": "0.mp4"})).json()["id"]
    other = clip(stream={**STREAM, "stream": "Hauptbühne"})
    media_asset = post(client, body(output={"key": "1.mp4"}, clips=[other], mode="Accurate")).json()["media_asset"]
    post(client, {}, f"{JOBS}{first}/cancel/")

    assert [job["output"]["key"] for job in client.get(JOBS, query).json()["results"]] == keys
    assert client.get(JOBS, {"media_asset": media_asset}).json()["count"] == 1


@pytest.mark.parametrize(
    "query",
    [
        {"state": "Nonsense"},
        {"stat": "Failed"},
        {"created_after": "2026-11-20T10:00:00"},
        {"ordering": "owner__password"},
        {"page_size": "501"},
        {"page_size": "many"},
    ],
)
def test_a_wrong_parameter_is_refused_by_name(ed: User, query: dict[str, str]) -> None:
    answer = signed_in(ed).get(JOBS, query)

    assert (answer.status_code, answer.json()["field"]) == (400, *query)


@pytest.mark.parametrize("items", [1, 3])
def test_the_list_takes_as_many_queries_for_three_as_for_one(
    recording: Recording, ed: User, items: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(ed)
    for number in range(items):
        post(client, body(output={"bucket": "media", "key": f"{number}.mp4"}))

    with django_assert_num_queries(6):  # session, user, roles, count, keys, rows
        assert client.get(JOBS).json()["count"] == items


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["\x00", "\ud800", "../a.mp4", "oss://media/a.mp4", "https://x/\x00", 10**20, -1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
offsets = st.sampled_from(["Z", "+14:00", "-14:00", "+00:00:00.000001", ""])
instants = st.builds(lambda moment, offset: moment.isoformat() + offset, st.datetimes(), offsets)
places: st.SearchStrategy[tuple[Any, ...]] = st.sampled_from(
    [(name,) for name in ("mode", "clips", "output", "holes", "user_data", "else")]
    + [("output", name) for name in ("bucket", "key", "url", "width", "height", "bitrate")]
    + [("clips", 0, name) for name in ("stream", "start", "end", "cover")]
    + [("clips", 0, "stream", name) for name in ("domain", "app", "stream")]
)


def changed(data: Any, place: tuple[Any, ...], value: Any) -> Any:
    """The same with another value at that place."""
    if not place:
        return value
    copy = list(data) if isinstance(data, list) else dict(data)
    copy[place[0]] = changed(data[place[0]], place[1:], value) if len(place) > 1 else value
    return copy


def test_no_body_is_an_error_of_ours(recording: Recording, ed: User) -> None:
    client = signed_in(ed)

    @hypothesis_settings(max_examples=100, deadline=None)
    @given(mode=st.sampled_from(["RoughFast", "Accurate"]), place=places, value=json_values | instants)
    def submit(mode: str, place: tuple[Any, ...], value: Any) -> None:
        with transaction.atomic():
            answer = post(client, json.dumps(changed(body(mode=mode), place, value)))
            transaction.set_rollback(True)

        assert answer.status_code in {202, 400, 422}
        if answer.status_code != 202:
            assert answer.json()["field"].startswith(place[0])

    submit()


@pytest.mark.parametrize("data", ["", "[]", "null", "7", "[" * 100_000, '{"a": NaN}', b"\xff", '{"user_data": 1e999}'])
def test_no_text_is_an_error_of_ours(ed: User, data: Any) -> None:
    assert post(signed_in(ed), data).status_code == 400


def test_a_body_has_a_greatest_length_and_one_type(ed: User, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    too_long = post(signed_in(ed), body())
    form = signed_in(ed).post(JOBS, {"mode": "RoughFast"})

    assert (too_long.status_code, too_long.json()["code"]) == (413, "BodyTooLarge")
    assert (form.status_code, form.json()["code"]) == (415, "UnsupportedMediaType")


@pytest.mark.parametrize("end", [{}, {"end": "now"}])
def test_a_clip_may_end_now(recording: Recording, ed: User, end: dict[str, str]) -> None:
    Recording.objects.update(ended=False)
    clips = [{"stream": STREAM, "start": "2026-11-20T10:00:01Z", **end}]

    planned = post(Client(), body(clips=clips), f"{JOBS}plan/", **bearer(ed)).json()
    job = post(Client(), body(clips=clips), **bearer(ed)).json()

    assert planned["plan"] is None
    assert job["waiting"] == planned["waiting"] == "Clip 1 ends after what is recorded so far; waiting for the rest."
    assert job["clips"][0]["end"] > job["clips"][0]["start"]


@pytest.fixture
def client(ed: User) -> Client:
    return signed_in(ed)


@pytest.fixture
def project(ed: User) -> Project:
    business = Business(bucket=Bucket.objects.get(name="media"), folder="matches/1")
    return projects.create(ed, title="Match", kind=Project.Kind.LIVE, business=business)


@pytest.mark.parametrize("output", [None, {"bucket": "vod-media", "key": "ignored.mp4"}])
def test_a_project_says_where_its_jobs_store(
    recording: Recording, client: Client, project: Project, output: dict[str, str] | None
) -> None:
    given = body(project=project.pk, **({"output": output} if output else {}))
    if output is None:
        del given["output"]

    answer = post(client, given)

    assert (answer.status_code, answer.json()["project"]) == (202, project.pk)
    assert answer.json()["output"]["bucket"] == "media"
    assert answer.json()["output"]["key"].startswith("matches/1/live-main-20261120-100001-")
    project.refresh_from_db()
    assert project.state == "Producing"
    assert post(client, given, f"{JOBS}plan/").json()["plan"]["frames"] == 100


def test_the_same_key_makes_one_job_of_a_project_too(recording: Recording, client: Client, project: Project) -> None:
    first, second = (post(client, body(project=project.pk), **{"Idempotency-Key": "once"}) for _ in range(2))

    assert (first.json()["id"], second["Idempotency-Replayed"]) == (second.json()["id"], "true")


def test_a_project_that_jobs_cannot_belong_to_is_refused(recording: Recording, client: Client, ed: User) -> None:
    for key, code in ((projects.create(ed, title="x").pk, "InvalidInput"), ("nobody", "ProjectNotFound")):
        answer = post(client, body(project=key))
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, "project")


def test_without_a_project_the_output_must_say_where(recording: Recording, client: Client) -> None:
    given = body()
    del given["output"]

    answer = post(client, given)

    assert (answer.status_code, answer.json()["field"]) == (400, "output.key")
