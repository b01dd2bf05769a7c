"""The styles and scripts of every page are in two files, which hold what theirs held and find what they load."""

import re
from pathlib import Path

import pydata_sphinx_theme
import pytest

from theme.fast import bundles, styles
from theme.policy import sealed

PAGE = """<html><head>
    <link href="{root}_static/styles/theme.css?digest=1" rel="stylesheet" />
<link rel="stylesheet" type="text/css" href="{root}_static/book.css?v=2" />
    <link rel="stylesheet" href="{root}_static/formulas.css" />
    <script src="{root}_static/documentation_options.js?v=1"></script>
    <script src="{root}_static/doctools.js?v=1"></script>
    <script src="{root}_static/other.js"></script>
    <script type="module" src="{root}_static/book.js"></script>
</head><body><script defer src="{root}_static/scripts/bootstrap.js?digest=1"></script>{body}</body></html>"""


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A folder with all files of the bundles."""
    for name in (*bundles.STYLES, *bundles.SCRIPTS, bundles.OPTIONS):
        file = tmp_path / name.replace("*", "abc")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'x{{content:"{name}"}}\n' if name.endswith(".css") else f"/* {name} */\n")
    (tmp_path / "styles" / "theme.css").write_text(
        '@charset "UTF-8";@import "../basic.css";a{b:url(../vendor/x.woff2)} c{d:url("data:x")} e{f:url(#g)}'
    )
    (tmp_path / bundles.SCRIPTS[0]).write_text(f'"use strict";/* {bundles.SCRIPTS[0]} */')
    (tmp_path / bundles.OPTIONS).write_text("const DOCUMENTATION_OPTIONS = {};\n")
    return tmp_path


def test_a_page_loads_the_bundles_and_what_is_its_own(static: Path) -> None:
    page = bundles.link(PAGE.format(root="../", body=""), bundles.write(static, set()))
    assert page.count('<link rel="stylesheet" href="../_static/all.css?v=') == 1
    assert page.count('<script defer src="../_static/all.js?v=') == 1
    assert "_static/formulas.css" in page and "_static/other.js" in page and 'type="module" src="../_static/book.js"' in page
    assert "theme.css" not in page and "bootstrap" not in page
    assert "<script>const DOCUMENTATION_OPTIONS = {};</script>" in page
    assert page.rindex("all.css") < page.rindex("formulas.css"), "the page's own style overrules"


def test_what_is_fetched_stands_before_the_policy_and_every_inline_script(static: Path) -> None:
    page = sealed(bundles.link(PAGE.format(root="../", body=""), bundles.write(static, set())))
    places = [page.index(text) for text in ('as="style"', "<script defer", "Security-Policy", "<script>const")]
    assert places == sorted(places)
    assert page.index("<script>const") < page.index('rel="stylesheet"') < page.index("</head>"), "a script would wait for it"
    assert page.count("all.css") == page.count("formulas.css") == 2 and page.count("all.js") == 1


def test_a_part_asks_at_once_for_all_that_it_imports_and_for_what_it_opens_with(static: Path) -> None:
    (static / "parts").mkdir()
    scripts = {
        "form": 'import { a } from "./one.js";\nopenForm(at, form, "sizes.json", { begin });',
        "one": 'import { b, c } from "./two.js";\nimport { a } from "./form.js";',
        "two": "",
        "three": "",
    }
    for name, script in scripts.items():
        (static / "parts" / f"{name}.js").write_text(script)
    body = '<script type="module" src="../_static/parts/form.js?v=1"></script>'
    page = bundles.link(PAGE.format(root="../", body=body), bundles.write(static, set()))
    assert re.findall(r'<link rel="modulepreload" href="../_static/parts/(\w+)\.js">', page) == ["one", "two"]
    assert re.findall(r'as="fetch" crossorigin fetchpriority="low" href="../_static/parts/([^"]*)"', page) == ["sizes.json"]


def test_scripts_of_the_search_page_stay_apart(static: Path) -> None:
    page = bundles.link(PAGE.format(root="", body='<div id="search-results"></div>'), bundles.write(static, set()))
    assert 'href="_static/all.css' in page and "all.js" not in page and "doctools.js" in page


def test_a_bundle_has_every_file_in_order_and_finds_what_it_loads(static: Path) -> None:
    first = bundles.write(static, set())
    style, script = ((static / name).read_text() for name in (bundles.STYLE, bundles.SCRIPT))
    assert 'a{b:url("vendor/x.woff2")}\nc{d:url("data:x")}\ne{f:url(#g)}' in style and "@" not in style
    assert not script.startswith(('"', "'")), "strict for one would be strict for all"
    for text, names in ((style, ("basic.css", *bundles.STYLES[2:])), (script, bundles.SCRIPTS)):
        places = [text.index(name) for name in names]
        assert places == sorted(places)
    (static / "book.css").write_text("x{}")
    second = bundles.write(static, set())
    assert second.style != first.style and second.script == first.script, "a browser never takes an old one"


def test_the_theme_no_longer_looks_at_every_box_of_code(static: Path) -> None:
    scripts = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static" / "scripts"
    theirs = (scripts / "pydata-sphinx-theme.js").read_text()
    assert theirs.count(bundles.LOOKED_AT) == 1, "the theme has changed: see what it does now with boxes that scroll"
    (static / bundles.SCRIPTS[-1]).write_text(theirs)
    bundles.write(static, set())
    script = (static / bundles.SCRIPT).read_text()
    assert bundles.LOOKED_AT not in script and '[":not(*)"].join(", ")' in script


@pytest.mark.parametrize("way", ['"other.css"', "url(../other.css)", "'other.css' screen"])
def test_a_style_that_would_be_loaded_from_elsewhere_is_named(static: Path, way: str) -> None:
    (static / "styles" / "theme.css").write_text(f"@import {way};")
    with pytest.raises(ValueError, match=r"style='styles/theme.css' loads '(\.\./)?other.css'"):
        bundles.write(static, set())


def test_a_file_that_is_missing_is_named(static: Path) -> None:
    (static / "book.js").unlink()
    with pytest.raises(FileNotFoundError, match=r"no file is called 'book.js'"):
        bundles.write(static, set())


def test_rules_for_what_no_page_has_leave_the_style() -> None:
    style = """/* said */ a.seen, .gone > b { c: d } .gone { e: f } #here:not(.gone) { g: h } [class*="gone"] { i: j }
        @media (min-width: 9px) { .gone { k: l } .seen { m: n } } @media print { .gone { o: p } }
        .kind-index { q: r } :is(.gone, .seen) { s: t } @font-face { font-family: x } @keyframes gone { to { u: v } }"""
    kept = styles.purged(style, {"seen", "here", "kind-"})
    wanted = [
        "a.seen{c: d}", "#here:not(.gone){g: h}", '[class*="gone"]{i: j}', "@media (min-width: 9px) {.seen{m: n}}",
        ".kind-index{q: r}", ":is(.gone, .seen){s: t}", "@font-face { font-family: x }", "@keyframes gone { to { u: v } }",
    ]  # fmt: skip
    assert kept.split("\n") == wanted
