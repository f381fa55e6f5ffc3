"""The main job from end to end: sign in, mark, merge, watch the progress, play the result."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import open_recording, sign_in
from tests.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.servers]

LENGTHS = {"AccurateFast": 3.6, "Accurate": 3.6, "Rough": 6.0, "RoughFast": 6.0}
"""Of the two marked ranges, in seconds."""


def mark(page: Page, start: str, end: str) -> None:
    page.locator("#mark-in").fill(start)
    page.locator("#mark-out").fill(end)
    page.get_by_role("button", name="Add clip").click()


@pytest.mark.parametrize(("mode", "seconds"), LENGTHS.items())
def test_two_marked_ranges_become_a_video_that_plays(page: Page, mode: str, seconds: float) -> None:
    open_recording(page)
    mark(page, "11:00:01", "+2")
    expect(page.locator("#clips li")).to_have_count(1)
    open_recording(page, 2)
    mark(page, "11:00:06.4", "11:00:08")
    expect(page.locator("#clips li")).to_have_count(2)

    page.locator(f'[name="mode"][value="{mode}"]').check()
    expect(page.locator(".plan")).to_contain_text(f"0:{seconds:06.3f}")
    page.get_by_role("button", name="Merge 2 clips").click()

    expect(page.locator(".progress .badge")).to_have_text("Done", timeout=60_000)
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    expect(page.get_by_text("frames there, times as planned")).to_be_visible()
    assert played(page) == pytest.approx(seconds, abs=0.05)


def played(page: Page) -> float:
    """Play the result for a while; its length in seconds."""
    length: float = page.evaluate(
        """async () => {
          const video = document.getElementById("result");
          video.muted = true;
          await video.play();
          while (video.currentTime < 0.5) await new Promise((next) => setTimeout(next, 50));
          return video.readyState >= 2 && video.videoWidth === 320 ? video.duration : NaN;
        }"""
    )
    return length


def test_a_clip_list_is_put_in_order_and_emptied(page: Page) -> None:
    open_recording(page)
    for start in ("11:00:01", "11:00:04"):
        mark(page, start, "+1")
        expect(page.locator("#mark-in")).to_have_value("")
    rows = page.locator("#clips li")
    expect(rows).to_have_count(2)

    page.get_by_role("button", name="Move clip 2 up").click()
    expect(rows.first).to_contain_text("11:00:04.000")
    expect(page.get_by_role("button", name="Move clip 2 down")).to_be_disabled()
    rows.first.locator(".grip").drag_to(rows.last.locator(".acts"))
    expect(rows.first).to_contain_text("11:00:01.000")
    page.get_by_role("button", name="Duplicate clip 1").click()
    expect(rows).to_have_count(3)
    rows.first.get_by_text("Edit times").click()
    rows.first.get_by_label("Out").fill("+2.5")
    rows.first.get_by_role("button", name="Change").click()
    expect(rows.first).to_contain_text("0:02.500")
    page.get_by_role("button", name="Remove clip 2").click()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Remove all").click()
    expect(rows).to_have_count(0)
    expect(page.get_by_role("button", name="Merge")).to_be_disabled()


def test_another_browser_goes_on_with_the_same_clips(page: Page, studio: Installation, browser: Browser) -> None:
    open_recording(page)
    mark(page, "11:00:01", "+1")
    expect(page.locator("#clips li")).to_have_count(1)
    with browser.new_context(base_url=studio.address, timezone_id="Europe/Berlin") as context:
        other = context.new_page()
        sign_in(other, studio)
        open_recording(other, 2)
        expect(other.locator("#clips li")).to_have_count(1)
        mark(other, "11:00:04", "+2")
        expect(other.locator("#clips li")).to_have_count(2)

    page.get_by_role("button", name="Merge 1 clip").click()
    expect(page.get_by_text("have been changed in another window")).to_be_visible()
    expect(page.locator("#clips li")).to_have_count(2)
    page.get_by_role("button", name="Move clip 2 up").click()
    expect(page.locator("#clips li").first).to_contain_text("second")
    page.get_by_role("link", name=", 20 November 2026").click()
    expect(page.get_by_text("2, 0:03.000 in all, not merged yet")).to_be_visible()
    page.get_by_role("button", name="Go on with its clips").click()
    expect(page).to_have_url("/recordings/2/")
    page.get_by_role("button", name="Merge 2 clips").click()
    expect(page.locator(".progress .badge")).to_have_text("Done", timeout=60_000)


def test_what_is_wrong_stands_at_its_field(page: Page) -> None:
    open_recording(page)
    mark(page, "soon", "11:00:04")
    expect(page.locator("#mark-in-errors")).to_contain_text("is not a date and time")
    mark(page, "11:00:01", "+1")
    expect(page.locator("#clips li")).to_have_count(1)
    expect(page.locator("#mark-in-errors")).to_be_empty()

    page.get_by_label("File name").fill("clip.exe")
    expect(page.locator("#plan")).to_contain_text("must end in one of")
    page.get_by_label("File name").fill("")
    expect(page.get_by_role("button", name="Merge 1 clip")).to_be_enabled()
    page.get_by_role("button", name="Remove all").click()


def test_an_expired_sign_in_leads_to_the_sign_in_and_back(page: Page) -> None:
    open_recording(page)
    page.context.clear_cookies(name=re.compile("session"))
    mark(page, "11:00:01", "+1")

    expect(page).to_have_url("/sign-in/?next=/recordings/1/")
