"""A real browser for tests: the machine's own Chromium, or Playwright's; else tests are skipped."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

#: Commands under which systems install Chromium.
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

#: A phone and a desk.
WIDTHS = (360, 1280)


@dataclass
class Watched:
    """A page, and what should not happen on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self) -> Watched:
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.requests.append(request.url))
        return self


def executable(own: str) -> str:
    """Return a Chromium, or skip the test and say what to install."""
    found = next(filter(None, map(shutil.which, COMMANDS)), None)
    if found is None and not Path(own).exists():
        pytest.skip("no browser: install Debian's chromium, or run `playwright install chromium`")
    return found or own


@contextmanager
def browsing() -> Iterator[Browser]:
    """Yield a browser."""
    with sync_playwright() as driver:
        path = executable(driver.chromium.executable_path)
        as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=path, args=as_root)
        yield browser
        browser.close()


def watched(browser: Browser, address: str, width: int = 1280, scheme: str = "light") -> Watched:
    """Return an opened page that is watched from the start."""
    page = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    seen = Watched(page).watch()
    page.goto(address)
    return seen


def scrolls_sideways(page: Page) -> bool:
    """Whether a page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
