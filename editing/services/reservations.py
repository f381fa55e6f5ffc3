"""Reservations come due: a live project's streams are looked for, and recorded where nobody records them."""

from __future__ import annotations

import logging
from datetime import timedelta
from urllib.parse import quote

from django.db import transaction
from django.utils import timezone

from editing.errors import EditingError, StaleState
from editing.models import BusinessState, Project, ProjectMaterial, ProjectState, RecordJob, RecordState
from editing.services import record_jobs
from editing.worker import projects

log = logging.getLogger(__name__)
LOADING = timedelta(minutes=3)
"""How long a stream may take to come on, from when it is first looked for."""
_WANTED = (BusinessState.RESERVING, BusinessState.BROADCASTING)
_AT_ONCE = 50


def run() -> None:
    """One round. Running it twice, or in two places, is harmless."""
    now = timezone.now()
    due = Project.objects.present().filter(business_state=BusinessState.RESERVING, reserved_at__lte=now)
    for project in due.order_by("reserved_at")[:_AT_ONCE]:
        if project.loading_since and project.loading_since <= now - LOADING:
            projects.loading_failed(project)
        else:
            look(project)
    _stop_what_is_over()


def look(project: Project) -> None:
    """Start a record job for each of its streams that nobody records. What is wrong with one is in the log, and the
    reservation fails in time."""
    try:
        with transaction.atomic():
            _lock(project)
            for material in project.materials.exclude(stream="").filter(record_job=None):
                if not projects.recorded(material) and not _looked_for(material):
                    _record(project, material)
    except StaleState:
        return


def _lock(project: Project) -> None:
    """Of two who look at once, one comes second and sees what the first has started. Raises StaleState."""
    rows = Project.objects.select_for_update().filter(pk=project.pk, business_state=BusinessState.RESERVING)
    held = rows.first()
    if held is None:
        raise StaleState("The project is not reserving any more.")
    if held.loading_since is None:
        rows.update(loading_since=timezone.now())


def _record(project: Project, material: ProjectMaterial) -> None:
    assert project.bucket is not None  # every live project has one
    url = _address(material)
    if url is None:
        log.warning("Stream %s of project %s was named by nobody who may have it recorded.", material, project.pk)
        return
    try:
        with transaction.atomic():
            job = record_jobs.create(
                project.owner, name=project.title, url=url, bucket=project.bucket, stream=material.name
            )
            material.record_job = job
            material.save(update_fields=("record_job",))
    except EditingError as error:
        log.warning("Stream %s of project %s cannot be recorded: %s", material, project.pk, error.message)


def _address(material: ProjectMaterial) -> str | None:
    """Where an operator said that it is, or where its name says; for others where it was recorded before, if it was."""
    if material.vouched:
        return material.url or f"rtmp://{material.domain}/{quote(material.app)}/{quote(material.stream)}"
    before = RecordJob.objects.filter(**_stream_of(material)).order_by("-created_at").values_list("url", flat=True)
    known: str | None = before.first()
    return known


def _looked_for(material: ProjectMaterial) -> bool:
    """Whether somebody's record job is after the stream already."""
    return bool(RecordJob.objects.wanting().filter(**_stream_of(material)).exists())


def _stream_of(material: ProjectMaterial) -> dict[str, str]:
    return {"stream__domain": material.domain, "stream__app": material.app, "stream__name": material.stream}


def _stop_what_is_over() -> None:
    """A record job that a reservation has started ends with it: no worker waits for a stream that nobody expects."""
    running = ProjectMaterial.objects.exclude(record_job=None).exclude(record_job__state=RecordState.STOPPED)
    over = running.exclude(project__business_state__in=_WANTED) | running.filter(project__state=ProjectState.DELETED)
    for material in over.select_related("record_job")[:_AT_ONCE]:
        if material.record_job:
            _stop(material.record_job)


def _stop(job: RecordJob) -> None:
    try:
        record_jobs.stop(job)
    except EditingError as error:  # somebody else has stopped it
        log.info("Record job %s: %s", job.pk, error.message)
