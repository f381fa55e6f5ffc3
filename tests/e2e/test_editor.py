"""Player and timeline: the clock tells the picture on the screen, keys and fields mark it exactly."""

import json
import time

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import open_recording
from tests.samples import BITS

pytestmark = [pytest.mark.browser, pytest.mark.servers]

READ_NUMBER = """async (bits) => {
  const video = document.getElementById("video");
  const begun = performance.now();
  while (video.seeking || document.getElementById("editor").editor.player.target !== null) {
    if (performance.now() - begun > 15000) throw new Error("The picture looked for has not come in 15 s.");
    await new Promise((next) => setTimeout(next, 20));
  }
  await new Promise((next) => setTimeout(next, 120));
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 180 });
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0);
  const block = 320 / (bits + 1);
  let number = 0;
  for (let bit = 0; bit < bits; bit++)
    if (pen.getImageData(Math.round((bit + 0.5) * block), 22, 1, 1).data[0] > 126) number += 2 ** bit;
  return number;
}"""


def number_shown(page: Page) -> int:
    """The number in the picture on the screen."""
    return int(page.evaluate(READ_NUMBER, BITS))


def expect_number(page: Page, number: int) -> None:
    """The picture with this number comes onto the screen within some seconds."""
    deadline = time.monotonic() + 60
    while (shown := number_shown(page)) != number and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert shown == number


def clock(page: Page) -> str:
    return str(page.locator("#clock").text_content())


def seek(page: Page, seconds: float) -> None:
    page.evaluate(
        "(seconds) => { const { editor } = document.getElementById('editor');"
        " editor.seek(editor.recording.start + seconds * 1000); }",
        seconds,
    )


@pytest.mark.parametrize("seconds", [0, 0.05, 1.999, 2, 5.33, 6.001, 7.98, 11.97])
def test_the_clock_tells_the_picture_on_the_screen(page: Page, seconds: float) -> None:
    open_recording(page)
    seek(page, seconds)

    shown = number_shown(page)
    assert shown - int(seconds * 25 + 1e-6) in (0, 1)  # a browser may round the last millisecond up to the next picture
    expect(page.locator("#clock")).to_have_text(f"2026-11-20 11:00:{shown / 25:06.3f} +01:00")


@pytest.mark.parametrize("number", [0, 29, 59, 60, 61, 119, 120, 178])
def test_the_clock_is_exact_at_rates_that_fit_no_millisecond(page: Page, number: int) -> None:
    open_recording(page, 3)
    seek(page, (number + 0.5) * 1001 / 30000)

    assert number_shown(page) == number
    expect(page.locator("#clock")).to_have_text(f"2026-11-20 11:00:{number * 1001 // 30 / 1000:06.3f} +01:00")
    page.keyboard.press("i")
    expect(page.get_by_label("In", exact=True)).to_have_value(f"11:00:{number * 1001 // 30 / 1000:06.3f}")


def test_keys_step_frames_across_segments(page: Page) -> None:
    open_recording(page)
    seek(page, 1.9)

    for number in (48, 49, 50, 51):
        page.keyboard.press(".")
        expect_number(page, number)
    for number in (50, 49):
        page.keyboard.press(",")
        expect_number(page, number)
    page.keyboard.press("Shift+ArrowRight")
    expect_number(page, 74)
    page.keyboard.press("End")
    expect_number(page, 299)
    page.keyboard.press("Home")
    expect_number(page, 0)


def test_in_and_out_hold_the_pictures_on_which_they_were_set(page: Page) -> None:
    open_recording(page)
    seek(page, 2.0)
    number_shown(page)
    page.keyboard.press("i")
    expect(page.get_by_label("In", exact=True)).to_have_value("11:00:02.000")
    seek(page, 3.0)
    number_shown(page)
    page.keyboard.press("o")
    expect(page.get_by_label("Out", exact=True)).to_have_value("11:00:03.040")
    expect(page.locator("#mark-length")).to_have_text("0:01.040")

    handle = page.get_by_role("slider", name="In point")
    expect(handle).to_have_attribute("aria-valuetext", "2026-11-20 11:00:02.000 +01:00")
    handle.press("ArrowRight")
    expect(page.get_by_label("In", exact=True)).to_have_value("11:00:02.040")
    page.get_by_label("Out", exact=True).fill("+5")
    page.get_by_label("Out", exact=True).press("Tab")
    expect(page.get_by_label("Out", exact=True)).to_have_value("11:00:07.040")
    page.get_by_role("button", name="Times in your zone").click()
    expect(page.get_by_label("Out", exact=True)).to_have_value("10:00:07.040")
    expect(page.locator("#clock")).to_contain_text("UTC")


