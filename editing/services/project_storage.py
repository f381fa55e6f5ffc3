"""Where the jobs of editing projects store, and how clients of IMS say so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from editing.models import Bucket, Project
from editing.models.ids import new_id
from editing.services.editing_jobs import stem_of
from editing.timeline.clips import Clip
from editing.timeline.instant import format_instant, from_datetime
from editing.timeline.plan import check_clips

LONGEST_FOLDER = 255


@dataclass(frozen=True)
class Business:
    """Where a project's jobs store, and when its streams are to be on. `text` is how it was said,
    where a client of IMS said it."""

    text: str = ""
    bucket: Bucket | None = None
    folder: str = ""
    reserved_at: datetime | None = None


def place_for(project: Project, clips: Sequence[Clip]) -> tuple[Bucket, str] | None:
    """Where a job of the project stores, under a name that nobody has; nothing where the project does not say.

    Raises InvalidClips.
    """
    if project.bucket is None:
        return None
    check_clips(clips)
    folder = f"{project.folder}/" if project.folder and project.bucket.kind == Bucket.Kind.OSS else ""
    return project.bucket, f"{folder}{stem_of(clips)}-{new_id()[:8]}.mp4"


def of_output(user: Any, bucket: Bucket, key: str) -> Project:
    """A live project, not saved, for a job that was asked for without one; its next jobs store beside that job's
    output."""
    folder, _, name = key.rpartition("/")
    folder = folder if len(folder) <= LONGEST_FOLDER else ""
    source = Project.Source.LIVE_OPEN_API
    return Project(
        owner=user,
        kind=Project.Kind.LIVE,
        title=name.rpartition(".")[0][:128],
        business_config=written(Business(bucket=bucket, folder=folder)),
        bucket=bucket,
        folder=folder,
        created_by=source,
        changed_by=source,
    )


def written(business: Business) -> str:
    """As clients of IMS would have said it; nothing where there is nothing to say."""
    bucket, at = business.bucket, business.reserved_at
    config: dict[str, Any] = {}
    if bucket:
        folder = {"Path": business.folder} if business.folder else {}
        config["OutputMediaConfig"] = {"StorageLocation": f"{bucket.name}.{bucket.endpoint}"} | folder
        config["OutputMediaTarget"] = "vod-media" if bucket.kind == Bucket.Kind.VOD else "oss-object"
    if at:
        config["ReservationTime"] = format_instant(from_datetime(at))
    return json.dumps(config, ensure_ascii=False) if config else ""
