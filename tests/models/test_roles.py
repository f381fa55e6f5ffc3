import pytest
from django.contrib.auth.models import AnonymousUser, Group, User

from editing.models import Stream
from editing.models.roles import ROLES, Verb, verbs_of


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_a_member_of_a_role_has_its_verbs(role: str) -> None:
    user = User.objects.create_user("somebody")
    user.groups.add(Group.objects.get(name=role))

    assert verbs_of(user) == ROLES[role]


@pytest.mark.django_db
def test_a_superuser_has_every_verb_and_nobody_else_any() -> None:
    assert verbs_of(User.objects.create_superuser("root")) == set(Verb)
    assert verbs_of(User.objects.create_superuser("gone", is_active=False)) == set()
    assert verbs_of(User.objects.create_user("guest")) == set()
    assert verbs_of(AnonymousUser()) == set()


@pytest.mark.django_db
def test_streams_are_visible_to_those_who_may_see() -> None:
    stream = Stream.objects.create(domain="example.com", app="live", name="one")
    guest = User.objects.create_user("guest")
    viewer = User.objects.create_user("viewer")
    viewer.groups.add(Group.objects.get(name="viewer"))

    assert list(Stream.objects.visible_to(viewer)) == [stream]
    assert list(Stream.objects.visible_to(guest)) == []
