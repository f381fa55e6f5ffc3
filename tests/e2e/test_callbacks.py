"""Callbacks in a browser: set up, tried, and followed while a worker sends them."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.servers]


def test_a_test_is_followed_to_an_address_that_is_out_of_reach_and_sent_again(page: Page) -> None:
    page.get_by_role("link", name="Callbacks").click()
    expect(page.get_by_role("heading", name="Nothing was told yet")).to_be_visible()
    page.get_by_role("link", name="Where events go").click()
    own = page.locator("#own")
    own.get_by_role("textbox", name="Address").fill("http://127.0.0.1:9/hook")
    own.get_by_label("LiveRecordTaskStatus").check()
    own.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()

    own.get_by_role("button", name="Make a new key").click()
    expect(own.get_by_text("Copy the key now")).to_be_visible()
    own.get_by_role("button", name="Send a test").click()

    expect(page.get_by_role("heading", name="CallbackTest")).to_be_visible()
    attempts = page.locator("tbody tr")
    expect(attempts).to_have_count(1)
    expect(attempts.first).to_contain_text("leads into a network that callbacks may not reach")
    page.get_by_role("button", name="Send now").click()
    expect(attempts).to_have_count(2)

    page.get_by_role("link", name="Callbacks").first.click()
    page.locator('[name="state"]').select_option("delivered")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("heading", name="None of these")).to_be_visible()
    page.get_by_role("link", name="Show all").first.click()
    expect(page.get_by_role("link", name="CallbackTest")).to_be_visible()
    page.get_by_role("link", name="Where events go").click()
    own.get_by_text("Remove", exact=True).click()
    own.get_by_role("button", name="Remove address and key").click()
    expect(own.get_by_role("textbox", name="Address")).to_have_value("")
