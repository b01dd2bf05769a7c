"""Finds the numbers that are typed into the prose, where only numbers that code computed may stand.

A measurement in the markdown of a chapter is a fault, in digits or words: a decimal, a percentage, a multiple ("3 times",
"twice", "a factor 4"), a share ("17 of the 20", "a third", "1 in 3"), an amount with its unit ("12 seconds", "60 MB"), and a
cell of a table that holds nothing else. Three things may stand there: a figure of
`data/published_figures.csv` with its citation key in the same paragraph; what `typed_numbers.csv`, beside this file, allows
and says why; and numbers that count what the reader sees ("three sections"), which are not looked for.
"""

import ast
import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tools.inline import expressions

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = Path(__file__).with_name("typed_numbers.csv")
ONES = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen"
TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
WORDS = rf"(?:{ONES}|(?:{TENS})(?:-(?:{ONES}))?|hundred|thousand)"
DIGITS = r"(?<![\w.,/-])\d[\d.,]*(?<![.,])"
EITHER = rf"(?:{DIGITS}|\b(?:one|{WORDS})\b)"
PARTS = "half|third|quarter|fourth|fifth|sixth|seventh|eighth|ninth|tenth|twentieth|hundredth|thousandth"
THE, YEAR = "the|its|all|our|every|these|those", r"(?:19|20)\d\d\b"
COMPARED = "of|as|less|more|fewer|lower|higher|to|in"
UNITS = (
    "seconds?|s|ms|minutes?|min|hours?|days?|weeks?|months?|nats?|points?|dollars?|euros?|cents?|"
    "[kKMGT]i?B|kilobytes?|megabytes?|gigabytes?|terabytes?|FLOPs?|TFLOPS?|watts?|W|kWh|pp|bits?\\s(?:a|per)\\s\\w+"
)
NUMBER = re.compile(
    rf"""
      \d[\d.,]*\s*(?:%|×|x\b|per\s?cent|times\b|-?fold\b)     # 46 %, 3.5×, 10 times
    | \b{WORDS}\s?(?:times\b|-?fold\b|per\s?cent)             # ten times, fourfold
    | \b(?:\d[\d.,]*|{WORDS})\s(?:in\sa\shundred|percentage\spoints?)\b
    | \bfactors?\s(?:of\s)?(?:\d[\d.,]*|{WORDS})\b
    | \bthrice\b | \btwice\s(?:as|the|its|their|that|this|what)\b | \b(?:doubl|tripl|quadrupl|halv)(?:es|ed|ing|e)\b
    | {EITHER}\s(?:out\s)?of\s(?:(?:{THE})\s)?(?!{YEAR}){EITHER}                          # 17 of the 20, nine out of ten
    | {EITHER}\sin\s(?:every\s)?(?!{YEAR}){EITHER}                       # 1 in 3
    | \b(?:a|{ONES})[\s-](?:{PARTS})s?\b(?=\s(?:{COMPARED})\b|[.,;:)?!]|\s*$)        # a third, but not a third way
    | \bhalf\s(?:of|the|as|its|their|all)\b
    | (?:{DIGITS}|\b{WORDS})[\s-](?:{UNITS})\b                                       # 12 seconds, 60 MB
    | (?<!\w)\d*\.\d+                                           # 0.95
    """,
    re.VERBOSE | re.IGNORECASE,
)
MATHS = re.compile(r"\$\s*(?:\\approx\s*|\\sim\s*)?(\d[\d.,]*\s*\\(?:times|%))\s*\$")  # $3.4\times$, which is no formula
CELL = re.compile(
    r"(?<=\|)\s*([~≈<>]?\s*\d[\d.,]*(?:\s?(?:%|×|[A-Za-zµ/]{1,12}))?)\s*(?=\|)"
)  # of a table, and nothing else
FORMATTERS = {"number", "str", "int", "float", "round", "abs", "sum", "min", "max", "len"}
NOT_PROSE = re.compile(
    r"""
      ^```(?!\{)[^\n]*\n.*?^```\s*$     # code fences, but not directives, whose text is prose
    | \$\$.*?\$\$ | \$(?!\s)[^$\n]+(?<!\s)\$(?!\d)   # maths, by the rules of MyST; the rest is money
    | \{(?!cite)[^}\n]*\}`[^`]*`        # roles: eval, doc, claim, term ...
    | (?<!\})`[^`\n]+`                  # code words
    | ^:\w[\w-]*:.*$                    # options of directives
    | https?://\S+
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


class Typed(NamedTuple):
    """A number in the prose that nothing computed."""

    where: str
    number: str
    line: str


class Allowed(NamedTuple):
    """A number that may be typed: the page or chapter ("*" for all), words around it as they stand there, and why."""

    page: str
    words: str
    reason: str

    def is_on(self, where: str) -> bool:
        return self.page == "*" or where.startswith(self.page)

    def pattern(self) -> re.Pattern:
        """Return a pattern for the words, whatever space is between them."""
        return re.compile(r"\s+".join(map(re.escape, self.words.split())), re.IGNORECASE)


def published() -> set[tuple[str, str]]:
    """Return the figures that may stand in the prose, each with the citation key that must stand beside it."""
    with (ROOT / "data" / "published_figures.csv").open(encoding="utf-8") as file:
        return {(_plain(row["figure"]), row["key"]) for row in csv.DictReader(file)}


def allowed() -> list[Allowed]:
    """Return what `typed_numbers.csv` allows."""
    with ALLOWED.open(encoding="utf-8", newline="") as file:
        return [Allowed(**row) for row in csv.DictReader(file)]


def typed_numbers(
    markdown: str, where: str, figures: set[tuple[str, str]], may_stand: Sequence[Allowed] = ()
) -> list[Typed]:
    """Return the numbers of a page or cell that are neither computed nor cited nor allowed, and expressions that are one."""
    found = [Typed(where, code, "an expression that names no value") for code in expressions(markdown) if is_literal(code)]
    text = NOT_PROSE.sub(" ", MATHS.sub(r" \1 ", markdown))
    for entry in may_stand:
        if entry.is_on(where):
            text = entry.pattern().sub(" ", text)
    for paragraph in re.split(r"\n\s*\n", text):
        for match in (*NUMBER.finditer(paragraph), *CELL.finditer(paragraph)):
            number = _plain(match.group())
            if not any(number == figure and key in paragraph for figure, key in figures):
                start = max(0, match.start() - 60)
                found.append(Typed(where, number, " ".join(paragraph[start : match.end() + 40].split())))
    return found


def is_literal(expression: str) -> bool:
    """Return whether an inline expression is made of constants only, with or without a function that formats them."""
    return {node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)} <= FORMATTERS


def unused(texts: Mapping[str, str], may_stand: Sequence[Allowed]) -> list[Allowed]:
    """Return the entries that match nothing any more."""
    return [e for e in may_stand if not any(e.is_on(where) and e.pattern().search(text) for where, text in texts.items())]


def said(node: ast.AST) -> str:
    """Return the text of a string of code, with a dash for what it computes."""
    if isinstance(node, ast.JoinedStr):
        return "".join(said(part) for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else "-"


def alt_texts(code: str) -> list[str]:
    """Return what a cell's code says of its figures to those who can't see them."""
    nodes = list(ast.walk(ast.parse(code)))
    named = [node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "alt"]
    named += [node.value for node in nodes if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "alt"]
    return [said(node) for node in named if isinstance(node, ast.Constant | ast.JoinedStr)]


def markdown_of_chapters() -> dict[str, str]:
    """Return all prose of the book: each page, each markdown cell, and each cell's alt texts, by where it stands."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "chapters").glob("*.md"))}
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                texts[f"{path.name}, cell {cell['id']}"] = "".join(cell["source"])
            elif alts := alt_texts("".join(cell["source"])):
                texts[f"{path.name}, cell {cell['id']}"] = "\n\n".join(alts)
    return texts


def _plain(number: str) -> str:
    return re.sub(r"\s+", " ", number.replace("\u202f", " ").replace("\u00a0", " ")).strip(" .,").lower()
