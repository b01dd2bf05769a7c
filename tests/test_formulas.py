"""Formulas are set when the site is built, as MathJax sets them; what it can't read stops the build."""

import pytest
from lxml import html

from theme.fast import formulas


def test_a_formula_is_a_drawing_and_mathml() -> None:
    tree = html.fromstring(formulas.formula(r"\frac{a}{b}"))
    (drawing,) = tree.xpath("//svg")
    assert drawing.get("aria-hidden") == "true" and drawing.xpath(".//path") and drawing.get("width").endswith("ex")
    assert [part.tag for part in tree.xpath("//math//*")] == ["mfrac", "mi", "mi"]
    assert tree.get("display") is None and not tree.xpath("//script")
    assert html.fromstring(formulas.formula("a", display=True)).get("display") == "true"


def test_packages_that_mathjax_loads_when_they_are_needed() -> None:
    drawn = formulas.formula(r"\boldsymbol{x} \quad \cancel{y}")
    assert "menclose" in drawn and not formulas.FAULT.search(drawn)


def test_formulas_in_a_page() -> None:
    body = r'<span class="math x">\(a &lt; b\)</span> <div class="math"><span class="eqno">(1)</span>\[\max(a, b)\]</div>'
    head = '<html data-content_root="../"><head></head>'
    page = formulas.set_page(f"{head}<body>{body}<code>\\(c\\)</code></body></html>")
    tree = html.fromstring(page)
    assert [box.get("display") for box in tree.xpath("//mjx-container")] == [None, "true"]
    assert "<mo>&lt;</mo>" in page and "<code>\\(c\\)</code>" in page and ">(1)<" in page
    assert tree.xpath("//head/link/@href") == ["../_static/formulas.css"]
    assert formulas.set_page(f"{head}<p>None.</p>") == f"{head}<p>None.</p>"
    with pytest.raises(formulas.FormulaError, match=r"frac.*Missing argument"):
        formulas.drawn_marks(r"\(\frac{1}\)")


def test_a_node_that_is_missing_or_stops_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    formulas.stop()
    monkeypatch.setattr(formulas, "SCRIPT", tmp_path / "none.js")
    with pytest.raises(formulas.FormulaError, match="MathJax stopped at the formula 'unheard'"):
        formulas.formula("unheard")
    formulas.stop()
    monkeypatch.setattr(formulas, "which", lambda *_, **__: None)
    with pytest.raises(formulas.FormulaError, match="node is neither on the PATH nor in"):
        formulas.formula("unheard")


def test_it_ends_and_begins_again() -> None:
    formulas.formula("first")
    process = formulas._node()
    formulas.stop()
    assert process.returncode == 0
    assert "<svg" in formulas.formula("second")
    formulas.stop()
