"""Post-training in small worlds: its stages, DPO, GRPO, PPO and RLAIF on their way, and a reward that is over-optimised.

About half an hour on two cores. Chapter 07 reads the tables, runs one world's stages itself and compares.
"""

import copy
from collections.abc import Callable
from functools import partial

import pandas as pd
import torch

from experiments import record
from helpers.alignment import stages, worlds
from helpers.alignment.best_of import best_of_n_kl, expected_best_of_n
from helpers.alignment.dpo import dpo
from helpers.alignment.feedback import Preference
from helpers.alignment.grpo import grpo
from helpers.alignment.policy import Score
from helpers.alignment.ppo import ppo
from helpers.alignment.reward import RewardModel, train_reward_model
from helpers.models.stack import Stack
from helpers.parallel import run_all
from helpers.world.questions import draw_questions

SEEDS = worlds.SEEDS
DPO_BETAS, RLAIF_BETAS, GRPO_BETAS = (0.05, 0.2, 0.5), (0.2, 0.5), (0.1, 0.3)
DPO_STOPS, GRPO_STOPS, PPO_STOPS = (
    (5, 10, 15, 20, 30, 40, 60, 80, 100, 125, 150),
    (2, 4, 6, 8, 10, 15, 20, 25, 30),
    (1, 2, 3, 4, 6, 8, 10, 15, 20),
)
FEW = 100  # preferences of the weak reward model
BEST_OF = (1, 2, 4, 8, 16, 32, 64, 128)
FAR = {"n_rounds": 40, "learning_rate": 5e-4, "beta": 0.0}  # GRPO that nothing holds back
FAR_STOPS = (2, 5, 10, 15, 20, 30, 40)

Train = Callable[[Stack, stages.Watch], object]


def all_stages() -> None:
    """What chapter 07 runs in one world, in each of `worlds.SEEDS`."""
    runs = run_all(worlds.run, [("base", seed) for seed in worlds.SEEDS], "base models")
    runs += run_all(worlds.run, [call for seed in worlds.SEEDS for call in worlds.calls(seed)], "stages")
    record(pd.DataFrame([row for rows in runs for row in rows]), "post_training_stages")


def policies() -> None:
    """Every method on its way, measured by the true reward."""
    runs = run_all(_policies, [(seed,) for seed in SEEDS], "policies")
    record(pd.DataFrame([row for rows in runs for row in rows]), "post_training_policies")


def overoptimisation() -> None:
    """GRPO without a KL penalty against a reward model of few preferences, and one of many."""
    runs = run_all(_overoptimised, [(seed,) for seed in SEEDS], "over-optimisation")
    record(pd.DataFrame([row for rows in runs for row in rows]), "post_training_overoptimisation")


def best_of_n() -> None:
    """The answer that a reward model likes best of n, without any training."""
    runs = run_all(_best_of, [(seed,) for seed in SEEDS], "best of n")
    record(pd.DataFrame([row for rows in runs for row in rows]), "post_training_best_of_n")


def _policies(seed: int) -> list[dict]:
    place = stages.setting(seed)
    reference = stages.answering(place)
    human, ai = (stages.preferences(place, reference, judge_=judge_) for judge_ in (stages.person, stages.constitution))
    score = stages.proxy(train_reward_model(reference, human, seed=seed))
    methods: list[tuple[str, float, tuple[int, ...], Train]] = [
        *(("DPO", beta, DPO_STOPS, _dpo(human, beta, seed)) for beta in DPO_BETAS),
        *(("RLAIF", beta, DPO_STOPS, _dpo(ai, beta, seed)) for beta in RLAIF_BETAS),
        *(("GRPO", beta, GRPO_STOPS, _grpo(place, score, beta=beta)) for beta in GRPO_BETAS),
        ("PPO", 0.1, PPO_STOPS, _ppo(place, score)),
    ]
    measure, rows = stages.yardstick(place, reference), []
    for name, beta, stops, train in methods:
        model = copy.deepcopy(reference)
        steps = stages.follow(partial(train, model), model, measure, stops)
        rows += [{"method": name, "beta": beta, "seed": seed, **row} for row in steps]
    return rows


