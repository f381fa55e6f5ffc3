import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from editing.management.commands.import_recording import Command
from editing.models import Recording
from tests.samples import BASIC, playlist

pytestmark = pytest.mark.django_db
STREAM = {"domain": "example.com", "app": "live", "stream": "main"}


def run(capsys: pytest.CaptureFixture[str], source: Path, **options: Any) -> dict[str, Any]:
    """The command's last line, read as JSON."""
    call_command("import_recording", str(source), **STREAM | options)
    result: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return result


def test_the_last_line_says_what_is_there_now(capsys: pytest.CaptureFixture[str], folder_of_basic: Path) -> None:
    (folder_of_basic / "002.ts").unlink()

    summary = run(capsys, folder_of_basic / "index.m3u8", start="2026-11-20T11:00:00+01:00")

    assert summary == {
        "recording": Recording.objects.get().pk,
        "stream": "example.com/live/main",
        "segments": 5,
        "start": "2026-11-20T10:00:00.000Z",
        "end": "2026-11-20T10:00:12.000Z",
        "gaps": [
            {
                "start": "2026-11-20T10:00:04.000Z",
                "end": "2026-11-20T10:00:06.000Z",
                "reason": "there is no such file",
            }
        ],
    }
    assert run(capsys, folder_of_basic / "index.m3u8", start="2026-11-20T10:00:00Z") == summary


def test_segments_go_into_the_bucket_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, playlist(BASIC), start="2026-11-20T10:00:00Z", bucket="vod-media")

    assert Recording.objects.get().bucket.name == "vod-media"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "say when it begins with --start"),
        ({"start": "10:00"}, "“10:00” is not a date and time"),
        ({"start": "2026-11-20T10:00:00"}, "has no offset"),
        ({"start": "2026-11-20T10:00:00Z", "bucket": "nowhere"}, "no bucket “nowhere”; there are media, vod-media"),
        ({"start": "2026-11-20T10:00:00Z", "app": "a/b"}, "cannot be a stream's app"),
    ],
)
def test_a_refusal_says_what_would_be_right(options: dict[str, str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("import_recording", str(playlist(BASIC)), **STREAM | options)

    assert not Recording.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_one_line_on_stderr_and_ends_the_command_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    options = [f"--{name}={value}" for name, value in STREAM.items()]

    with pytest.raises(SystemExit) as ended:
        Command().run_from_argv(["manage.py", "import_recording", "/nowhere.m3u8", *options])

    assert ended.value.code == 1
    assert capsys.readouterr() == ("", "CommandError: /nowhere.m3u8 cannot be read: there is no such file.\n")
