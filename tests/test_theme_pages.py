"""What is taken out of a page, and what must stay as it was."""

import pytest

from theme.fast.pages import dull_words, lighten

HEAD = (
    '<script src="../_static/doctools.js?v=1"></script><script src="../_static/searchtools.js"></script>'
    '<script src="../_static/language_data.js"></script><script src="../searchindex.js"></script>'
    '<script defer data-sd-tabs-storage-prefix="x" src="../_static/design-tabs.js?v=1"></script>'
    '<script src="../_static/scripts/fontawesome.js?digest=1"></script>'
    '<script type="module">const a = "b";</script><script type="module">\nimport mermaid from "x";\n</script>'
)
STYLE = """html[data-theme="light"] .highlight { background: #fefefe; color: #080808 }
html[data-theme="light"] .highlight .hll { background-color: #fae4c2 }
html[data-theme="light"] .highlight .k { color: #6730C5 } /* Keyword */
html[data-theme="light"] .highlight .n { color: #080808 } /* Name */
html[data-theme="light"] .highlight .p { color: #080808 }
html[data-theme="dark"] .highlight { background: #2b2b2b; color: #F8F8F2 }
html[data-theme="dark"] .highlight .n { color: #F8F8F2 }
html[data-theme="dark"] .highlight .p { color: #123456 }
"""


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("", {"doctools"}),
        ('<div id="search-results"></div>', {"doctools", "searchtools", "language_data", "searchindex"}),
        ('<div class="sd-tab-set"></div>', {"doctools", "design-tabs"}),
        ('<div data-diagram="x"></div>', {"doctools", "import mermaid"}),
    ],
)
def test_scripts_are_on_the_pages_that_use_them(body: str, kept: set[str]) -> None:
    names = {"doctools", "searchtools", "language_data", "searchindex", "design-tabs", "fontawesome", "import mermaid"}
    page = lighten(f"<html><head>{HEAD}</head><body>{body}</body></html>", frozenset())
    assert {name for name in names if name in page} == kept and 'const a = "b"' in page


def test_places_are_rounded_and_words_are_not() -> None:
    figure = (
        '<p>0.12345</p><svg aria-label="from 0.12345"><path d="M 1.23456 7.5\nL 10.00001 2"/>'
        '<text x="3.14159" transform="rotate(45.6789)">2.71828</text></svg><p>x="1.2345"</p>'
    )
    assert lighten(figure, frozenset()) == (
        '<p>0.12345</p><svg aria-label="from 0.12345"><path d="M 1.23 7.5\nL 10.00 2"/>'
        '<text x="3.14" transform="rotate(45.67)">2.71828</text></svg><p>x="1.2345"</p>'
    )


def test_a_figure_says_its_shape() -> None:
    head = '<figure class="plot" style="a:b"><figcaption>A <b>title</b></figcaption>'
    figure = f'{head}<svg viewBox="0 0 300 150.5" style="width:100%">'
    assert lighten(figure, frozenset()).endswith('style="aspect-ratio:300/150.5;width:100%">')
    for other in ('<svg viewBox="0 0 3 4" style="">', '<figure class="plot"><svg style="a:b">'):
        assert lighten(other, frozenset()) == other


def test_a_figure_keeps_the_names_that_it_calls_and_the_space_between_words() -> None:
    sheet = '<defs>\n <style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style>\n</defs>'
    figure = (
        '<figure class="plot"><figcaption>A <b>bold</b> <i>title</i></figcaption><svg>\n{}\n<g id="a"{}>\n <path id="b"/>\n'
        " <text><tspan>two</tspan>\n<tspan>words</tspan></text></g>\n</svg></figure>"
    )
    light = lighten(figure.format(sheet, ' clip-path="url(#b)"'), frozenset())
    assert light == (
        '<figure class="plot"><figcaption>A <b>bold</b> <i>title</i></figcaption><svg><g clip-path="url(#b)"><path id="b"/>'
        "<text><tspan>two</tspan>\n<tspan>words</tspan></text></g></svg></figure>"
    )


def test_words_of_code_without_a_colour_get_no_element() -> None:
    dull = dull_words(STYLE)
    assert dull == {"n"}, "what has a colour in light or in dark keeps it"
    code = '<span class="k">if</span> <span class="n">a</span><span class="p">:</span>\n<span class="mi">1</span>\n'
    body = f'<p><span class="n">prose</span></p><div class="highlight"><pre><span></span>{code}</pre></div>'
    assert lighten(body, dull) == (
        '<p><span class="n">prose</span></p><div class="highlight"><pre style="--lines: 2">'
        '<span class="k">if</span> a<span class="p">:</span>\n<span class="mi">1</span>\n</pre></div>'
    )
