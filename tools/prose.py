"""Find the numbers that are typed into the prose, where only numbers that code computed may stand.

A decimal, a percentage or a multiple ("3 times", "tenfold", "2×", "twice the") in the markdown of a chapter is a fault,
unless it is a figure of `data/published_figures.csv` and its citation key stands in the same paragraph.
"""

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ONES = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen"
TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
WORDS = rf"(?:{ONES}|(?:{TENS})(?:-(?:{ONES}))?|hundred|thousand)"
NUMBER = re.compile(
    rf"""
      \d[\d.,]*\s*(?:%|×|x\b|per\s?cent|times\b|-?fold\b)     # 46 %, 3.5×, 10 times
    | \b{WORDS}\s?(?:times\b|-?fold\b|per\s?cent)             # ten times, fourfold
    | \b(?:\d[\d.,]*|{WORDS})\s(?:in\sa\shundred|percentage\spoints?)\b
    | \bfactor\sof\s(?:\d[\d.,]*|{WORDS})\b
    | \btwice\sas\b | \btwice\sthe\b | \btripled?\b
    | (?<!\w)\d*\.\d+                                           # 0.95
    """,
    re.VERBOSE | re.IGNORECASE,
)
NOT_PROSE = re.compile(
    r"""
      ^```(?!\{)[^\n]*\n.*?^```\s*$     # code fences, but not directives, whose text is prose
    | \$\$.*?\$\$ | \$(?!\s)[^$\n]+(?<!\s)\$(?!\d)   # maths, by the rules of MyST; the rest is money
    | \{(?!cite)[^}\n]*\}`[^`]*`        # roles: glue, doc, claim, term ...
    | (?<!\})`[^`\n]+`                  # code words
    | ^:\w[\w-]*:.*$                    # options of directives
    | https?://\S+
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Typed:
    """A number in the prose that nothing computed."""

    where: str
    number: str
    line: str


def published() -> set[tuple[str, str]]:
    """The figures that may stand in the prose, each with the citation key that must stand beside it."""
    with (ROOT / "data" / "published_figures.csv").open(encoding="utf-8") as file:
        return {(_plain(row["figure"]), row["key"]) for row in csv.DictReader(file)}


def typed_numbers(markdown: str, where: str, allowed: set[tuple[str, str]]) -> list[Typed]:
    """The numbers of a text that are neither computed nor cited."""
    found = []
    for paragraph in re.split(r"\n\s*\n", NOT_PROSE.sub(" ", markdown)):
        for match in NUMBER.finditer(paragraph):
            number = _plain(match.group())
            if not any(number == figure and key in paragraph for figure, key in allowed):
                found.append(Typed(where, number, " ".join(paragraph.split())[:120]))
    return found


def markdown_of_chapters() -> dict[str, str]:
    """All markdown of the book: each page and each markdown cell, by where it stands."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "chapters").glob("*.md"))}
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                texts[f"{path.name}, cell {cell['id']}"] = "".join(cell["source"])
    return texts


def _plain(number: str) -> str:
    return re.sub(r"\s+", " ", number.replace("\u202f", " ").replace("\u00a0", " ")).strip(" .,").lower()
