"""Roles and directives that show measured claims and what a chapter costs, read from the executed notebooks.

{claim}`id` is a measured number and a link to its card; `{claims}` is the ledger; `{chapter-claims}` and
`{chapter-cost}` stand in the chapter that they speak of, as the comments that `theme.book` replaces.
"""

import html
import json
import math
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.writers.html5 import HTML5Translator

from helpers import claims

LEDGER_PAGE = "chapters/claims"
WORDS_A_MINUTE = 220
logger = logging.getLogger(__name__)


@cache
def read(source: Path) -> tuple[claims.Claim, ...]:
    """The claims of all executed notebooks of a source tree, in order of the chapters."""
    return tuple(claims.ledger(sorted((source / "chapters").glob("*.ipynb"))))


def run_dates(source: Path) -> dict[str, str]:
    """When each notebook of a source tree was run, by chapter."""
    notebooks = sorted((source / "chapters").glob("*.ipynb"))
    runs = {path.stem: json.loads(path.read_text(encoding="utf-8"))["metadata"].get("run", {}) for path in notebooks}
    return {chapter: run["date"] for chapter, run in runs.items() if "date" in run}


def find(source: Path, id: str) -> claims.Claim | None:
    """The claim of that id."""
    return next((claim for claim in read(source) if claim.id == id), None)


class ClaimLink(nodes.Inline, nodes.TextElement):
    """A measured number that links to the card of its claim."""


def visit_claim_link(translator: HTML5Translator, node: ClaimLink) -> None:
    """Open the link; the page it stands on is known only now."""
    page = translator.builder.get_relative_uri(translator.builder.current_docname, node["page"])
    attributes = {"href": f"{page}#claim-{node['claim']}", "title": node["sentence"]}
    translator.body.append(translator.starttag(node, "a", "", CLASS="claim-value", **attributes))


def depart_claim_link(translator: HTML5Translator, node: ClaimLink) -> None:
    """Close the link."""
    translator.body.append("</a>")


class ClaimRole(SphinxRole):
    """{claim}`id`: the measured value of a claim, on any page; an id that nobody claims is a warning."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link."""
        claim = find(Path(self.env.srcdir), self.text)
        if claim is None:
            known = ", ".join(c.id for c in read(Path(self.env.srcdir))) or "none"
            logger.warning("unknown claim %r; there are: %s", self.text, known, location=self.get_location())
            return [nodes.literal(text=self.text)], []
        attributes = {"claim": claim.id, "page": f"chapters/{claim.chapter}", "sentence": claim.sentence}
        return [ClaimLink("", claim.measured, **attributes)], []


class BookDirective(SphinxDirective):
    """A directive that knows the executed notebook of its page."""

    def notebook(self) -> Path:
        """The executed notebook of this page."""
        return Path(self.env.doc2path(self.env.docname))

    def own_claims(self) -> list[claims.Claim]:
        """The claims that the notebook of this page makes."""
        return [claim for claim in read(Path(self.env.srcdir)) if claim.chapter == self.notebook().stem]

    def address(self, docname: str) -> str:
        """Relative address of another page."""
        return self.env.app.builder.get_relative_uri(self.env.docname, docname)

    def markup(self, text: str) -> list[nodes.Node]:
        """A piece of HTML as a node."""
        return [nodes.raw("", text, format="html")]

    def warn(self, message: str) -> list[nodes.Node]:
        """Report what is missing, which fails the build."""
        logger.warning(message, location=self.get_location())
        return []


