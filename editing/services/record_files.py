"""Whole files of recordings, which templates of record jobs ask for: make one that could not be made after all."""

from __future__ import annotations

from editing.errors import JobNotMovable
from editing.models import RecordFile, RecordJob
from editing.worker import record_movies


def retry(file: RecordFile) -> RecordFile:
    """Have a file made that could not be made. Raises JobNotMovable for any other, and while its recording goes on:
    then it is made when that closes."""
    if RecordJob.objects.filter(recording=file.recording_id).exists():
        raise JobNotMovable("The recording goes on; its files are made when it is complete.")
    if not record_movies.again(file):
        file.refresh_from_db()
        raise JobNotMovable(f"The file is {file.get_state_display()}; only one that could not be made is tried again.")
    return file
