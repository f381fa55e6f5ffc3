import re
from base64 import b64encode

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from editing.models import Recording
from editing.timeline.clips import StreamName
from tests.conftest import imported, signed_in

RECORDINGS = "/api/v1/recordings/"


def test_streams_and_buckets_are_listed(recording: Recording, vera: User) -> None:
    client = signed_in(vera)

    streams = client.get("/api/v1/streams/", {"app": "live"}).json()
    assert [(each["domain"], each["app"], each["stream"]) for each in streams["results"]] == [
        ("example.com", "live", "main")
    ]
    assert client.get("/api/v1/streams/", {"app": "other"}).json()["count"] == 0
    buckets = client.get("/api/v1/buckets/").json()["results"]
    assert [(each["name"], each["kind"]) for each in buckets] == [("media", "oss"), ("vod-media", "vod")]
    assert client.get("/api/v1/buckets/media/").json()["endpoint"] == "oss.example.com"


def test_a_recording_tells_its_range_and_plays(recording: Recording, vera: User) -> None:
    client = signed_in(vera)

    found = client.get(f"{RECORDINGS}{recording.pk}/").json()

    assert (found["start"], found["end"]) == ("2026-11-20T10:00:00.000Z", "2026-11-20T10:00:12.000Z")
    assert found["segment_count"] == 6
    playlist = Client().get(found["playback"].removeprefix("http://testserver"))
    assert playlist.content.decode().count("#EXTINF:2.000000,") == 6


def test_coverage_is_merged_ranges_and_gaps(recording: Recording, vera: User) -> None:
    recording.segments.filter(sequence=3).delete()

    found = signed_in(vera).get(f"{RECORDINGS}{recording.pk}/coverage/").json()

    assert found == {
        "covered": [
            {"start": "2026-11-20T10:00:00.000Z", "end": "2026-11-20T10:00:06.000Z"},
            {"start": "2026-11-20T10:00:08.000Z", "end": "2026-11-20T10:00:12.000Z"},
        ],
        "gaps": [
            {
                "start": "2026-11-20T10:00:06.000Z",
                "end": "2026-11-20T10:00:08.000Z",
                "reason": "not recorded",
                "intended": False,
            }
        ],
        "clock_steps": [],
    }


def test_segments_are_paged_by_cursor(recording: Recording, vera: User) -> None:
    client = signed_in(vera)

    first = client.get(f"{RECORDINGS}{recording.pk}/segments/", {"page_size": 4}).json()
    rest = client.get(first["next"].removeprefix("http://testserver")).json()

    assert [each["sequence"] for each in first["results"] + rest["results"]] == list(range(6))
    assert first["results"][1]["start"] == "2026-11-20T10:00:02.000Z"
    assert first["results"][0]["frames"] == 50


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"after": "2026-11-20T10:00:11Z"}, 1),
        ({"after": "2026-11-20T10:00:12Z"}, 0),
        ({"before": "2026-11-20T10:00:00Z"}, 0),
        ({"stream": "main", "app": "live"}, 1),
        ({"stream": "other"}, 0),
    ],
)
def test_recordings_are_found_by_stream_and_time(
    recording: Recording, vera: User, query: dict[str, str], count: int
) -> None:
    assert signed_in(vera).get(RECORDINGS, query).json()["count"] == count


def test_an_unreadable_instant_in_a_filter_is_refused(recording: Recording, vera: User) -> None:
    answer = signed_in(vera).get(RECORDINGS, {"after": "yesterday"})

    problem = answer.json()
    assert (answer.status_code, problem["field"]) == (400, "after")
    assert problem["detail"] == "“yesterday” is not a date and time; write it like 2026-11-20T10:30:00.250Z."


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (RECORDINGS, {"before": "9999-12-31T23:59:59-14:00"}),
        (RECORDINGS, {"ended": "maybe"}),
        (RECORDINGS, {"steam": "main"}),
        ("/api/v1/streams/", {"ordering": "recordings__size"}),
        ("/api/v1/buckets/", {"active": "2"}),
        ("/api/v1/media-assets/", {"kind": "song"}),
        ("/api/v1/media-assets/", {"job": "\x00"}),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(vera: User, path: str, query: dict[str, str]) -> None:
    answer = signed_in(vera).get(path, query)

    assert (answer.status_code, answer.json()["field"]) == (400, *query)


