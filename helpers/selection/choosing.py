"""Needs, the checks that hold a model against them, the order of what passes, and what that order depends on."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any

from helpers import sizing
from helpers.checks import check_amount, check_whole
from helpers.claims import number
from helpers.names import name_of
from helpers.selection import table
from helpers.selection.table import GENERAL, Model
from helpers.tables import read_table

USES = {"research": ("yes", "conditions", "no", None), "product": ("yes", "conditions"), "unconditional": ("yes",)}
KINDS = {"answers": {"instruct", "reasoning"}, "at once": {"instruct"}, "thinks": {"reasoning"}, "base": {"base"}}
ORDER = ("domain", "quality", "languages", "size", "speed", "room", "premium", "released")
NEAR = (GENERAL, "code", "mathematics", "science")  # what the index is made of
STEP = 5  # points of the index; nearer ones tie
MOST = 2**40  # tokens, texts or devices


@dataclass(frozen=True)
class Needs:
    """What a project needs of a model. Tokens are those that the text would have in English.

    Raises:
        TypeError: if a value is of another type.
        ValueError: if a value is not accepted, or a budget has no price to be held against.
    """

    use: str = "product"  # or "research", or "unconditional": a product, under a licence without conditions
    languages: Sequence[str] = ("en",)  # BCP 47 primary tags, all of them needed
    domain: str = GENERAL
    kind: str = "answers"  # or "at once", without thinking first; "thinks" first; "base", to train on
    context: int = 4096  # tokens of each text, prompt and answer together
    users: int = 1  # texts at once
    device: sizing.Hardware = field(default_factory=lambda: sizing.known_device("NVIDIA L4 24 GB"))
    devices: int = 1  # that share the model
    precision: str = "bf16"  # of the weights
    speed: float = 0.0  # tokens a second that each user is to get at least, at the bound
    price: float = 0.0  # of one device, an hour, in any currency
    budget: float | None = None  # the most that writing a million tokens may cost, at the bound; None for any

    def __post_init__(self) -> None:
        if isinstance(self.languages, str) or not isinstance(self.languages, Sequence):
            raise TypeError(f'languages={self.languages!r} is no sequence of tags; give for instance ("en", "vi")')
        if not self.languages:
            raise ValueError("languages=() asks for none; give at least one tag")
        known = {
            "use": USES,
            "domain": table.domains(),
            "kind": KINDS,
            "precision": sizing.BITS,
            "languages": table.languages(),
        }
        for name, accepted in known.items():
            for value in self.languages if name == "languages" else [getattr(self, name)]:
                if value not in tuple(accepted):
                    raise ValueError(f"{name} holds {value!r}, which is not known here; there are {', '.join(accepted)}")
        object.__setattr__(self, "languages", tuple(dict.fromkeys(self.languages)))
        if not isinstance(self.device, sizing.Hardware):
            raise TypeError(f"device={self.device!r} is no Hardware; give known_device(name)")
        for name in ("context", "users", "devices"):
            check_whole(name, getattr(self, name), least=1, most=MOST)
        for name in ("speed", "price"):
            check_amount(name, getattr(self, name))
        if self.budget is not None and not (check_amount("budget", self.budget) and self.price):
            raise ValueError(f"budget={self.budget!r} with price={self.price!r} rules out all or nothing; give both above 0")


@cache
def texts() -> dict[str, tuple[str, str]]:
    """Return the words of each kind of reason, and the id of the finding that says why it counts ("" for none)."""
    return {row.kind: (row.text, row.claim) for row in read_table("selection_texts").fillna("").itertuples()}


@dataclass(frozen=True)
class Reason:
    """Why a model is ruled out, what to look up, or what its rank follows from: a key of `texts`, and what fills it."""

    kind: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def criterion(self) -> str:
        """A need, or one of `ORDER`."""
        return self.kind.partition("-")[0].rstrip("?")

    @property
    def text(self) -> str:
        """In words, with the figures."""
        shown = {name: value if isinstance(value, str) else number(value) for name, value in self.values.items()}
        return texts()[self.kind][0].format(**shown)


@dataclass(frozen=True)
class Choice:
    """A model, judged: what rules it out, what to look up, and what its rank follows from, in words and in numbers.

    `evidence` has a number for each criterion of `ORDER`, more is better; None where unknown, which ranks last.
    """

    model: Model
    against: tuple[Reason, ...]
    unknown: tuple[Reason, ...]
    reasons: tuple[Reason, ...]
    evidence: dict[str, float | None]


@dataclass(frozen=True)
class Shortlist:
    """Models that meet the needs, best first; those that may, once a fact is looked up, best first; and the others."""

    needs: Needs
    order: tuple[str, ...]
    kept: tuple[Choice, ...]
    open_: tuple[Choice, ...]
    ruled_out: tuple[Choice, ...]


def shortlist(needs: Needs, order: Sequence[str] = ORDER) -> Shortlist:
    """Hold every model against the needs, and rank what passes; what ties stays in the order of the table.

    `order` has each criterion of `ORDER` once, the one that decides first at the front. How surely a maker counts a language
    comes after quality: before it, a model of 0.6 billion parameters whose maker lists Vietnamese would precede one of 31
    billion whose maker counts 140 languages.

    Raises:
        ValueError: if `order` is no such order.
    """
    if sorted(order) != sorted(ORDER):
        raise ValueError(f"order={tuple(order)!r} is not accepted; give each of {', '.join(ORDER)} once")
    judged = [judge(model, needs) for model in table.models()]
    passed = sorted((choice for choice in judged if not choice.against), key=lambda choice: _rank(choice, order))
    kept, open_ = (tuple(choice for choice in passed if bool(choice.unknown) is is_open) for is_open in (False, True))
    return Shortlist(needs, tuple(order), kept, open_, tuple(choice for choice in judged if choice.against))


def _rank(choice: Choice, order: Sequence[str]) -> list[float]:
    """What sorts better evidence first, and the unknown last."""
    found = [choice.evidence[name] for name in order]
    return [math.inf if value is None else -value for value in found]


def judge(model: Model, needs: Needs) -> Choice:
    """Hold one model against the needs; where its exact sizes are not known, by its weights alone."""
    known = {"en": 1.0} | (table.premiums_of(model.vocabulary) if model.vocabulary else {})
    premium = max(known[tag] for tag in needs.languages) if all(tag in known for tag in needs.languages) else None
    scale, machine = premium or 1.0, needs.device.times(int(needs.devices))
    tokens, weights = math.ceil(int(needs.context) * scale), sizing.BITS[needs.precision] / 8
    needed, seconds = model.total_b * weights, (model.active_b or 0) * weights / machine.bandwidth_gb_s
    if model.config:
        needed, seconds = _work(model.config, machine, needs.precision, tokens, int(needs.users))
    speed = 1 / seconds / scale if seconds else math.inf
    checks = list(_checks(model, needs, scale, needed, machine.memory_gb, speed))
    evidence, reasons = _ranks(model, needs, premium)
    if model.config:
        evidence |= {"speed": speed, "room": machine.memory_gb - needed}
        reasons.append(Reason("speed-bound", {"speed": speed}))
        reasons.append(Reason("room", {"room": machine.memory_gb - needed, "there": machine.memory_gb}))
    reasons.sort(key=lambda reason: ORDER.index(reason.criterion))
    against, unknown = (tuple(one for one in checks if ("?" in one.kind) is is_open) for is_open in (False, True))
    return Choice(model, against, unknown, tuple(reasons), evidence)


@lru_cache(maxsize=10_000)
def _work(config: str, machine: sizing.Hardware, precision: str, tokens: int, users: int) -> tuple[float, float]:
    """GB to hold a model, and the least seconds of a step; for a context of its own, not that of equal sizes."""
    sizes = replace(sizing.known_model(config), max_context=None)
    needed = sizing.inference_memory(sizes, precision, tokens, users).total / 1e9
    return needed, sizing.decode(sizes, machine, tokens, users, precision).seconds


def _checks(model: Model, needs: Needs, scale: float, needed: float, there: float, speed: float) -> Iterator[Reason]:
    """What speaks against a model or is not known: facts as the table has them; memory, speed and cost as computed."""
    if model.commercial not in USES[needs.use]:
        kind = {None: "licence?", "no": "licence", "conditions": "licence-conditions"}[model.commercial]
        yield Reason(kind, {"licence": model.licence or "", "note": model.licence_note or ""})
    if not KINDS[needs.kind] & set(model.kinds):
        yield Reason("kind-answers" if "base" in model.kinds else f"kind-{needs.kind}")
    for found, kind in (("no", "languages"), ("silent", "languages?")):
        if missing := [name_of(tag) for tag in needs.languages if table.grade(model, tag) == found]:
            yield Reason(kind, {"languages": ", ".join(missing)})
    if model.context is None:
        yield Reason("context?")
    elif needs.context > (english := int(model.context / scale)):
        yield Reason("context", {"most": model.context, "english": english, "tokens": math.ceil(needs.context * scale)})
    if needed > there:
        yield Reason("memory", {"needed": needed, "there": there, "more": needed - there})
    if speed < needs.speed:
        yield Reason("speed", {"speed": speed, "least": needs.speed})
    cost = 1e6 / 3600 * needs.devices * needs.price / (needs.users * speed)
    if needs.budget is not None and cost > needs.budget:
        yield Reason("budget", {"cost": cost, "most": needs.budget})
    if not model.config:
        yield Reason("sizes?")


def _ranks(model: Model, needs: Needs, premium: float | None) -> tuple[dict[str, float | None], list[Reason]]:
    """What the facts of a model are worth, by criterion, and the words for it."""
    score, whose = table.index_of(model)
    is_general, is_for = GENERAL in model.domains, needs.domain in model.domains
    is_near = is_general and needs.domain in NEAR and score is not None
    fits = {"-any": is_for and needs.domain == GENERAL, "": is_for, "-near": is_near, "-general": is_general, "-other": True}
    fit = next(name for name, holds in fits.items() if holds)
    shown = {"domain": needs.domain if is_for or is_general else " and ".join(model.domains)}
    size = "-total" if not model.active_b else "-active" if model.active_b < model.total_b else ""
    grades: dict[str, list[str]] = {}
    for tag in needs.languages:
        grades.setdefault(table.grade(model, tag), []).append(name_of(tag))
    fills = {"earlier": getattr(table.named_earlier(model), "name", ""), "count": model.languages_count}
    words = [f"{', '.join(named)}: {texts()[f'grade-{found}'][0].format(**fills)}" for found, named in grades.items()]
    reasons = [Reason(f"domain{fit}", shown)]
    if score is None or whose is None:
        reasons.append(Reason("quality-none"))
    else:
        kind = "quality" if whose is model else "quality-floor"
        reasons.append(Reason(kind, {"score": score, "model": whose.name, "date": whose.measured or "", "step": STEP}))
    if model.benchmark and model.benchmark != table.INDEX:
        own = {"benchmark": model.benchmark, "score": model.score, "by": model.measured_by}
        reasons.append(Reason("quality-own", own))
    reasons.append(Reason("languages-grades", {"grades": "; ".join(words)}))
    reasons.append(Reason(f"size{size}", {"total": model.total_b, "active": model.active_b or 0.0}))
    if set(needs.languages) != {"en"}:
        reasons.append(Reason("premium", {"premium": premium}) if premium else Reason("premium-unknown"))
    reasons.append(Reason("released", {"date": model.released}) if model.released else Reason("released-unknown"))
    year, month = map(int, (model.released or "0-0").split("-"))
    return {
        "domain": 1.0 if is_for or is_near else 0.5 if is_general else 0.0,
        "quality": None if score is None else float(math.floor(score / STEP + 0.5)),
        "languages": float(not {"many", "silent", "no"} & set(grades)),
        "size": math.floor(2 * math.log2(model.size) + 0.5) / 2 if model.size else None,
        "speed": None,
        "room": None,
        "premium": -premium if premium else None,
        "released": 12.0 * year + month if year else None,
    }, reasons


def _ways(found: Shortlist) -> list[tuple[Choice, dict[str, Any]]]:
    """What could give way where nothing meets the needs: of the fewest needs, for each set the best model and its change."""
    ways: dict[tuple[str, ...], tuple[Choice, dict[str, Any]]] = {}
    for choice in sorted((*found.open_, *found.ruled_out), key=lambda choice: _rank(choice, found.order)):
        change = _relaxed(choice, found.needs)
        if change and tuple(change) not in ways:
            ways[tuple(change)] = choice, change
    return [way for names, way in ways.items() if len(names) == min(map(len, ways))]


def _relaxed(choice: Choice, needs: Needs) -> dict[str, Any]:
    """What must change for a model to be kept, one need after the other, by as little as will do; nothing if none would."""
    change: dict[str, Any] = {}
    while blocks := [*choice.against, *choice.unknown]:
        model, values = choice.model, blocks[0].values
        known = tuple(tag for tag in needs.languages if table.grade(model, tag) not in ("no", "silent"))
        name, value = {
            "licence": ("use", "product" if model.commercial == "conditions" else "research"),
            "kind": ("kind", "base" if "base" in model.kinds else "answers"),
            "languages": ("languages", known or ("en",)),
            "context": ("context", values.get("english")),
            "memory": ("devices", math.ceil(min(values.get("needed", 0) / needs.device.memory_gb, MOST))),
            "speed": ("speed", values.get("speed")),
            "budget": ("budget", values.get("cost")),
        }.get(blocks[0].criterion, ("", None))
        if value is None or change.get(name) == value:
            return {}
        change[name] = value
        choice = judge(model, replace(needs, **change))
    return change


@dataclass(frozen=True)
class Sensitivity:
    """What the first place depends on: models that would have it if what is not known of them were as needed; who has it
    when one criterion is left out; models as good in domain and quality. Where nothing meets the needs, `ways` has a model
    for each set of needs that could give way, and how: `replace(needs, **change)` keeps it.
    """

    lookups: tuple[Choice, ...]
    without: dict[str, Choice]
    ties: tuple[Choice, ...]
    ways: tuple[tuple[Choice, dict[str, Any]], ...]


def sensitivity(found: Shortlist) -> Sensitivity:
    """Return what the first place of a shortlist depends on; with none, what could be looked up, and what could give way."""
    if not found.kept:
        return Sensitivity(found.open_, {}, (), tuple(_ways(found)))
    first, *others = found.kept
    before = _rank(first, found.order)
    lookups = tuple(choice for choice in found.open_ if _rank(choice, found.order) < before)
    without = {}
    for name in found.order:
        best = min(found.kept, key=lambda choice: _rank(choice, [other for other in found.order if other != name]))
        if best is not first:
            without[name] = best
    ties = (one for one in others if all(one.evidence[name] == first.evidence[name] for name in ("domain", "quality")))
    return Sensitivity(lookups, without, tuple(ties), ())
