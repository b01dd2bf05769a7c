"""Find the terms of the glossary that a chapter uses before it links them, or without."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLANK = re.compile(
    r"""
      ^\#+\ .*$ | ^:[\w-]+:.*$ | ^(?:`{3,}|:{3,}).*$    # headings, options, fences and the titles of directives
    | `[^`]*` | \$\$.*?\$\$ | \$[^$\n]*\$               # roles and code, formulas
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Unlinked:
    """A first use of a term without a link: the cell, the term, and where in the cell's text it begins and ends."""

    cell: str
    term: str
    start: int
    end: int
    words: str


def glossary() -> list[str]:
    """The terms of the glossary, the longest first."""
    body = (ROOT / "chapters" / "glossary.md").read_text(encoding="utf-8").split("```{glossary}\n")[1].rsplit("```", 1)[0]
    entries = [entry.strip() for entry in re.split(r"\n\s*\n", body)]
    return sorted((entry.split("\n")[0] for entry in entries if entry and not entry.startswith(":")), key=len, reverse=True)


def unlinked(notebook: Path, terms: list[str]) -> list[Unlinked]:
    """The first use of each term in a chapter's prose, where it is no link and comes before the first link to it.

    Words of a longer term are that term's: "state" in "state space model" is no use of "state".
    """
    cells = [c for c in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "markdown"]
    found: dict[str, Unlinked | None] = {}
    for cell in cells:
        source = "".join(cell["source"])
        uses = _links(source, terms) + _plain_uses(source, terms)
        for start, term, end in sorted(uses):
            use = Unlinked(cell["id"], term, start, end, source[start:end]) if end else None
            found.setdefault(term, use)
    return [use for use in found.values() if use]


def _links(source: str, terms: list[str]) -> list[tuple[int, str, int]]:
    linked = [(m.start(), (m[1] or m[2]).lower()) for m in re.finditer(r"\{term\}`(?:[^`<]*<([^`>]+)>|([^`]+))`", source)]
    return [(start, term, 0) for start, name in linked for term in terms if term.lower() == name]


def _plain_uses(source: str, terms: list[str]) -> list[tuple[int, str, int]]:
    blanked = BLANK.sub(lambda match: " " * len(match.group()), source)
    uses = []
    for term in terms:
        for match in _pattern(term).finditer(blanked):
            uses.append((match.start(), term, match.end()))
            blanked = blanked[: match.start()] + "\0" * len(match.group()) + blanked[match.end() :]
    return uses


def _pattern(term: str) -> re.Pattern:
    """The term as a word, in the plural too, with a capital only where a sentence begins."""
    if not term[0].islower():
        return re.compile(rf"(?<![\w-]){re.escape(term)}s?(?![\w-])")
    capital = rf"(?<=[.?!*]\s){term[0].upper()}|(?<=\n\n){term[0].upper()}|(?<=\*\*){term[0].upper()}"
    return re.compile(rf"(?<![\w-])(?:{re.escape(term[0])}|{capital}){re.escape(term[1:])}s?(?![\w-])")
