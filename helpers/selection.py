"""From needs to a ranked shortlist of real models: which meet them, which may once a fact is looked up, and which do not.

Facts are those of `data/models.csv`, memory and speed those of `helpers.sizing`. Each need is a check that says yes, no or
"not known here": unknown is neither. The rank is lexicographic: the first criterion decides, ties go to the next.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any

from helpers import sizing
from helpers.checks import check_amount, check_whole
from helpers.claims import number
from helpers.names import name_of
from helpers.tables import read_table

USES = {"research": ("yes", "conditions", "no", None), "product": ("yes", "conditions"), "unconditional": ("yes",)}
KINDS = {"answers": {"instruct", "reasoning"}, "at once": {"instruct"}, "thinks": {"reasoning"}, "base": {"base"}}
GENERAL, INDEX = "general", "Artificial Analysis Intelligence Index"  # ranked; what others measured is only shown
NEAR = (GENERAL, "code", "mathematics", "science")  # what the index is made of
STEP = 5  # points of the index; nearer ones tie
GRADES = ("english", "named", "earlier", "many", "silent", "no")  # what is known of a language, the surest first
ORDER = ("domain", "quality", "languages", "size", "speed", "room", "premium", "released")
MOST = 2**40  # tokens, texts or devices

Model = Any  # a row of data/models.csv by its columns, see data/README.md; None, or an empty tuple, is not known here


@cache
def models() -> tuple[Model, ...]:
    """Return the models of `data/models.csv`, in its order."""
    table = read_table("models").astype({"context": "Int64", "languages_count": "Int64"})
    rows = table.astype(object).where(table.notna(), None)
    for name in ("languages", "domains", "kinds"):
        rows[name] = rows[name].fillna("").str.split().map(tuple)
    return tuple(rows.itertuples(index=False, name="Model"))


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


def grade(model: Model, tag: str) -> str:
    """Return what is known of a model's language, one of `GRADES`; a number counts from the language's rank on."""
    if tag == "en" or tag in model.languages:
        return "english" if tag == "en" else "named"
    if model.languages_count is None:
        return "no" if model.languages else "silent"
    if any(tag in other.languages for other in models() if other.name == model.languages_from):
        return "earlier"
    return "many" if model.languages_count >= rank_of(tag) else "silent"


def index_of(model: Model) -> tuple[float | None, Model | None]:
    """Return a model's index, and whose it is: its own, or that of the model in its column `score_from`, a floor."""
    whose = model if model.benchmark == INDEX else next((one for one in models() if one.name == model.score_from), None)
    return (whose.score, whose) if whose else (None, None)


@cache
def premiums() -> dict[str, dict[str, float]]:
    """Return how many times the tokens of English the same articles take, by vocabulary and tag, of `data/premiums.csv`."""
    rows = read_table("premiums").groupby("vocabulary")
    return {name: dict(zip(found["tag"], found["premium"], strict=True)) for name, found in rows}


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
        known = {"use": USES, "domain": domains(), "kind": KINDS, "precision": sizing.BITS, "languages": languages()}
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

    def rank(self, order: Sequence[str]) -> list[float]:
        """Return what sorts better evidence first, and the unknown last."""
        found = [self.evidence[name] for name in order]
        return [math.inf if value is None else -value for value in found]


@dataclass(frozen=True)
class Shortlist:
    """Models that meet the needs, best first; those that may, once a fact is looked up, best first; and the others."""

    order: tuple[str, ...]
    kept: tuple[Choice, ...]
    open_: tuple[Choice, ...]
    ruled_out: tuple[Choice, ...]

    def lookups(self) -> tuple[Choice, ...]:
        """Return those that would be first if what is not known of them were as needed."""
        return tuple(one for one in self.open_ if not self.kept or one.rank(self.order) < self.kept[0].rank(self.order))

    def without(self) -> dict[str, Choice]:
        """Return which would be first if a criterion were left out, for each that changes the first place."""
        rest = {name: [other for other in self.order if other != name] for name in self.order}
        firsts = {name: min(self.kept, key=lambda one: one.rank(rest[name]), default=None) for name in self.order}
        return {name: first for name, first in firsts.items() if first and first is not self.kept[0]}

    def nearest(self) -> tuple[Choice, ...]:
        """Return those that are ruled out by the fewest needs, the best for each set of needs: what to relax first."""
        best: dict[frozenset[str], Choice] = {}
        for choice in sorted(self.ruled_out, key=lambda choice: choice.rank(self.order)):
            best.setdefault(frozenset(reason.criterion for reason in (*choice.against, *choice.unknown)), choice)
        return tuple(choice for needs, choice in best.items() if len(needs) == min(map(len, best)))


