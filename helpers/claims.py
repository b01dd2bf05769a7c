"""Findings: shown as a card, recorded in the notebook's own outputs, and enforced.

A chapter calls `claim` once for each finding. The record travels in the metadata of the card's output, so the ledger of a
run is read from the executed notebooks and cannot be older than what a page shows. Prose takes the numbers from code with
MyST's inline expressions: {eval}`number(...)` and {eval}`value_of("id")`.
"""

import html
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

import pandas as pd
from IPython.display import DisplayHandle, display

from helpers.estimates import Estimate

CHAPTERS = Path(__file__).resolve().parents[1] / "chapters"
EXECUTED = CHAPTERS.parent / "_build" / "executed"
SCOPES = {
    "text": "counted on real text",
    "chat model": "measured on the small chat model",
    "small models": "small models trained here",
    "invented world": "a small model in an invented world",
    "published": "published figures",
    "computed": "computed: it follows from definitions",
}
FEW = 5  # up to so many values are all shown, more by their range

_made: dict[str, "Claim"] = {}  # the claims of this process, by id
_head: "tuple[dict[str, Claim], DisplayHandle | None] | None" = None  # what `headlines` showed, and where


class ClaimFailedError(AssertionError):
    """A finding whose condition does not hold for every value that was measured."""


class Shown(str):
    """Text that an inline expression shows as it is, without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


@dataclass(frozen=True)
class Condition:
    """A test of one number, and its bounds for the reader, as in ("at least", (8,))."""

    words: str
    bounds: tuple[float, ...]
    holds: Callable[[float], bool]

    def text(self, unit: str) -> str:
        """Return the condition in words, such as "at least 8×", with the bounds exactly as they are enforced."""
        return f"{self.words} {' and '.join(_with_unit(_exact(bound), unit) for bound in self.bounds)}"


def at_least(bound: float) -> Condition:
    """Ask for value ≥ bound."""
    return Condition("at least", (bound,), lambda value: value >= bound)


def at_most(bound: float) -> Condition:
    """Ask for value ≤ bound."""
    return Condition("at most", (bound,), lambda value: value <= bound)


def between(low: float, high: float) -> Condition:
    """Ask for low ≤ value ≤ high."""
    return Condition("between", (low, high), lambda value: low <= value <= high)


def exactly(bound: float) -> Condition:
    """Ask for value = bound."""
    return Condition("exactly", (bound,), lambda value: value == bound)


@dataclass(frozen=True, repr=False)
class Claim:
    """One line of the ledger; `low` and `high` are None when nothing varies, and `sentence` has a place for the value."""

    id: str
    sentence: str
    value: float
    unit: str
    measured: str
    low: float | None
    high: float | None
    spread: str
    condition: str
    scope: str
    source: str
    holds: bool
    headline: bool = False
    chapter: str = ""

    def text(self) -> str:
        """Return the sentence with its value."""
        return self.sentence.replace("{value}", self.measured)

    def html(self) -> str:
        """Return the sentence with its value in bold."""
        return html.escape(self.sentence).replace("{value}", f"<strong>{html.escape(self.measured)}</strong>")

    def evidence(self) -> str:
        """Return the spread, the scope and the source in one line."""
        return " · ".join(part for part in (self.spread, SCOPES[self.scope], self.source) if part)

    def __repr__(self) -> str:
        """Return the card in one line of plain text."""
        verdict = "" if self.holds else "FAILS: "
        return f"{verdict}{self.text()} [{self.id}] {self.evidence()} · checked: {self.condition}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": repr(self), "text/html": _card(self)}, {"claim": asdict(self)}


def number(value: float, unit: str = "") -> Shown:
    """Format a number the one way of this book, then its unit.

    Whole numbers and those from 100 on have no decimals, those from 1 on have one, smaller ones two significant digits. A
    percentage below 100 never prints as 100.

    Raises:
        ValueError: if `value` is not a finite number.
    """
    amount = _finite("value", value)
    return Shown(_with_unit(_digits(amount, _decimals(amount, unit)), unit))


def number_range(low: float, high: float, unit: str = "") -> Shown:
    """Format two numbers and one unit, as in "14.1–16.3×" and "−5.7 to −3.0 points"."""
    low, high = _finite("low", low), _finite("high", high)
    join = " to " if low < 0 or high < 0 else "–"
    return Shown(f"{number(low)}{join}{number(high, unit)}")


def value_of(id: str, end: str = "value") -> Shown:
    """Return a finding's measured value for the prose, or the "low" or "high" end of its spread.

    A finding of another chapter is read from that chapter's executed copy; where there is none, the text says which chapter
    to run.

    Raises:
        ValueError: for an id that no chapter claims, or an `end` that is not "value", "low" or "high".
    """
    if end not in ("value", "low", "high"):
        raise ValueError(f'end={end!r} is not "value", "low" or "high"')
    found = _made.get(id)
    if found is None:
        chapter = _chapter_of(id)
        executed = EXECUTED / f"{chapter}.ipynb"
        claims = {claim.id: claim for claim in ledger([executed])} if executed.exists() else {}
        if id not in claims:
            return Shown(f"(run chapter {int(chapter[:2])})")
        found = claims[id]
    return Shown(found.measured if end == "value" else number(_end(found, end), found.unit))


def claim(
    id: str,
    sentence: str,
    value: "float | Sequence[float] | pd.Series | Estimate",
    unit: str = "",
    *,
    condition: Condition,
    scope: str,
    source: str,
    headline: bool = False,
) -> None:
    """Show, record and enforce one finding.

    Args:
        id: its name in the ledger, such as "tokens-premium"; the prose has it as {eval}`value_of("tokens-premium")`.
        sentence: what was found, with {value} where the value goes; it stands alone when quoted.
        value: what was measured: a number in `unit`; or one for each seed, of which the mean is shown; or a Series, whose
            index is named after what varies ("world", "article"); or an estimate, which brings its unit and its interval.
        unit: "×", "%", "tokens", ...; never given with an estimate.
        condition: what must hold, for the value, for each of several, and for both ends of an interval.
        scope: what kind of evidence it is, one of `SCOPES`.
        source: what it was measured on.
        headline: whether it stands at the head of the chapter.

    Raises:
        ValueError: for an id that is not words joined by hyphens or already names another sentence, a sentence without
            {value}, an unknown scope, an empty unit or source, a value that is not a finite number, an interval that does
            not contain the value.
        ClaimFailedError: if the condition does not hold; the card is shown first.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", id):
        raise ValueError(f"id={id!r} is not words of small letters and digits joined by hyphens")
    if id in _made and _made[id].sentence != sentence:
        raise ValueError(f"id={id!r} is taken by another finding: {_made[id].sentence!r}; every finding has its own id")
    if sentence.count("{value}") != 1:
        raise ValueError(f"sentence={sentence!r} has no place for its value; write {{value}} once, where the value goes")
    if scope not in SCOPES:
        raise ValueError(f"scope={scope!r} is unknown; it is one of {', '.join(SCOPES)}")
    estimate, values = _estimate(value, unit)
    for name, words in (("unit", estimate.unit), ("source", source)):
        if not words.strip():
            raise ValueError(f"{name}={words!r} is empty; a finding needs a {name}, in words")
    low, high = (estimate.low, estimate.high) if estimate.spread else (None, None)
    tested = [estimate.value, *(end for end in (low, high) if end is not None)]
    made = Claim(
        id, sentence, estimate.value, estimate.unit, _apart(estimate.value, estimate.unit, condition.bounds), low, high,
        _spread(estimate, values), condition.text(estimate.unit), scope, source,
        all(condition.holds(v) for v in tested), headline,
    )  # fmt: skip
    _made[id] = made
    display(made)
    if headline and _head and (shown := _head[1]):  # there is no handle outside of a kernel
        shown.update(Headlines((_head[0] | _made).values()))
    if not made.holds:
        raise ClaimFailedError(repr(made))


