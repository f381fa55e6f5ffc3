"""What the queue and the clock may ask for. A task takes a key and calls one function."""

from celery import shared_task

from editing import queue
from editing.services import reservations
from editing.worker import convert, edit, notify, prepare, record, record_movies, stills, sweep


@shared_task(name=queue.EDIT)
def run_edit(job_id: str) -> None:
    edit.run(job_id)


@shared_task(name=queue.PREPARE)
def run_prepare(asset_id: str) -> None:
    prepare.run(asset_id)


@shared_task(name=queue.STILLS)
def run_stills(asset_id: str) -> None:
    stills.run(asset_id)


@shared_task(name=queue.RECORD)
def run_record(job_id: str) -> None:
    record.run(job_id)


@shared_task(name=queue.RECORD_FILE)
def run_record_file(file_id: str) -> None:
    record_movies.run(file_id)


@shared_task(name=queue.CONVERT)
def run_convert(project_id: str) -> None:
    convert.run(project_id)


@shared_task(name=queue.NOTIFY)
def run_notify(delivery_id: str) -> None:
    notify.run(delivery_id)


@shared_task(name=queue.SWEEP)
def run_sweep() -> None:
    sweep.run()
    reservations.run()
