"""How long a page takes to be seen and to be used in a slow browser, and what it asks for: one visit with an empty cache."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Browser, CDPSession, Page, Request, sync_playwright

from tools.browser import find_chromium

LONG_TASKS = """window.longTasks = [];
new PerformanceObserver((list) => list.getEntries().forEach((task) => longTasks.push([task.startTime, task.duration])))
  .observe({type: "longtask", buffered: true});"""
SEEN = """() => ({
  now: performance.now(), tasks: longTasks,
  painted: performance.getEntriesByName("first-contentful-paint").map((entry) => entry.startTime)[0] || 0,
  ready: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
})"""


@dataclass(frozen=True)
class Line:
    """A line and a processor that are slow; without more, Lighthouse's `mobileSlow4G`, which is WebPageTest's "Fast 3G".

    Source: `core/config/constants.js` of GoogleChrome/lighthouse. `latency` is put before each request, not on each packet:
    what connections cost to open is left out. Lighthouse makes up for that in DevTools with 3.75 times the latency and
    0.9 of the rates: `ADJUSTED`.

    Args:
        latency: in ms.
        down, up: in kbit/s.
        slower: the processor, by this factor.
    """

    latency: float = 150
    down: float = 1_600
    up: float = 750
    slower: float = 4


ADJUSTED = Line(latency=150 * 3.75, down=1_600 * 0.9, up=750 * 0.9)


@dataclass(frozen=True)
class Load:
    """What one visit cost.

    Args:
        requests: that the page made, other hosts' included.
        n_bytes: that came, packed, with their heads.
        third_parties: requests to another origin than the page's.
        painted: seconds to the first contentful paint.
        interactive: seconds until it can be used; `interactive` says what that is.
    """

    requests: float
    n_bytes: float
    third_parties: float
    painted: float
    interactive: float


def interactive(painted: float, ready: float, tasks: Sequence[tuple[float, float]], quiet: float) -> float:
    """When a page can be used: Lighthouse's time to interactive, without its clause on a quiet network.

    That is the end of the last task of more than 50 ms before the first stretch without one, counted from the first
    contentful paint; the paint, if there is none; the end of DOMContentLoaded, if that is later.
    Source: web.dev/articles/tti, where the stretch is 5 s.

    Args:
        painted: the first contentful paint.
        ready: the end of DOMContentLoaded.
        tasks: of more than 50 ms, start and duration.
        quiet: how long the stretch must be; all in one unit.
    """
    until = painted
    for start, duration in sorted(tasks):
        if start - until >= quiet:
            break
        until = max(until, start + duration)
    return max(until, ready)


class Traffic:
    """Counts what a window and its workers ask for, and what comes."""

    def __init__(self, page: Page, address: str) -> None:
        self.address, self.n_open, self.changed = urlsplit(address).netloc, 0, False
        self.requests: list[Request] = []
        page.on("request", self._asked)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)

    def _asked(self, request: Request) -> None:
        self.requests.append(request)
        self.n_open += 1
        self.changed = True

    def _ended(self, _: Request) -> None:
        self.n_open -= 1
        self.changed = True

    def counts(self) -> tuple[int, int, int]:
        """Requests, bytes that came for them with their heads, and requests to another origin; while the window is open.

        Chromium does not say how long the first file of a worker was; its head alone is in the sum.
        """
        sizes = [request.sizes() for request in self.requests if not request.failure]
        n_bytes = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
        return len(self.requests), n_bytes, sum(urlsplit(request.url).netloc != self.address for request in self.requests)


def visit(browser: Browser, address: str, path: str, *, line: Line | None = None, quiet: float = 5) -> Load:
    """Open a page once, with nothing in the cache, and wait until line and processor have been quiet.

    Requests over https are refused, and counted: pages of this machine come by http, so these are to third parties.

    Args:
        browser: Chromium.
        address: of the server, with a slash at its end.
        path: of the page.
        line: how slow everything is; None for `Line()`.
        quiet: seconds without a task of more than 50 ms after which a page can be used.

    Raises:
        ValueError: if the page is not there.
        TimeoutError: if it isn't quiet after two minutes.
    """
    with browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light") as context:
        page = context.new_page()
        slow(context.new_cdp_session(page), line or Line())
        traffic = Traffic(page, address)
        page.add_init_script(LONG_TASKS)
        got = page.goto(address + path, wait_until="commit", timeout=60_000)
        if got is None or got.status >= 400:
            raise ValueError(f"path={path!r} is no page of the site: {got.status if got else 'nothing came'}")
        seen = settled(page, traffic, 1000 * quiet)
        counts = traffic.counts()
    until = interactive(seen["painted"], seen["ready"], seen["tasks"], 1000 * quiet)
    return Load(*counts, seen["painted"] / 1000, until / 1000)


def slow(session: CDPSession, line: Line) -> None:
    """Slow down a window's line and its processor, and shut off other hosts."""
    rates = {"downloadThroughput": line.down * 125, "uploadThroughput": line.up * 125}  # bytes a second
    session.send("Network.enable")
    session.send("Network.setBlockedURLs", {"urls": ["https://*"]})
    session.send("Network.emulateNetworkConditions", {"offline": False, "latency": line.latency, **rates})
    session.send("Emulation.setCPUThrottlingRate", {"rate": line.slower})


def settled(page: Page, traffic: Traffic, quiet: float, most: float = 120) -> dict:
    """What a window saw, once it has painted and nothing was asked for, came or kept it busy for `quiet` ms.

    Raises:
        TimeoutError: if that is not so after `most` seconds.
    """
    start, last = time.monotonic(), 0.0
    while time.monotonic() - start < most:
        page.wait_for_timeout(100)
        seen = page.evaluate(SEEN)
        if traffic.changed:
            traffic.changed, last = False, seen["now"]
        busy = max([last, seen["painted"], seen["ready"], *(sum(task) for task in seen["tasks"])])
        if seen["painted"] and seen["ready"] and not traffic.n_open and seen["now"] - busy >= quiet:
            return seen
    raise TimeoutError(f"{page.url} was not quiet for {quiet / 1000} s within {most} s")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window, for which there are no other hosts than this machine.

    Raises:
        RuntimeError: if there is none.
    """
    if not (path := find_chromium()):
        raise RuntimeError("no Chromium or Chrome was found; install one, or set CHROMIUM to its path")
    alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage", alone])
        yield browser
        browser.close()
