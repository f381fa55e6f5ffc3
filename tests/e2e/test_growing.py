"""The editing page of a recording to which segments are still added."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import START
from tests.installation import Installation
from tests.samples import BASIC, playlist

pytestmark = [pytest.mark.browser, pytest.mark.servers]


def import_part(studio: Installation, folder: Path, segments: int) -> int:
    """The first segments of the sample, as a recorder's playlist lists them after a while; the recording's number."""
    whole = playlist(BASIC).read_text().split("#EXTINF")
    listed = [part.replace("\n0", f"\n{playlist(BASIC).parent}/0") for part in whole[1 : segments + 1]]
    source = folder / "growing.m3u8"
    source.write_text("#EXTINF".join([whole[0], *listed]))
    names = ("--domain", "example.com", "--app", "live", "--stream", "growing", "--start", START)
    return int(studio.manage("import_recording", str(source), *names)["recording"])


def keep_open(studio: Installation) -> None:
    """As it is while a recorder, or an import that takes long, still adds segments."""
    lines = (
        "import os, django",
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'dashboard.settings'",
        "django.setup()",
        "from editing.models import Recording",
        "assert Recording.objects.filter(stream__name='growing').update(ended=False) == 1",
    )
    subprocess.run([sys.executable, "-c", "; ".join(lines)], env=studio.environment, check=True)


def test_new_segments_reach_the_page_without_a_reload(page: Page, studio: Installation, tmp_path: Path) -> None:
    number = import_part(studio, tmp_path, 4)
    keep_open(studio)
    page.goto(f"/recordings/{number}/")
    expect(page.locator("#live")).to_be_visible()
    end = "() => document.getElementById('editor').editor.recording.end"
    assert page.evaluate(end) == page.evaluate("() => Date.parse('2026-11-20T10:00:08Z')")
    page.get_by_role("button", name="Live").click()
    expect(page.locator("#behind")).to_contain_text("behind")
    page.wait_for_function(
        "() => document.getElementById('editor').editor.player.instant > Date.parse('2026-11-20T10:00:02Z')"
    )

    import_part(studio, tmp_path, 6)

    page.wait_for_function(f"() => ({end})() === Date.parse('2026-11-20T10:00:12Z')")
    expect(page.locator("#live")).to_be_hidden()  # the import has ended it
    assert page.evaluate("() => document.getElementById('editor').editor.timeline.data.segments.length") == 6
    assert page.evaluate("() => document.getElementById('editor').editor.timeline.data.covered.length") == 1
    page.locator("#video").evaluate("video => video.pause()")
    page.keyboard.press("End")
    expect(page.locator("#clock")).to_have_text("2026-11-20 11:00:11.960 +01:00")
