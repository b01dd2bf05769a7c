"""Diagrams are drawn ahead of time, by their words; what is not drawn yet is drawn by the reader's browser."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from sphinxcontrib.mermaid import mermaid

from helpers import assets
from theme import diagrams
from tools import browser, site
from tools import diagrams as tool

WORDS = "flowchart LR\n a --> b"


@pytest.fixture
def doctree() -> nodes.document:
    """A page with one diagram."""
    page = nodes.document(None, None)  # type: ignore[arg-type]
    page += mermaid("", code=f"\n{WORDS}\n", alt='From "a" to b.')
    return page


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for drawings."""
    monkeypatch.setattr(diagrams, "DRAWN", tmp_path / "drawn")
    monkeypatch.setattr(tool, "DRAWN", tmp_path / "drawn")
    (tmp_path / "drawn").mkdir()
    return tmp_path / "drawn"


def test_what_is_drawn_is_shown_and_the_rest_waits(drawn: Path, doctree: nodes.document, tmp_path: Path) -> None:
    app = SimpleNamespace(config=SimpleNamespace(mermaid_init_config={}), outdir=tmp_path / "built")
    name, words = diagrams.digest(WORDS, {}), 'role="img" aria-label="From &quot;a&quot; to b."'
    waiting = doctree.deepcopy()
    diagrams.place(app, waiting, "page")
    assert waiting.astext().startswith(f'<div {words} data-diagram="{name}">') and waiting.next_node(mermaid)
    assert (tmp_path / "built" / "_static" / "mermaid" / "mermaid.esm.min.mjs").is_file()
    (drawn / f"{name}.svg").write_text('<svg id="a" width="690.5" height="3"></svg>')
    diagrams.place(app, doctree, "page")
    assert doctree.astext().startswith(f'<div class="mermaid" {words} style="--width: 690.5px"><svg')
    assert not doctree.next_node(mermaid)


def test_a_drawing_is_of_its_words_settings_and_version(monkeypatch: pytest.MonkeyPatch) -> None:
    name = diagrams.digest(WORDS, {"theme": "neutral"})
    assert name == diagrams.digest(f"\n{WORDS}\n", {"theme": "neutral"})
    assert name != diagrams.digest(WORDS + " ", {"theme": "dark"}) and name != diagrams.digest("flowchart", {})
    monkeypatch.setitem(assets.ASSETS, "mermaid", assets.ASSETS["mathjax"])
    assert name != diagrams.digest(WORDS, {"theme": "neutral"})


def test_ids_stay_and_places_are_rounded() -> None:
    drawing = '<svg width="3.14159" id="mermaid-17"><style>#mermaid-17 a{}</style><g id="mermaid-17-x"></g></svg>'
    assert tool.tidy(drawing, "n") == (
        '<svg width="3.14" id="diagram-n"><style>#diagram-n a{}</style><g id="diagram-n-x"></g></svg>\n'
    )
    with pytest.raises(ValueError, match="drawing='<svg></svg>'"):
        tool.tidy("<svg></svg>", "n")


def test_drawings_that_no_page_shows_are_removed(drawn: Path, tmp_path: Path) -> None:
    for name in ("old", "shown", "waits"):
        (drawn / f"{name}.svg").write_text("")
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "one.html").write_text('<svg id="diagram-shown"></svg><pre data-diagram="waits"></pre>')
    assert tool.forget(tmp_path) == ["old"]


def test_without_a_site_or_a_browser_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="run `make book` first"):
        tool.draw(tmp_path)
    (tmp_path / "chapters").mkdir()
    monkeypatch.setattr(browser, "find_chromium", lambda: None)
    with pytest.raises(SystemExit, match="no Chromium"):
        tool.draw(tmp_path)


def test_all_diagrams_of_the_book_are_drawn_and_no_others() -> None:
    built = site.build_site().parent
    pages = " ".join(page.read_text(encoding="utf-8") for page in built.glob("chapters/**/*.html"))
    assert diagrams.WAITS not in pages, "a diagram is new or has changed; run `make diagrams` and commit what it draws"
    names = [file.stem for file in diagrams.DRAWN.glob("*.svg")]
    assert names and all(f"diagram-{name}" in pages for name in names), "run `make diagrams`: a drawing is not shown"
    assert not (built / "_static" / "mermaid").exists()
