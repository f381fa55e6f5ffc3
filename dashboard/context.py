"""What every template may use."""

from django.http import HttpRequest

from editing.models.roles import Verb, can

_SECTIONS = {"": "streams", "recordings": "streams", "publish": "record-jobs", "record-templates": "record-jobs"}


def site(request: HttpRequest) -> dict[str, object]:
    user = getattr(request, "user", None)
    return {
        "may": {verb.value: can(user, verb) for verb in Verb},
        "section": _SECTIONS.get(request.path.split("/")[1], request.path.split("/")[1]),
    }