class Headlines:
    """The main findings of a chapter, with their values, as a list."""

    def __init__(self, found: Iterable[Claim]):
        self.found = [claim for claim in found if claim.headline]

    def __repr__(self) -> str:
        return "\n".join(f"- {claim.text()}" for claim in self.found) or "Run the chapter, and its main findings stand here."

    def _repr_html_(self) -> str:
        return "<ul>" + "".join(f"<li>{claim.html()}</li>" for claim in self.found) + "</ul>" if self.found else repr(self)


def headlines(chapter: str) -> None:
    """Show the main findings of a chapter, such as "03", from its executed copy, each until this run makes it anew."""
    global _head
    recorded = {claim.id: claim for claim in ledger(sorted(EXECUTED.glob(f"{chapter}_*.ipynb")))}
    _head = recorded, display(Headlines((recorded | _made).values()), display_id=True)


def ledger(notebooks: Iterable[Path]) -> list[Claim]:
    """Read the findings out of executed notebooks, in order, each with the stem of its file as `chapter`.

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


def _end(found: Claim, end: str) -> float:
    amount = found.low if end == "low" else found.high
    if amount is None:
        raise ValueError(f"end={end!r}: the finding {found.id!r} has no spread, only a value")
    return amount


def _chapter_of(id: str) -> str:
    """Return the stem of the notebook that claims an id."""
    for path in sorted(CHAPTERS.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        if re.search(rf'^\s*(?:claim\(\s*)?"{re.escape(id)}",', text, re.MULTILINE):
            return path.stem
    raise ValueError(f"id={id!r} is claimed by no chapter")


def _estimate(value: object, unit: str) -> tuple[Estimate, list[float]]:
    """Bring the forms of a measurement to one, with its single values where there are several."""
    if isinstance(value, Estimate):
        if unit:
            raise ValueError(f"unit={unit!r} is given twice: the estimate has the unit {value.unit!r}")
        low, middle, high = (_finite("value", v) for v in (value.low, value.value, value.high))
        if not low <= middle <= high:
            raise ValueError(f"value={value} has an interval that does not contain it")
        return value, []
    if not isinstance(value, list | tuple | pd.Series):
        one = _finite("value", value)
        return Estimate(one, one, one, unit, ""), []
    varies = str(value.index.name or "value") if isinstance(value, pd.Series) else "seed"
    values = [_finite("value", v) for v in value]
    if len(values) < 2:
        raise ValueError(f"value={value!r} has {len(values)} values; give at least 2, or a number")
    return Estimate(sum(values) / len(values), min(values), max(values), unit, f"{len(values)} {varies}s"), values


def _spread(estimate: Estimate, values: list[float]) -> str:
    """Say what varies, and how far: all values where they are few, else the ends."""
    if not estimate.spread:
        return ""
    if values and len(values) <= FEW:
        *most, last = values
        plain = (_digits(v, _decimals(v, estimate.unit)) for v in most)
        return f"{estimate.spread}: {', '.join(plain)} and {number(last, estimate.unit)}"
    return f"{estimate.spread}: {number_range(estimate.low, estimate.high, estimate.unit)}"


def _finite(name: str, value: object) -> float:
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        raise ValueError(f"{name}={value!r} is not a number but {type(value).__name__}")
    amount = float(value)
    if not math.isfinite(amount):
        raise ValueError(f"{name}={value!r} is not a finite number")
    return amount


def _decimals(value: float, unit: str) -> int:
    size = abs(float(value))
    if unit == "%" and 99 < size < 100:
        return next(n for n in range(1, 20) if round(size, n) < 100)
    if size.is_integer() or round(size, 1) >= 100:
        return 0
    return 1 if size >= 1 else 1 - math.floor(math.log10(size))  # two significant digits


def _digits(value: float, decimals: int) -> str:
    text = f"{abs(value):,.{decimals}f}"
    return f"−{text}" if value < 0 and float(text.replace(",", "")) else text


def _exact(bound: float) -> str:
    """Write a number with all its digits and no more."""
    text = f"{Decimal(repr(abs(float(bound)))):,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"−{text}" if bound < 0 else text


def _with_unit(digits: str, unit: str) -> str:
    return digits + ("" if unit in ("", "×") else "\u202f" if unit == "%" else "\u00a0") + unit


def _apart(value: float, unit: str, bounds: Sequence[float]) -> str:
    """Format a value, with more digits where it would print as a bound that it does not equal."""
    decimals = _decimals(value, unit)
    while decimals < 20 and any(round(value, decimals) == bound != value for bound in bounds):
        decimals += 1
    return _with_unit(_digits(value, decimals), unit)


def _card(made: Claim) -> str:
    """Return the card: colours of the page it stands on, so it reads in JupyterLab and on the site, in light and dark."""
    colour = "#1a7f5a" if made.holds else "#c0392b"
    fails = "" if made.holds else '<div class="claim-fails">✗ does not hold</div>'
    return (
        f'<div class="claim" id="claim-{made.id}" style="border-left:4px solid {colour};padding:.5em 1em;margin:1em 0">'
        f'{fails}<div class="claim-sentence">{made.html()}</div>'
        f'<div class="claim-evidence">{html.escape(made.evidence())}</div>'
        f'<div class="claim-check" style="font-size:.8em;opacity:.8">checked: {html.escape(made.condition)} · '
        f"<code>{made.id}</code></div></div>"
    )