def _overoptimised(seed: int) -> list[dict]:
    place = stages.setting(seed)
    reference = stages.answering(place)
    human, rows = stages.preferences(place, reference), []
    for n_pairs, reward_model in _judges(reference, human, seed).items():
        measure, score = stages.yardstick(place, reference), stages.proxy(reward_model)

        @torch.no_grad()
        def both(model: Stack, score=score, measure=measure) -> dict[str, float]:
            replies = stages.reply(place, model, place.test, n=4, draw=2)
            true, first = stages.true_rewards(replies), stages.first_half(replies.questions)
            halves = {"true_first_half": float(true[first].mean()), "true_second_half": float(true[~first].mean())}
            return measure(model) | halves | {"proxy": float(score(replies.prompts, replies.ids).mean())}

        model = copy.deepcopy(reference)
        train = _grpo(place, score, **FAR)
        steps = stages.follow(partial(train, model), model, both, FAR_STOPS)
        rows += [{"pairs": n_pairs, "seed": seed, **row} for row in steps]
    return rows


def _best_of(seed: int) -> list[dict]:
    place = stages.setting(seed)
    reference = stages.answering(place)
    return best_of(place, reference, _judges(reference, stages.preferences(place, reference), seed))


@torch.no_grad()
def best_of(
    place: stages.Setting, model: Stack, judges: dict[int, RewardModel], n_questions: int = 112
) -> list[dict[str, float]]:
    """What the answer that a reward model likes best of n is worth, to that model and in truth.

    Args:
        place: the world.
        model: what samples.
        judges: reward models by the number of preferences behind them.
        n_questions: of the test questions.

    Returns:
        A row for each judge and each n of `BEST_OF`: means over the questions, over those about either half of the people,
        and over all ways to choose n answers.
    """
    most = 2 * BEST_OF[-1]
    asked = draw_questions(place.test, n_questions, place.seed)
    replies = stages.reply(place, model, asked, n=most, draw=6)
    true, first = torch.tensor(stages.true_rewards(replies)).view(-1, most), torch.tensor(stages.first_half(asked))
    rows = []
    for n_pairs, reward_model in judges.items():
        proxy = stages.proxy(reward_model)(replies.prompts, replies.ids).view(-1, most)
        for n in BEST_OF:
            truth = expected_best_of_n(proxy, true, n)  # (questions,)
            halves = {"true_first_half": float(truth[first].mean()), "true_second_half": float(truth[~first].mean())}
            worth = {"proxy": float(expected_best_of_n(proxy, proxy, n).mean()), "true_reward": float(truth.mean())}
            rows.append({"pairs": n_pairs, "seed": place.seed, "n": n, "kl": best_of_n_kl(n)} | worth | halves)
    return rows


def _judges(reference: Stack, pairs: list[Preference], seed: int) -> dict[int, RewardModel]:
    """A weak and a strong reward model, by the number of preferences that they learnt from."""
    weak = train_reward_model(reference, pairs[:FEW], n_steps=100, seed=seed)
    return {FEW: weak, len(pairs): train_reward_model(reference, pairs, seed=seed)}


def _dpo(pairs: list[Preference], beta: float, seed: int) -> Train:
    return lambda model, watch: dpo(model, pairs, beta=beta, seed=seed, watch=watch)


def _grpo(place: stages.Setting, score: Score, **options) -> Train:
    prompts, eos = stages.prompt_ids(place, place.asked), place.tokenizer.eos
    return lambda model, watch: grpo(model, prompts, score, eos=eos, seed=place.seed, watch=watch, **options)


def _ppo(place: stages.Setting, score: Score) -> Train:
    prompts, eos = stages.prompt_ids(place, place.asked), place.tokenizer.eos
    return lambda model, watch: ppo(model, prompts, score, eos=eos, seed=place.seed, watch=watch)


def run() -> None:
    """Record all four tables."""
    all_stages()
    policies()
    overoptimisation()
    best_of_n()
