"""The models that there are to choose from: what their makers say of languages, and what one measurer says of quality."""

import math
import re
from dataclasses import dataclass
from functools import cache

from helpers.tables import read_table

GENERAL = "general"
INDEX = "Artificial Analysis Intelligence Index"  # ranked; what others measured is only shown
GRADES = ("english", "named", "earlier", "many", "silent", "no")


@dataclass(frozen=True)
class Model:
    """A row of `data/models.csv`, whose columns `data/README.md` explains; None, or an empty tuple, is not known here."""

    name: str
    developer: str
    released: str | None
    total_b: float
    active_b: float | None
    config: str | None
    context: int | None
    licence: str | None
    commercial: str | None
    licence_note: str | None
    languages: tuple[str, ...]
    languages_count: int | None
    domains: tuple[str, ...]
    kinds: tuple[str, ...]
    vocabulary: str | None
    benchmark: str | None
    score: float | None
    measured_by: str | None
    measured: str | None
    score_source: str | None
    source: str

    @property
    def size(self) -> float | None:
        """The geometric mean of all parameters and the active ones, in 10⁹: a rule of thumb for mixtures of experts."""
        return math.sqrt(self.total_b * self.active_b) if self.active_b else None


@cache
def models() -> tuple[Model, ...]:
    """Return the models of `data/models.csv`, in its order."""
    table = read_table("models")
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    for row in rows:
        row |= {name: tuple((row[name] or "").split()) for name in ("languages", "domains", "kinds")}
        row |= {name: row[name] and int(row[name]) for name in ("context", "languages_count")}
    return tuple(Model(**row) for row in rows)


@cache
def languages() -> tuple[str, ...]:
    """Return the tags of the languages that some maker names."""
    return tuple(sorted({tag for model in models() for tag in model.languages}))


@cache
def domains() -> tuple[str, ...]:
    """Return what models were trained for, "general" first."""
    return tuple(sorted({name for model in models() for name in model.domains}, key=lambda name: (name != GENERAL, name)))


@cache
def rank_of(tag: str) -> int:
    """Return how many languages at least as many makers name: a maker who counts fewer hardly counts this one."""
    makers = {one: {model.developer for model in models() if one in model.languages} for one in languages()}
    return sum(len(found) >= len(makers[tag]) for found in makers.values())


@cache
def named_earlier(model: Model) -> Model | None:
    """Return the latest earlier model of the maker's line whose languages are listed and fewer than this one counts."""
    earlier = [
        other
        for other in models()
        if other.languages and len(other.languages) < (model.languages_count or 0)
        if (other.developer, *re.findall("^[A-Za-z]+", other.name))
        == (model.developer, *re.findall("^[A-Za-z]+", model.name))
        if (other.released or "9") < (model.released or "")
    ]
    return max(earlier, key=lambda other: other.released or "", default=None)


def grade(model: Model, tag: str) -> str:
    """Return what is known of a model's language, one of `GRADES`; a number counts from the language's rank on."""
    if tag == "en" or tag in model.languages:
        return "english" if tag == "en" else "named"
    if model.languages_count is None:
        return "no" if model.languages else "silent"
    if (earlier := named_earlier(model)) and tag in earlier.languages:
        return "earlier"
    return "many" if model.languages_count >= rank_of(tag) else "silent"


@cache
def index_of(model: Model) -> tuple[float | None, Model | None]:
    """Return a model's index, and whose it is: what nobody measured is taken to be no worse than the best general model of
    its maker that was measured and is neither later nor larger.
    """
    if model.benchmark == INDEX:
        return model.score, model
    floors = [
        other
        for other in models()
        if other.benchmark == INDEX and other.developer == model.developer
        if GENERAL in other.domains and GENERAL in model.domains
        if (other.released or "9") <= (model.released or "") and (other.size or math.inf) <= 1.01 * (model.size or 0)
    ]
    best = max(floors, key=lambda other: other.score or 0, default=None)
    return (best.score, best) if best else (None, None)


@cache
def premiums_of(vocabulary: str) -> dict[str, float]:
    """Return how many times the tokens of English the same articles take, by tag, as `data/premiums.csv` has it.

    Raises:
        ValueError: if the table has no such vocabulary.
    """
    rows = read_table("premiums")
    rows = rows[rows["vocabulary"] == vocabulary]
    if rows.empty:
        raise ValueError(f"vocabulary={vocabulary!r} is not in data/premiums.csv")
    found = dict(zip(rows["tag"], rows["premium"], strict=True))
    return {tag: float(found[tag]) for tag in languages() if tag in found}
