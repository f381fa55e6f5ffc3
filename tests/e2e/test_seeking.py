"""Outputs of every mode in Chromium: it seeks to each side of a joint and draws the right frame."""

from base64 import b64encode
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from editing.timeline.clips import Mode
from tests.media.cutting import clip, plan_of, run
from tests.samples import BASIC, BITS

pytestmark = pytest.mark.browser

_EXACT = {0.02: 28, 1.9: 75, 1.98: 160, 3.5: 198}
_WHOLE = {0.02: 0, 3.98: 99, 4.02: 150, 5.98: 199}
FRAMES = {Mode.ACCURATE_FAST: _EXACT, Mode.ACCURATE: _EXACT, Mode.ROUGH: _WHOLE, Mode.ROUGH_FAST: _WHOLE}
"""Where the player is sent to, and the number of the frame that it must show there."""


@pytest.mark.parametrize("mode", Mode)
def test_a_player_seeks_to_each_side_of_a_joint(mode: Mode, browser: Browser, tmp_path: Path) -> None:
    run(plan_of(BASIC, mode, clip(1.1, 3.05), clip(6.4, 8)), tmp_path / "out.mp4")
    page = browser.new_page()
    load(page, tmp_path / "out.mp4")

    found = shown_at(page, [*FRAMES[mode]])

    page.close()
    assert found == FRAMES[mode]


def load(page: Page, output: Path) -> None:
    page.set_content('<video id="result" muted></video>')
    page.evaluate(
        """async (data) => {
          const video = document.getElementById("result");
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          const ready = new Promise((done) => video.addEventListener("canplay", done, {once: true}));
          video.src = URL.createObjectURL(new Blob([bytes], {type: "video/mp4"}));
          await ready;
        }""",
        b64encode(output.read_bytes()).decode(),
    )


def shown_at(page: Page, times: list[float]) -> dict[float, int]:
    """The numbers of the frames that the player draws at some times, read off its picture as the samples write them."""
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
