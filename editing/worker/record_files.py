"""What a record job's recordings are made of: slices stored under their names, rows, and a playlist that grows.

A slice leaves the spool when its row is there. Whoever dies in between leaves a file in the bucket without a row,
and the next one stores the same slice under the same name.
"""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import replace

from django.db import transaction

from editing import storage
from editing.errors import EditingError
from editing.media.spool import Slice, forget
from editing.models import Bucket, Recording, RecordJob, SegmentRow
from editing.timeline.coverage import STOPPED, Segment
from editing.timeline.instant import SECOND, Instant
from editing.worker import events, ingest, outbox, record_movies, record_names, record_playlist, record_states
from editing.worker.filing import Filing, Stored
from editing.worker.record_lease import RecordLease

log = logging.getLogger(__name__)


class RecordFiles:
    """The open recording of a job, from the claim on. Raises StorageFailure, StaleState, DatabaseError; after that it
    has forgotten what it knew, and the same slice can be given again."""

    def __init__(self, lease: RecordLease) -> None:
        self._lease, self._job, self._bucket = lease, lease.job, lease.job.bucket
        self._cycle = record_names.segments_format(lease.job)["cycle_duration"] * SECOND
        self._filing: Filing | None = None
        self._listed: list[Segment] = []

    def store(self, piece: Slice) -> None:
        """Put a slice into the bucket, and only then its row."""
        source = hashlib.sha256(piece.path.name.encode()).hexdigest()
        if not SegmentRow.objects.filter(recording__record_job=self._job, source=source).exists():
            try:
                self._store(piece, source)
            except BaseException:
                self._filing = None
                raise
        forget(piece.path)

    def close(self) -> None:
        """End the open recording, if there is one: its playlist is complete and has its final name."""
        recording = self._job.recording
        if recording is None:
            return
        self._open(recording)
        recording.refresh_from_db()
        if not recording.segment_count:
            recording.delete()
            self._job.recording = self._filing = None
            return
        number = self._job.recordings.filter(pk__lt=recording.pk).count()
        former, final = recording.playlist, record_names.of_playlist(self._job, recording, number, final=True)
        self._save_playlist(recording, final, ended=True)
        with transaction.atomic():
            self._lease.check()
            Recording.objects.filter(pk=recording.pk).update(ended=True, playlist=final)
            RecordJob.objects.filter(pk=self._job.pk).update(recording=None)
            self._tell(recording, final)
            record_movies.ask(self._job, recording, number)
        self._job.recording = self._filing = None
        if former and former != final and former not in recording.former_playlists:
            storage.delete(self._bucket, former)

    def _tell(self, recording: Recording, key: str) -> None:
        last = recording.segments.select_related("parameters").order_by("-sequence")[0]
        video = last.parameters.parameters.video
        size = (video.width, video.height) if video else None
        event = events.record_file(self._job, recording, key=key, kind="m3u8", size=size)
        address = RecordJob.objects.values_list("notify_url", flat=True).get(pk=self._job.pk)  # it may have changed
        outbox.emit(event, address)

    def rest(self) -> None:
        """Nothing comes for now: what waits for the recording's next segment need not."""
        recording = self._job.recording
        if recording is not None:
            with transaction.atomic():
                self._lease.check()
                Recording.objects.filter(pk=recording.pk).update(ended=True)

    def _store(self, piece: Slice, source: str) -> None:
        recording = self._job.recording or self._stopped() or self._begin(piece.path.name)
        filing = self._open(recording)
        date, start, anchor = piece.date, filing.recording.start, filing.clock.anchor
        if start is not None and date + piece.duration - start > self._cycle:
            if anchor is not None and not piece.facts.begins:
                date = anchor.instant(piece.index.first_pts)  # to the tick where the recording before it ends
            self.close()
            filing = self._open(self._begin(piece.path.name))
        self._file(filing, piece, source, date)

    def _file(self, filing: Filing, piece: Slice, source: str, date: Instant) -> None:
        clock = filing.clock
        if clock.end is not None and (piece.facts.begins or piece.facts.before):
            clock.skip(0, piece.facts.before or record_states.why_missing(self._job, clock.end))
        placed = clock.place(piece.index, date, discontinuity=piece.facts.begins)
        if placed.repeated:
            return
        key = record_names.of_slice(self._job, placed.range.start, filing.sequence)
        size = piece.path.stat().st_size
        with transaction.atomic():
            self._lease.check()
        _publish(piece, self._bucket, key)
        row = filing.segment(piece.index, placed, Stored(key, size, source))
        filing.write()
        filing.recording.start = filing.recording.start if filing.recording.start is not None else placed.range.start
        self._listed.append(replace(row.value(row.anchor, piece.index.parameters, self._bucket.name), packed=b""))
        self._after(filing, row)

    def _after(self, filing: Filing, row: SegmentRow) -> None:
        """The segment is there for everybody. What follows is made good with the next one, where it fails."""
        try:
            if not filing.recording.playlist:
                number = self._job.recordings.filter(pk__lt=filing.recording.pk).count()
                filing.recording.playlist = record_names.of_playlist(self._job, filing.recording, number, final=False)
                poster = ingest.poster(filing.recording)
                Recording.objects.filter(pk=filing.recording.pk).update(
                    playlist=filing.recording.playlist, poster=poster
                )
            self._save_playlist(filing.recording, filing.recording.playlist, ended=False)
        except EditingError:
            log.warning("The playlist of %s could not be written.", filing.recording, exc_info=True)

    def _save_playlist(self, recording: Recording, key: str, *, ended: bool) -> None:
        """Without the segments that are gone by now: a stream may keep only so much."""
        first = recording.segments.order_by("sequence").values_list("sequence", flat=True).first() or 0
        self._listed = [segment for segment in self._listed if segment.sequence >= first]
        record_playlist.save(recording, key, self._listed, ended=ended)

    def _stopped(self) -> Recording | None:
        """The recording that was closed because an operator stopped the job, if that is all that happened since.

        It goes on with a pause in it. The playlist of what there was keeps its name: somebody may have been told of it.
        """
        last: Recording | None = self._job.recordings.exclude(start=None).order_by("-pk").first()
        if last is None or last.end is None or record_states.why_missing(self._job, last.end) != STOPPED:
            return None
        former = [*last.former_playlists, last.playlist]
        with transaction.atomic():
            self._lease.check()
            Recording.objects.filter(pk=last.pk).update(playlist="", former_playlists=former)
            RecordJob.objects.filter(pk=self._job.pk).update(recording=last)
        self._job.recording = last
        return last

    def _begin(self, name: str) -> Recording:
        origin = hashlib.sha256(f"{self._job.pk}|{name}".encode()).hexdigest()
        with transaction.atomic():
            self._lease.check()
            recording, _ = Recording.objects.get_or_create(
                stream=self._job.stream,
                origin=origin,
                defaults={
                    "bucket": self._bucket,
                    "source": self._job.url,
                    "ended": False,
                    "record_job": self._job,
                },
            )
            RecordJob.objects.filter(pk=self._job.pk).update(recording=recording)
        self._job.recording = recording
        return recording

    def _open(self, recording: Recording) -> Filing:
        if self._filing is None:
            recording.refresh_from_db()
            Recording.objects.filter(pk=recording.pk).update(ended=False)
            self._filing = Filing(recording, self._lease.check)
            self._listed = recording.segments.defer("packed").order_by("sequence").values_of()
        return self._filing


def _publish(piece: Slice, bucket: Bucket, key: str) -> None:
    """The spool keeps the bytes under a name of its own until the row is there."""
    link = piece.path.with_suffix(".sending")
    link.unlink(missing_ok=True)
    os.link(piece.path, link)
    try:
        storage.publish(link, bucket, key)
    finally:
        link.unlink(missing_ok=True)
