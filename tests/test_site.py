"""The built site as its readers meet it: every page in light, in dark and on a phone, its links, search and parts."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urljoin, urlparse

import pytest
from lxml import html

from tests.browser import VIEWS, Visitor, violations
from tools import site
from tools.browser import serve
from tools.execute import key

REPOSITORY = Path(__file__).resolve().parents[1]
ROOT = Path(os.environ.get("SITE_ROOT", REPOSITORY))  # another checkout can be looked at
PAGES = [f"{name}.html" for name in site.pages(ROOT)]
COLOURS = ("color-contrast", "link-in-text-block")


@pytest.fixture(scope="session")
def built() -> Path:
    """Folder of the published site, brought up to date first; nothing is executed here."""
    return site.build_site(ROOT).parent


@pytest.fixture(scope="session")
def address(built: Path) -> Iterator[str]:
    """Where the site is served."""
    with serve(built) as address:
        yield address


@pytest.fixture(scope="session", params=VIEWS)
def visitor(request: pytest.FixtureRequest, browser, address: str) -> Iterator[Visitor]:
    """A window in light, in dark and of a phone's width."""
    visitor = Visitor(browser, address, request.param)
    yield visitor
    visitor.context.close()


@pytest.fixture(scope="session")
def reader(browser, address: str) -> Iterator[Visitor]:
    """A light window of full width."""
    reader = Visitor(browser, address, "light")
    yield reader
    reader.context.close()


@pytest.fixture
def parsed(built: Path):
    """Give a page as a tree, parsed once."""
    return lambda name: _parsed(built / name)


@cache
def _parsed(file: Path) -> html.HtmlElement:
    return html.fromstring(file.read_bytes())


@pytest.mark.parametrize("name", PAGES)
def test_page_is_whole(visitor: Visitor, name: str) -> None:
    page = visitor.open(name)
    page.emulate_media(reduced_motion="reduce")  # what opens is open at once
    visitor.lay_out()
    assert not visitor.faults
    assert page.evaluate("document.documentElement.dataset.theme") == ("dark" if visitor.scheme == "dark" else "light")
    widths = page.evaluate("[document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]")
    assert widths[0] <= widths[1], f"scrolls sideways: {widths[0]} > {widths[1]} px; widest: {_widest(page)}"
    assert not page.evaluate("[...document.images].filter((i) => !i.complete || !i.naturalWidth).map((i) => i.src)")
    assert not page.evaluate("[...document.fonts].filter((font) => font.status === 'error').map((font) => font.family)")
    assert "error in text" not in " ".join(page.locator(".mermaid").all_text_contents()).lower()
    if visitor.view == "light":  # all that is here closed is there open too; one view is enough for what closes it
        _assert_accessible(page)
    page.evaluate("for (const box of document.querySelectorAll('details')) box.open = true")
    page.evaluate("for (const button of document.querySelectorAll('.toggle-button')) button.click()")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")  # it is drawn
    widths = page.evaluate("[document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]")
    assert widths[0] <= widths[1], f"scrolls sideways when all is open: {widths[0]} > {widths[1]} px; {_widest(page)}"
    _assert_accessible(page, *(COLOURS if visitor.view == "dark" else ()))  # nothing else differs from light
    assert not visitor.faults


@pytest.mark.parametrize("name", ["chapters/index.html", "chapters/08_sampling.html", "chapters/token_playground.html"])
def test_menus_are_accessible_when_they_are_open(visitor: Visitor, name: str) -> None:
    page = visitor.open(name)
    visitor.lay_out()
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog").wait_for(state="visible")
    _assert_accessible(page)
    page.keyboard.press("Escape")
    for button in page.locator(".article-header-buttons .dropdown-toggle:visible").all():
        button.click()
        page.locator(".dropdown-menu.show").wait_for(state="visible")
        _assert_accessible(page)
        button.click()
    for side in ("primary", "secondary"):
        if page.locator(f"button.{side}-toggle:visible").count() and page.viewport_size["width"] < 600:
            page.locator(f"button.{side}-toggle:visible").first.click()
            page.locator(f"#pst-{side}-sidebar-modal").wait_for(state="visible")
            _assert_accessible(page)
            page.keyboard.press("Escape")


def _assert_accessible(page, *rules: str) -> None:
    found = violations(page, *rules)
    assert not found, "\n".join(found)


