"""The operators' console: who may enter, and what may be done there."""

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from editing.models import (
    AccessKey,
    Bucket,
    Delivery,
    EditingJob,
    JobState,
    MediaAsset,
    Project,
    Publication,
    PublishingRule,
    RecordFile,
    Recording,
    RecordTemplate,
    StreamKey,
    Worker,
)
from editing.services import access_keys, callbacks, projects, record_jobs, record_templates, stream_keys
from editing.timeline.clips import StreamName
from editing.worker import edit
from tests.conftest import imported, make_user, signed_in
from tests.services.test_editing_jobs import clip, submit

PAGES = [
    "stream",
    "recording",
    "bucket",
    "editingjob",
    "mediaasset",
    "accesskey",
    "worker",
    "recordjob",
    "recordfile",
    "recordtemplate",
    "project",
    "eventcallback",
    "delivery",
    "publication",
    "publishingrule",
    "streamkey",
]
DOORS = ["/admin/", "/admin/nonsense/", *(f"/admin/editing/{page}/" for page in PAGES)]


def act(client: Client, page: str, action: str, *keys: object):
    data = {"action": action, "_selected_action": list(keys)}
    return client.post(f"/admin/editing/{page}/", data, follow=True)


@pytest.mark.django_db
@pytest.mark.parametrize("path", DOORS)
def test_who_has_not_signed_in_is_asked_to(path: str) -> None:
    for answer in (Client().get(path), Client().post(path)):
        assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={path}")


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("role", ["", "viewer", "editor"])
def test_the_console_is_for_operators(db: None, role: str, path: str) -> None:
    user = make_user("sue", role)
    User.objects.filter(pk=user.pk).update(is_staff=True)  # which only Django's own door asks for

    for answer in (signed_in(user).get(path), signed_in(user).post(path)):
        assert answer.status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_an_operator_enters_finds_and_reads(recording: Recording, opal: User, page: str) -> None:
    callbacks.set_up(opal, by=opal, address="https://opal.example/")
    edit.run(submit(opal, clip()).pk)
    projects.create(opal, title="Match")
    access_keys.create(opal)
    Worker.objects.create(name="w@1", queues="fast", started_at=timezone.now(), seen_at=timezone.now())
    record_jobs.create(opal, name="a", url="rtmp://example.com/live/main", bucket=Bucket.objects.get(name="media"))
    stream_keys.rotate(recording.stream)
    RecordFile.objects.create(recording=recording, format="mp4", key="whole.mp4")
    PublishingRule.objects.create(app="live")
    now = timezone.now()
    Publication.objects.create(stream=recording.stream, client="1", address="192.0.2.9", since=now, seen_at=now)
    row = apps.get_model("editing", page).objects.first()
    client = signed_in(opal)

    assert client.get("/admin/").status_code == 200
    assert client.get(f"/admin/editing/{page}/", {"q": "main"}).status_code == 200
    assert client.get(f"/admin/editing/{page}/{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("page", sorted(set(PAGES) - {"bucket", "accesskey"}))
def test_what_services_make_is_not_made_by_hand(opal: User, page: str) -> None:
    assert signed_in(opal).post(f"/admin/editing/{page}/add/", {}).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_deleted_past_the_services(recording: Recording, opal: User, page: str) -> None:
    assert signed_in(opal).post(f"/admin/editing/{page}/1/delete/", {"post": "yes"}).status_code in {302, 403}
    assert act(signed_in(opal), page, "delete_selected", 1).status_code == 200
    assert (Recording.objects.count(), Bucket.objects.count()) == (1, 2)


def test_users_are_for_superusers(opal: User, db: None) -> None:
    boss = User.objects.create_superuser("boss")

    assert signed_in(opal).get("/admin/auth/user/").status_code == 403
    assert signed_in(boss).get("/admin/auth/user/").status_code == 200


@pytest.mark.django_db
def test_the_consoles_own_sign_in_is_the_studios() -> None:
    answer = Client().get("/admin/login/?next=/admin/editing/bucket/")

    assert answer["Location"] == "/sign-in/?next=/admin/editing/bucket/"


@pytest.mark.parametrize("page", ["recording", "editingjob"])
@pytest.mark.parametrize("items", [1, 3])
def test_lists_take_as_many_queries_for_three_as_for_one_and_look_at_no_segment(
    opal: User, page: str, items: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(items):
        imported(stream=StreamName("example.com", "live", f"s{number}"))
        submit(opal, clip(stream=StreamName("example.com", "live", f"s{number}")), key=f"{number}.mp4")
    client = signed_in(opal)

    # Session, user, roles, buckets to filter by, count, permissions of the user and the groups for the menu, rows.
    with django_assert_num_queries(8) as queries:
        assert client.get(f"/admin/editing/{page}/").context["cl"].result_count == items
    assert not any("editing_segment" in query["sql"] for query in queries.captured_queries)


def test_jobs_are_cancelled_and_retried_by_action(recording: Recording, opal: User) -> None:
    job = submit(opal, clip())
    client = signed_in(opal)

    act(client, "editingjob", "cancel", job.pk)
    assert EditingJob.objects.get().state == JobState.CANCELLED

    refused = act(client, "editingjob", "cancel", job.pk)
    assert "cannot be cancelled any more" in refused.content.decode()

    act(client, "editingjob", "retry", job.pk)
    assert EditingJob.objects.get().state == JobState.QUEUING


def test_a_jobs_state_is_read_only(recording: Recording, opal: User) -> None:
    job = submit(opal, clip())

    page = signed_in(opal).get(f"/admin/editing/editingjob/{job.pk}/change/")
    answer = signed_in(opal).post(f"/admin/editing/editingjob/{job.pk}/change/", {"state": "Success"})

    assert (page.status_code, answer.status_code) == (200, 403)
    assert b'name="state"' not in page.content
    assert EditingJob.objects.get().state == JobState.QUEUING


def test_an_access_key_is_made_shown_once_and_revoked(opal: User, ed: User) -> None:
    client = signed_in(opal)

    page = client.post("/admin/editing/accesskey/add/", {"user": ed.pk}, follow=True).content.decode()

    key = AccessKey.objects.get()
    secret = access_keys.secret_of(key)
    assert (key.user, secret in page) == (ed, True)
    assert secret not in client.get("/admin/editing/accesskey/").content.decode()
    assert access_keys.authenticate(key.pk, secret) == ed

    act(client, "accesskey", "revoke", key.pk)
    assert access_keys.authenticate(key.pk, secret) is None


def test_assets_and_recordings_are_deleted_with_their_files(recording: Recording, opal: User) -> None:
    edit.run(submit(opal, clip()).pk)
    client = signed_in(opal)

    act(client, "mediaasset", "delete_with_files", MediaAsset.objects.get().pk)
    act(client, "recording", "delete_with_files", recording.pk)

    assert (MediaAsset.objects.count(), Recording.objects.count()) == (0, 0)


BUCKET = {"name": "archive", "kind": "oss", "endpoint": "e.example", "storage": "", "active": "on"}


def test_how_much_of_a_stream_is_kept_may_change_and_its_name_not(recording: Recording, opal: User) -> None:
    stream, client = recording.stream, signed_in(opal)
    path = f"/admin/editing/stream/{stream.pk}/change/"

    assert b"greater than or equal to 1" in client.post(path, {"keep_days": "0"}).content
    client.post(path, {"keep_days": "7", "keep_bytes": "", "name": "other"})

    stream.refresh_from_db()
    assert (stream.keep_days, stream.keep_bytes, stream.name) == (7, None, "main")


def test_a_bucket_is_made_and_closed_but_keeps_its_name(opal: User) -> None:
    client = signed_in(opal)

    client.post("/admin/editing/bucket/add/", BUCKET)
    bucket = Bucket.objects.get(name="archive")
    client.post(f"/admin/editing/bucket/{bucket.pk}/change/", {"name": "other", "endpoint": "f.example"})

    bucket.refresh_from_db()
    assert (bucket.name, bucket.endpoint, bucket.active) == ("archive", "f.example", False)


@pytest.mark.parametrize(("field", "value"), [("name", "Not a name"), ("name", "media"), ("storage", "nowhere")])
def test_a_bucket_that_could_not_work_is_refused_by_field(opal: User, field: str, value: str) -> None:
    page = signed_in(opal).post("/admin/editing/bucket/add/", {**BUCKET, field: value})

    assert list(page.context["adminform"].form.errors) == [field]
    assert Bucket.objects.count() == 2


def test_a_record_job_is_paused_resumed_stopped_and_started(opal: User, media: Bucket) -> None:
    job = record_jobs.create(opal, name="a", url="rtmp://example.com/live/main", bucket=media)

    states = []
    for action in ("pause", "resume", "stop", "start"):
        act(signed_in(opal), "recordjob", action, job.pk)
        job.refresh_from_db()
        states.append(job.state)

    assert states == ["paused", "started", "stopped", "initial"]
    assert "is initial" in act(signed_in(opal), "recordjob", "start", job.pk).content.decode()


def test_own_templates_are_deleted_and_shipped_ones_are_not(opal: User) -> None:
    record_templates.create(name="own", formats=[{"format": "m3u8"}])

    act(signed_in(opal), "recordtemplate", "delete_own", *RecordTemplate.objects.values_list("pk", flat=True))

    assert set(RecordTemplate.objects.values_list("name", flat=True)) == {"live editing", "long segments"}


def test_projects_are_deleted_as_their_users_do(opal: User) -> None:
    project = projects.create(opal, title="Match")

    assert "Match: deleted" in act(signed_in(opal), "project", "delete_as_users_do", project.pk).content.decode()
    assert Project.objects.get().state == "Deleted"
    again = act(signed_in(opal), "project", "delete_as_users_do", project.pk).content.decode()
    assert f"Project {project.pk} not found." in again


def test_deliveries_are_sent_again_by_action_and_keys_are_not_shown(opal: User) -> None:
    callbacks.set_up(opal, by=opal, address="https://opal.example/", key="Secret0fOpal", signs=True)
    delivery = callbacks.test(opal, by=opal)
    Delivery.objects.update(state="failed")

    assert "on its way again" in act(signed_in(opal), "delivery", "redeliver", delivery.pk).content.decode()
    assert Delivery.objects.get().state == "waiting"
    shown = signed_in(opal).get(f"/admin/editing/eventcallback/{delivery.callback_id}/change/").content.decode()
    assert "https://opal.example/" in shown
    assert "encrypted" not in shown.lower()


def test_an_operator_makes_new_stream_keys_and_takes_them_away(opal: User, recording: Recording) -> None:
    before = stream_keys.rotate(recording.stream)
    row = StreamKey.objects.get()

    act(signed_in(opal), "streamkey", "make_anew", row.pk)
    assert stream_keys.key_of(recording.stream) not in (before, None)
    assert before not in signed_in(opal).get(f"/admin/editing/streamkey/{row.pk}/change/").content.decode()

    act(signed_in(opal), "streamkey", "remove", row.pk)
    assert stream_keys.key_of(recording.stream) is None
