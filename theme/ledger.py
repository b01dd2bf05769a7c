"""Roles and directives that show findings and what a chapter costs, read from the executed notebooks.

{claim}`id` is a measured number and a link to its card, {claim}`id low` and {claim}`id high` are the ends of its spread;
`{claims}` is the ledger; `{chapter-claims}` (the main findings) and `{chapter-cost}` stand in the chapter that they speak
of, as the comments that `theme.book` replaces.
"""

import html
import json
import math
import re
from functools import cache
from itertools import groupby
from pathlib import Path

from docutils import nodes
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
    """{claim}`id`, {claim}`id low`: a number of a finding, on any page; an id that nobody claims is a warning."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link."""
        id, _, end = self.text.partition(" ")
        claim = find(Path(self.env.srcdir), id)
        amount = {"": claim.value, "low": claim.low, "high": claim.high}.get(end) if claim else None
        if claim is None or amount is None:
            known = ", ".join(c.id for c in read(Path(self.env.srcdir))) or "none"
            logger.warning("unknown claim %r; there are: %s", self.text, known, location=self.get_location())
            return [nodes.literal(text=self.text)], []
        shown = claims.number(amount, claim.unit) if end else claim.measured
        attributes = {"claim": claim.id, "page": f"chapters/{claim.chapter}", "sentence": claim.text()}
        return [ClaimLink("", shown, **attributes)], []


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
    """`{claims}`: the ledger of the whole book, by chapter, with a field that filters it."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        found = read(Path(self.env.srcdir))
        if not found:
            return self.warn("the executed notebooks make no claim")
        dates = run_dates(Path(self.env.srcdir))
        parts = "\n".join(
            self.part(chapter, list(own), dates.get(chapter, "")) for chapter, own in groupby(found, lambda c: c.chapter)
        )
        holds = sum(claim.holds for claim in found)
        return self.markup(
            f'<p class="ledger-count">{len(found)} findings, of which {holds} hold in the run that this site shows.</p>'
            '<div class="ledger-filter" hidden><label for="ledger-search">Filter the findings</label>'
            '<input id="ledger-search" type="search" autocomplete="off" aria-controls="ledger">'
            '<span class="ledger-shown" role="status"></span></div>'
            '<div class="table-scroll"><table class="ledger" id="ledger"><thead><tr><th scope="col">Finding</th>'
            '<th scope="col">Measured on</th><th scope="col">Checked</th></tr></thead>'
            f"{parts}</table></div>"
        )

    def part(self, chapter: str, own: list[claims.Claim], date: str) -> str:
        """Return the lines of one chapter, below its title and the date of its run."""
        page, title = self.address(f"chapters/{chapter}"), title_of(self.notebook().parent / f"{chapter}.ipynb")
        rows = "\n".join(self.row(claim, page) for claim in own)
        run = f' <span class="spread">run on {date}</span>' if date else ""
        head = f'<th scope="colgroup" colspan="3"><a href="{page}">{html.escape(title)}</a>{run}</th>'
        return f'<tbody><tr class="ledger-chapter">{head}</tr>\n{rows}\n</tbody>'

    def row(self, claim: claims.Claim, page: str) -> str:
        """Return one line of the ledger."""
        spread = f'<span class="spread">{html.escape(claim.spread)}</span>' if claim.spread else ""
        return (
            f'<tr id="ledger-{claim.id}"><th scope="row"><span>{claim.html()}</span>{spread}'
            f'<a class="claim-id" href="{page}#claim-{claim.id}">{claim.id}</a></th>'
            f'<td>{html.escape(claims.SCOPES[claim.scope])}<span class="spread">{html.escape(claim.source)}</span></td>'
            f"<td>{_verdict(claim)} {html.escape(claim.condition)}</td></tr>"
        )


class ChapterClaims(BookDirective):
    """`{chapter-claims}`: the main findings of this chapter, with their values."""

    def run(self) -> list[nodes.Node]:
        """Return the list."""
        main = [claim for claim in self.own_claims() if claim.headline]
        if not main:
            return self.warn(f"{self.notebook().name} has no finding with headline=True, so there is none to list")
        items = "\n".join(f'<li>{claim.html()} <a href="#claim-{claim.id}">{claim.scope}</a></li>' for claim in main)
        return self.markup(f'<ul class="chapter-claims">\n{items}\n</ul>')


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