def _widest(page) -> list[str]:
    return page.evaluate(
        """() => [...document.querySelectorAll("article *")]
             .filter((box) => box.getBoundingClientRect().right > innerWidth)
             .filter((box) => !box.parentElement.closest(".table-scroll, pre, svg"))
             .slice(0, 3).map((box) => box.outerHTML.slice(0, 120))"""
    )


@pytest.mark.parametrize("name", PAGES)
def test_page_says_what_it_is(parsed, name: str) -> None:
    page = parsed(name)
    assert page.get("lang") == "en"
    assert page.findtext(".//title").strip()
    assert len(page.xpath("//meta[@name='description']/@content")) == 1
    assert len(page.xpath("//article//h1")) == 1
    assert not [image.get("src") for image in page.xpath("//img") if image.get("alt") is None]
    figures = page.xpath("//figure//*[local-name()='svg']")
    assert all(figure.get("role") == "img" and figure.get("aria-label", "").strip() for figure in figures)
    assert all(diagram.get("aria-label") for diagram in page.xpath("//*[contains(@class, 'mermaid')]"))
    repeated = [name for name, count in Counter(page.xpath("//article//@id")).items() if count > 1]
    assert not repeated, f"ids that occur twice: {repeated}"


def test_folded_code_that_shows_nothing_is_under_the_button_of_the_next(parsed) -> None:
    folded = "div[contains(@class, 'tag_hide-input')]"
    joined = 0
    for name in PAGES:
        cells = parsed(name).xpath(f"//article//{folded}[not(.//div[contains(@class, 'cell_output')])]")
        assert not [cell.text_content()[:200] for cell in cells if cell.xpath(f"following-sibling::*[1][self::{folded}]")]
        joined += len(parsed(name).xpath(f"//{folded}/details[count(.//pre) > 1]"))
    assert joined > 10, "chapters have such cells"


@pytest.mark.parametrize("name", [*PAGES, "search.html", "genindex.html", "index.html"])
def test_links_lead_somewhere_and_nothing_is_loaded_from_elsewhere(built: Path, parsed, name: str) -> None:
    page, broken = parsed(name), []
    loaded = page.xpath("//script/@src | //link/@href | //img/@src | //source/@src | //iframe/@src")
    assert not [source for source in loaded if urlparse(source).netloc]
    for link in {*page.xpath("//a/@href"), *loaded}:
        target = urlparse(urljoin(f"http://site/{name}", link))
        if target.netloc != "site" or target.scheme not in ("http", "https"):
            continue
        file = built / unquote(target.path).lstrip("/")
        if not file.is_file():
            broken.append(link)
        elif target.fragment and file.suffix == ".html":
            anchor = unquote(target.fragment)
            if not parsed(file.relative_to(built).as_posix()).xpath("//*[@id=$anchor or @name=$anchor]", anchor=anchor):
                broken.append(link)
    assert not broken


def test_styles_load_nothing_from_elsewhere(built: Path) -> None:
    wanted = re.compile(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)\"']*")
    styles = {file.name: wanted.findall(file.read_text(encoding="utf-8")) for file in built.rglob("*.css")}
    assert not {name: found for name, found in styles.items() if found}


def test_formulas_and_diagrams_are_drawn_and_nothing_is_loaded_for_them(parsed) -> None:
    n_formulas = 0
    for name in PAGES:
        page = parsed(name)
        scripts = " ".join([*page.xpath("//script/@src"), *page.xpath("//script[@type='module']/text()")])
        formulas = page.xpath("//*[contains(concat(' ', @class, ' '), ' math ')]")
        n_formulas += len(formulas)
        assert all(formula.xpath(".//mjx-container/*[local-name()='svg']") for formula in formulas), name
        assert bool(formulas) == bool(page.xpath("//link[contains(@href, 'formulas.css')]")), name
        assert "mathjax" not in scripts.lower(), name
        assert "mermaid" not in scripts, name
        assert "fontawesome.js" not in scripts
        assert "thebe" not in scripts
    assert n_formulas > 100


def test_colours_are_there_before_any_script_of_the_theme(browser, address: str) -> None:
    for scheme, chosen, expected in (("dark", None, "dark"), ("light", None, "light"), ("light", "dark", "dark")):
        with browser.new_context(color_scheme=scheme) as context:
            context.add_init_script(f"localStorage.setItem('mode', '{chosen or 'auto'}')")
            context.route("**/all.js*", lambda route: route.abort())
            page = context.new_page()
            page.goto(address + PAGES[0])
            assert page.evaluate("document.documentElement.dataset.theme") == expected


