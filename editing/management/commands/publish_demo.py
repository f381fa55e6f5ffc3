"""`manage.py publish_demo`: a generated live stream, and a job that records it."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from editing.management.commands.make_demo import FONT
from editing.media import demo
from editing.services import demo_stream


class Command(BaseCommand):
    help = "Record the demo stream, and publish it at ADDRESS, or wait there for the one who takes it, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="such as rtmp://localhost:1935")
        parser.add_argument("--listen", action="store_true", help="there is no server: wait for one puller")

    def handle(self, *args: Any, **options: Any) -> None:
        address, listen = options["address"], options["listen"]
        demo_stream.record(address)
        url = demo_stream.url(address) if listen else demo_stream.publishing_url(address)
        folder = settings.EDITING_HOME / "demo"
        folder.mkdir(exist_ok=True)
        command = demo.live(url, folder, font=FONT, listen=listen)
        connections.close_all()
        os.execv(command[0], command)  # noqa: S606 - from here on this process is ffmpeg
