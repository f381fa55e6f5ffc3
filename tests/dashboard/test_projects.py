"""Live projects on pages: made, reserved, worked on."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from editing.models import Project
from editing.services import project_clips
from tests.conftest import signed_in

FORM = {"title": "Cup final", "bucket": "media", "folder": "cup/", "url": "rtmp://127.0.0.1:1935/live/cup"}
LATER = "2999-11-20T10:00:00Z"


@pytest.fixture
def client(ed: User) -> Client:
    return signed_in(ed)


def test_a_live_project_is_made_and_worked_on(client: Client, ed: User) -> None:
    answer = client.post("/projects/create/", FORM)

    project = Project.objects.get()
    assert answer["Location"] == f"/projects/{project.pk}/"
    assert (project.title, project.folder, project.business_state) == ("Cup final", "cup", "")
    assert (project.owner, project.created_by) == (ed, "LiveEditingConsole")
    material = project.materials.get()
    assert (str(material), material.url) == ("127.0.0.1/live/cup", FORM["url"])
    assert project_clips.current(ed) == project
    assert "Your clips go to this project" in client.get(f"/projects/{project.pk}/").content.decode()


def test_a_reservation_is_cancelled_and_made_again(client: Client) -> None:
    client.post("/projects/create/", {**FORM, "reserved_at": LATER})
    project = Project.objects.get()
    assert project.business_state == "Reserving"
    path = f"/projects/{project.pk}/"

    assert "Cancel the reservation" in client.get(path).content.decode()
    client.post(f"{path}cancel/")
    project.refresh_from_db()
    assert project.business_state == "ReservationCanceled"
    assert "Reserve again" in client.get(path).content.decode()
    client.post(f"{path}reserve/")
    project.refresh_from_db()
    assert (project.business_state, project.reserved_at and project.reserved_at > timezone.now()) == ("Reserving", True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"title": ""}, "This field is required"),
        ({"url": "http://example.com"}, "Give an address like rtmp://"),
        ({"url": "", "reserved_at": LATER}, "Say which stream shall be recorded"),
        ({"reserved_at": "soon"}, "is not a date and time"),
        ({"folder": "a/../b"}, "relative path"),
        ({"bucket": "nowhere"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_stands_at_its_field(client: Client, changes: dict[str, str], says: str) -> None:
    answer = client.post("/projects/create/", {**FORM, **changes})

    assert (answer.status_code, says in answer.content.decode()) == (200, True)
    assert not Project.objects.exists()


def test_viewers_look_and_do_not_work(client: Client, vera: User) -> None:
    client.post("/projects/create/", FORM)
    project, viewer = Project.objects.get(), signed_in(vera)

    assert "New live project" not in viewer.get("/projects/").content.decode()
    assert "Choose clips" not in viewer.get(f"/projects/{project.pk}/").content.decode()
    for path in ("create", f"{project.pk}/work-on", f"{project.pk}/cancel"):
        assert viewer.post(f"/projects/{path}/", FORM).status_code == 403
    assert client.post("/projects/nobody/work-on/").status_code == 404
