"""Diagrams, drawn by mermaid ahead of time: it is 0.3 MB of scripts, packed, and a second of work on a slow machine.

`make diagrams` draws those that are new in a browser and keeps them in `theme/diagrams`, by a digest of their words. One
that has not been drawn yet is drawn by the reader's browser.
"""

import hashlib
import html
import json
import re
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinxcontrib.mermaid import mermaid

from helpers import assets

logger = logging.getLogger(__name__)
DRAWN = Path(__file__).with_suffix("")
WIDTH = re.compile(r'<svg\b[^>]*?\swidth="([\d.]+)"')
WAITS = "data-diagram="  # the mark of a diagram that the reader's browser has to draw


def place(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put drawings in the place of a page's diagrams, each with the words of its `:alt:`; one without is a warning."""
    for node in list(doctree.findall(mermaid)):
        if not node.get("alt"):
            logger.warning("a mermaid diagram has no :alt: that says what it shows", location=node)
        name = digest(node["code"], app.config.mermaid_init_config)
        words = f'role="img" aria-label="{html.escape(node.get("alt", ""))}"'
        file = DRAWN / f"{name}.svg"
        if file.exists():
            drawing = file.read_text(encoding="utf-8")
            width = f' style="--width: {wide[1]}px"' if (wide := WIDTH.match(drawing)) else ""
            node.replace_self(_raw(f'<div class="mermaid" {words}{width}>{drawing}</div>'))
        else:
            node.replace_self([_raw(f'<div {words} {WAITS}"{name}">'), node.deepcopy(), _raw("</div>")])
            static = Path(app.outdir) / "_static" / "mermaid"
            shutil.copytree(assets.path("mermaid"), static, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)


def digest(words: str, config: dict) -> str:
    """Return the name of a drawing: it changes with the words, with what mermaid is told, and with its version."""
    told = [words.strip(), config, assets.ASSETS["mermaid"].version]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def _raw(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")
