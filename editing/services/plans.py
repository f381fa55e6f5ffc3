"""Plans of merges: what the checks allow and the index says, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.conf import settings
from django.utils import timezone

from editing import storage
from editing.errors import InvalidOutput, MixedSources, OutputKeyTaken
from editing.media import containers
from editing.models import Bucket, EditingJob
from editing.services import covers
from editing.timeline import plan as planning
from editing.timeline.clips import Clip, HolePolicy, Mode, StreamName, until
from editing.timeline.coverage import Coverage
from editing.timeline.instant import from_datetime
from editing.timeline.plan import CutPlan
from editing.timeline.target import Size, check_size
from editing.worker.plans import coverages, streams_of, unfinished, why_waiting


@dataclass(frozen=True)
class Output:
    """Where a merge goes and what it shall be like; `bitrate` in bits per second."""

    bucket: Bucket
    key: str
    width: int | None = None
    height: int | None = None
    bitrate: int | None = None
    cover: tuple[Bucket, str] | None = None
    """Bucket and key of the cover; None puts it beside the output (services.covers)."""

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)

    @property
    def options(self) -> dict[str, str | int | None]:
        """All but the buckets, under the names of a job's fields."""
        sizes = {"width": self.width, "height": self.height, "bitrate": self.bitrate}
        return {"key": self.key, **sizes, "cover_key": self.cover[1] if self.cover else ""}


@dataclass(frozen=True)
class Planned:
    """A plan, or why it has to wait: `waiting` says for what."""

    plan: CutPlan | None
    waiting: str = ""


def make(clips: Sequence[Clip], *, mode: Mode, output: Output, holes: HolePolicy = HolePolicy.SKIP) -> Planned:
    """Plan a merge, or say that media has to land first. Refuses what cannot work, naming the field:

    InvalidClips, NothingRecorded, NotFound (a stream), MixedSources, InvalidOutput, InvalidKey, OutputKeyTaken.
    """
    check_output(output, mode)
    clips = until(clips, from_datetime(timezone.now()))
    planning.check_clips(clips)
    streams = streams_of(clips)
    _check_applications(streams)
    coverage = coverages(clips, streams)
    _check_kinds(coverage)
    if late := unfinished(clips, streams):
        _check_recorded(clips, coverage, late)
        return Planned(None, why_waiting(late))
    plan = planning.make(clips, coverage, mode, size=output.size, bitrate=output.bitrate, holes=holes)
    containers.check(plan, PurePosixPath(output.key))
    return Planned(plan)


def check_output(output: Output, mode: Mode) -> None:
    """Raises InvalidOutput, InvalidKey, OutputKeyTaken."""
    if not output.bucket.active:
        raise InvalidOutput(f"Bucket {output.bucket} is not active.", field="output.bucket")
    storage.check_key(output.key, field="output.key", extensions=storage.OUTPUTS)
    check_size(output.size, mode, output.bitrate)
    if output.cover:
        covers.check(output.cover)
        covers.check_free(output.cover, (output.bucket, output.key))
    if EditingJob.objects.unfinished().filter(bucket=output.bucket, key=output.key).exists():
        raise key_taken(output)


def key_taken(output: Output) -> OutputKeyTaken:
    return OutputKeyTaken(
        f"An unfinished job already writes {output.key} in bucket {output.bucket}; choose another name.",
        field="output.key",
    )


def _check_recorded(clips: Sequence[Clip], coverage: dict[StreamName, Coverage], late: Sequence[int]) -> None:
    """Waiting for one clip helps nobody where another can never be cut."""
    for number, clip in enumerate(clips):
        if number not in late:
            planning.recorded(clip, coverage[clip.stream], f"clips[{number}]")


def _check_applications(names: Iterable[StreamName]) -> None:
    applications = {(name.domain, name.app) for name in names}
    if len(applications) > 1 and not settings.MIXED_APPLICATIONS:
        raise MixedSources("The clips come from streams of different applications; merge those of one.", field="clips")


def _check_kinds(coverage: dict[StreamName, Coverage]) -> None:
    """As IMS has it: all sources in object storage, or all in video on demand. The output's kind is free."""
    names = {segment.bucket for each in coverage.values() for segment in each.segments}
    kinds = set(Bucket.objects.filter(name__in=names).values_list("kind", flat=True))
    if len(kinds) > 1:
        raise MixedSources("The clips are kept partly in oss- and partly in vod-kind buckets.", field="clips")
