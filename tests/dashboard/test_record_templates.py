"""The pages of record templates."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from editing.models import RecordTemplate
from editing.services import record_templates
from tests.conftest import signed_in

GIVEN = {
    "name": "short",
    "slice_duration": "2",
    "cycle_duration": "5400",
    "object_prefix": "live/{EscapedStartTime}_{EscapedEndTime}",
    "slice_prefix": "live/{UnixTimestamp}_{Sequence}",
}


def test_a_template_is_made_changed_and_deleted(opal: User) -> None:
    client = signed_in(opal)
    assert 'name="slice_duration" value="6"' in client.get("/record-templates/create/").content.decode()

    assert client.post("/record-templates/create/", GIVEN)["Location"] == "/record-templates/"
    template = RecordTemplate.objects.get(name="short")
    (entry,) = template.formats
    assert (entry["slice_duration"], entry["cycle_duration"], template.kind) == (2, 5400, "custom")
    assert "2 s" in client.get("/record-templates/").content.decode()

    path = f"/record-templates/{template.pk}/"
    assert 'value="5400"' in client.get(path).content.decode()
    client.post(path, {**GIVEN, "slice_duration": "4"})
    template.refresh_from_db()
    assert template.formats == [{**entry, "slice_duration": 4}]

    client.post(f"{path}delete/")
    assert not RecordTemplate.objects.filter(name="short").exists()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"slice_duration": "1"}, "Give whole seconds from 2 to 30"),
        ({"slice_prefix": "a"}, "It must hold {UnixTimestamp} and {Sequence}"),
        ({"object_prefix": "{Nonsense}"}, "{Nonsense} is not known here"),
        ({"name": ""}, "This field is required"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(opal: User, values: Any, says: str) -> None:
    answer = signed_in(opal).post("/record-templates/create/", {**GIVEN, **values})

    assert says in answer.content.decode()
    assert not RecordTemplate.objects.filter(kind="custom").exists()


def test_a_shipped_template_is_shown_and_stays(opal: User) -> None:
    client, template = signed_in(opal), record_templates.default()
    path = f"/record-templates/{template.pk}/"

    page = client.get(path).content.decode()
    assert "Shipped templates stay as they are" in page
    assert 'name="slice_duration"' not in page
    client.post(path, GIVEN)
    client.post(f"{path}delete/")

    template.refresh_from_db()
    assert template.name == "live editing"


def test_others_look_and_change_nothing(vera: User, ed: User) -> None:
    path = f"/record-templates/{record_templates.create(name='own', formats=[{'format': 'm3u8'}]).pk}/"

    for user in (vera, ed):
        client = signed_in(user)
        assert "own" in client.get("/record-templates/").content.decode()
        assert "<form" not in client.get(path).content.decode().split("<main")[1]
        refused = [client.post(path, GIVEN), client.post(f"{path}delete/"), client.get("/record-templates/create/")]
        assert [answer.status_code for answer in refused] == [403] * 3
