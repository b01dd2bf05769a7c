"""What chapter 07 runs in each of its worlds: from the base model through every stage that a reader can wait for."""

import copy
from collections.abc import Callable
from typing import Any

from helpers.alignment import stages
from helpers.alignment.dpo import dpo
from helpers.alignment.feedback import Preference
from helpers.alignment.reward import train_reward_model
from helpers.alignment.stages import Setting
from helpers.models.stack import Stack
from helpers.world.questions import demonstrations, questions

SEEDS = (0, 1, 2)
FEW, MANY = 30, 300  # demonstrations; the model of the many is the reference
ANSWERED = (0.0, 0.5, 1.0)  # of the people whom the web hardly knows, those about whom the truth is told
UNKNOWN = 1  # exposures up to which a person counts as unknown

Row = dict[str, Any]


def run(part: str, seed: int, *more: float) -> dict[str, list[Row]]:
    """One part in one world, for `run_all`: rows by stage. Parts after "base" need its model, and make it if need be."""
    found = PARTS[part](stages.setting(seed), *more)
    return {name: [{"seed": seed} | row for row in rows] for name, rows in found.items()}


def calls() -> list[tuple]:
    """All parts in every world, the long ones first, in an order in which hardly any part waits for another."""
    each = [(part, seed) for part in ("base", "preferences", "few") for seed in SEEDS]
    return each + [("unknown", seed, share) for share in ANSWERED for seed in SEEDS]


def pre_train(place: Setting) -> dict[str, list[Row]]:
    """What the base model does with questions."""
    return {"base": [_shares(place, stages.base(place))]}


def learn_preferences(place: Setting) -> dict[str, list[Row]]:
    """Supervised fine-tuning on all demonstrations, what that model makes up, the reward model and DPO."""
    reference = stages.answering(place, MANY)
    pairs = stages.preferences(place, reference)
    reward_model = train_reward_model(reference, pairs, seed=place.seed)
    return {
        "sft": [{"demonstrations": MANY} | _shares(place, reference)],
        "tail": long_tail(place, reference),
        "reward": [{"pairs": len(pairs)} | stages.agreement_by_kind(place, reference, reward_model)],
        "policies": policies(place, reference, pairs),
    }


def long_tail(place: Setting, model: Stack) -> list[Row]:
    """What a model answers about people of each group, none of them named in post-training."""
    groups = place.world.config.exposures
    asked = {n: questions(place.world, held_out=True, at_least=n, at_most=n) for n in groups}
    return [{"exposures": n} | stages.shares(stages.reply(place, model, asked[n], n=4)) for n in groups]


def policies(place: Setting, reference: Stack, pairs: list[Preference]) -> list[Row]:
    """The reference and DPO at its end, both measured against the reference."""
    measure = stages.yardstick(place, reference)
    model = copy.deepcopy(reference)
    dpo(model, pairs, beta=0.2, seed=place.seed)
    return [{"method": "reference"} | measure(reference), {"method": "DPO", "beta": 0.2, "step": 150} | measure(model)]


def learn_few(place: Setting) -> dict[str, list[Row]]:
    """Supervised fine-tuning on few demonstrations."""
    return {"sft": [{"demonstrations": FEW} | _shares(place, stages.answering(place, FEW))]}


def learn_unknown(place: Setting, share: float) -> dict[str, list[Row]]:
    """A model that learns to say "i do not know." about unknown people, but is told the truth about a share of them."""
    groups = {
        "unknown": questions(place.world, held_out=True, at_most=0),
        "known": questions(place.world, held_out=True, at_least=16),
    }
    model, everyone = stages.base(place), questions(place.world, held_out=False)
    shown = demonstrations(everyone, 400, decline_at_most=UNKNOWN, answered_share=share, seed=place.seed)
    stages.teach(place, model, shown)
    rows = [{"answered": share, "group": name} | _shares(place, model, asked) for name, asked in groups.items()]
    return {"unknown": rows}


def _shares(place: Setting, model: Stack, asked: list | None = None) -> Row:
    return stages.shares(stages.reply(place, model, place.test if asked is None else asked, n=4))


PARTS: dict[str, Callable[..., dict[str, list[Row]]]] = {
    "base": pre_train,
    "preferences": learn_preferences,
    "few": learn_few,
    "unknown": learn_unknown,
}
