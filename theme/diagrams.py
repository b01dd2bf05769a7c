"""Diagrams, drawn by mermaid ahead of time: it is 0.3 MB of scripts, packed, and a second of work on a slow machine.

`make diagrams` draws those that are new in a browser and keeps them in `theme/diagrams`, by a digest of their words. One
that has not been drawn yet is drawn by the reader's browser.
"""

import hashlib
import html
import json
import re
from collections.abc import Iterable
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinxcontrib.mermaid import mermaid

from helpers import assets

logger = logging.getLogger(__name__)
DRAWN = Path(__file__).with_suffix("")
WORDS = re.compile(r'<pre\b[^>]*\bclass="mermaid"[^>]*>(.*?)</pre>', re.DOTALL)
WIDTH = re.compile(r'<svg\b[^>]*?\swidth="([\d.]+)"')
WAITS = "data-diagram="  # the mark of a diagram that the reader's browser has to draw


def place(body: str, doctree: nodes.document, config: dict, pagename: str) -> str:
    """The body of a page with its diagrams in it, each with the words of its `:alt:`; one without is a warning.

    Args:
        body: HTML, in which diagrams are still words.
        doctree: the page.
        config: what mermaid is told.
        pagename: for the warning.
    """
    described = [node.get("alt", "") for node in doctree.findall(mermaid)]
    if not all(described):
        logger.warning("a mermaid diagram has no :alt: that says what it shows", location=pagename)
    left = iter(described)

    def one(found: re.Match) -> str:
        name = digest(found[1], config)
        image = f'class="mermaid" role="img" aria-label="{html.escape(next(left, ""))}"'
        file = DRAWN / f"{name}.svg"
        if file.exists():
            drawing = file.read_text(encoding="utf-8")
            width = f' style="--width: {wide[1]}px"' if (wide := WIDTH.match(drawing)) else ""
            return f"<div {image}{width}>{drawing}</div>"
        return f'<pre {image} {WAITS}"{name}">{found[1]}</pre>'

    return WORDS.sub(one, body)


def digest(words: str, config: dict) -> str:
    """The name of a drawing: it changes with the words, with what mermaid is told, and with its version."""
    told = [html.unescape(words).strip(), config, assets.ASSETS["mermaid"].version]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def is_needed(pages: Iterable[Path]) -> bool:
    """Whether any page has a diagram that waits for the reader's browser."""
    return any(WAITS in page.read_text(encoding="utf-8", errors="replace") for page in pages)
