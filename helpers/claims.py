"""Measured claims: shown as a card, recorded in the notebook's own outputs, enforced.

A chapter calls `claim` once for each thing it claims. The record travels in the metadata of the card's output, so the
ledger of a run is read from the executed notebooks (`ledger`) and cannot be older than what a page shows.
"""

import html
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import SupportsFloat

from IPython.display import display

from helpers.checks import check_number, check_text
from helpers.estimates import Estimate

_sentences: dict[str, str] = {}  # id -> sentence, of the claims made in this process


class ClaimFailedError(AssertionError):
    """A claim whose condition does not hold for every value that was measured."""


@dataclass(frozen=True)
class Condition:
    """A test of one number, and its bounds for the reader, as in ("at least", (8,))."""

    words: str
    bounds: tuple[float, ...]
    holds: Callable[[float], bool]

    def text(self, unit: str) -> str:
        """The condition in words, such as "at least 8×"."""
        return f"{self.words} {' and '.join(number(bound, unit) for bound in self.bounds)}"


def at_least(bound: float) -> Condition:
    """value ≥ bound."""
    check_number("bound", bound)
    return Condition("at least", (bound,), lambda value: value >= bound)


def at_most(bound: float) -> Condition:
    """value ≤ bound."""
    check_number("bound", bound)
    return Condition("at most", (bound,), lambda value: value <= bound)


def between(low: float, high: float) -> Condition:
    """low ≤ value ≤ high."""
    check_number("low", low)
    check_number("high", high)
    return Condition("between", (low, high), lambda value: low <= value <= high)


def exactly(bound: float) -> Condition:
    """value = bound."""
    check_number("bound", bound)
    return Condition("exactly", (bound,), lambda value: value == bound)


@dataclass(frozen=True, repr=False)
class Claim:
    """One line of the ledger; every string is as a reader sees it, `low` and `high` are None when nothing varies."""

    id: str
    sentence: str
    value: float
    unit: str
    measured: str
    low: float | None
    high: float | None
    spread: str
    condition: str
    source: str
    holds: bool
    chapter: str = ""

    def text(self) -> str:
        """The card in one line of plain text."""
        verdict = "holds" if self.holds else "FAILS"
        return f"[{verdict}] {self.id}: {self.sentence} Measured: {self.evidence()}; asked: {self.condition}. {self.source}"

    def evidence(self) -> str:
        """The measured value, with its spread where there is one."""
        if self.low is None or self.high is None:
            return self.measured
        return f"{self.measured} ({number_range(self.low, self.high, self.unit)}, {self.spread})"

    __repr__ = text

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": self.text(), "text/html": _card(self)}, {"claim": asdict(self)}


def number(value: float, unit: str = "") -> str:
    """Format a number the one way of this book, then its unit.

    Whole numbers and those from 100 on have no decimals, those from 1 on have one, smaller ones two significant digits.
    """
    size = abs(check_number("value", value))
    if size.is_integer() or round(size, 1) >= 100:
        digits = f"{size:,.0f}"
    elif size >= 1:
        digits = f"{size:.1f}"
    else:
        digits = f"{size:.{1 - math.floor(math.log10(size))}f}"  # two significant digits
    sign = "−" if value < 0 else ""
    space = "" if unit in ("", "×") else "\u202f" if unit == "%" else "\u00a0"
    return f"{sign}{digits}{space}{unit}"


def number_range(low: float, high: float, unit: str = "") -> str:
    """Two numbers and one unit, as in "14.1–16.3×"."""
    check_number("low", low)
    check_number("high", high)
    return f"{number(low)}–{number(high, unit)}"


def glue_number(name: str, value: float, unit: str = "") -> None:
    """Make a number available to the prose as {glue:text}`name`, in the format of this book.

    Raises:
        ValueError: if `value` is not a finite number.
    """
    from myst_nb import glue  # brings Sphinx with it, so only where it is used

    glue(name, number(_finite("value", value), unit), display=False)


