"""Outputs of every mode on the page of their job: the player seeks to each side of a joint and shows that frame."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Response, expect

from editing.timeline.clips import Mode
from tests.installation import Installation
from tests.samples import BITS

pytestmark = [pytest.mark.browser, pytest.mark.servers]

_MAIN = {"domain": "example.com", "app": "live", "stream": "main"}
_RANGES = [("2026-11-20T10:00:01.1Z", "2026-11-20T10:00:03.05Z"), ("2026-11-20T10:00:06.4Z", "2026-11-20T10:00:08Z")]
_EXACT = {0.02: 28, 1.9: 75, 1.98: 160, 3.5: 198}
_WHOLE = {0.02: 0, 3.98: 99, 4.02: 150, 5.98: 199}
FRAMES = {Mode.ACCURATE_FAST: _EXACT, Mode.ACCURATE: _EXACT, Mode.ROUGH: _WHOLE, Mode.ROUGH_FAST: _WHOLE}
"""Where the player is sent to, and the number of the frame that it must show there."""


@pytest.mark.parametrize("mode", Mode)
def test_the_player_of_a_result_seeks_to_each_side_of_a_joint(mode: Mode, page: Page, studio: Installation) -> None:
    job = merged(studio, mode)
    parts: list[Response] = []
    page.on("response", lambda response: parts.append(response) if response.status == 206 else None)

    page.goto(f"/jobs/{job['id']}/")
    assert shown_at(page, [*FRAMES[mode]]) == FRAMES[mode]
    assert page.locator("#result").get_attribute("src") in {part.url.removeprefix(studio.address) for part in parts}
    assert all(part.headers["content-range"].startswith("bytes ") for part in parts)

    page.get_by_role("link", name="Media asset").click()
    expect(page.get_by_text("Its job")).to_be_visible()
    assert shown_at(page, [*reversed(FRAMES[mode])]) == FRAMES[mode]


def merged(studio: Installation, mode: Mode) -> dict[str, str]:
    """A job of two clips of the first stream that has succeeded."""
    clips = [{"stream": _MAIN, "start": start, "end": end} for start, end in _RANGES]
    output = {"bucket": "media", "key": f"seeking/{mode}.mp4"}
    job = studio.api("editing-jobs/", {"mode": mode, "clips": clips, "output": output})
    found: dict[str, str] = studio.job(job["id"], until=lambda job: job["state"] in ("Success", "Failed"))
    assert found["state"] == "Success", found
    return found


def shown_at(page: Page, times: list[float]) -> dict[float, int]:
    """The numbers of the frames that the player draws at some times, read off its picture as the samples write them."""
    page.wait_for_function("() => document.getElementById('result').readyState >= 1")
    found: dict[float, int] = {}
    for time in times:
        means: list[float] = page.evaluate(
            """async ([time, bits]) => {
              const video = document.getElementById("result");
              video.pause();
              const sought = new Promise((done) => video.addEventListener("seeked", done, {once: true}));
              video.currentTime = time;
              await sought;
              await new Promise((next) => setTimeout(next, 200));
              const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
              const drawn = canvas.getContext("2d");
              drawn.drawImage(video, 0, 0);
              const block = canvas.width / (bits + 1);
              return Array.from({length: bits + 1}, (_, at) => {
                const left = Math.round((at + 0.25) * block), top = Math.round(canvas.height / 12);
                const data = drawn.getImageData(left, top, Math.round(block / 2), Math.round(canvas.height / 12)).data;
                return data.reduce((sum, value, place) => sum + (place % 4 === 1 ? value : 0), 0) / (data.length / 4);
              });
            }""",
            [time, BITS],
        )
        bits = [mean > 126 for mean in means]
        assert sum(bits[:BITS]) % 2 == bits[BITS]
        found[time] = sum(bit << place for place, bit in enumerate(bits[:BITS]))
    return found
