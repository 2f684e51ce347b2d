"""With API_TOKENS nothing is shown without a token; a worker that goes away is missed, and found again."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.shelf import Shelf, shelf
from tests.browser.window import accessible, opened, picture

TOKEN = "t0ken-of-the-test"


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with shelf(tmp_path_factory.mktemp("protected"), API_TOKENS=TOKEN) as made:
        yield made


def give(page: Page, token: str) -> None:
    expect(page.locator("#token")).to_be_visible()
    page.fill("#token-value", token)
    page.keyboard.press("Enter")


def test_a_token_is_asked_for(browser: Browser, protected: Shelf) -> None:
    with opened(browser, protected.url, excused="40") as (page, _):
        expect(page.locator("#status-text")).to_have_text("A token is needed")
        accessible(page)
        picture(page, "token")
        give(page, "wrong")
        expect(page.locator("#token-wrong")).to_contain_text("not one of")
        expect(page.locator("#tile-applied")).not_to_contain_text(re.compile(r"\d"))
        give(page, TOKEN)
        expect(page.locator("#status-text")).to_have_text("Live, 1 worker")
        expect(page.locator("#tile-applied")).to_have_text("0")
        assert TOKEN not in page.content()
        page.reload()
        expect(page.locator("#status-text")).to_have_text("Live, 1 worker")


def test_a_lost_worker_is_said_and_found_again(browser: Browser, protected: Shelf) -> None:
    with opened(browser, protected.url, excused="Failed to load resource") as (page, _):
        give(page, TOKEN)
        expect(page.locator("#status-text")).to_have_text("Live, 1 worker")
        protected.worker.kill()
        expect(page.locator("#lost")).to_contain_text("lost its worker", timeout=15_000)
        expect(page.locator("#status-text")).to_have_text("No connection")
        picture(page, "lost")
        accessible(page)
        protected.worker.start()
        expect(page.locator("#status-text")).to_have_text("Live, 1 worker", timeout=60_000)
        expect(page.locator("#lost")).to_be_hidden()
