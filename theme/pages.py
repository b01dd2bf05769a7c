"""What is changed in each page: folded code stands under one button, tables may scroll, cards link to the ledger."""

import re
from itertools import count

from docutils import nodes
from sphinx.application import Sphinx

from theme.ledger import LEDGER_PAGE

ROW, CELL = re.compile(r"<tr\b.*?</tr>", re.DOTALL), re.compile(r"<(t[dh])((?: [^>]*)?)>(.*?)</t[dh]>", re.DOTALL)
EMPTY = re.compile(r"<th\b[^>]*></th>")  # a heading that says nothing
NUMBER = re.compile(r"[\d.,+−–\s×%-]*|nan|NaN|inf|—")
TABLE = re.compile(r"<table\b[^>]*>.*?</table>", re.DOTALL)
SAME_IDS = re.compile(r' id="(?:exercise|solution)-content"')  # sphinx-exercise gives them to every exercise of a page
CHECKED = re.compile(r'(<div class="claim" id="claim-([\w.-]+)".*?)<code>\2</code>', re.DOTALL)


def join_folded(app: Sphinx, doctree: nodes.document) -> None:
    """Put the code of a folded cell that shows nothing under the button of the folded cell that follows it."""
    for cell in list(doctree.findall(nodes.container)):
        after = cell.next_node(siblings=True, descend=False)
        are_folded = all(isinstance(one, nodes.container) and one.get("hide_mode") == "input" for one in (cell, after))
        if are_folded and len(cell.children) == 1:
            after[0].insert(0, cell[0].children)
            cell.parent.remove(cell)


def prepare(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Change the body of a page."""
    if doctree is not None and (body := context.get("body", "")):
        body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")  # its own words name it
        body = SAME_IDS.sub("", body).replace('role="doc-biblioentry"', 'role="listitem"')
        context["body"] = link_cards(wrap_tables(body), app.builder.get_relative_uri(pagename, LEDGER_PAGE))


def wrap_tables(body: str) -> str:
    """Put each table into a box of its own that scrolls, so that on a phone the page does not."""

    def wrapped(match: re.Match) -> str:
        before = body[max(0, match.start() - 60) : match.start()]
        if 'class="table-scroll"' in before:
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
