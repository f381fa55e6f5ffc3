"""Who may do what: roles are groups, each with its verbs. Pure but for asking a user for the groups."""

from enum import StrEnum
from typing import Any


class Verb(StrEnum):
    """What one may be allowed to do."""

    SEE = "see"  # streams, recordings, jobs, assets
    EDIT = "edit"  # plan and submit clips, cancel and retry jobs
    OPERATE = "operate"  # streams, imports, buckets, access keys of others


ROLES: dict[str, frozenset[Verb]] = {
    "viewer": frozenset({Verb.SEE}),
    "editor": frozenset({Verb.SEE, Verb.EDIT}),
    "operator": frozenset({Verb.SEE, Verb.EDIT, Verb.OPERATE}),
}


def verbs_of(user: Any) -> frozenset[Verb]:
    """All verbs of a user: the union over the groups, everything for a superuser, nothing for an inactive one."""
    if user is None or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(Verb)
    if not hasattr(user, "_verbs"):
        names = user.groups.values_list("name", flat=True)
        user._verbs = frozenset().union(*(ROLES.get(name, frozenset()) for name in names))
    verbs: frozenset[Verb] = user._verbs
    return verbs


def can(user: Any, verb: Verb) -> bool:
    return verb in verbs_of(user)