class Claims(BookDirective):
    """`{claims}`: the ledger of the whole book as a table, with a field that filters it."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        found = read(Path(self.env.srcdir))
        if not found:
            return self.warn("the executed notebooks make no claim")
        folder = self.notebook().parent
        titles = {claim.chapter: title_of(folder / f"{claim.chapter}.ipynb") for claim in found}
        dates = run_dates(Path(self.env.srcdir))
        rows = "\n".join(self.row(claim, titles[claim.chapter], dates.get(claim.chapter, "")) for claim in found)
        holds = sum(claim.holds for claim in found)
        return self.markup(
            f'<p class="ledger-count">{len(found)} claims, of which {holds} hold in the run that this site shows.</p>'
            '<div class="ledger-filter" hidden><label for="ledger-search">Filter the claims</label>'
            '<input id="ledger-search" type="search" autocomplete="off" aria-controls="ledger">'
            '<span class="ledger-shown" role="status"></span></div>'
            '<div class="table-scroll"><table class="ledger" id="ledger"><thead><tr><th scope="col">Claim</th>'
            '<th scope="col">Measured</th><th scope="col">Asked</th><th scope="col">Measured on</th></tr></thead>'
            f"<tbody>\n{rows}\n</tbody></table></div>"
        )

    def row(self, claim: claims.Claim, title: str, date: str) -> str:
        """One line of the ledger."""
        page = self.address(f"chapters/{claim.chapter}")
        spread = ""
        if claim.low is not None and claim.high is not None:
            ends = claims.number_range(claim.low, claim.high, claim.unit)
            spread = f'<span class="spread">{ends}, {html.escape(claim.spread)}</span>'
        return (
            f'<tr id="ledger-{claim.id}"><th scope="row">'
            f'<a class="claim-id" href="{page}#claim-{claim.id}">{claim.id}</a>'
            f"<span>{html.escape(claim.sentence)}</span>"
            f'<a class="chapter" href="{page}">{html.escape(title)}</a>'
            f'<span class="spread">{html.escape(f"run on {date}" if date else "")}</span></th>'
            f'<td class="measured">{_verdict(claim)} <strong>{html.escape(claim.measured)}</strong> {spread}</td>'
            f"<td>{html.escape(claim.condition)}</td><td>{html.escape(claim.source)}</td></tr>"
        )


class ChapterClaims(BookDirective):
    """`{chapter-claims}`: what this chapter claims; with `:values:`, also what it measured."""

    option_spec = {"values": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return the list."""
        own = self.own_claims()
        if not own:
            return self.warn(f"{self.notebook().name} makes no claim, so there is none to list")
        values = "values" in self.options
        items = "\n".join(self.item(claim, values) for claim in own)
        style = "chapter-claims with-values" if values else "chapter-claims"
        return self.markup(f'<ol class="{style}">\n{items}\n</ol>')

    def item(self, claim: claims.Claim, values: bool) -> str:
        """One claim of the list."""
        sentence = f'<a href="#claim-{claim.id}">{html.escape(claim.sentence)}</a>'
        if not values:
            return f"<li>{sentence}</li>"
        return f'<li>{sentence} <span class="measured">{_verdict(claim)} {html.escape(claim.evidence())}</span></li>'


class ChapterCost(BookDirective):
    """`{chapter-cost}`: minutes to read, seconds to run and peak memory of this chapter, from its last run."""

    def run(self) -> list[nodes.Node]:
        """Return the line."""
        try:
            content = json.loads(self.notebook().read_text(encoding="utf-8"))
            run = content["metadata"]["run"]
            seconds, megabytes = float(run["seconds"]), float(run["peak_mb"])
        except (ValueError, KeyError):
            return self.warn(f"{self.notebook().name} holds no record of a run with its seconds and its peak_mb")
        text = "\n".join("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "markdown")
        minutes = max(1, math.ceil(_words(text) / WORDS_A_MINUTE))
        where = " ".join(str(run[name]) for name in ("system", "machine") if run.get(name))
        when = f"Measured on {run['date']}" if run.get("date") else "Measured in the last run"
        title = f"{when}, Python {run.get('python', 'unknown')}" + (f", {where}" if where else "")
        memory = f"{claims.number(round(megabytes))} MB of memory"
        parts = [_count(minutes, "minute", "to read"), _time(seconds), memory]
        if "assets_mb" in run:
            parts.append(f"{claims.number(round(run['assets_mb']))} MB of texts and models")
        return self.markup(f'<p class="chapter-cost" title="{html.escape(title)}">{" · ".join(parts)}</p>')


def _verdict(claim: claims.Claim) -> str:
    name, sign = ("holds", "✓") if claim.holds else ("fails", "✗")
    words = f'<span aria-hidden="true">{sign}</span><span class="spoken">{name}:</span>'
    return f'<span class="verdict {name}">{words}</span>'


def _count(number: int, noun: str, what: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'} {what}"


def _time(seconds: float) -> str:
    if seconds < 90:
        return _count(max(1, round(seconds)), "second", "to run")
    return _count(round(seconds / 60), "minute", "to run")


def _words(markdown: str) -> int:
    """Words of prose: without formulas, the names of directives and their options."""
    prose = re.sub(r"\$\$.*?\$\$", " ", markdown, flags=re.DOTALL)
    return len(re.findall(r"\w+", re.sub(r"^(?:`{3,}|:{3,}|:[\w-]+:).*$", " ", prose, flags=re.MULTILINE)))


def title_of(notebook: Path) -> str:
    """The first heading of a notebook, as plain text."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    heading = re.search(r"^# +(.+)$", text, flags=re.MULTILINE)
    return re.sub(r"[`*_]", "", heading.group(1)) if heading else notebook.stem
