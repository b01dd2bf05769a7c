"""Small sites for the tests of pages without a kernel: one page of the book, and stubs of what it links to."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.browser import Visitor, violations
from tools import site

REPOSITORY = Path(__file__).resolve().parents[1]
ALWAYS = ("glossary", "bibliography")


def checkout(root: Path, page: str, stubs: Mapping[str, str], more: tuple[str, ...] = ()) -> Path:
    """Make a checkout that holds one page of `chapters`, what every site has, and stubs.

    Args:
        root: an empty folder.
        page: stem of the page that is tested.
        stubs: stem -> title of the pages that say nothing more; `index` is the first page.
        more: stems of pages that the test writes itself.
    """
    chapters = root / "chapters"
    chapters.mkdir()
    for name in ("theme", "helpers", "_config.yml", "references.bib"):
        (root / name).symlink_to(REPOSITORY / name)
    for name in (page, *ALWAYS):
        shutil.copy(REPOSITORY / "chapters" / f"{name}.md", chapters)
    for name, title in stubs.items():
        (chapters / f"{name}.md").write_text(f"# {title}\n\nNothing more.\n")
    listed = [page, *more, *(name for name in stubs if name != "index"), *ALWAYS]
    toc = "format: jb-book\nroot: chapters/index\nchapters:\n" + "".join(f"- file: chapters/{name}\n" for name in listed)
    (root / "_toc.yml").write_text(toc)
    return root


def build(root: Path) -> Path:
    """Folder of the built site of a checkout."""
    return site.build_site(root).parent


def assert_whole(visitor: Visitor) -> None:
    """Nothing went wrong on the page that is open, it does not scroll sideways, and axe-core finds no violation."""
    assert not visitor.faults
    widths = visitor.page.evaluate("[document.scrollingElement.scrollWidth, document.scrollingElement.clientWidth]")
    assert widths[0] <= widths[1], f"scrolls sideways: {widths[0]} > {widths[1]} px"
    found = violations(visitor.page)
    assert not found, "\n".join(found)


def assert_needs_script(browser, address: str, page: str) -> None:
    """Without script a page says what it needs, and hides its form."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(address + page)
    assert tab.locator(".playground-needs").is_visible() and not tab.locator(".playground form").is_visible()
    context.close()


def pages_with(built: Path, script: str) -> list[str]:
    """Names of the pages that load a script of `parts`."""
    pages = sorted((built / "chapters").glob("*.html"))
    return [page.name for page in pages if f"parts/{script}" in page.read_text(encoding="utf-8")]


def assert_plain(form: str) -> None:
    """No script and no handler stands in a form."""
    form = form.lower()
    assert "<script" not in form and not [word for word in form.split() if word.startswith("on") and "=" in word]


def assert_named(page, name: str, label: str, typed: str, words: str) -> None:
    """What is typed into a field hides the form's result and says the words; what stood there before shows it again.

    Args:
        page: an open page.
        name: the form's, before `-state` and `-result` in the ids of its parts.
        label: the field's.
        typed: what the field does not take.
        words: what the form says then.
    """
    state, result, field = page.locator(f"#{name}-state"), page.locator(f"#{name}-result"), page.get_by_label(label)
    before = field.input_value()
    field.fill(typed)
    assert state.text_content() == words and result.is_hidden() and field.get_attribute("aria-invalid") == "true"
    field.fill(before)
    assert state.text_content() == "" and result.is_visible() and field.get_attribute("aria-invalid") is None
