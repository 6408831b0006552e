"""A real headless Chromium for the page tests; nothing off this machine can be reached from it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def _browser_path() -> str:
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("the page tests need Chromium: apt-get install chromium")
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    path = _browser_path()
    with sync_playwright() as play:
        started = play.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
        )
        yield started
        started.close()


@dataclass
class Watched:
    """A page and what it did that it should not."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def watched(browser: Any) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    page = context.new_page()
    seen = Watched(page)
    page.on("console", lambda one: seen.complaints.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda one: seen.complaints.append(str(one)))
    page.on("request", lambda one: seen.requests.append(one.url))
    yield seen
    context.close()