def claim(
    id: str,
    sentence: str,
    value: float | Sequence[float] | Estimate,
    unit: str = "",
    *,
    condition: Condition,
    source: str,
) -> None:
    """Show, record and enforce one measured claim, and glue its numbers for the prose.

    Args:
        id: its name in the ledger, such as "tokens-premium"; the prose has it as {glue:text}`tokens-premium`, and the
            ends of its spread as `tokens-premium-low` and `tokens-premium-high`.
        sentence: what is claimed; "{condition}" in it becomes the condition in words.
        value: what was measured: a number in `unit`; or one for each seed, of which the mean is shown; or an estimate,
            which brings its unit and its interval.
        unit: "×", "%", "tokens", ...: never empty, and never given with an estimate.
        condition: what must hold, for the value, for every seed and for both ends of an interval.
        source: what it was measured on.

    Raises:
        ValueError: for an id that is not words joined by hyphens or already names another sentence, an empty unit, a
            value that is not a finite number, an interval that does not contain the value.
        ClaimFailedError: if the condition does not hold; the card is shown first.
    """
    estimate = _estimate(value, unit)
    _check_words(id=id, sentence=sentence, unit=estimate.unit, source=source)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id):
        raise ValueError(f"id={id!r} is not words of small letters and digits joined by hyphens")
    if _sentences.setdefault(id, sentence) != sentence:
        raise ValueError(f"id={id!r} is taken by another claim: {_sentences[id]!r}; every claim has an id of its own")
    sentence = sentence.replace("{condition}", condition.text(estimate.unit))
    ends = (estimate.low, estimate.high) if estimate.spread else ()
    low, high = ends or (None, None)
    made = Claim(
        id, sentence, estimate.value, estimate.unit, number(estimate.value, estimate.unit), low, high,
        estimate.spread, condition.text(estimate.unit), source, all(condition.holds(v) for v in (estimate.value, *ends)),
    )  # fmt: skip
    display(made)
    for name, amount in zip(("", "-low", "-high"), (estimate.value, *ends), strict=False):
        glue_number(id + name, amount, estimate.unit)
    if not made.holds:
        raise ClaimFailedError(made.text())


def ledger(notebooks: Iterable[Path]) -> list[Claim]:
    """Read the claims out of executed notebooks, in order, each with the stem of its file as `chapter`.

    Raises:
        ValueError: if two of them have one id.
    """
    found: dict[str, Claim] = {}
    for path in notebooks:
        cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
        for output in (output for cell in cells for output in cell.get("outputs", [])):
            record = output.get("metadata", {}).get("claim")
            if record is None:
                continue
            if record["id"] in found:
                raise ValueError(f"id={record['id']!r} is claimed twice, in {found[record['id']].chapter} and {path.stem}")
            found[record["id"]] = Claim(**{**record, "chapter": path.stem})
    return list(found.values())


def _estimate(value: float | Sequence[float] | Estimate, unit: str) -> Estimate:
    """Bring the three forms of a measurement to one; an empty `spread` says that nothing varies."""
    if isinstance(value, Estimate):
        if unit:
            raise ValueError(f"unit={unit!r} is given twice: the estimate has the unit {value.unit!r}")
        low, middle, high = (_finite("value", v) for v in (value.low, value.value, value.high))
        if not low <= middle <= high:
            raise ValueError(f"value={value} has an interval that does not contain it")
        return value
    if not isinstance(value, list | tuple):
        one = _finite("value", value)
        return Estimate(one, one, one, unit, "")
    seeds = [_finite("value", v) for v in value]
    if len(seeds) < 2:
        raise ValueError(f"value={value!r} is one seed or none; give at least 2, or a number")
    return Estimate(sum(seeds) / len(seeds), min(seeds), max(seeds), unit, f"least and most of {len(seeds)} seeds")


def _finite(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, SupportsFloat):
        raise ValueError(f"{name}={value!r} is not a number")
    if not math.isfinite(value):
        raise ValueError(f"{name}={value!r} is not finite; a claim needs a number that was measured")
    return float(value)


def _check_words(**words: str) -> None:
    for name, word in words.items():
        if not isinstance(word, str) or not word.strip():
            raise ValueError(f"{name}={word!r} is empty; a claim needs a {name}, in words")
        check_text(name, word)


def _card(made: Claim) -> str:
    """The card: colours of the page it stands on, so it reads in JupyterLab and on the site, in light and dark."""
    colour, verdict = ("#1a7f5a", "✓ holds") if made.holds else ("#c0392b", "✗ does not hold")
    rows = [
        f"<strong>{html.escape(made.evidence())}</strong>",
        f"asked: {html.escape(made.condition)}",
        html.escape(made.source),
    ]
    return (
        f'<div class="claim" id="claim-{made.id}" style="border-left:4px solid {colour};padding:.5em 1em;margin:1em 0">'
        f'<div class="claim-head"><code>{made.id}</code> <span class="claim-verdict">{verdict}</span></div>'
        f'<div class="claim-sentence">{html.escape(made.sentence)}</div>'
        f'<div class="claim-evidence">{" · ".join(rows)}</div></div>'
    )