def test_search_finds_a_word(reader: Visitor) -> None:
    page = reader.open("search.html?q=vocabulary")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    found = page.locator("#search-results li a").evaluate_all("links => links.map((link) => link.href)")
    assert any("glossary.html" in link for link in found)
    assert not reader.faults


def test_the_bundle_has_the_colours_of_code(built: Path) -> None:
    style = (built / "_static" / "all.css").read_text(encoding="utf-8")
    assert all(f'html[data-theme="{theme}"] .highlight .k{{color: #' in style for theme in ("light", "dark"))


def test_theme_can_be_chosen(reader: Visitor) -> None:
    page, seen = reader.open(PAGES[0]), set()
    for _ in range(3):
        page.locator(".theme-switch-button:visible").first.click()
        seen.add(page.evaluate("document.documentElement.dataset.theme"))
    assert seen == {"light", "dark"}
    assert not reader.faults
    page.evaluate("localStorage.clear()")


def test_solution_opens_by_keyboard(reader: Visitor, parsed) -> None:
    pages = [name for name in PAGES if parsed(name).xpath("//div[contains(@class, 'solution dropdown')]")]
    assert pages, "no page has a folded solution"
    for name in pages:
        page = reader.open(name)
        page.wait_for_selector(".solution.dropdown .toggle-button")
        solution = page.locator(".solution.dropdown").first
        content = solution.locator(":scope > :not(.admonition-title)").first
        assert not content.is_visible()
        solution.locator(".toggle-button").focus()
        page.keyboard.press("Enter")
        assert content.is_visible()


def test_each_answer_of_a_quiz_has_its_reason(reader: Visitor, parsed) -> None:
    pages = [name for name in PAGES if parsed(name).xpath("//*[contains(concat(' ', @class, ' '), ' quiz ')]")]
    assert pages, "no page has a quiz"
    for name in pages:
        for quiz in parsed(name).xpath("//div[contains(concat(' ', @class, ' '), ' quiz ')]"):
            answers = quiz.xpath(".//details")
            classes = [answer.get("class").split() for answer in answers]
            right, wrong = (sum(verdict in words for words in classes) for verdict in ("right", "wrong"))
            assert right >= 1 and right + wrong == len(answers), name
            assert all("".join(answer.xpath("./div//text()")).strip() for answer in answers), name
        page = reader.open(name)
        first = page.locator(".quiz details").first
        first.locator("summary").focus()
        page.keyboard.press("Enter")
        assert first.evaluate("details => details.open")
        assert first.locator(".sd-summary-content").is_visible()


def test_ledger_lists_every_claim_and_filters(reader: Visitor, parsed) -> None:
    cards = [id for name in PAGES for id in parsed(name).xpath("//div[@class='claim']/@id")]
    assert cards, "no page makes a claim"
    page = reader.open("chapters/claims.html")
    lines = page.locator("#ledger tbody tr[id]").evaluate_all("rows => rows.map((row) => row.id)")
    assert sorted(lines) == sorted(card.replace("claim-", "ledger-", 1) for card in cards)
    wanted = cards[-1].removeprefix("claim-")
    page.get_by_label("Filter the findings").fill(wanted)
    visible = page.locator("#ledger tbody tr[id]:visible").evaluate_all("rows => rows.map((row) => row.id)")
    assert f"ledger-{wanted}" in visible
    page.get_by_label("Filter the findings").fill("no claim says this")
    assert page.locator("#ledger tbody tr[id]:visible").count() == 0
    assert page.locator(".ledger-shown").inner_text().startswith("0 of")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A checkout of one page, with the book's own theme and helpers."""
    for name in ("theme", "helpers", "_config.yml", "references.bib"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: chapters/index\n")
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "index.md").write_text("# A small book\n\nIts only page.\n")
    return tmp_path


