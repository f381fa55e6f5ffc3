"""A project's timeline into the style of web editors, once the lengths of all its files are known."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from editing import storage
from editing.errors import EditingError, InvalidInput, StaleState
from editing.models import ConvertState, MediaAsset, Project
from editing.timeline.document import FIELD, Document, read
from editing.timeline.frontend import MediaOf, converted
from editing.timeline.layout import LengthOf, lay_out

log = logging.getLogger(__name__)


def run(project_id: str) -> None:
    """Convert it if that is still to be done. The result, or what is wrong, is written on the row."""
    project = Project.objects.present().filter(pk=project_id, convert_state=ConvertState.CONVERTING).first()
    if project is None:
        return
    try:
        document = read(project.timeline)
        assets = assets_of(document)
        if any(asset.state == MediaAsset.State.PREPARING for asset in assets.values()):
            return  # whoever prepares it sends this again
        media: MediaOf = {name: (asset.pk, asset.duration) for name, asset in assets.items()}
        layout = lay_out(document, _length_of(assets))
        written = json.dumps(converted(document.raw, layout, media), ensure_ascii=False)
        changes = {"frontend": written, "duration": layout.duration, "convert_problem": ""}
        _finish(project, ConvertState.CONVERTED, **changes)
    except EditingError as error:
        _finish(project, ConvertState.FAILED, convert_problem=error.message)
    except Exception:
        log.exception("Project %s could not be converted.", project_id)
        words = "Something went wrong on our side; the workers' log says what."
        _finish(project, ConvertState.FAILED, convert_problem=words)


def assets_of(document: Document) -> dict[str, MediaAsset]:
    """The assets of its clips, by the MediaId or MediaURL that names them; those that are not there are left out."""
    found: dict[str, MediaAsset] = {}
    by_id = MediaAsset.objects.in_bulk([key for key, _ in document.media if key])
    for key, url in document.media:
        asset = by_id.get(key) if key else _at(url)
        if asset is not None:
            found[key or url] = asset
    return found


def length_or_nothing(assets: Mapping[str, MediaAsset]) -> LengthOf:
    """For durations that are told before every file is known: what is unknown has none."""
    return lambda clip, path: _length(assets, clip)


def _length_of(assets: Mapping[str, MediaAsset]) -> LengthOf:
    def length_of(clip: Mapping[str, Any], path: str) -> int:
        name = clip.get("MediaId") or clip.get("MediaURL") or ""
        if name and name not in assets:
            raise InvalidInput(f"{path}: there is no media asset {name}.", field=FIELD)
        if not (length := _length(assets, clip)):
            raise InvalidInput(f"{path} has no length of its own; give it a Duration.", field=FIELD)
        return length

    return length_of


def _length(assets: Mapping[str, MediaAsset], clip: Mapping[str, Any]) -> int:
    asset = assets.get(clip.get("MediaId") or clip.get("MediaURL") or "")
    return asset.duration if asset else 0


def _at(url: str) -> MediaAsset | None:
    try:
        bucket, key = storage.resolve(url)
    except EditingError:
        return None
    asset: MediaAsset | None = MediaAsset.objects.filter(bucket=bucket, key=key).first()
    return asset


def _finish(project: Project, to: ConvertState, **changes: Any) -> None:
    """A timeline that has been replaced since is not converted with this."""
    try:
        project.move("convert_state", to, where=Q(timeline=project.timeline), **changes)
    except StaleState:
        log.info("The timeline of project %s was replaced while it was converted.", project.pk)