def shortlist(needs: Needs, order: Sequence[str] = ORDER) -> Shortlist:
    """Hold every model against the needs, and rank what passes; what ties stays in the order of the table.

    Raises:
        ValueError: unless `order` has each criterion of `ORDER` once, the one that decides first at the front.
    """
    if sorted(order) != sorted(ORDER):
        raise ValueError(f"order={tuple(order)!r} is not accepted; give each of {', '.join(ORDER)} once")
    judged = [judge(model, needs) for model in models()]
    passed = sorted((choice for choice in judged if not choice.against), key=lambda choice: choice.rank(order))
    kept, open_ = (tuple(choice for choice in passed if bool(choice.unknown) is is_open) for is_open in (False, True))
    return Shortlist(tuple(order), kept, open_, tuple(choice for choice in judged if choice.against))


def judge(model: Model, needs: Needs) -> Choice:
    """Hold one model against the needs; where its exact sizes are not known, by its weights alone."""
    known = {"en": 1.0} | premiums().get(model.vocabulary, {})
    premium = max(known[tag] for tag in needs.languages) if all(tag in known for tag in needs.languages) else None
    scale, machine = premium or 1.0, needs.device.times(int(needs.devices))
    tokens, weights = math.ceil(int(needs.context) * scale), sizing.BITS[needs.precision] / 8
    needed, seconds = model.total_b * weights, (model.active_b or 0) * weights / machine.bandwidth_gb_s
    if model.config:
        needed, seconds = _work(model.config, machine, needs.precision, tokens, int(needs.users))
    speed = 1 / seconds / scale if seconds else math.inf
    checks = list(_checks(model, needs, scale, needed, machine.memory_gb, speed))
    against, unknown = (tuple(one for one in checks if ("?" in one.kind) is is_open) for is_open in (False, True))
    ranks = list(_ranks(model, needs, premium))
    if model.config:
        room = Reason("room", {"room": machine.memory_gb - needed, "there": machine.memory_gb})
        ranks += [(speed, Reason("speed-bound", {"speed": speed})), (machine.memory_gb - needed, room)]
    ranks.sort(key=lambda rank: ORDER.index(rank[1].criterion))
    evidence = dict.fromkeys(ORDER) | {reason.criterion: value for value, reason in ranks}
    return Choice(model, against, unknown, tuple(reason for _, reason in ranks), evidence)


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
        if missing := [name_of(tag) for tag in needs.languages if grade(model, tag) == found]:
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


def _ranks(model: Model, needs: Needs, premium: float | None) -> Iterator[tuple[float | None, Reason]]:
    """What the facts of a model are worth, and the words for it, by criterion."""
    score, whose = index_of(model)
    is_general = GENERAL in model.domains
    if needs.domain in model.domains or (is_general and needs.domain in NEAR and score is not None):
        kind = "domain-near" if needs.domain not in model.domains else "domain" if needs.domain != GENERAL else "domain-any"
        yield 1.0, Reason(kind, {"domain": needs.domain})
    elif is_general:
        yield 0.5, Reason("domain-general", {"domain": needs.domain})
    else:
        yield 0.0, Reason("domain-other", {"domain": " and ".join(model.domains)})

    if score is None or whose is None:
        yield None, Reason("quality-none")
    else:
        shown = {"score": score, "model": whose.name, "date": whose.measured, "step": STEP}
        yield float(math.floor(score / STEP + 0.5)), Reason("quality" if whose is model else "quality-floor", shown)

    named = defaultdict(list)
    for tag in needs.languages:
        named[grade(model, tag)].append(name_of(tag))
    fills = {"earlier": model.languages_from, "count": model.languages_count}
    words = "; ".join(f"{', '.join(tags)}: {texts()[f'grade-{found}'][0].format(**fills)}" for found, tags in named.items())
    yield float(not {"many", "silent", "no"} & set(named)), Reason("languages-grades", {"grades": words})

    doublings = math.log2(model.total_b * model.active_b) if model.active_b else None  # twice those of the geometric mean
    size = "size-total" if not model.active_b else "size-active" if model.active_b < model.total_b else "size"
    shown = {"total": model.total_b, "active": model.active_b or 0.0}
    yield doublings and math.floor(doublings + 0.5) / 2, Reason(size, shown)
    if set(needs.languages) != {"en"}:
        yield premium and -premium, Reason("premium", {"premium": premium}) if premium else Reason("premium-unknown")
    dated = Reason("released", {"date": model.released}) if model.released else Reason("released-unknown")
    yield model.released and float(model.released.replace("-", "")), dated
