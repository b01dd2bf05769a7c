"""Every symbol of the page of notation stands in a formula of the page that it names."""

import json
import re
from pathlib import Path

CHAPTERS = Path(__file__).resolve().parents[1] / "chapters"
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)


def formulas(name: str) -> str:
    """All formulas of a page, each on one line."""
    page = CHAPTERS / f"{name}.md"
    if page.exists():
        text = page.read_text(encoding="utf-8")
    else:
        cells = json.loads((CHAPTERS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return " ".join(re.sub(r"\s+", " ", one or two) for one, two in FORMULA.findall(text))


def rows() -> list[tuple[str, str, str]]:
    """The symbols, the meaning and the page of each row."""
    text = (CHAPTERS / "notation.md").read_text(encoding="utf-8")
    return re.findall(r"^\| (\$.+?) \| (.+?) \| \{doc\}`(\w+)` \|$", text, re.MULTILINE)


def stands_in(symbol: str, where: str) -> bool:
    """Whether a symbol stands there by itself, not within a word or a command."""
    return re.search(rf"(?<![A-Za-z\\]){re.escape(symbol)}(?![A-Za-z])", re.sub(r"\\text\{[^}]*\}", "", where)) is not None


def test_every_symbol_stands_in_a_formula_of_its_page():
    assert len(rows()) >= 25
    for symbols, meaning, page in rows():
        found = formulas(page)
        for first, second in FORMULA.findall(f"{symbols} {meaning}"):
            symbol = re.sub(r"\\text\{[^}]*\}", "", first or second)
            assert stands_in(symbol, found), f"${symbol}$ is in no formula of {page}"


def test_a_letter_means_one_thing_on_a_page():
    seen = [(page, symbol) for symbols, _, page in rows() for symbol in re.findall(r"\$([^$]+)\$", symbols)]
    assert len(set(seen)) == len(seen)


def test_a_symbol_is_not_found_within_a_word():
    assert stands_in("n", "(n-1)/n") and not stands_in("n", r"\ln") and not stands_in("s", "bits")
