"""Models held against needs: ruled out with every reason, or ranked by stated criteria, the first of which decides."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from helpers.names import name_of
from helpers.selection.needs import GENERAL, Needs
from helpers.selection.reasons import Reason, reason
from helpers.selection.table import Model, models, premiums_of
from helpers.sizing import Deployment, ModelConfig, count_parameters, deployment, known_model

ORDER = ("domain", "size", "premium", "speed", "room")


@dataclass(frozen=True)
class Choice:
    """A model, judged.

    Args:
        model: its name in `data/models.csv`.
        evidence: for each criterion of `ORDER` what ranks it, more is better; None where unknown, which ranks last.
        against: every reason why it is ruled out; empty if it is not.
        reasons: what its rank follows from, in the order of `ORDER`.
    """

    model: str
    evidence: dict[str, float | None]
    against: tuple[Reason, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Shortlist:
    """Models that meet the needs, best first, and those that do not, in the order of the table."""

    kept: tuple[Choice, ...]
    ruled_out: tuple[Choice, ...]


def shortlist(needs: Needs, order: Sequence[str] = ORDER) -> Shortlist:
    """Rule out what does not meet the needs, and rank the rest.

    Args:
        needs: of the project.
        order: the criteria of `ORDER`, that which decides first at the front; where all tie, the table's order stays.

    Raises:
        ValueError: if `order` does not name each criterion once.
    """
    if sorted(order) != sorted(ORDER):
        raise ValueError(f"order={tuple(order)!r} is not accepted; give each of {', '.join(ORDER)} once")
    judged = [judge(model, needs) for model in models()]
    kept = sorted((c for c in judged if not c.against), key=lambda c: [_rank(c.evidence[name]) for name in order])
    return Shortlist(tuple(kept), tuple(c for c in judged if c.against))


def judge(model: Model, needs: Needs) -> Choice:
    """One model, held against the needs."""
    config = _config_of(model)
    found = deployment(
        config, needs.device, needs.precision, needs.context, needs.users, needs.price, n_devices=needs.devices
    )
    counted, premium = count_parameters(config), _premium(model, needs)
    total, active = counted.total / 1e9, counted.active / 1e9
    evidence = {
        "domain": 1.0 if model.domain == needs.domain else 0.5 if model.domain == GENERAL else 0.0,
        # Of a mixture of experts the geometric mean of all parameters and the active ones, a rule of thumb; in doublings,
        # to the nearest half, so that near sizes tie.
        "size": math.floor(math.log2(total * active) + 0.5) / 2,
        "premium": None if premium is None else -premium,
        "speed": found.speed,
        "room": (found.capacity - found.memory.total) / 1e9,
    }
    against = [*_facts_against(model, needs), *_figures_against(found, needs)]
    return Choice(model.name, evidence, tuple(against), tuple(_reasons(model, needs, total, active, premium, found)))


@cache
def _config_of(model: Model) -> ModelConfig:
    """The sizes of a model, whose own context is looked at, not that of the checkpoint with the same sizes."""
    return replace(known_model(model.config), max_context=None)


def _rank(evidence: float | None) -> float:
    """What sorts better evidence first, and the unknown last."""
    return math.inf if evidence is None else -evidence


def _premium(model: Model, needs: Needs) -> float | None:
    """Mean premium of the languages, or None where that of one is unknown; English is 1 by definition."""
    known = {"en": 1.0} | (premiums_of(model.vocabulary) if model.vocabulary else {})
    if not all(tag in known for tag in needs.languages):
        return None
    return sum(known[tag] for tag in needs.languages) / len(needs.languages)


def _facts_against(model: Model, needs: Needs) -> Iterator[Reason]:
    """Licence, post-training, languages and length, as the table has them."""
    if needs.commercial and not model.commercial:
        yield reason("licence?" if model.commercial is None else "licence", licence=model.licence)
    if needs.answers and not model.answers:
        yield reason("answers?" if model.answers is None else "answers")
    missing = [tag for tag in needs.languages if tag not in model.languages]
    if missing and not model.languages:
        yield reason("languages?")
    elif missing:
        yield reason("languages", languages=", ".join(map(name_of, missing)))
    if model.context is None:
        yield reason("context?")
    elif needs.context > model.context:
        yield reason("context", most=model.context, context=needs.context)


def _figures_against(found: Deployment, needs: Needs) -> Iterator[Reason]:
    """Memory, speed and cost, as `helpers.sizing` computes them."""
    speed = found.speed
    if not found.fits:
        needed, there = found.memory.total / 1e9, found.capacity / 1e9
        yield reason("memory", needed=needed, there=there, more=needed - there)
    if speed < needs.speed:
        yield reason("speed", speed=speed, least=needs.speed)
    if needs.budget is not None and found.output_cost > needs.budget:
        yield reason("budget", cost=found.output_cost, most=needs.budget)


def _reasons(
    model: Model, needs: Needs, total: float, active: float, premium: float | None, found: Deployment
) -> Iterator[Reason]:
    """What the rank follows from."""
    trained_for = "general use" if model.domain == GENERAL else model.domain
    yield reason("domain" if model.domain in (needs.domain, GENERAL) else "domain-", domain=trained_for)
    yield reason("size", total=total) if total == active else reason("size+", total=total, active=active)
    yield reason("premium?") if premium is None else reason("premium", premium=premium)
    yield reason("speed+", speed=found.speed)
    yield reason("room", room=(found.capacity - found.memory.total) / 1e9, there=found.capacity / 1e9)
