"""A real browser, one for all tests; without one these tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing but the page: no sandbox, because root may have none; no traffic of the browser's own.
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, or a skipped test."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip(f"no browser is installed: none of {', '.join(_NAMES)} is on the PATH")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens an address, with options of ``Browser.new_context``; whatever the console says fails the test."""
    said: list[str] = []
    pages: list[Page] = []

    def heard(message: ConsoleMessage) -> None:
        said.append(f"{message.type}: {message.text}")

    def asked(dialog: Dialog) -> None:
        said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open_it(address: str, **options: object) -> Page:
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("dialog", asked)
        page.on("request", lambda sent: None if sent.url.startswith("http://127.0.0.1:") else said.append(sent.url))
        pages.append(page)
        page.goto(address)
        return page

    yield open_it
    for number, page in enumerate(pages):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        name = "".join(one if one.isalnum() else "-" for one in request.node.name)[:80]
        page.screenshot(path=SCREENSHOTS / f"{name}-{number}.png")
        page.context.close()
    assert said == []
