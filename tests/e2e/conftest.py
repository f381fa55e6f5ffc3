"""A studio with three recordings, and Debian's Chromium in front of it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.installation import Installation, installation
from tests.samples import BASIC, Kind, playlist

CHROMIUM = shutil.which("chromium")
START = "2026-11-20T10:00:00Z"
STREAMS = {"main": BASIC, "second": BASIC, "ntsc": Kind(seconds=6, rate="30000/1001", gop=30)}
expect.set_options(timeout=60_000)


@pytest.fixture(scope="package")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Running; its recordings 1 to 3 are twelve seconds of main and of second and six of ntsc, one application."""
    with installation(tmp_path_factory.mktemp("studio") / "home") as found:
        found.start()
        for name, kind in STREAMS.items():
            found.manage("import_recording", str(playlist(kind)), "--domain", "example.com", "--app", "live",
                         "--stream", name, "--start", START)  # fmt: skip
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Per module, so that its event loop has ended before a test of another kind asks the database."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed; apt-get install chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(studio: Installation, browser: Browser) -> Iterator[Page]:
    """Signed in as the operator, in a zone an hour east of UTC; whatever the console complains of fails the test."""
    context = browser.new_context(
        base_url=studio.address, timezone_id="Europe/Berlin", viewport={"width": 1440, "height": 900}
    )
    found = context.new_page()
    complaints: list[str] = []
    found.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    found.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(found, studio)
    found.evaluate("() => htmx.ajax('POST', '/clips/clear/', { swap: 'none' })")  # a project keeps what tests leave
    yield found
    context.close()
    assert complaints == []


def sign_in(page: Page, studio: Installation) -> None:
    password = re.search(r"Password +(\S+)", studio.output)
    assert password
    page.goto("/sign-in/")
    page.get_by_label("Name").fill("operator")
    page.get_by_label("Password").fill(password[1])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Streams", exact=True)).to_be_visible()


def open_recording(page: Page, number: int = 1) -> None:
    """The editing page, with its first picture on the screen."""
    page.goto(f"/recordings/{number}/")
    expect(page.locator("#clock")).to_have_text("2026-11-20 11:00:00.000 +01:00")
    page.wait_for_function("() => document.getElementById('video').readyState >= 2")
