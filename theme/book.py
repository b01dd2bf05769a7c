"""The Sphinx extension of the book: its claims, its looks, and nothing on any page that comes from elsewhere."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

import helpers.claims
from helpers import assets
from theme import (
    backmatter,
    bundles,
    calculator,
    diagrams,
    fonts,
    icons,
    ledger,
    pages,
    playgrounds,
    sampling_page,
    selector,
)

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
MARKS = {  # comments that JupyterLab hides, and the directives that take their place on the site
    "<!-- chapter-cost -->": "```{chapter-cost}\n```",
    "<!-- chapter-claims -->": "```{chapter-claims}\n```",
}
VENDORED = {
    "text-font": "fonts", "burmese-font": "fonts",
    playgrounds.TOKENIZER: "gpt-tokenizer",
}  # fmt: skip


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the extension with Sphinx."""
    app.add_config_value("book_inputs", "", "env", str)
    app.add_config_value("comments_config", {}, "", dict)  # Jupyter Book sets it even without sphinx_comments
    app.connect("config-inited", configure)
    app.connect("source-read", fill_marks)
    app.connect("html-page-context", playgrounds.load_parts, priority=800)
    app.connect("html-page-context", pages.prepare, priority=900)
    app.connect("build-finished", finish, priority=900)  # after the theme has written its styles
    app.add_css_file("fonts.css", priority=800)
    app.add_css_file("book.css", priority=900)
    app.add_js_file("book.js", priority=900, loading_method="defer")
    app.add_node(ledger.ClaimLink, html=(ledger.visit_claim_link, ledger.depart_claim_link))
    app.add_role("claim", ledger.ClaimRole())
    app.add_directive("token-playground", playgrounds.TokenPlayground)
    app.add_directive("size-calculator", calculator.SizeCalculator)
    app.add_directive("model-selector", selector.ModelSelector)
    app.add_directive("sampling-playground", sampling_page.SamplingPlayground)
    app.add_directive("claims", ledger.Claims)
    app.add_directive("runs", backmatter.Runs)
    app.add_directive("chapter-figure", backmatter.ChapterFigure)
    app.add_directive("exercise-index", backmatter.ExerciseIndex)
    app.add_directive("chapter-claims", ledger.ChapterClaims)
    app.add_directive("chapter-cost", ledger.ChapterCost)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def configure(app: Sphinx, config: Config) -> None:
    """Point Sphinx to the book's own files, and make every page depend on the ledger and on these files."""
    config.html_static_path.append(str(STATIC))
    config.html_favicon = str(STATIC / "favicon.svg")
    logo = config.html_theme_options.setdefault("logo", {})
    logo["image_light"] = logo["image_dark"] = str(STATIC / "logo.svg")
    digest = hashlib.sha256()
    for file in sorted(
        [
            *HERE.glob("*.py"),
            *HERE.glob("*.js"),
            *diagrams.DRAWN.glob("*.svg"),
            *STATIC.rglob("*"),
            Path(helpers.claims.__file__),
        ]
    ):
        if file.is_file():
            digest.update(file.read_bytes())
    for name in [*VENDORED, "mermaid", "mathjax"]:
        digest.update(assets.ASSETS[name].folder().name.encode())
    source = Path(app.srcdir)
    runs = [content["metadata"].get("run") for content in backmatter.executed(source).values()]
    claims = [[asdict(claim) for claim in ledger.read(source)], runs]
    config.book_inputs = digest.hexdigest() + hashlib.sha256(json.dumps(claims).encode()).hexdigest()


def fill_marks(app: Sphinx, name: str, source: list[str]) -> None:
    """Put directives in the place of the marks of a notebook, whose source is JSON."""
    for mark, directive in MARKS.items():
        source[0] = source[0].replace(mark, json.dumps(directive)[1:-1])


def finish(app: Sphinx, error: Exception | None) -> None:
    """Copy what pages load into the output, and take out of the pages what they do not need."""
    if error is not None or app.builder.format != "html":
        return
    output = Path(app.outdir)
    for name, folder in VENDORED.items():
        copy_changed(assets.path(name), output / "_static" / folder)
    shutil.rmtree(output / "_static" / "mermaid", ignore_errors=True)
    if diagrams.is_needed(output.rglob("*.html")):
        copy_changed(assets.path("mermaid"), output / "_static" / "mermaid")
    copy_changed(STATIC, output / "_static")
    playgrounds.write_data(output)
    calculator.write_data(output)
    sampling_page.write_data(output)
    selector.write_data(output)
    icons.cut_rules(output)
    icons.cut_font(output)
    fonts.cut_burmese(output)
    bundles.write(output)
    for page in output.rglob("*.html"):
        if "_static" not in page.relative_to(output).parts:  # where the theme has pieces of pages
            pages.clean(page)


def copy_changed(source: Path, target: Path) -> None:
    """Copy the files of a folder that `target` lacks or holds in another version; names with a dot stay behind."""
    for file in source.rglob("*"):
        name = file.relative_to(source)
        if not file.is_file() or any(part.startswith(".") for part in name.parts):
            continue
        copy = target / name
        if not copy.exists() or copy.read_bytes() != file.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
