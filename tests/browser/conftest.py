"""A real Chromium in front of a real server: what a page logs as an error, or its policy blocks, fails the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from scripts.browser import OVERRIDE, find

from deskhand import wiring
from tests.support.api import served
from tests.support.app import Desk, running
from tests.support.browsing import People

# What keeps the browser to itself, and lets it run as root in a container.
_SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def engine_name() -> str:
    """The pages call the acts that are tested on both databases elsewhere; once is enough for what browsers do."""
    return "sqlite"


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Gone once these tests are: Playwright's event loop runs in the main thread, where others want to run theirs."""
    place = find()
    assert place, f"no Chromium is here: make test installs one where it can; {OVERRIDE} names one"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=place, args=_SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, limit_public="off", limit_tickets="off", limit_replies="off") as made:
        yield made


@pytest.fixture
def people(chromium: Browser, desk: Desk) -> Iterator[People]:
    """`people.visitor()`, `people.as_("sam")`: pages of a browser of their own, on the desk behind a real server."""
    with served(desk) as address:
        worker = wiring.build_worker(desk.services)
        worker.start()
        contexts: list[BrowserContext] = []
        here = People(chromium, desk, address, contexts)
        try:
            yield here
            here.check()
        finally:
            for context in contexts:
                context.close()
            worker.stop()
