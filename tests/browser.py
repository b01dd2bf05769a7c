"""A browser for the tests: the system's Chromium, and windows that report faults."""

import os
import warnings

import pytest

from helpers import assets
from tools.browser import find_chromium

VIEWS = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "has_touch": True},
}


UNLIKE = ("index", "03_multilingual_tokens", "08_sampling", "token_playground", "claims", "glossary")


def unlike_first(pages: list[str]) -> list:
    """Pages as parameters of a test: those that are unlike each other are tested often, the others in the long tests."""
    chosen = {f"chapters/{name}.html" for name in UNLIKE}
    return [pytest.param(page, marks=() if page in chosen else pytest.mark.long) for page in pages]


def chromium() -> str:
    """Path of the system's Chromium or Chrome; without one the test is skipped, or fails where CI is set."""
    if found := find_chromium():
        return found
    message = "NO BROWSER: the site was not looked at; install Chromium or Chrome, or set CHROMIUM to its path"
    if os.environ.get("CI"):
        pytest.fail(message)
    warnings.warn(message, stacklevel=2)
    pytest.skip(message)


def violations(page, *rules: str) -> list[str]:
    """What axe-core finds against its rules, all or some, on the page that is open."""
    if not page.evaluate("'axe' in window"):
        page.evaluate((assets.path("axe-core") / "axe.min.js").read_text(encoding="utf-8"))
    return page.evaluate(
        """(rules) => axe.run({ resultTypes: ["violations"], ...(rules.length && { runOnly: rules }) }).then((results) =>
             results.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes[0].html}`))""",
        rules,
    )


class Visitor:
    """Opens pages in one browser window, lets no request out, and keeps a list of all that went wrong."""

    def __init__(self, browser, address: str, view: str):
        self.address, self.faults, self.view, self.scheme = address, [], view, VIEWS[view]["color_scheme"]
        self.context = browser.new_context(**VIEWS[view])
        self.context.route(lambda url: not url.startswith((address, "data:", "blob:")), self._refuse)
        self.page = self.context.new_page()
        self.page.on("console", lambda said: said.type == "error" and self.faults.append(f"console: {said.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("response", lambda got: got.status >= 400 and self.faults.append(f"{got.status}: {got.url}"))

    def lay_out(self) -> None:
        """Lay out all of the page, as for the Tab key; what is far from the window waits until then."""
        self.page.evaluate("dispatchEvent(new KeyboardEvent('keydown', { key: 'Tab' }))")
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def _refuse(self, route) -> None:
        self.faults.append(f"request to a third party: {route.request.url}")
        route.abort()

    def open(self, path: str):
        """Open a page of the site and wait until it has loaded everything, drawn its diagrams and filled its forms."""
        self.faults.clear()
        self.page.goto(self.address + path, wait_until="load")
        self.page.wait_for_function(
            """() => [...document.querySelectorAll(".mermaid")].every((box) => box.querySelector("svg"))
                 && !document.querySelector("form[aria-busy]") && document.fonts.status === "loaded" """,
            timeout=30_000,
        )
        return self.page
