"""What is taken out of a page, and what must stay as it was."""

from pathlib import Path

from theme.code import lighten, plain
from theme.pages import clean, round_drawings, size_figures

HEAD = (
    '<head><meta charset="utf-8"><script src="../_static/documentation_options.js"></script>'
    '<script src="../_static/doctools.js?v=1"></script><script src="../_static/searchtools.js"></script>'
    '<script src="../_static/language_data.js"></script><script src="../searchindex.js"></script></head>'
)


def test_scripts_of_the_search_are_on_its_page_alone(tmp_path: Path) -> None:
    for name in ("search.html", "one.html"):
        (tmp_path / name).write_text(f"<html>{HEAD}<body></body></html>")
        clean(tmp_path / name)
    search, one = ((tmp_path / name).read_text() for name in ("search.html", "one.html"))
    assert search.count("<script src=") == 5 and one.count("<script src=") == 2


def test_tabs_have_their_script_where_they_are(tmp_path: Path) -> None:
    tabs = '<script defer data-sd-tabs-storage-prefix="x" src="../_static/design-tabs.js?v=1"></script>'
    for name, body in (("with", '<div class="sd-tab-set"></div>'), ("without", "")):
        (tmp_path / f"{name}.html").write_text(f"<html><head>{tabs}</head><body>{body}</body></html>")
        clean(tmp_path / f"{name}.html")
    assert tabs in (tmp_path / "with.html").read_text()
    assert "design-tabs" not in (tmp_path / "without.html").read_text()


def test_places_are_rounded_and_words_are_not() -> None:
    figure = (
        '<p>0.12345</p><svg aria-label="from 0.12345"><path d="M 1.23456 7.5\nL 10.00001 2"/>'
        '<text x="3.14159" transform="rotate(45.6789)">2.71828</text></svg><p>x="1.2345"</p>'
    )
    assert round_drawings(figure) == (
        '<p>0.12345</p><svg aria-label="from 0.12345"><path d="M 1.23 7.5\nL 10.00 2"/>'
        '<text x="3.14" transform="rotate(45.67)">2.71828</text></svg><p>x="1.2345"</p>'
    )


def test_a_figure_says_its_shape() -> None:
    head = '<figure class="plot" style="a:b"><figcaption>A <b>title</b></figcaption>'
    figure = f'{head}<svg viewBox="0 0 300 150.5" style="width:100%">'
    assert size_figures(figure).endswith('style="aspect-ratio:300/150.5;width:100%">')
    for other in ('<svg viewBox="0 0 3 4" style="">', '<figure class="plot"><svg style="a:b">'):
        assert size_figures(other) == other


def test_words_of_code_without_a_colour_get_no_element() -> None:
    styles = ("a11y-high-contrast-light", "a11y-high-contrast-dark")
    code = '<span class="k">if</span> <span class="n">a</span><span class="p">:</span>\n<span class="mi">1</span>\n'
    body = f'<p><span class="n">prose</span></p><div class="highlight"><pre><span></span>{code}</pre></div>'
    assert lighten(body, styles) == (
        '<p><span class="n">prose</span></p><div class="highlight"><pre style="--lines: 2">'
        '<span class="k">if</span> a:\n<span class="mi">1</span>\n</pre></div>'
    )
    assert {"n", "p", "w"} <= plain(styles) and not {"k", "mi", "s2", "c1"} & plain(styles)
