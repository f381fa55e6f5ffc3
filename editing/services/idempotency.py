"""One request, one job: what an idempotency key was used for before."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from editing.errors import IdempotencyConflict, InvalidInput
from editing.models import EditingJob
from editing.models.editing_job import IdempotencyKey

LONGEST_KEY = 255
FIELD = "Idempotency-Key"


def fingerprint(*said: Any) -> str:
    """Equal for equal requests; takes what JSON can hold."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def find(user: Any, key: str, request: str) -> EditingJob | None:
    """The job that this user's request with this fingerprint has already made; None without a key or such a job.

    Raises IdempotencyConflict where the key came with another request.
    """
    if len(key) > LONGEST_KEY:
        raise InvalidInput(f"An idempotency key has at most {LONGEST_KEY} characters.", field=FIELD)
    known = IdempotencyKey.objects.filter(owner=user, key=key).select_related("job").first() if key else None
    if known is None:
        return None
    if known.fingerprint != request:
        raise IdempotencyConflict("This idempotency key was used for another request.", field=FIELD)
    return known.job


def keep(user: Any, key: str, request: str, job: EditingJob) -> None:
    """Raises IntegrityError where another request was quicker."""
    if key:
        IdempotencyKey.objects.create(owner=user, key=key, fingerprint=request, job=job)
