"""`manage.py make_demo`: a recording to try things on. Does nothing where there is one already."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from editing.errors import EditingError
from editing.media import demo
from editing.models import Bucket, Recording
from editing.services import recordings
from editing.timeline.clips import StreamName
from editing.timeline.instant import SECOND, format_instant
from editing.worker import scratch

STREAM = StreamName("demo.example.com", "live", "demo")
SECONDS = 120
FONT = Path(settings.BASE_DIR) / "static" / "vendor" / "fonts" / "DejaVuSansMono.ttf"
_NEEDED = 64 << 20


class Command(BaseCommand):
    help = "Make a demo recording, a generated stream of a few minutes that ends now, unless there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        if Recording.objects.filter(stream__domain=STREAM.domain, stream__app=STREAM.app).exists():
            return
        self.stdout.write(f"Making a demo recording of {SECONDS} seconds …")
        start = int(time.time()) - SECONDS
        try:
            with scratch.folder("demo", needed=_NEEDED) as folder:
                playlist = demo.render(folder, start=start, seconds=SECONDS, font=FONT)
                recording = recordings.import_playlist(
                    str(playlist), stream=STREAM, bucket=Bucket.objects.get(name="media"), start=start * SECOND
                )
        except EditingError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"The demo recording is there: {STREAM} from {format_instant(recording.start or 0)}.")
