"""The key C: the picture shown becomes the cover, and the asset has it."""

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.conftest import open_recording
from tests.e2e.test_editor import number_shown, seek
from tests.samples import number_of

pytestmark = [pytest.mark.browser, pytest.mark.servers]

DIAMOND = """(seconds) => {
  const { timeline } = document.getElementById("editor").editor;
  const ruler = timeline.ruler, scale = devicePixelRatio || 1;
  const x = timeline.x(timeline.whole.start + seconds * 1000) + 4;
  const [r, g, b] = ruler.getContext("2d").getImageData(x * scale, 93 * scale, 1, 1).data;
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = "var(--clip-text)";
  const wanted = getComputedStyle(probe).color;
  probe.remove();
  return wanted === `rgb(${r}, ${g}, ${b})`;
}"""


def mark(page: Page, start: str, length: str) -> None:
    page.locator("#mark-in").fill(f"11:00:{start}")
    page.locator("#mark-out").fill(length)
    page.locator("#mark-out").press("Tab")
    page.locator("body").click(position={"x": 5, "y": 5})


def show(page: Page, number: int) -> None:
    seek(page, (number + 0.5) / 25)
    assert number_shown(page) == number


def chosen_covers(page: Page) -> list[str]:
    return page.locator("#clips .cover time").all_text_contents()


def test_the_picture_shown_becomes_the_cover(page: Page) -> None:
    """Of the clip that is being marked, then of another one in the list, then of none, then of what is merged."""
    open_recording(page)
    mark(page, "02.000", "+2")
    show(page, 62)
    page.keyboard.press("c")
    page.keyboard.press("Enter")
    expect(page.locator("#clips .cover time")).to_have_text("11:00:02.480")
    page.wait_for_function(DIAMOND, arg=2.48)
    mark(page, "06.000", "+1")
    page.keyboard.press("Enter")
    expect(page.locator("#clips li")).to_have_count(2)

    show(page, 160)
    page.get_by_role("button", name="Cover C").click()
    expect(page.locator("#clips li").nth(1).locator(".cover time")).to_have_text("11:00:06.400")
    assert len(chosen_covers(page)) == 1
    page.get_by_role("button", name="Remove the cover of clip 2").click()
    expect(page.locator("#clips .cover")).to_have_count(0)
    show(page, 161)
    page.locator("body").click(position={"x": 5, "y": 5})
    page.keyboard.press("c")
    expect(page.locator("#clips .cover time")).to_have_text("11:00:06.440")
    page.keyboard.press("c")
    expect(page.locator("#clips .cover")).to_have_count(0)
    page.keyboard.press("c")
    page.wait_for_function(DIAMOND, arg=6.44)
    page.get_by_text("Edit times and cover").nth(1).click()
    expect(page.locator("#clips li").nth(1).get_by_label("Cover", exact=True)).to_have_value("11:00:06.440")

    page.get_by_role("button", name="Merge 2 clips").click()
    picture = page.get_by_role("link", name="The cover")
    expect(picture).to_be_visible()
    with Image.open(BytesIO(page.request.get(str(picture.get_attribute("href"))).body())) as image:
        assert number_of(np.asarray(image.convert("L"))) == 161
    expect(page.get_by_text(re.compile("The picture of 2026-11-20 11:00:06.440"))).to_be_visible()


def test_a_picture_in_no_clip_cannot_become_the_cover(page: Page) -> None:
    open_recording(page, 2)
    page.keyboard.press("c")

    expect(page.get_by_role("alert")).to_contain_text("in no clip")


def test_the_help_names_the_key(page: Page) -> None:
    open_recording(page)
    page.keyboard.press("?")

    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("becomes the cover")
