"""What can go wrong, as one tree; every face turns these into its own words.

EditingError
├── InvalidInput            the caller's value is wrong: `field` names it, the message says what would be right
│   ├── InvalidInstant      not an ISO-8601 instant with an offset
│   ├── InvalidClips        the clips cannot be what is meant (empty, reversed, cover outside …)
│   ├── NothingRecorded     a range in which nothing is recorded
│   ├── MixedSources        sources that may not be merged into one output
│   ├── InvalidOutput       bucket, key or size of the output
│   ├── InvalidKey          a storage key that is refused
│   ├── InvalidPlaylist     an HLS playlist that cannot be imported
│   └── StartRequired       a playlist without dates, and no start given
├── NotFound                no such thing (or none that the asker may see)
│   └── ProjectNotFound     no such editing project, or a deleted one that was to be changed
├── PermissionDenied        known, but not allowed
│   └── KeyOutdated         an access key from before SECRET_KEY was changed: nobody can read its secret any more
├── Conflict                right in itself, but not now
│   ├── OutputKeyTaken      an unfinished job already writes that key, or it is another output's cover
│   ├── AssetExists         the file is registered as a media asset already
│   ├── JobNotCancellable
│   ├── JobNotRetryable
│   ├── JobNotMovable       a record job is not in a state from which that can be
│   ├── WrongProjectState   what is asked for does not follow from how the project is now
│   ├── ClipsChanged        a project's clips are not those any more that were read
│   ├── BeingSent           a callback is on its way at this moment
│   ├── IdempotencyConflict the key was used for another request
│   ├── NonceUsed           a signed call has come before
│   ├── TooManyCalls        an access key asks more often than it may
│   └── StaleState          somebody else moved the row first
├── StorageFailure          a bucket could not be read or written
│   └── NoSpace             scratch or bucket is full
└── MediaError              the engine
    ├── UnreadableMedia     damaged, truncated or foreign bytes
    ├── UnsupportedMedia    understood, but not something we cut
    ├── FfmpegFailed        a child process ended badly; the last lines it wrote are in the message
    ├── VerificationFailed  the output does not hold what the plan promised
    └── Cancelled           somebody asked to stop
"""

from typing import Any, ClassVar

BY_CODE: dict[str, type["EditingError"]] = {}
"""The whole family but its head: rows keep codes alone."""


class EditingError(Exception):
    """Base of all; `code` is stable and public, `field` names the input at fault where there is one."""

    code: ClassVar[str] = "EditingError"

    def __init__(self, message: str, *, field: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.details = details

    def __init_subclass__(cls) -> None:
        cls.code = cls.__name__
        BY_CODE[cls.code] = cls


class InvalidInput(EditingError):
    pass


class InvalidInstant(InvalidInput):
    pass


class InvalidClips(InvalidInput):
    pass


class NothingRecorded(InvalidInput):
    pass


class MixedSources(InvalidInput):
    pass


class InvalidOutput(InvalidInput):
    pass


class InvalidKey(InvalidInput):
    pass


class InvalidPlaylist(InvalidInput):
    pass


class StartRequired(InvalidInput):
    pass


class NotFound(EditingError):
    pass


class ProjectNotFound(NotFound):
    pass


class PermissionDenied(EditingError):
    pass


class KeyOutdated(PermissionDenied):
    pass


class Conflict(EditingError):
    pass


class OutputKeyTaken(Conflict):
    pass


class AssetExists(Conflict):
    pass


class JobNotCancellable(Conflict):
    pass


class JobNotRetryable(Conflict):
    pass


class JobNotMovable(Conflict):
    pass


class WrongProjectState(Conflict):
    pass


class ClipsChanged(Conflict):
    pass


class BeingSent(Conflict):
    pass


class IdempotencyConflict(Conflict):
    pass


class NonceUsed(Conflict):
    pass


class TooManyCalls(Conflict):
    pass


class StaleState(Conflict):
    pass


class StorageFailure(EditingError):
    pass


class NoSpace(StorageFailure):
    pass


class MediaError(EditingError):
    pass


class UnreadableMedia(MediaError):
    pass


class UnsupportedMedia(MediaError):
    pass


class FfmpegFailed(MediaError):
    pass


class VerificationFailed(MediaError):
    pass


class Cancelled(MediaError):
    pass
