"""A page in a real browser that notes everything a page should not do."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, expect

#: Screenshots of the last run, to be looked at.
ARTIFACTS = Path(__file__).parents[2] / ".artifacts" / "browser"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
LAUNCH: dict[str, Any] = {"executable_path": CHROMIUM, "args": ["--no-sandbox", "--disable-dev-shm-usage"]}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


expect.set_options(timeout=30_000)


class Complaints:
    """Errors on the console and in scripts, and requests to anywhere but the worker; bytes of the page's own parts."""

    def __init__(self, page: Page, url: str) -> None:
        self.found: list[str] = []
        self.sizes: dict[str, int] = {}
        page.on("console", lambda said: said.type in {"error", "warning"} and self.found.append(said.text))
        page.on("pageerror", lambda error: self.found.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith(url) or self.found.append(f"asked {asked.url}"))
        page.on("response", self._measure)

    def _measure(self, response: Response) -> None:
        if response.url.endswith("/") or "/assets/" in response.url:
            self.sizes[response.url] = len(response.body())


@contextmanager
def opened(
    browser: Browser, url: str, place: str = "/", *, excused: str | None = None, **context: Any
) -> Iterator[tuple[Page, Complaints]]:
    """A worker's page; fails at the end if it complained, but for complaints with the excused words."""
    with browser.new_context(**context) as made:
        page = made.new_page()
        complaints = Complaints(page, url)
        page.goto(url + place)
        yield page, complaints
        assert [each for each in complaints.found if excused is None or excused not in each] == []


def picture(page: Page, name: str) -> None:
    """Keep a screenshot of the whole page."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


def accessible(page: Page) -> None:
    """Fails on serious or critical findings of axe-core."""
    violations = Axe().run(page).response["violations"]
    serious = [each for each in violations if each["impact"] in {"serious", "critical"}]
    shown = [(each["id"], each["impact"], [node["html"][:200] for node in each["nodes"][:3]]) for each in serious]
    assert shown == [], json.dumps(shown, indent=1)
