"""`manage.py import_recording PLAYLIST --domain D --app A --stream S`: an HLS playlist becomes a recording."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from editing.errors import EditingError
from editing.models import Bucket, Recording
from editing.services import recordings
from editing.timeline.clips import StreamName
from editing.timeline.instant import format_instant, parse_instant


class Command(BaseCommand):
    help = (
        "Import an HLS media playlist with MPEG-TS segments; again while it grows, to add the rest. "
        "The last line of output is JSON."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("playlist", metavar="PLAYLIST", help="path or http(s) address of the playlist")
        for name in ("domain", "app", "stream"):
            parser.add_argument(f"--{name}", required=True)
        parser.add_argument("--bucket", default="media", help="where the segments are kept (default: media)")
        parser.add_argument("--start", metavar="ISO", help="when it begins, for a playlist without dates")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            recording = self._import(options)
        except EditingError as error:
            raise CommandError(error.message) from error
        self.stdout.write(json.dumps(summary(recording)))

    def _import(self, options: dict[str, Any]) -> Recording:
        bucket = Bucket.objects.filter(name=options["bucket"]).first()
        if bucket is None:
            names = ", ".join(Bucket.objects.active().values_list("name", flat=True))
            raise CommandError(f"There is no bucket “{options['bucket']}”; there are {names}.")
        start = parse_instant(options["start"], field="start") if options["start"] else None
        with tqdm(unit=" segments", file=sys.stderr, disable=None) as bar:
            return recordings.import_playlist(
                options["playlist"],
                stream=StreamName(options["domain"], options["app"], options["stream"]),
                bucket=bucket,
                start=start,
                progress=lambda done, total: _show(bar, done, total),
                say=self.stderr.write,
            )


def summary(recording: Recording) -> dict[str, Any]:
    """What scripts want to know of a recording."""
    whole = recording.range
    return {
        "recording": recording.pk,
        "stream": str(recording.stream),
        "segments": recording.segment_count,
        "start": format_instant(whole.start) if whole else None,
        "end": format_instant(whole.end) if whole else None,
        "gaps": [
            {"start": format_instant(gap.range.start), "end": format_instant(gap.range.end), "reason": gap.reason}
            for gap in recordings.outline(recording).coverage.gaps()
        ],
    }


def _show(bar: Any, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
