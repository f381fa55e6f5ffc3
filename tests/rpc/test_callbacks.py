"""SetEventCallback and GetEventCallback; with the SDK in test_sdk_callbacks.py."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from editing.services import callbacks
from tests.rpc.calling import caller

KEY = "Secret0fReceivers"
SET = {"CallbackType": "HTTP", "CallbackURL": "https://a.example/cb", "AuthSwitch": "on", "AuthKey": KEY,
       "EventTypeList": "ProduceMediaComplete, FileUploadComplete,"}  # fmt: skip


def test_what_is_set_is_said_back_to_its_user_alone(ed: User, opal: User) -> None:
    call = caller(ed)
    assert call("GetEventCallback")[1].keys() == {"RequestId", "CallbackType"}

    status, answer = call("SetEventCallback", **SET)

    assert (status, answer["Success"]) == (200, True)
    found = call("GetEventCallback")[1]
    found.pop("RequestId")
    assert found == {**SET, "EventTypeList": "ProduceMediaComplete,FileUploadComplete"}
    assert "CallbackURL" not in caller(opal)("GetEventCallback")[1]


def test_what_is_not_said_of_the_key_stays_and_it_can_be_switched_off(ed: User) -> None:
    call = caller(ed)
    call("SetEventCallback", **SET)

    call("SetEventCallback", CallbackURL="http://b.example/")
    found = call("GetEventCallback")[1]
    assert (found["CallbackURL"], found["EventTypeList"], found["AuthSwitch"], found["AuthKey"]) == (
        "http://b.example/", "", "on", KEY)  # fmt: skip

    call("SetEventCallback", CallbackURL="http://b.example/", AuthSwitch="off")
    assert call("GetEventCallback")[1]["AuthSwitch"] == "off"
    assert not callbacks.of(ed).signs


@pytest.mark.parametrize(
    ("change", "code", "name"),
    [
        ({"CallbackType": "MNS", "CallbackQueueName": "ice-callback-q"}, "InvalidParameter", "CallbackType"),
        ({"CallbackQueueName": "ice-callback-q"}, "InvalidParameter", "CallbackQueueName"),
        ({"CallbackURL": ""}, "MissingParameter", "CallbackURL"),
        ({"CallbackURL": "ice-callback-q"}, "InvalidParameter", "CallbackURL"),
        ({"CallbackURL": f"http://a.example/{'x' * 256}"}, "InvalidParameter", "CallbackURL"),
        ({"AuthKey": "letters"}, "InvalidParameter", "AuthKey"),
        ({"AuthKey": ""}, "InvalidParameter", "AuthKey"),
        ({"AuthKey": "Aa1" * 11}, "InvalidParameter", "AuthKey"),
        ({"AuthSwitch": "yes"}, "InvalidParameter", "AuthSwitch"),
        ({"EventTypeList": "Produce Media"}, "InvalidParameter", "EventTypeList"),
    ],
)
def test_refusals_name_the_parameter(ed: User, change: dict[str, str], code: str, name: str) -> None:
    status, answer = caller(ed)("SetEventCallback", **{**SET, **change})

    assert (status, answer["Code"]) == (400, code)
    assert f'"{name}"' in answer["Message"]
    assert callbacks.of(ed).pk is None


def test_who_only_looks_has_no_events(vera: User) -> None:
    for action, params in (("SetEventCallback", SET), ("GetEventCallback", {})):
        assert caller(vera)(action, **params)[1]["Code"] == "Forbidden"
