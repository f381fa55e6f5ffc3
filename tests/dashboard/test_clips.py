"""Clips on the recording page: marked, changed, ordered, planned, merged."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from editing.models import Bucket, CurrentProject, EditingJob, Project, Recording
from editing.services import project_clips, projects
from editing.services.project_storage import Business
from editing.timeline.clips import StreamName
from tests.conftest import imported, signed_in

DAY = "2026-11-20T10:00:"


def add(client: Client, recording: Recording, start: str = "1.000", end: str = "3.000") -> str:
    answer = client.post(f"/recordings/{recording.pk}/clips/", {"start": f"{DAY}0{start}Z", "end": f"{DAY}0{end}Z"})
    return answer.content.decode()


def chosen(client: Client) -> list[dict[str, Any]]:
    row = CurrentProject.objects.select_related("project").filter(user=client.session["_auth_user_id"]).first()
    return list(row.project.clips) if row else []


def seconds(client: Client) -> list[tuple[float, float]]:
    """Start and end of the chosen clips, in seconds after ten o'clock."""
    begin = 1_795_168_800
    return [(row["start"] / 1e6 - begin, row["end"] / 1e6 - begin) for row in chosen(client)]


@pytest.fixture
def client(ed: User) -> Client:
    return signed_in(ed)


def test_a_clip_is_added_with_its_length_and_the_running_total(recording: Recording, client: Client) -> None:
    add(client, recording)
    panel = add(client, recording, "6.500", "7.000")

    assert seconds(client) == [(1, 3), (6.5, 7)]
    assert "0:02.000" in panel
    assert "0:00.500" in panel
    assert "0:02.500" in panel


def test_the_page_shows_the_clips_again_when_one_comes_back(recording: Recording, client: Client) -> None:
    add(client, recording)

    page = client.get(f"/recordings/{recording.pk}/").content.decode()
    assert 'data-start="2026-11-20T10:00:01.000Z"' in page


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("", f"{DAY}03Z", "required"),
        ("soon", f"{DAY}03Z", "is not a date and time"),
        (f"{DAY}03Z", f"{DAY}03Z", "The clip must end after its start"),
        ("+3", "-3", "Give at least one end as a time"),
    ],
)
def test_times_that_cannot_be_meant_are_refused_in_words(
    recording: Recording, client: Client, start: str, end: str, says: str
) -> None:
    answer = client.post(f"/recordings/{recording.pk}/clips/", {"start": start, "end": end})

    assert says in answer.content.decode()
    assert chosen(client) == []


@pytest.mark.parametrize(
    ("start", "end", "meant"),
    [
        ("10:00:01", "10:00:03.25", (1, 3.25)),
        (f"{DAY}01+00:00", "+2", (1, 3)),
        ("-0:01.5", "10:00:04", (2.5, 4)),
        ("10:00:01 UTC", "2026-11-20 10:00:02Z", (1, 2)),
        ("10:00:05", "+1:00", (5, 65)),
    ],
)
def test_times_may_be_typed_in_short(
    recording: Recording, client: Client, start: str, end: str, meant: tuple[float, float]
) -> None:
    client.post(f"/recordings/{recording.pk}/clips/", {"start": start, "end": end})

    assert seconds(client) == [meant]


def test_clips_are_moved_doubled_changed_and_removed(recording: Recording, client: Client) -> None:
    for start in ("1.000", "4.000", "7.000"):
        add(client, recording, start, "9.000")
    first, second, third = (row["id"] for row in chosen(client))

    client.post(f"/clips/{third}/up/")
    assert [row["id"] for row in chosen(client)] == [first, third, second]
    client.post(f"/clips/{first}/down/")
    assert [row["id"] for row in chosen(client)] == [third, first, second]
    client.post(f"/clips/{third}/up/")
    assert [row["id"] for row in chosen(client)] == [third, first, second]
    client.post("/clips/order/", {"clip": [first, second, third]})
    assert [row["id"] for row in chosen(client)] == [first, second, third]
    client.post(f"/clips/{second}/duplicate/")
    assert seconds(client) == [(1, 9), (4, 9), (4, 9), (7, 9)]
    client.post(f"/clips/{second}/change/", {"start": f"{DAY}05Z", "end": f"{DAY}06Z"})
    client.post(f"/clips/{first}/remove/")
    assert seconds(client) == [(5, 6), (4, 9), (7, 9)]
    client.post("/clips/clear/")
    assert chosen(client) == []


def test_a_clip_that_is_gone_is_no_mistake(recording: Recording, client: Client) -> None:
    assert client.post("/clips/nothere/remove/").status_code == 200
    assert client.post("/clips/nothere/change/", {"start": f"{DAY}05Z", "end": f"{DAY}06Z"}).status_code == 200


def plan(client: Client, **form: str) -> str:
    return client.get("/clips/plan/", {"mode": "RoughFast", "bucket": "media", **form}).content.decode()


