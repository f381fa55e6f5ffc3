"""What editing projects work with: media assets, live streams, ordinary projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import transaction

from editing.errors import InvalidInput
from editing.models import MediaAsset, Project, ProjectMaterial
from editing.models.roles import Verb, can
from editing.services import streams
from editing.timeline.clips import StreamName

T = TypeVar("T")
MOST = 10
"""Ids of one type that one request may name."""


@dataclass(frozen=True)
class LiveStream:
    name: StreamName
    url: str = ""


@dataclass(frozen=True)
class Materials:
    """What a request adds. `media` holds ids of assets by their kind."""

    media: Mapping[str, Sequence[str]] = field(default_factory=dict)
    live: Sequence[LiveStream] = ()
    projects: Sequence[str] = ()


def add(project: Project, materials: Materials, *, by: Any) -> None:
    """Attach all of it or nothing; what is attached already stays once. Raises InvalidInput, naming what is wrong.

    To record is for those who operate: a reservation pulls from the addresses that they name, and from those at which
    a stream has been recorded before.
    """
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)  # of two who add at once, one comes second
        for kind, keys in materials.media.items():
            for asset in _assets(kind, keys):
                attach(project, asset)
        for stream in _few("materials.liveStream", materials.live):
            streams.check(stream.name)
            ProjectMaterial.objects.update_or_create(
                project=project,
                domain=stream.name.domain,
                app=stream.name.app,
                stream=stream.name.stream,
                defaults={"url": stream.url, "vouched": can(by, Verb.OPERATE)},
            )
        for key in _few("materials.editingProject", materials.projects):
            ProjectMaterial.objects.get_or_create(project=project, other=_other(project, key))


def attach(project: Project, asset: MediaAsset) -> None:
    ProjectMaterial.objects.get_or_create(project=project, asset=asset)


def attach_stream(project: Project, name: StreamName) -> None:
    """Where it is attached already the address stays that was given with it."""
    ProjectMaterial.objects.get_or_create(project=project, domain=name.domain, app=name.app, stream=name.stream)


def delete(project: Project, *, kind: str, ids: Sequence[str]) -> None:
    """Detach assets of that kind; the assets stay. Ids that are not attached are ignored."""
    _few("materials.ids", ids)
    project.materials.filter(asset__in=ids, asset__kind=kind).delete()


def _assets(kind: str, keys: Sequence[str]) -> list[MediaAsset]:
    name = f"materials.{kind}"
    known = MediaAsset.objects.in_bulk(list(_few(name, keys)))
    for key in keys:
        if key not in known:
            raise InvalidInput(f"There is no media asset {key}.", field=name)
        if known[key].kind != kind:
            raise InvalidInput(f"Media asset {key} is of type {known[key].kind}, not {kind}.", field=name)
    return list(known.values())


def _other(project: Project, key: str) -> Project:
    other: Project | None = Project.objects.present().filter(pk=key).first()
    if other is None or other == project:
        raise InvalidInput(f"There is no other project {key}.", field="materials.editingProject")
    return other


def _few(name: str, items: Sequence[T]) -> Sequence[T]:
    if len(items) > MOST:
        raise InvalidInput(f"Name at most {MOST} at once.", field=name)
    return items
