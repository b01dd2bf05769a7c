"""What several test modules share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import VIEWS, Visitor, chromium, serve


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests: Playwright runs once in a process."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    """Where the site in the folder `built` is served; a module that uses this has a fixture of that name."""
    with serve(built) as address:
        yield address


@pytest.fixture(params=VIEWS)
def visitor(request: pytest.FixtureRequest, browser, address: str) -> Iterator[Visitor]:
    """A new window in light, in dark and of a phone's width."""
    visitor = Visitor(browser, address, request.param)
    yield visitor
    visitor.context.close()


@pytest.fixture
def reader(browser, address: str) -> Iterator[Visitor]:
    """A new light window."""
    reader = Visitor(browser, address, "light")
    yield reader
    reader.context.close()
