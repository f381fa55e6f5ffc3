"""The three states of an editing project, each with its table of moves. All names are those of IMS."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models


class ProjectState(models.TextChoices):
    """How far the work on a project is. A deleted one stays as a row, so that it can be told from one that never was.

    Draft ──→ Editing ──→ Producing ──→ Produced | ProduceFailed ──→ Editing, Producing
    each of them ──→ Deleted
    """

    DRAFT = "Draft"
    EDITING = "Editing"
    PRODUCING = "Producing"
    PRODUCED = "Produced"
    FAILED = "ProduceFailed"
    DELETED = "Deleted"


class BusinessState(models.TextChoices):
    """What happens to the live streams of a project; empty where nothing has happened and nothing is reserved."""

    NONE = ""
    RESERVING = "Reserving"
    CANCELLED = "ReservationCanceled"
    BROADCASTING = "BroadCasting"
    LOADING_FAILED = "LoadingFailed"
    FINISHED = "LiveFinished"


class ConvertState(models.TextChoices):
    """Whether the timeline is there in the style of web editors."""

    UNCONVERTED = "Unconverted"
    CONVERTING = "Converting"
    CONVERTED = "Converted"
    FAILED = "ConvertFailed"


PROJECT_MOVES: Mapping[str, frozenset[ProjectState]] = {
    ProjectState.DRAFT: frozenset({ProjectState.EDITING, ProjectState.PRODUCING, ProjectState.DELETED}),
    ProjectState.EDITING: frozenset({ProjectState.PRODUCING, ProjectState.DELETED}),
    ProjectState.PRODUCING: frozenset({ProjectState.PRODUCED, ProjectState.FAILED, ProjectState.DELETED}),
    ProjectState.PRODUCED: frozenset({ProjectState.EDITING, ProjectState.PRODUCING, ProjectState.DELETED}),
    ProjectState.FAILED: frozenset({ProjectState.EDITING, ProjectState.PRODUCING, ProjectState.DELETED}),
    ProjectState.DELETED: frozenset(),
}
_ON = frozenset({BusinessState.BROADCASTING})
BUSINESS_MOVES: Mapping[str, frozenset[BusinessState]] = {
    BusinessState.NONE: frozenset({BusinessState.RESERVING}) | _ON,
    BusinessState.RESERVING: frozenset({BusinessState.CANCELLED, BusinessState.LOADING_FAILED}) | _ON,
    BusinessState.CANCELLED: frozenset({BusinessState.RESERVING}) | _ON,
    BusinessState.LOADING_FAILED: frozenset({BusinessState.RESERVING}) | _ON,
    BusinessState.BROADCASTING: frozenset({BusinessState.FINISHED}),
    BusinessState.FINISHED: _ON,  # the stream may come back
}
CONVERT_MOVES: Mapping[str, frozenset[ConvertState]] = {
    ConvertState.UNCONVERTED: frozenset({ConvertState.CONVERTING}),
    ConvertState.CONVERTING: frozenset({ConvertState.CONVERTED, ConvertState.FAILED, ConvertState.UNCONVERTED}),
    ConvertState.CONVERTED: frozenset({ConvertState.UNCONVERTED}),
    ConvertState.FAILED: frozenset({ConvertState.UNCONVERTED}),
}