def _add_notebook(root: Path, source: str, executed: bool = True) -> None:
    (root / "_toc.yml").write_text("format: jb-book\nroot: chapters/index\nchapters:\n- file: chapters/one\n")
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
    title = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": "# One"}
    language = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    book = {"cells": [title, cell], "metadata": language, "nbformat": 4, "nbformat_minor": 5}
    (root / "chapters" / "one.ipynb").write_text(json.dumps(book))
    if executed:
        (root / "_build" / "executed").mkdir(parents=True)
        book["metadata"] = language | {"run": {"key": key(root / "chapters" / "one.ipynb")}}
        (root / "_build" / "executed" / "one.ipynb").write_text(json.dumps(book))


def test_missing_page_is_refused(small: Path) -> None:
    (small / "_toc.yml").write_text("format: jb-book\nroot: chapters/index\nchapters:\n- file: chapters/nowhere\n")
    with pytest.raises(site.SiteError, match="_toc.yml names chapters/nowhere"):
        site.build_site(small)


def test_notebook_without_executed_copy_is_refused(small: Path) -> None:
    _add_notebook(small, "1 + 1", executed=False)
    with pytest.raises(site.SiteError, match="chapters/one.ipynb has no executed copy"):
        site.build_site(small)


def test_notebook_that_changed_since_it_was_executed_is_refused(small: Path) -> None:
    _add_notebook(small, "1 + 1")
    notebook = small / "chapters" / "one.ipynb"
    notebook.write_text(notebook.read_text().replace("1 + 1", "1 + 2"))
    with pytest.raises(site.SiteError, match="has changed since it was executed"):
        site.build_site(small)


def test_notebook_whose_surroundings_changed_is_refused(small: Path) -> None:
    _add_notebook(small, "1 + 1")
    copy = small / "_build" / "executed" / "one.ipynb"
    copy.write_text(copy.read_text().replace(key(small / "chapters" / "one.ipynb"), "another key"))
    with pytest.raises(site.SiteError, match="chapters/one.ipynb, or what it needs, has changed"):
        site.build_site(small)


def test_a_formula_is_set_and_one_that_cannot_be_is_refused(small: Path) -> None:
    index = small / "chapters" / "index.md"
    index.write_text("# A small book\n\nSay $a < b$ or\n\n$$\n\\frac{a}{b}\n$$ (part)\n\nand {eq}`part`.\n")
    page = html.fromstring((site.build_site(small).parent / "chapters" / "index.html").read_bytes())
    inline, display = page.xpath("//mjx-container")
    assert inline.xpath("ancestor::p") and display.get("display") == "true" and display.xpath(".//mfrac")
    assert page.xpath("//div[contains(@class, 'math')]//span[@class='eqno']/text()") == ["(1)"]
    assert page.xpath("//link[contains(@href, 'formulas.css')]") and not page.xpath("//script[contains(@src, 'mathjax')]")
    index.write_text("# A small book\n\nSay $\\frac{1}$.\n")
    with pytest.raises(site.SiteError, match=r"chapters/index.html: the formula .* can't be set: Missing argument"):
        site.build_site(small)


def test_only_a_whole_site_is_published(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = small / "chapters" / "index.md"
    page = site.build_site(small)
    shown = (page.parent / "chapters" / "index.html").read_text()
    assert "Its only page." in shown
    monkeypatch.setattr(site, "run_sphinx", lambda root, build: pytest.fail("built again without a change"))
    assert site.build_site(small) == page
    monkeypatch.undo()

    index.write_text("# A small book\n\nA wrong page, with {claim}`no-such-claim`.\n")
    for _ in range(2):  # a warning is not forgotten by an incremental build
        with pytest.raises(site.SiteError, match="no-such-claim"):
            site.build_site(small)
        assert (page.parent / "chapters" / "index.html").read_text() == shown
        assert site.outdated(small) == ["chapters/index"]

    index.write_text("# A small book\n\nMended.\n")
    _add_notebook(small, "1 + 1")
    assert "Mended." in (site.build_site(small).parent / "chapters" / "index.html").read_text()
    assert (page.parent / "chapters" / "one.html").exists() and site.outdated(small) == []

    notebook = small / "chapters" / "one.ipynb"
    notebook.write_text(notebook.read_text().replace("1 + 1", "1 / 0"))
    assert site.outdated(small) == ["chapters/one"], "it has not run in this form"

    (small / "_toc.yml").write_text("format: jb-book\nroot: chapters/index\n")
    assert not (site.build_site(small).parent / "chapters" / "one.html").exists(), "a page that is gone was published"
