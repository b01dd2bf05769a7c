"""What is changed on each page: scripts that it does not need leave, tables may scroll, cards link to the ledger."""

import re
from itertools import count
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from theme import diagrams
from theme.code import lighten
from theme.ledger import LEDGER_PAGE
from theme.policy import sealed

logger = logging.getLogger(__name__)
REFUSED = re.compile(r'\s*<script[^>]*src="[^"]*fontawesome\.js[^"]*"[^>]*></script>')  # 527 kB; the icons show without
SEARCH = re.compile(r'\s*<script[^>]*src="[^"]*(?:searchtools|language_data|searchindex)\.js[^"]*"[^>]*></script>')  # 50 kB
TABS = re.compile(r'\s*<script[^>]*src="[^"]*design-tabs\.js[^"]*"[^>]*></script>')
ROW, CELL = re.compile(r"<tr\b.*?</tr>", re.DOTALL), re.compile(r"<(t[dh])((?: [^>]*)?)>(.*?)</t[dh]>", re.DOTALL)
EMPTY = re.compile(r"<th\b[^>]*></th>")  # a heading that says nothing
NUMBER = re.compile(r"[\d.,+−–\s×%-]*|nan|NaN|inf|—")
TABLE = re.compile(r"<table\b[^>]*>.*?</table>", re.DOTALL)
SAME_IDS = re.compile(r' id="(?:exercise|solution)-content"')  # sphinx-exercise gives them to every exercise of a page
TOGGLE = re.compile(r'<summary>(?=<span class="toctree-toggle")')  # an arrow of the list of pages, without a name
THEME = 'dataset.theme = localStorage.getItem("theme") || "auto";'  # "auto" has no colours until all scripts have come
NOW = (
    'dataset.theme = {light: "light", dark: "dark"}[localStorage.getItem("mode")] || '
    '(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");'
)
DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
PLACES = re.compile(r'\s(?:x|y|d|cx|cy|points|transform)="[^"]*"')
FIGURE = re.compile(
    r'(<figure class="plot"[^>]*>(?:<figcaption\b.*?</figcaption>)?<svg\b(?=[^>]*\bviewBox="0 0 ([\d.]+) ([\d.]+)")'
    r'[^>]*\bstyle=")',
    re.DOTALL,
)
DIGITS = re.compile(r"(\.\d\d)\d+")
CHECKED = re.compile(r'(<div class="claim" id="claim-([\w.-]+)".*?)<code>\2</code>', re.DOTALL)


def prepare(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Change the body of a page and the scripts that it loads."""
    body = context.get("body", "")
    if body and doctree is not None:
        body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")  # its own words name it
        body = SAME_IDS.sub("", body).replace('role="doc-biblioentry"', 'role="listitem"')
        body = diagrams.place(body, doctree, app.config.mermaid_init_config, pagename)
        body = wrap_tables(size_figures(round_drawings(body)))
        options = app.config.html_theme_options
        body = lighten(body, (options["pygments_light_style"], options["pygments_dark_style"]))
        context["body"] = link_cards(body, app.builder.get_relative_uri(pagename, LEDGER_PAGE))
    if diagrams.WAITS not in context.get("body", ""):
        context["script_files"] = [script for script in context["script_files"] if not _draws_diagrams(script)]


def round_drawings(body: str) -> str:
    """Cut places in figures to hundredths of a pixel: the digits after them are a third of a figure's bytes."""

    def rounded(drawing: re.Match) -> str:
        return PLACES.sub(lambda place: DIGITS.sub(r"\1", place.group()), drawing.group())

    return DRAWING.sub(rounded, body)


def size_figures(body: str) -> str:
    """Say how wide a figure is for its height, so that its place can be left free until it comes near the window."""
    return FIGURE.sub(lambda found: f"{found[1]}aspect-ratio:{found[2]}/{found[3]};", body)


def _draws_diagrams(script: object) -> bool:
    text = f"{getattr(script, 'filename', None) or script} {getattr(script, 'attributes', {})}"
    return "mermaid" in text.lower()


def wrap_tables(body: str) -> str:
    """Put each table into a box of its own that scrolls, so that on a phone the page does not."""

    def wrapped(match: re.Match) -> str:
        before = body[max(0, match.start() - 60) : match.start()]
        if 'class="table-scroll"' in before or 'class="highlighttable"' in match.group()[:60]:
            return match.group()
        table = mark_text(match.group()) if 'class="dataframe' in match.group()[:80] else match.group()
        return f'<div class="table-scroll">{table}</div>'

    return TABLE.sub(wrapped, body)


def mark_text(table: str) -> str:
    """Give the cells of a pandas table that stand in a column of words the class "text"; the others hold numbers."""
    rows = [CELL.findall(row) for row in ROW.findall(table)]
    words = {
        column
        for row in rows
        for column, (kind, _, content) in enumerate(row)
        if kind == "td" and not NUMBER.fullmatch(re.sub(r"<[^>]*>|&nbsp;", " ", content).strip())
    }

    def marked(row: re.Match) -> str:
        columns = count()
        return CELL.sub(lambda cell: _classed(cell, next(columns) in words), row.group())

    return EMPTY.sub("<td></td>", ROW.sub(marked, table))


def _classed(cell: re.Match, is_text: bool) -> str:
    kind, attributes, content = cell.groups()
    return f'<{kind} class="text"{attributes}>{content}</{kind}>' if is_text else cell.group()


def link_cards(body: str, page: str) -> str:
    """Give each card of a claim a link to its line of the ledger."""
    link = rf'<a class="claim-ledger" href="{page}#ledger-\2" title="This finding in the ledger"><code>\2</code></a>'
    return CHECKED.sub(rf"\1{link}", body)


def clean(page: Path) -> None:
    """Take out of a written page the scripts that the theme puts there without asking; name its arrows; seal it."""
    text = page.read_text(encoding="utf-8")
    cleaned = TOGGLE.sub('<summary aria-label="Show or hide the pages below">', REFUSED.sub("", text)).replace(THEME, NOW)
    if page.name != "search.html":
        cleaned = SEARCH.sub("", cleaned if "sd-tab-set" in cleaned else TABS.sub("", cleaned))
    if "<head" in cleaned:  # Jupyter Book's own way in is no page; `tools.site.publish` puts another in its place
        cleaned = sealed(cleaned)
    if cleaned != text:
        page.write_text(cleaned, encoding="utf-8")
