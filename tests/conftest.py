"""What several test modules share."""

import pytest

from tests.browser import chromium


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests: Playwright runs once in a process."""
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()
