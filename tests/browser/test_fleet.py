"""A killed worker is seen on the page of another one: silent, then gone, and its partitions move."""

import time

import pytest
from playwright.async_api import async_playwright, expect

from app.simulator.scenario import Scenario
from tests.broker.harness import Harness
from tests.browser.window import ARTIFACTS, CHROMIUM, LAUNCH

pytestmark = pytest.mark.broker

EVENTS = 2_000
TAKEOVER_MS = 60_000


async def test_a_killed_worker_shows(harness: Harness) -> None:
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH")
    serving, killed = await harness.start(2)
    start = int(time.time() * 1_000)
    await harness.send(each._replace(due=None) for each in Scenario(9, start=start, rate=1_000).records(EVENTS))
    await harness.until_applied()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**LAUNCH)
        page = await browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"{serving.url}/")
        await expect(page.locator("#status-text")).to_have_text("Live, 2 workers")
        await expect(page.locator("#workers .worker.up")).to_have_count(2)
        theirs = page.locator(f"#partitions .cell[title*='held by {killed.url.removeprefix('http://')}']")
        assert await theirs.count() > 0

        killed.kill()
        card = page.locator("#workers .worker", has_text=killed.url.removeprefix("http://"))
        await expect(card).to_contain_text("does not answer", timeout=TAKEOVER_MS)
        await expect(page.locator("#status-text")).to_have_text("Live, 1 worker")
        await expect(card).to_contain_text("left", timeout=TAKEOVER_MS)
        await expect(theirs).to_have_count(0, timeout=TAKEOVER_MS)
        own = page.locator(f"#partitions .cell[title*='held by {serving.url.removeprefix('http://')}']")
        await expect(own).to_have_count(42, timeout=TAKEOVER_MS)
        await expect(page.locator("#moves-list li").first).to_contain_text("→")
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=ARTIFACTS / "killed-worker.png", full_page=True)
        assert errors == []
        await browser.close()
