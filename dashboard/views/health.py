"""For load balancers and for `up` itself: no sign-in, nothing secret."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from editing.services import health


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when web, database and at least one worker are alive, 503 with the problems otherwise."""
    found = health.check()
    answer = JsonResponse({"status": "ok" if found["ok"] else "unwell", **found}, status=200 if found["ok"] else 503)
    answer._has_been_logged = True  # type: ignore[attr-defined] # whoever asks reads the answer; no error in our log
    return answer
