"""What chapter 07 measures in a world: from the base model through every stage that a reader can wait for.

`python -m experiments alignment` records it for all of `SEEDS`; the chapter runs one world again and compares.
"""

import copy
from collections.abc import Callable
from typing import Any

from helpers.alignment import stages
from helpers.alignment.dpo import dpo, reference_log_probs
from helpers.alignment.feedback import Preference
from helpers.alignment.reward import train_reward_model
from helpers.alignment.stages import Setting
from helpers.models.stack import Stack
from helpers.world.questions import declining, demonstrations, questions

SEEDS = tuple(range(8))
FEW, MANY = 30, 300  # demonstrations; the model of the many is the reference
UNKNOWN, KNOWN = 1, 16  # exposures up to which a person counts as unknown, and from which as known
DPO_STOPS = (10, 30, 75, 150)
# Demonstrations beside the MANY: "i do not know." about unknown people, the truth about other unknown people (new facts),
# and more about known people, the control of equal size.
MIXES = ((0, 100, 0), (0, 200, 0), (100, 0, 0), (100, 100, 0), (100, 200, 0), (100, 0, 100), (100, 0, 200))
LIVE = ((100, 0, 0), (100, 200, 0), (100, 0, 200))  # those that the chapter runs again

Row = dict[str, Any]


def run(part: str, seed: int, *more: int) -> list[Row]:
    """Run one part in one world, for `run_all`. Parts after "base" need its model, and make it if need be."""
    return [{"seed": seed} | row for row in PARTS[part](stages.setting(seed), *more)]


def calls(seed: int, mixes: tuple[tuple[int, int, int], ...] = MIXES) -> list[tuple]:
    """Return the parts that follow "base" in a world, the longest first."""
    return [("preferences", seed), *(("mix", seed, *mix) for mix in mixes), ("few", seed)]


def pre_train(place: Setting) -> list[Row]:
    """Measure what the base model does with questions."""
    return [{"stage": "base"} | _shares(place, stages.base(place))]


def learn_preferences(place: Setting) -> list[Row]:
    """Fine-tune on all demonstrations, measure what that model makes up, then train the reward model and DPO."""
    reference = stages.answering(place, MANY)
    pairs = stages.preferences(place, reference)
    reward_model = train_reward_model(reference, pairs, seed=place.seed)
    agreement = {"pairs": len(pairs)} | stages.agreement_by_kind(place, reference, reward_model)
    return [
        {"stage": "sft", "demonstrations": MANY} | _shares(place, reference),
        *({"stage": "tail"} | row for row in long_tail(place, reference)),
        *_by_group(place, reference, (0, 0, 0)),
        {"stage": "reward"} | agreement,
        *({"stage": "dpo"} | row for row in follow_dpo(place, reference, pairs)),
    ]


def long_tail(place: Setting, model: Stack) -> list[Row]:
    """Measure answers about people of each group, none of them named in post-training."""
    groups = place.world.config.exposures
    asked = {n: questions(place.world, held_out=True, at_least=n, at_most=n) for n in groups}
    return [{"exposures": n} | _shares(place, model, asked[n]) for n in groups]


def follow_dpo(place: Setting, reference: Stack, pairs: list[Preference]) -> list[Row]:
    """Measure DPO at `DPO_STOPS`: its answers, and where the log-probabilities of its training pairs went."""
    measure, everything = stages.yardstick(place, reference), range(len(pairs))
    before = reference_log_probs(reference, pairs, everything)

    def both(model: Stack) -> dict[str, float]:
        change = reference_log_probs(model, pairs, everything) - before  # (N, 2): chosen, rejected
        margin = change[:, 0] - change[:, 1]
        shares = {"chosen_fell": change[:, 0] < 0, "rejected_fell": change[:, 1] < 0, "margin_rose": margin > 0}
        means = {"chosen_change": change[:, 0], "rejected_change": change[:, 1]}
        return measure(model) | {name: float(part.float().mean()) for name, part in (shares | means).items()}

    model = copy.deepcopy(reference)
    return stages.follow(lambda watch: dpo(model, pairs, beta=0.2, seed=place.seed, watch=watch), model, both, DPO_STOPS)


def learn_few(place: Setting) -> list[Row]:
    """Fine-tune on few demonstrations."""
    return [{"stage": "sft", "demonstrations": FEW} | _shares(place, stages.answering(place, FEW))]


def learn_mix(place: Setting, declined: int, new: int, known: int) -> list[Row]:
    """Fine-tune on a mix of demonstrations, each seen as often whatever is beside it, and ask about both groups.

    Args:
        place: the world.
        declined: demonstrations of "i do not know." about one half of the unknown people.
        new: demonstrations with the truth about the other half.
        known: demonstrations with the truth about known people, beside the `MANY`.
    """
    told = questions(place.world, held_out=False, at_least=4)
    unknown = questions(place.world, held_out=False, at_most=UNKNOWN)
    names = sorted({question.name for question in unknown})
    halves = [[q for q in unknown if (names.index(q.name) % 2) == half] for half in (0, 1)]
    shown = [
        *demonstrations(told, MANY + known, seed=place.seed),
        *declining(halves[0], declined, seed=place.seed),
        *demonstrations(halves[1], new, seed=place.seed),
    ]
    model = stages.base(place)
    stages.teach(place, model, shown, n_steps=len(shown) // 3)  # as many epochs for each mix
    return _by_group(place, model, (declined, new, known))


def _by_group(place: Setting, model: Stack, mix: tuple[int, int, int]) -> list[Row]:
    groups = {
        "unknown": questions(place.world, held_out=True, at_most=0),
        "little known": questions(place.world, held_out=True, at_least=1, at_most=KNOWN - 1),
        "known": questions(place.world, held_out=True, at_least=KNOWN),
    }
    shown = dict(zip(("told_declining", "told_new", "told_known"), mix, strict=True))
    return [{"stage": "mix", "group": name} | shown | _shares(place, model, asked) for name, asked in groups.items()]


def _shares(place: Setting, model: Stack, asked: list | None = None) -> Row:
    return stages.shares(stages.reply(place, model, place.test if asked is None else asked, n=4))


PARTS: dict[str, Callable[..., list[Row]]] = {
    "base": pre_train,
    "preferences": learn_preferences,
    "few": learn_few,
    "mix": learn_mix,
}
