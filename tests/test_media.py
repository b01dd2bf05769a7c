"""The built site on paper, and for readers who asked for stillness."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PageObject, PdfReader

from helpers import assets
from tests.browser import Visitor, unlike_first
from tests.test_site import PAGES, built  # noqa: F401  (a fixture: the site that is looked at)

OFTEN = ("02_training_data", "08_sampling")
CHAPTERS = [
    pytest.param(Path(page).stem, marks=() if Path(page).stem in OFTEN else pytest.mark.long)
    for page in PAGES
    if re.fullmatch(r"chapters/\d\d_\w+\.html", page)
]
PAPER = {"width": 680, "height": 960}  # A4 with margins, at 96 dots an inch
HIGHEST_FIGURE = 0.45  # of a page: it may not fit, and nothing else leaves so much free
OFF_PAPER = ".bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .prev-next-footer, article button, .headerlink"
MOVING = """() => [...document.querySelectorAll("*")].flatMap((box) => ["", "::before", "::after"].map((part) => {
  const style = getComputedStyle(box, part || null);
  const lasts = (times) => times.split(", ").some((time) => parseFloat(time) > 0.01);
  const moves = lasts(style.transitionDuration) || (style.animationName !== "none" && lasts(style.animationDuration))
    || style.scrollBehavior === "smooth";
  return moves && box.outerHTML.slice(0, 80) + part;
})).filter(Boolean).slice(0, 5)"""


@pytest.fixture(scope="module")
def printed(browser, address: str):
    """A window in dark, as wide as paper."""
    visitor = Visitor(browser, address, "dark")
    visitor.page.set_viewport_size(PAPER)
    yield visitor
    visitor.context.close()


@pytest.mark.parametrize("name", unlike_first(PAGES))
def test_what_is_read_in_dark_is_printed_dark_on_white(printed: Visitor, name: str) -> None:
    printed.page.emulate_media(media="screen")  # whatever a test before has left
    page = printed.open(name)
    page.emulate_media(media="print")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'light'")
    printed.lay_out()
    assert not page.evaluate(
        "(parts) => [...document.querySelectorAll(parts)].filter((b) => b.checkVisibility()).length", OFF_PAPER
    )
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PAPER["width"]
    page.evaluate((assets.path("axe-core") / "axe.min.js").read_text(encoding="utf-8"))
    rule = {"runOnly": ["color-contrast"]}
    found = page.evaluate("(o) => axe.run(o).then((r) => r.violations.flatMap((v) => v.nodes.map((n) => n.html)))", rule)
    page.emulate_media(media="screen")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    assert not found, "pale on white paper:\n" + "\n".join(found[:5])
    assert not printed.faults


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_prints_to_full_pages_in_light(printed: Visitor, name: str) -> None:
    page = printed.open(f"chapters/{name}.html")
    with_theme = "document.documentElement.dataset.theme"
    page.evaluate(f"addEventListener('beforeprint', () => (window.printed = {with_theme}))")
    margin = dict.fromkeys(("top", "right", "bottom", "left"), "20mm")
    pages = PdfReader(BytesIO(page.pdf(format="A4", margin=margin))).pages
    assert page.evaluate("window.printed") == "light" and page.evaluate(with_theme) == "dark"
    assert 10 < len(pages) < 80
    gaps = {i: gap for i, paper in enumerate(pages[:-1], start=1) if (gap := _gap(paper)) > HIGHEST_FIGURE}
    assert not gaps, f"pages that end early, with the part of each that is empty: {gaps}"


def _gap(paper: PageObject) -> float:
    """Return how much of a page's height lies free between its lowest text and its margin."""
    heights = []

    def visit(text: str, outer: list[float], inner: list[float], font: object, size: float) -> None:
        if text.strip():
            heights.append(outer[1] * inner[4] + outer[3] * inner[5] + outer[5])

    paper.extract_text(visitor_text=visit)
    return min(heights) / float(paper.mediabox.height) - 20 / 297


@pytest.mark.parametrize("name", ["index", "03_multilingual_tokens", "token_playground", "model_playground", "claims"])
def test_nothing_moves_for_readers_who_asked_for_stillness(reader: Visitor, name: str) -> None:
    page = reader.open(f"chapters/{name}.html")
    assert page.evaluate(MOVING), "without the wish something moves, so the test sees it"
    page.emulate_media(reduced_motion="reduce")
    assert not page.evaluate(MOVING)