@pytest.mark.parametrize(
    "path",
    [
        "streams",
        "streams/x/",
        "streams/99999999999999999999/",
        "recordings/1%00/",
        "editing-jobs/%00/",
        "buckets/nowhere/",
        "recordings/?page=0",
    ],
)
def test_what_is_not_there_is_a_problem_too(vera: User, path: str) -> None:
    answer = signed_in(vera).get(f"/api/v1/{path}")

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_a_list_is_only_read(opal: User) -> None:
    answer = signed_in(opal).put("/api/v1/streams/")

    assert (answer.status_code, answer.json()["code"]) == (405, "MethodNotAllowed")


@pytest.mark.parametrize("cursor", ["abc", b64encode(b"p=abc").decode(), b64encode(b"o=-1").decode()])
def test_a_cursor_of_somebody_elses_making_is_refused(recording: Recording, vera: User, cursor: str) -> None:
    assert signed_in(vera).get(f"{RECORDINGS}{recording.pk}/segments/", {"cursor": cursor}).status_code == 404


def test_a_part_of_a_recording_has_its_own_address(recording: Recording, vera: User) -> None:
    part = {"start": "2026-11-20T11:00:04+01:00", "end": "2026-11-20T10:00:08Z"}

    found = signed_in(vera).get(f"{RECORDINGS}{recording.pk}/playback/", part).json()

    playlist = Client().get(found["url"].removeprefix("http://testserver"))
    assert playlist.content.decode().count("#EXTINF:2.000000,") == 2


def test_a_part_that_is_no_time_is_refused(recording: Recording, vera: User) -> None:
    answer = signed_in(vera).get(f"{RECORDINGS}{recording.pk}/playback/", {"end": "10:00"})

    assert (answer.status_code, answer.json()["field"]) == (422, "end")


def segments(recording: Recording) -> str:
    return f"{RECORDINGS}{recording.pk}/segments/"


@pytest.mark.parametrize("items", [1, 3])
def test_segments_take_as_many_queries_for_three_as_for_one_and_count_nothing(
    recording: Recording, vera: User, items: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(vera)

    with django_assert_num_queries(5) as queries:  # session, user, roles, recording, segments
        assert len(client.get(segments(recording), {"page_size": items}).json()["results"]) == items
    assert not any("COUNT" in query["sql"] for query in queries.captured_queries)


@pytest.mark.parametrize("removed", [1, 5])
def test_coverage_takes_as_many_queries_however_long_a_recording_is(
    recording: Recording, vera: User, removed: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    recording.segments.filter(sequence__gt=6 - removed).delete()
    client = signed_in(vera)

    with django_assert_num_queries(
        10
    ):  # session, user, roles, recording; spans, those at gaps in full, anchors, sets, bucket; gaps
        assert client.get(f"{RECORDINGS}{recording.pk}/coverage/").status_code == 200


@pytest.mark.parametrize("items", [1, 3])
def test_recordings_take_as_many_queries_for_three_as_for_one(
    vera: User, items: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(items):
        imported(stream=StreamName("example.com", "live", f"stream{number}"))
    client = signed_in(vera)

    with django_assert_num_queries(6):  # session, user, roles, count, keys, rows
        assert client.get(RECORDINGS).json()["count"] == items


def test_the_description_is_valid_and_its_page_is_served_from_here(vera: User, tmp_path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))

    page = signed_in(vera).get("/api/docs/")
    sources = re.findall(r'(?:src|href)="([^"]*)"', page.content.decode())
    assert all(source.startswith(("/static/", "/api/docs/")) for source in sources)
    assert not re.search(r"<style|<script>", page.content.decode())  # the content security policy blocks those
    assert finders.find(sources[1].removeprefix("/static/"))


def test_an_operator_says_how_much_of_a_stream_is_kept(recording: Recording, opal: User, ed: User) -> None:
    path, client = f"/api/v1/streams/{recording.stream_id}/", signed_in(opal)

    kept = client.patch(path, {"keep_days": 7, "keep_bytes": 10**12}, "application/json").json()
    assert (kept["keep_days"], kept["keep_bytes"]) == (7, 10**12)
    assert client.patch(path, {"keep_days": None}, "application/json").json()["keep_bytes"] == 10**12

    refused = client.patch(path, {"keep_days": 0}, "application/json")
    assert (refused.status_code, refused.json()["field"]) == (422, "keep_days")
    assert signed_in(ed).patch(path, {"keep_days": 1}, "application/json").status_code == 403
