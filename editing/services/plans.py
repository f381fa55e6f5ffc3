"""Plans of merges: what the checks allow and the index says, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from editing import storage
from editing.errors import InvalidOutput, MixedSources
from editing.models import Bucket, Stream
from editing.services import streams
from editing.timeline import plan as planning
from editing.timeline.clips import Clip, HolePolicy, Mode, StreamName
from editing.timeline.coverage import Coverage
from editing.timeline.plan import CutPlan
from editing.timeline.target import Size, check_size
from editing.worker.plans import coverages, waiting_for


@dataclass(frozen=True)
class Output:
    """Where a merge goes and what it shall be like; `bitrate` in bits per second."""

    bucket: Bucket
    key: str
    width: int | None = None
    height: int | None = None
    bitrate: int | None = None

    @property
    def size(self) -> Size:
        return Size(self.width, self.height)


@dataclass(frozen=True)
class Planned:
    """A plan, or why it has to wait: `waiting` says for what."""

    plan: CutPlan | None
    waiting: str = ""


def make(clips: Sequence[Clip], *, mode: Mode, output: Output, holes: HolePolicy = HolePolicy.SKIP) -> Planned:
    """Plan a merge, or say that media has to land first. Refuses what cannot work, naming the field:

    InvalidClips, NothingRecorded, NotFound (a stream), MixedSources, InvalidOutput, InvalidKey, ModeNotAvailable.
    """
    check_output(output, mode)
    planning.check_clips(clips)
    found = _streams(clips)
    _check_applications(found)
    coverage = coverages(clips, found)
    _check_kinds(coverage)
    if waiting := waiting_for(clips, found):
        return Planned(None, waiting)
    return Planned(planning.make(clips, coverage, mode, size=output.size, bitrate=output.bitrate, holes=holes))


def check_output(output: Output, mode: Mode) -> None:
    if not output.bucket.active:
        raise InvalidOutput(f"Bucket {output.bucket} is not active.", field="output.bucket")
    storage.check_key(output.key, field="output.key", extensions=storage.OUTPUTS)
    check_size(output.size, mode, output.bitrate)


def _streams(clips: Sequence[Clip]) -> dict[StreamName, Stream]:
    found: dict[StreamName, Stream] = {}
    for number, clip in enumerate(clips):
        if clip.stream not in found:
            found[clip.stream] = streams.find(clip.stream, field=f"clips[{number}].stream")
    return found


def _check_applications(found: dict[StreamName, Stream]) -> None:
    applications = {(name.domain, name.app) for name in found}
    if len(applications) > 1 and not settings.MIXED_APPLICATIONS:
        raise MixedSources("The clips come from streams of different applications; merge those of one.", field="clips")


def _check_kinds(coverage: dict[StreamName, Coverage]) -> None:
    """As IMS has it: all sources in object storage, or all in video on demand. The output's kind is free."""
    names = {segment.bucket for each in coverage.values() for segment in each.segments}
    kinds = set(Bucket.objects.filter(name__in=names).values_list("kind", flat=True))
    if len(kinds) > 1:
        raise MixedSources("The clips are kept partly in oss- and partly in vod-kind buckets.", field="clips")
