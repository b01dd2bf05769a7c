"""What several test modules share."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import VIEWS, Visitor, chromium
from tools.browser import serve


def pytest_configure(config: pytest.Config) -> None:
    """Where several processes run the tests, each has one thread: more threads than cores wait for each other."""
    if getattr(config.option, "numprocesses", None):
        os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """The tests reach no other machine: whoever asks for one is told so, and fails."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse(address[0])
        connect(self, address)

    def guarded_look_up(host, *rest, **more):
        refuse(host)
        return look_up(host, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


def refuse(host: str | bytes | None) -> None:
    """Raise unless a host is this machine.

    Raises:
        RuntimeError: if it is another.
    """
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", socket.gethostname()):
        return
    try:
        if ipaddress.ip_address(name).is_loopback or ipaddress.ip_address(name).is_unspecified:
            return
    except ValueError:
        pass
    raise RuntimeError(f"{name} was asked for; the book needs no network after its set-up, and neither do its tests")


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