def test_a_plan_says_length_and_what_whole_segments_add(recording: Recording, client: Client) -> None:
    add(client, recording)

    shown = plan(client)
    assert "0:04.000" in shown
    assert "Clip 1 becomes 2.000 s longer" in shown
    assert 'data-start="2026-11-20T10:00:00.000Z" data-end="2026-11-20T10:00:04.000Z"' in shown


def test_a_plan_warns_of_missing_media(recording: Recording, client: Client) -> None:
    add(client, recording, "1.000", "3.000")
    client.post(f"/recordings/{recording.pk}/clips/", {"start": f"{DAY}10Z", "end": f"{DAY}20Z"})

    assert "Clip 2 misses 8.000 s" in plan(client)
    assert "Media is missing inside the clip" in plan(client, holes="fail")


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"mode": "Accurate", "width": "641"}, "is not an even number"),
        ({"key": "../x.mp4"}, "relative path"),
        ({"bucket": "nowhere"}, "Select a valid choice"),
        ({"mode": "Fast"}, "Select a valid choice"),
    ],
)
def test_a_plan_refuses_what_a_merge_would(
    recording: Recording, client: Client, form: dict[str, str], says: str
) -> None:
    add(client, recording)

    assert says in plan(client, **form)


def test_streams_of_two_applications_do_not_merge(recording: Recording, client: Client) -> None:
    add(client, recording)
    add(client, imported(stream=StreamName("example.com", "other", "main")))

    assert "different applications" in plan(client)


def test_streams_of_one_application_merge(recording: Recording, client: Client) -> None:
    add(client, recording)
    add(client, imported(stream=StreamName("example.com", "live", "second")))

    answer = client.post("/clips/merge/", {"mode": "RoughFast", "bucket": "media", "key": "both.mp4"})
    job = EditingJob.objects.get()
    assert answer["HX-Redirect"] == f"/jobs/{job.pk}/"
    assert [row["stream"] for row in job.clips] == ["main", "second"]


def test_a_merge_becomes_a_job_and_empties_the_list(recording: Recording, client: Client, ed: User) -> None:
    add(client, recording)
    form = {
        "mode": "Accurate",
        "bucket": "vod-media",
        "key": "clips/my cut.mp4",
        "holes": "fail",
        "width": "160",
        "bitrate": "500",
        "user_data": '{"goal": 17}',
    }

    client.post("/clips/merge/", form)

    job = EditingJob.objects.get()
    said = (job.owner, job.mode, job.bucket.name, job.key, job.holes, job.width, job.bitrate, job.user_data)
    assert said == (ed, "Accurate", "vod-media", "clips/my cut.mp4", "fail", 160, 500_000, '{"goal": 17}')
    assert chosen(client) == []


def test_the_clips_of_a_job_can_be_edited_again(recording: Recording, client: Client, vera: User) -> None:
    add(client, recording)
    add(client, recording, "6.500", "7.000")
    client.post("/clips/merge/", {"mode": "RoughFast", "bucket": "media"})
    job = EditingJob.objects.get()
    add(client, recording, "9.000", "9.500")

    assert client.post(f"/jobs/{job.pk}/clips/")["Location"] == f"/recordings/{recording.pk}/"
    assert seconds(client) == [(1, 3), (6.5, 7)]
    assert signed_in(vera).post(f"/jobs/{job.pk}/clips/").status_code == 403


@pytest.mark.parametrize(
    ("form", "field", "says"),
    [
        ({"key": "a.exe"}, "key", "must end in one of"),
        ({"mode": "Accurate", "height": "121"}, "height", "is not an even number"),
        ({"mode": "RoughFast", "width": "160"}, "width", "keeps the source"),
        ({"user_data": "{"}, "user_data", "not JSON"),
    ],
)
def test_what_a_merge_refuses_stands_at_its_field(
    recording: Recording, client: Client, form: dict[str, str], field: str, says: str
) -> None:
    add(client, recording)

    answer = client.post("/clips/merge/", {"mode": "RoughFast", "bucket": "media", "key": "a.mp4", **form})

    text = answer.content.decode()
    assert not EditingJob.objects.exists()
    assert says in re.search(rf'name="{field}".*?</div>', text, re.DOTALL)[0]  # type: ignore[index]
    assert len(chosen(client)) == 1


def test_without_a_name_the_suggested_one_is_taken(recording: Recording, client: Client) -> None:
    add(client, recording)
    name = "clips/live-main-20261120-100001.mp4"

    assert f"<code data-suggested>{name}</code>" in plan(client)
    client.post("/clips/merge/", {"mode": "RoughFast", "bucket": "media", "key": ""})
    assert EditingJob.objects.get().key == name
    add(client, recording)
    assert "clips/live-main-20261120-100001-2.mp4" in plan(client)


