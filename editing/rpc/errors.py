"""What the IMS-compatible API refuses with: its table of codes, and our own errors in its words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from editing import errors

STATUS: dict[str, int] = {
    "IncompleteSignature": 400,
    "InvalidAccessKeyId.Inactive": 400,
    "InvalidAccessKeyId.NotFound": 404,
    "InvalidAction.NotFound": 404,
    "InvalidParameter": 400,
    "InvalidSecurityToken.Malformed": 400,
    "InvalidTimeStamp.Expired": 400,
    "InvalidTimeStamp.Format": 400,
    "InvalidVersion": 400,
    "MissingParameter": 400,
    "SignatureDoesNotMatch": 400,
    "SignatureNonceUsed": 400,
    "Forbidden": 403,
    "OperationDenied": 403,
    "UnsupportedHTTPMethod": 403,
    "ProjectNotFound": 404,
    "ResourceNotFound": 404,
    "Throttling.User": 429,
    "InternalError": 500,
    "ServiceUnAvailable": 503,  # with this capital A in the general table of IMS
}
_OURS: tuple[tuple[type[errors.EditingError], str], ...] = (
    (errors.TooManyCalls, "Throttling.User"),
    (errors.NonceUsed, "SignatureNonceUsed"),
    (errors.InvalidInput, "InvalidParameter"),
    (errors.ProjectNotFound, "ProjectNotFound"),
    (errors.NotFound, "ResourceNotFound"),
    (errors.PermissionDenied, "Forbidden"),
    (errors.Conflict, "OperationDenied"),
    (errors.StorageFailure, "ServiceUnAvailable"),
    (errors.EditingError, "InternalError"),
)
_OF_JOBS: tuple[tuple[type[errors.EditingError], str], ...] = (
    (errors.UnreadableMedia, "InvalidParameter.ResourceContentBad"),
    (errors.UnsupportedMedia, "InvalidParameter.ResourceContentBad"),
    (errors.NothingRecorded, "InvalidMaterial.NotFound"),
    (errors.NotFound, "InvalidMaterial.NotFound"),
    (errors.InvalidInput, "InvalidParameter"),
    (errors.StorageFailure, "QueryMaterialFailed"),
)
CANCELLED, INTERNAL = "JobCancelled", "InternalError"
_INDEX = re.compile(r"\[\d+\]")


class Refused(Exception):
    """An answer other than success; `code` is one of STATUS."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = STATUS[code], code, message


def missing(name: str) -> Refused:
    return Refused(
        "MissingParameter",
        f'The input parameter "{name}" that is mandatory for processing this request is not supplied.',
    )


def invalid(name: str, why: str) -> Refused:
    return Refused("InvalidParameter", f'The specified parameter "{name}" is not valid. {why}')


def code_of_job(code: str) -> str:
    """The code with which a job failed as one of those that IMS has for jobs; a cancelled job has our own."""
    kind = errors.BY_CODE.get(code)
    named = (theirs for ours, theirs in _OF_JOBS if kind is not None and issubclass(kind, ours))
    return code if code in ("", CANCELLED) else next(named, INTERNAL)


def refusal_of(error: errors.EditingError, names: Mapping[str, str]) -> Refused:
    """Our error as theirs. `names` says what IMS calls the fields of the service that was asked; an error that names
    a field is always about that parameter, be the thing it names wrong, missing or taken."""
    caller_is_wrong = isinstance(
        error, errors.InvalidInput | errors.NotFound | errors.OutputKeyTaken | errors.AssetExists
    )
    if error.field and caller_is_wrong:
        return invalid(in_their_words(error.field, names), error.message)
    code = next(code for kind, code in _OURS if isinstance(error, kind))
    return Refused(code, error.message)


def in_their_words(field: str, names: Mapping[str, str]) -> str:
    """`clips[3].start` as Clips[3].StartTime, where `names` has "clips[].start": "Clips[].StartTime"."""
    found = names.get(_INDEX.sub("[]", field))
    if found is None:
        return field
    for index in _INDEX.findall(field):
        found = found.replace("[]", index, 1)
    return found