def test_the_pointer_scrubs_and_drags(page: Page) -> None:
    open_recording(page)
    box = page.locator("#ruler").bounding_box()
    assert box
    x = box["x"] + box["width"] * (0.5 + 0.01) / 1.02
    page.mouse.click(x, box["y"] + 50)
    assert number_shown(page) == pytest.approx(150, abs=2)
    page.keyboard.press("i")
    handle = page.get_by_role("slider", name="In point")
    handle.hover()
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (0.25 + 0.01) / 1.02, box["y"] + 50, steps=5)
    page.mouse.up()
    expect(page.get_by_label("In", exact=True)).to_have_value("11:00:03.000")


def test_playing_moves_on_and_stops_at_the_out_point(page: Page) -> None:
    open_recording(page)
    page.get_by_label("In", exact=True).fill("11:00:03")
    page.get_by_label("Out", exact=True).fill("+1")
    page.get_by_label("Out", exact=True).press("Tab")
    page.locator("body").click(position={"x": 5, "y": 5})
    page.keyboard.press("p")

    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert number_shown(page) == pytest.approx(100, abs=3)


TYPED = {
    "10:30:00.250": "2026-11-20T10:30:00.250Z",
    "103000": "2026-11-20T10:30:00.000Z",
    "10:30": "2026-11-20T10:30:00.000Z",
    "9:05:07,5": "2026-11-20T09:05:07.500Z",
    "+30": "2026-11-20T10:00:30.000Z",
    "−1:00": "2026-11-20T09:59:00.000Z",
    "+1:02:03.5": "2026-11-20T11:02:03.500Z",
    "2026-11-21 01:00:00": "2026-11-21T01:00:00.000Z",
    "2026-11-21T01:00:00.123456+02:00": "2026-11-20T23:00:00.123456Z",
    "12:00 +01:00": "2026-11-20T11:00:00.000Z",
    "01:00:00": "2026-11-21T01:00:00.000Z",
    "25:00": None,
    "10:61": None,
    "soon": None,
    "": None,
}


def test_times_are_understood_however_they_are_typed(page: Page) -> None:
    """Around ten o'clock, in a recording that runs into the next day."""
    found = page.evaluate(
        """async (typed) => {
          const { parseTyped, toISO, fromISO } = await import("/static/js/instants.js");
          const near = fromISO("2026-11-20T10:00:00Z");
          const last = near + 20 * 3600 * 1000;
          return typed.map((text) => {
            const instant = parseTyped(text, { zone: "utc", near, first: near - 3600 * 1000, last });
            return instant === null ? null : toISO(instant);
          });
        }""",
        list(TYPED),
    )

    assert dict(zip(TYPED, found, strict=True)) == TYPED


def test_instants_are_written_without_losing_a_microsecond_or_naming_a_later_one(page: Page) -> None:
    found = page.evaluate(
        """async () => {
          const { formatInstant, fromISO, toISO, formatDuration, sayDuration } = await import("/static/js/instants.js");
          const instant = fromISO("2026-03-29T01:59:59.999700Z");
          return [toISO(instant), formatInstant(instant, "utc"), formatInstant(instant, "local"),
            formatInstant(instant - 3600_000, "local", 0), formatDuration(3_723_450), sayDuration(12_400)];
        }"""
    )

    assert found == [
        "2026-03-29T01:59:59.999700Z",
        "2026-03-29 01:59:59.999 UTC",
        "2026-03-29 03:59:59.999 +02:00",
        "2026-03-29 01:59:59 +01:00",
        "1:02:03.450",
        "12.4 s",
    ]


def test_single_keys_can_be_switched_off(page: Page) -> None:
    open_recording(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("one frame back")
    page.get_by_label("Single keys are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("End")
    assert number_shown(page) == 0


@pytest.mark.parametrize(
    "path", ["/streams/", "/streams/1/", "/recordings/1/", "/jobs/", "/projects/", "/assets/", "/account/"]
)
def test_a_phone_needs_no_scrolling_sideways(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    page.wait_for_load_state("networkidle")

    wide = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], json.dumps(wide)