def test_the_clips_belong_to_a_live_project_in_every_browser(recording: Recording, client: Client, ed: User) -> None:
    add(client, recording)

    project = Project.objects.get()
    assert (project.kind, project.title, project.owner) == ("LiveEditingProject", "main, 20 November 2026", ed)
    assert (project.created_by, project.bucket and project.bucket.name) == ("LiveEditingConsole", "media")
    assert [str(material) for material in project.materials.all()] == ["example.com/live/main"]
    other = signed_in(ed)
    add(other, recording, "4.000", "5.000")
    assert seconds(client) == [(1, 3), (4, 5)]
    assert f'href="/projects/{project.pk}/"' in other.get(f"/recordings/{recording.pk}/").content.decode()


def test_two_who_change_the_list_at_once_lose_nothing(recording: Recording, ed: User) -> None:
    project = project_clips.current_or_new(ed, title="Match")
    late = Project.objects.get(pk=project.pk)

    project_clips.change(project, lambda rows: [*rows, {"id": "one"}])
    project_clips.change(late, lambda rows: [*rows, {"id": "two"}])

    project.refresh_from_db()
    assert ([row["id"] for row in project.clips], project.clips_revision) == (["one", "two"], 2)


def test_a_merge_of_what_is_not_on_the_screen_shows_it_first(recording: Recording, client: Client) -> None:
    add(client, recording)
    seen = Project.objects.get().clips_revision
    add(client, recording, "4.000", "5.000")
    form = {"mode": "RoughFast", "bucket": "media", "revision": str(seen)}

    assert client.post("/clips/merge/", form)["HX-Refresh"] == "true"
    assert not EditingJob.objects.exists()
    assert "changed in another window" in client.get(f"/recordings/{recording.pk}/").content.decode()
    client.post("/clips/merge/", {**form, "revision": str(seen + 1)})
    assert EditingJob.objects.get().project == Project.objects.get()


def test_clips_go_to_the_project_that_is_worked_on(recording: Recording, client: Client, ed: User) -> None:
    add(client, recording)
    business = Business(bucket=Bucket.objects.get(name="vod-media"), folder="cup")
    cup = projects.create(ed, title="Cup", kind=Project.Kind.LIVE, business=business)

    assert client.post(f"/projects/{cup.pk}/work-on/")["Location"] == "/streams/"
    assert seconds(client) == []
    add(client, recording, "6.500", "7.000")
    assert client.post(f"/projects/{cup.pk}/work-on/")["Location"] == f"/recordings/{recording.pk}/"
    page = client.get(f"/recordings/{recording.pk}/").content.decode()
    assert re.search(r'value="vod-media" selected', page)
    assert "<code data-suggested>cup/live-main-20261120-100006.mp4</code>" in plan(client)
    client.post("/clips/merge/", {"mode": "RoughFast", "bucket": "vod-media"})
    assert EditingJob.objects.get().project == cup
    projects.delete(ed, [cup.pk])
    assert seconds(client) == []
    add(client, recording)
    assert Project.objects.exclude(state="Deleted").count() == 2


def test_without_a_bucket_there_is_no_project_to_choose_clips_for(recording: Recording, client: Client) -> None:
    Bucket.objects.update(active=False)

    assert "needs a place to store in" in add(client, recording)
    assert chosen(client) == []


def test_the_timeline_is_coverage_gaps_and_segments(recording: Recording, client: Client) -> None:
    begin = 1_795_168_800_000_000
    first = client.get(f"/recordings/{recording.pk}/timeline/")

    assert first.json() == {
        "start": begin,
        "end": begin + 12_000_000,
        "covered": [[begin, begin + 12_000_000]],
        "gaps": [],
        "clock": [],
        "segments": [begin + at for at in range(0, 12_000_000, 2_000_000)],
        "ended": True,
    }
    again = client.get(f"/recordings/{recording.pk}/timeline/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304


def test_of_a_timeline_that_grows_only_the_end_is_asked_for(recording: Recording, client: Client) -> None:
    begin = 1_795_168_800_000_000
    path = f"/recordings/{recording.pk}/timeline/"

    assert client.get(path, {"since": begin + 8_500_000}).json() == {
        "start": begin + 8_000_000,
        "end": begin + 12_000_000,
        "covered": [[begin + 8_000_000, begin + 12_000_000]],
        "gaps": [],
        "clock": [],
        "segments": [begin + 8_000_000, begin + 10_000_000],
        "ended": True,
    }
    assert client.get(path, {"since": "noon"}).status_code == 400


def test_the_frames_around_an_instant_are_told_exactly(recording: Recording, client: Client) -> None:
    begin = 1_795_168_800_000_000
    path = f"/recordings/{recording.pk}/frames/"

    found = client.get(path, {"at": begin + 3_059_000}).json()
    assert found == {"frames": [begin + 2_000_000 + number * 40_000 for number in range(51)]}
    assert client.get(path, {"at": begin + 60_000_000}).json() == {"frames": []}
    assert client.get(path, {"at": "noon"}).status_code == 400
