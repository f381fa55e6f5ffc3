"""What a first start shows: a live stream that is recorded while one watches. Nothing here is a stand-in."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard import rtmp_server
from editing.media import ffmpeg
from tests.e2e.conftest import sign_in
from tests.installation import Installation, installation, wait_for

pytestmark = pytest.mark.servers
STREAM = {"domain": "localhost", "app": "live", "stream": "demo"}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """As it is after a first start, its demo stream on."""
    if rtmp_server.find() is None:
        pytest.skip(f"needs nginx with its rtmp module ({rtmp_server.INSTALL})")
    with installation(tmp_path_factory.mktemp("on-air"), demo=True) as found:
        found.start()
        yield found


@pytest.fixture
def page(studio: Installation, browser: Browser) -> Iterator[Page]:
    """Signed in as the operator; whatever the console complains of fails the test."""
    context = browser.new_context(base_url=studio.address, viewport={"width": 1280, "height": 900})
    found = context.new_page()
    complaints: list[str] = []
    found.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    found.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(found, studio)
    yield found
    context.close()
    assert complaints == []


def growing(studio: Installation) -> Any:
    """The recording of the demo stream that is open, once it has a segment."""
    found: list[Any] = []

    def is_there() -> bool:
        query = "recordings/?domain=localhost&stream=demo&ended=false"
        found[:] = [each for each in studio.api(query)["results"] if each["segment_count"]]
        return bool(found)

    wait_for(is_there, 120, lambda: f"{studio.api('record-jobs/')}\n{studio.output}")
    return found[0]


def test_the_demo_stream_is_recorded_and_merged_while_it_runs(studio: Installation) -> None:
    assert f"Publish to rtmp://localhost:{studio.rtmp_port}/live/NAME" in studio.output
    first = growing(studio)
    wait_for(lambda: growing(studio)["end"] > first["end"], 30, lambda: studio.output)

    job = studio.api(
        "editing-jobs/",
        {
            "mode": "AccurateFast",
            "clips": [{"stream": STREAM, "start": first["start"], "end": first["end"]}],
            "output": {"key": "live.mp4"},
        },
    )

    done = studio.job(job["id"], until=lambda job: job["state"] not in ("Init", "Queuing", "Processing"))
    assert (done["state"], done["error"]) == ("Success", None)
    assert growing(studio)["id"] == first["id"]


@pytest.mark.browser
def test_the_wall_shows_what_is_on_and_leads_to_its_end(studio: Installation, page: Page) -> None:
    growing(studio)
    page.goto("/on-air/")
    card = page.locator("#wall li", has_text="Demo stream")
    expect(card).to_contain_text("On air")
    expect(card).to_contain_text("behind live")
    first = card.locator("img").get_attribute("src")
    assert card.locator("img").evaluate("async (image) => (await image.decode(), image.naturalWidth)") == 480

    page.wait_for_function("(first) => document.querySelector('#wall img').getAttribute('src') !== first", arg=first)
    card.get_by_role("link", name="demo", exact=True).click()

    expect(page.locator("#behind")).to_contain_text("behind")
    near_end = "() => { const { player, recording } = document.getElementById('editor').editor;"
    page.wait_for_function(f"{near_end} return recording.end - player.instant < 12000; }}")


@pytest.mark.browser
def test_a_range_that_ends_in_the_future_is_merged_once_it_is_there(studio: Installation, page: Page) -> None:
    recording = growing(studio)
    page.goto(f"/recordings/{recording['id']}/")
    page.wait_for_function("() => document.getElementById('editor').editor.live")
    page.keyboard.press("i")
    page.get_by_role("button", name="Until now").click()
    expect(page.locator("#mark-length")).not_to_have_text("–")
    page.locator("#mark-out").fill("now")
    page.locator("#mark-out").press("Tab")
    page.locator("#mark-in").fill("-2")
    page.locator("#mark-in").press("Tab")
    page.locator("#mark-out").fill("+10")
    page.locator("#mark-out").press("Tab")
    expect(page.locator("#mark-length")).to_have_text("0:10.000")
    expect(page.locator("#mark-future")).to_contain_text("is still to come")

    page.get_by_role("button", name="Add clip").click()
    expect(page.locator("#plan")).to_contain_text("The job will wait for it.")
    page.get_by_role("button", name="Merge 1 clip").click()

    expect(page.locator(".progress")).to_contain_text("Waiting for the stream")
    expect(page.locator(".progress .badge").first).to_have_text("Done", timeout=60_000)
    expect(page.locator(".progress")).to_contain_text("0:10.0")


@pytest.mark.browser
def test_a_stream_gets_its_key_on_a_page(studio: Installation, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/publish/")
    page.get_by_label("Name of the stream").fill("keyed")
    page.get_by_role("button", name="Make key").click()
    key = page.locator("#stream-key").inner_text()
    assert key.startswith("keyed?key=")

    page.locator("[data-copy=stream-key]").click()
    expect(page.locator("[data-copy=stream-key]")).to_have_text("Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == key

    with publisher(f"rtmp://127.0.0.1:{studio.rtmp_port}/live/keyed") as refused:
        assert refused.wait(60) != 0
    with publisher(f"rtmp://127.0.0.1:{studio.rtmp_port}/live/{key}"):
        expect(page.locator(".badge.live")).to_have_text("On air")


def test_publisher_and_server_come_back_when_they_die(studio: Installation) -> None:
    segments = growing(studio)["segment_count"]
    publisher = studio.one("/live/demo")
    os.kill(publisher, signal.SIGKILL)
    wait_for(lambda: "on-air ended with -9; starting it again" in studio.output, 10, lambda: studio.output)
    wait_for(lambda: growing(studio)["segment_count"] > segments + 1, 60, lambda: studio.output)

    segments = growing(studio)["segment_count"]
    os.kill(studio.one("nginx: master"), signal.SIGKILL)

    wait_for(lambda: "rtmp ended with -9; starting it again" in studio.output, 10, lambda: studio.output)
    wait_for(lambda: growing(studio)["segment_count"] > segments + 1, 90, lambda: studio.output)


def test_what_others_publish_is_recorded_too(studio: Installation) -> None:
    with publisher(f"rtmp://127.0.0.1:{studio.rtmp_port}/live/guest"):
        wait_for(lambda: bool(studio.api("record-jobs/?stream=guest&state=started")["results"]), 30)

    (job,) = studio.api("record-jobs/?stream=guest")["results"]
    assert (job["name"], job["url"]) == ("live/guest", f"rtmp://localhost:{studio.rtmp_port}/live/guest")


def test_nothing_is_left_when_it_is_killed_and_a_stream_needs_its_key_from_elsewhere(
    studio: Installation, tmp_path: Path
) -> None:
    """Two in one, for a start takes long."""
    with installation(tmp_path, "--host", "0.0.0.0", demo=True) as other:
        other.start()
        wait_for(lambda: "live/demo from 127.0.0.1 is published" in other.output, 30, lambda: other.output)

        with publisher(f"rtmp://127.0.0.1:{other.rtmp_port}/live/guest?key=guess") as refused:
            assert refused.wait(60) != 0
        assert "live/guest from 127.0.0.1 was refused: it has no key yet" in other.output

        assert other.process is not None
        other.process.kill()
        wait_for(lambda: other.processes() == {}, 15, lambda: other.processes())
        wait_for(lambda: not answers(other.rtmp_port), 5)


def test_without_nginx_the_demo_stream_waits_to_be_taken(tmp_path: Path) -> None:
    with installation(tmp_path, demo=True, RTMP_SERVER="false") as found:
        found.start()
        growing(found)

        assert found.stop() == 0
        assert found.processes() == {}


def publisher(url: str) -> subprocess.Popen[bytes]:
    """A quarter of a minute of a stream."""
    pictures = ("-re", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10", "-t", "15")
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-pix_fmt", "yuv420p")
    return _Publisher([ffmpeg.binary(), "-v", "quiet", *pictures, *coded, "-f", "flv", url])


class _Publisher(subprocess.Popen[bytes]):
    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self.kill()
        self.wait()


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
