"""A real browser that opens reports as their readers do, and what it may never see: errors and requests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.waiting import LONGEST_S

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Opened:
    """An open page, and what went wrong in it."""

    page: object
    """A playwright page."""
    errors: list[str] = field(default_factory=list)
    """Of the console, and uncaught."""
    requests: list[str] = field(default_factory=list)
    """To anything but the file itself."""

    def assert_quiet(self) -> None:
        assert self.errors == []
        assert self.requests == []


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """One browser per file: while it is open its event loop runs in this thread, and other tests need their own."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        missing = "no Chromium on this machine: make browser"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)  # what CI skips, nobody has tested
        pytest.skip(missing)
    from playwright.sync_api import expect, sync_playwright

    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=args)
        expect.set_options(timeout=LONGEST_S * 1000)
        yield running
        running.close()


@pytest.fixture
def open_html(browser: object, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open HTML from a file; keywords are the browser context's, such as `java_script_enabled` or `color_scheme`."""
    contexts = []

    def opened(html: bytes | Path, **options: object) -> Opened:
        file = html if isinstance(html, Path) else tmp_path / f"page-{len(contexts)}.html"
        if isinstance(html, bytes):
            file.write_bytes(html)
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        found = Opened(page)
        page.on("console", lambda m: found.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: found.errors.append(str(e)))
        page.on("request", lambda r: found.requests.append(r.url))
        page.goto(file.resolve().as_uri())
        found.requests.remove(file.resolve().as_uri())
        return found

    yield opened
    for context in contexts:
        context.close()
