import json

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command

from editing.services import access_keys

pytestmark = pytest.mark.django_db


def test_the_last_line_is_the_pair_of_the_operator(capsys: pytest.CaptureFixture[str]) -> None:
    operator = User.objects.create_user("operator")
    operator.groups.add(Group.objects.get(name="operator"))

    call_command("create_access_key")

    pair = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(pair) == ["AccessKeyId", "AccessKeySecret"]
    assert access_keys.authenticate(pair["AccessKeyId"], pair["AccessKeySecret"]) == operator


def test_a_named_user_gets_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    alice = User.objects.create_user("alice")

    call_command("create_access_key", user="alice")

    pair = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert access_keys.authenticate(pair["AccessKeyId"], pair["AccessKeySecret"]) == alice


def test_an_unknown_user_and_a_missing_operator_are_said() -> None:
    with pytest.raises(CommandError, match="no user “nobody”"):
        call_command("create_access_key", user="nobody")
    with pytest.raises(CommandError, match="no operator account yet"):
        call_command("create_access_key")
