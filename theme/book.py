"""The Sphinx extension of the book: its findings, its look, its pages that run in the browser."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

import helpers.claims
from helpers import assets
from theme import backmatter, diagrams, ledger, pages

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
MARKS = {  # comments that JupyterLab hides, and the directives that take their place on the site
    "<!-- chapter-cost -->": "```{chapter-cost}\n```",
    "<!-- chapter-claims -->": "```{chapter-claims}\n```",
}
VENDORED = {"text-font": "fonts", "burmese-font": "fonts"}  # an asset, and where it goes


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension with Sphinx."""
    app.add_config_value("book_inputs", "", "env", str)
    app.add_config_value("comments_config", {}, "", dict)  # Jupyter Book sets it even without sphinx_comments
    app.setup_extension("theme.parts")
    app.connect("config-inited", configure)
    app.connect("source-read", fill_marks)
    app.connect("doctree-read", pages.join_folded)
    app.connect("doctree-resolved", diagrams.place)
    app.connect("html-page-context", pages.prepare, priority=900)
    app.connect("build-finished", copy_vendored)
    app.add_css_file("fonts.css", priority=800)
    app.add_css_file("book.css", priority=900)
    app.add_js_file("book.js", priority=900, loading_method="defer")
    app.add_node(ledger.ClaimLink, html=(ledger.visit_claim_link, ledger.depart_claim_link))
    app.add_role("claim", ledger.ClaimRole())
    app.add_directive("claims", ledger.Claims)
    app.add_directive("chapter-claims", ledger.ChapterClaims)
    app.add_directive("chapter-cost", ledger.ChapterCost)
    app.add_directive("runs", backmatter.Runs)
    app.add_directive("chapter-figure", backmatter.ChapterFigure)
    app.add_directive("exercise-index", backmatter.ExerciseIndex)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def configure(app: Sphinx, config: Config) -> None:
    """Point Sphinx to the book's own files, and make every page depend on the ledger and on these files."""
    config.html_static_path.append(str(STATIC))
    config.html_favicon = str(STATIC / "favicon.svg")
    logo = config.html_theme_options.setdefault("logo", {})
    logo["image_light"] = logo["image_dark"] = str(STATIC / "logo.svg")
    own = [*HERE.glob("*.py"), *(HERE / "parts").glob("*.py"), *diagrams.DRAWN.glob("*.svg"), *STATIC.rglob("*")]
    files = [file.read_bytes() for file in sorted([*own, Path(helpers.claims.__file__)]) if file.is_file()]
    versions = [assets.ASSETS[name].folder().name for name in [*VENDORED, "mermaid"]]
    notebooks = backmatter.executed(Path(app.srcdir)).values()
    claims = [asdict(claim) for claim in ledger.read(Path(app.srcdir))]
    known = json.dumps([versions, claims, [notebook["metadata"].get("run") for notebook in notebooks]])
    config.book_inputs = hashlib.sha256(b"".join(files) + known.encode()).hexdigest()


def fill_marks(app: Sphinx, name: str, source: list[str]) -> None:
    """Put directives in the place of the marks of a notebook, whose source is JSON."""
    for mark, directive in MARKS.items():
        source[0] = source[0].replace(mark, json.dumps(directive)[1:-1])


def copy_vendored(app: Sphinx, error: Exception | None) -> None:
    """Copy what pages load of others' into the output."""
    if error is None and app.builder.format == "html":
        for name, folder in VENDORED.items():
            target = Path(app.outdir) / "_static" / folder
            shutil.copytree(assets.path(name), target, ignore=shutil.ignore_patterns(".*"), dirs_exist_ok=True)
