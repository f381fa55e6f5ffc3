"""Instants that are still to come, typed into a form as one likes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.servers]


def test_a_reservation_is_typed_in_the_zone_that_is_shown(page: Page) -> None:
    page.goto("/projects/")
    page.get_by_label("Title").fill("Evening show")
    page.get_by_label("Stream").fill("rtmp://example.com/live/evening")
    page.get_by_label("Begins").fill("20:00")
    page.get_by_role("button", name="Create project").click()

    reserved = page.locator("dt", has_text="Reserved for").locator("+ dd").locator("time")
    expect(reserved).to_contain_text("20:00:00 +0")
    assert page.evaluate("at => new Date(at) > new Date()", reserved.get_attribute("datetime"))
    page.get_by_role("button", name="Cancel the reservation").click()


def test_what_is_no_time_is_refused_beside_its_field(page: Page) -> None:
    page.goto("/record-jobs/")
    page.get_by_label("Name").fill("Evening show")
    page.get_by_label("Address").fill("rtmp://example.com/live/evening")
    page.get_by_label("Begins").fill("at eight")
    expect(page.get_by_label("Begins")).not_to_have_attribute("aria-invalid", "")
    page.get_by_role("button", name="Record", exact=True).click()

    expect(page.locator(".field", has_text="Begins").locator(".refusal")).to_contain_text("at eight")
    expect(page.get_by_label("Begins")).to_have_value("at eight")
