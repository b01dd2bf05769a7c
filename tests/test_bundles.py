"""The styles and scripts of every page are in two files, which hold what theirs held and find what they load."""

from pathlib import Path

import pydata_sphinx_theme
import pytest

from theme import bundles

HEAD = """<html><head>
    <link href="{root}_static/styles/theme.css?digest=1" rel="stylesheet" />
<link rel="stylesheet" type="text/css" href="{root}_static/book.css?v=2" />
    <link rel="stylesheet" href="{root}_static/formulas.css" />
    <link rel="preload" as="script" href="{root}_static/scripts/bootstrap.js?digest=1" />
    <script src="{root}_static/documentation_options.js?v=1"></script>
    <script src="{root}_static/doctools.js?v=1"></script>
    <script src="{root}_static/other.js"></script>
    <script type="module" src="{root}_static/book.js"></script>
</head><body><script defer src="{root}_static/scripts/bootstrap.js?digest=1"></script></body></html>"""


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A site of three pages with all files of the bundles."""
    static = tmp_path / "_static"
    for name in (*bundles.STYLES, *bundles.SCRIPTS, bundles.OPTIONS):
        file = static / name.replace("*", "abc")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"/* {name} */\n")
    (static / "styles" / "theme.css").write_text(
        '@charset "UTF-8";@import "../basic.css";a{b:url(../vendor/x.woff2)} c{d:url("data:x")}'
    )
    (static / bundles.SCRIPTS[0]).write_text(f'"use strict";/* {bundles.SCRIPTS[0]} */')
    (static / bundles.OPTIONS).write_text("const DOCUMENTATION_OPTIONS = {};\n")
    (tmp_path / "chapters").mkdir()
    for name in ("chapters/one", "search"):
        (tmp_path / f"{name}.html").write_text(HEAD.format(root="../" * name.count("/")))
    (tmp_path / "_static" / "piece.html").write_text(HEAD.format(root=""))
    return tmp_path


def test_a_page_loads_the_bundles_and_what_is_its_own(output: Path) -> None:
    bundles.write(output)
    page = (output / "chapters" / "one.html").read_text()
    assert page.count('<link rel="stylesheet" href="../_static/all.css?v=') == 1
    assert page.count('<script defer src="../_static/all.js?v=') == 1
    assert "_static/formulas.css" in page and "_static/other.js" in page and 'type="module" src="../_static/book.js"' in page
    assert "theme.css" not in page and "bootstrap" not in page and "preload" not in page
    assert "<script>const DOCUMENTATION_OPTIONS = {};</script>" in page
    assert page.index("all.css") < page.index("formulas.css"), "the page's own style overrules"
    assert (output / "_static" / "piece.html").read_text() == HEAD.format(root="")


def test_scripts_of_the_search_page_stay_apart(output: Path) -> None:
    bundles.write(output)
    page = (output / "search.html").read_text()
    assert 'href="_static/all.css' in page and "all.js" not in page and "doctools.js" in page and "preload" in page


def test_a_bundle_has_every_file_in_order_and_finds_what_it_loads(output: Path) -> None:
    bundles.write(output)
    style, script = ((output / "_static" / name).read_text() for name in (bundles.STYLE, bundles.SCRIPT))
    assert 'a{b:url("vendor/x.woff2")} c{d:url("data:x")}' in style and "@" not in style
    assert not script.startswith(('"', "'")), "strict for one would be strict for all"
    for text, names in ((style, ("basic.css", *bundles.STYLES[2:])), (script, bundles.SCRIPTS)):
        places = [text.index(f"/* {name} */") for name in names]
        assert places == sorted(places)


def test_the_theme_no_longer_looks_at_every_box_of_code(output: Path) -> None:
    scripts = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static" / "scripts"
    theirs = (scripts / "pydata-sphinx-theme.js").read_text()
    assert theirs.count(bundles.LOOKED_AT) == 1, "the theme has changed: see what it does now with boxes that scroll"
    (output / "_static" / bundles.SCRIPTS[-1]).write_text(theirs)
    bundles.write(output)
    script = (output / "_static" / bundles.SCRIPT).read_text()
    assert bundles.LOOKED_AT not in script and '[":not(*)"].join(", ")' in script


def test_another_build_changes_nothing_but_what_has_changed(output: Path) -> None:
    bundles.write(output)
    first = (output / "chapters" / "one.html").read_text()
    bundles.write(output)
    assert (output / "chapters" / "one.html").read_text() == first
    (output / "_static" / "book.css").write_text("x{}")
    bundles.write(output)
    second = (output / "chapters" / "one.html").read_text()
    assert second != first and second.count("all.css?v=") == 1


@pytest.mark.parametrize("way", ['"other.css"', "url(../other.css)", "'other.css' screen"])
def test_a_style_that_would_be_loaded_from_elsewhere_is_named(way: str) -> None:
    with pytest.raises(ValueError, match=r"style='styles/theme.css' loads '(\.\./)?other.css'"):
        bundles.moved(f"@import {way};", "styles/theme.css")


def test_a_file_that_is_missing_is_named(output: Path) -> None:
    (output / "_static" / "book.js").unlink()
    with pytest.raises(FileNotFoundError, match=r"no file is called 'book.js'"):
        bundles.write(output)


@pytest.mark.parametrize(
    ("style", "name", "expected"),
    [
        ("a{b:url('c.svg')}", "styles/x.css", 'a{b:url("styles/c.svg")}'),
        ("a{b:url(#c)} d{e:url(/f)}", "styles/x.css", "a{b:url(#c)} d{e:url(/f)}"),
        ("/*# sourceMappingURL=x.css.map */", "x.css", ""),
    ],
)
def test_addresses_move_with_the_style(style: str, name: str, expected: str) -> None:
    assert bundles.moved(style, name) == expected
