"""Pages and figures that run in the reader's browser: their forms, their scripts, and the data that they load on demand.

A part is a script and a style of `static/parts`, which only the pages that hold its mark load. What a playground fetches
later (vocabularies, texts) is written into the site when it is built, so it asks no third party and nothing is committed.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from theme.parts import playground, selector, size, tokens


class Part(NamedTuple):
    """A part, whose script and style have its name."""

    mark: str  # of the pages that need it
    directive: str = ""  # puts its form on a page; without script the form says what it needs
    form: Callable[[], str] = str
    data: Callable[[], dict[str, object]] = dict  # what `_static/parts` gets by file name: bytes, a file, or else JSON
    looks: tuple[str, ...] = ()  # the styles that its own builds on


PARTS = {
    "explore": Part('class="plot explore"'),
    "tokens": Part('id="token-playground"', "token-playground", tokens.form, tokens.data),
    "size": Part('id="size-calculator"', "size-calculator", size.form, size.data, ("tokens",)),
    "playground": Part('id="model-playground"', "model-playground", playground.form, playground.data, ("tokens", "size")),
    "selector": Part('id="model-selector"', "model-selector", selector.form, selector.data, ("tokens", "size")),
}


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the forms with Sphinx, and let pages load what they need."""
    for part in PARTS.values():
        if part.directive:
            app.add_directive(part.directive, _shows(part.form))
    app.connect("html-page-context", load, priority=800)
    app.connect("build-finished", write_data)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _shows(form: Callable[[], str]) -> type[SphinxDirective]:
    """Return the directive that puts a form on a page."""

    class Form(SphinxDirective):
        def run(self) -> list[nodes.Node]:
            return [nodes.raw("", form(), format="html")]

    return Form


def load(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Let a page load the scripts and styles of the parts whose marks it holds."""
    for name, part in PARTS.items():
        if part.mark in context.get("body", ""):
            app.add_js_file(f"parts/{name}.js", type="module")
            for style in (*part.looks, name):
                app.add_css_file(f"parts/{style}.css", priority=950)


def write_data(app: Sphinx, error: Exception | None) -> None:
    """Write what the parts on the site's pages load; a file that is the same stays as it is."""
    if error is not None or app.builder.format != "html":
        return
    pages = [page.read_text(encoding="utf-8") for page in Path(app.outdir).rglob("*.html")]
    for part in PARTS.values():
        contents = part.data() if any(part.mark in page for page in pages) else {}
        for name, content in contents.items():
            file = Path(app.outdir) / "_static" / "parts" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):  # large: it is copied once, when the site is published
                if not file.is_symlink() or file.readlink() != content:
                    file.unlink(missing_ok=True)
                    file.symlink_to(content)
                continue
            made = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
            if not file.exists() or file.read_bytes() != made:
                file.write_bytes(made)
