"""`manage.py vendor_check`: every vendored file is the one that was vendored, and nothing else is there."""

import hashlib
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

FOLDER = Path(settings.BASE_DIR) / "static" / "vendor"


class Command(BaseCommand):
    help = "Compare the files in static/vendor with static/vendor/vendor.json."

    def handle(self, *args: Any, **options: Any) -> None:
        listed = json.loads((FOLDER / "vendor.json").read_text())
        faults = [fault for entry in listed for fault in _faults(entry)]
        known = {entry["file"] for entry in listed} | {entry["licence_file"] for entry in listed} | {"vendor.json"}
        found = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}
        faults += [f"{name} is not listed in vendor.json" for name in sorted(found - known)]
        if faults:
            raise CommandError("; ".join(faults))
        self.stdout.write(f"{len(listed)} vendored files are as they should be.")


def _faults(entry: dict[str, str]) -> list[str]:
    file, licence = FOLDER / entry["file"], FOLDER / entry["licence_file"]
    if not file.is_file():
        return [f"{entry['file']} is missing"]
    faults = [] if licence.is_file() else [f"the licence of {entry['name']} is missing"]
    if hashlib.sha512(file.read_bytes()).hexdigest() != entry["sha512"]:
        faults.append(f"{entry['file']} has been changed")
    return faults
