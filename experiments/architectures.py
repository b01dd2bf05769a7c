"""Architectures with the same parameters: which learning rate suits each, how well each recalls, how well each learns text.

python -m experiments.architectures [rates] [recall] [text] [start] [seconds] [gradients]

About three quarters of an hour on two cores. Chapter 05 reads the tables and makes the shortest of these runs itself.
"""

import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from experiments import record
from helpers.compare import GRADIENTS, SHAPE, best_rates, gradient_run, of_size, recall_config, recall_run, text_run
from helpers.models import Config
from helpers.models.registry import ARCHITECTURES
from helpers.parallel import run_all
from helpers.training import Recipe

SEEDS = (0, 1, 2)
SWEEP_SEED = 100  # none of SEEDS: the rate is not chosen on what is then compared
TEXT_RATES, RECALL_RATES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1), (3e-3, 1e-2, 3e-2)
HIGHER = dict.fromkeys(("Mamba", "Mamba-2", "RWKV"), (0.1,))  # did best at the highest of these: none does at 0.1
TEXT_PARAMETERS, RECALL_PARAMETERS = 300_000, 100_000
BUDGETS = (60_000, 330_000, 1_000_000)  # tokens; the rates are chosen at the one in the middle
RECALL_STEPS = 1_200
SHORT_STEPS, LONG_STEPS = 200, 4_800  # with one seed; the first of all but Mamba, the slowest, the second of LONG
LONG = ("LSTM", "RWKV")  # those that have not learnt to recall in RECALL_STEPS
STATES = (2, 4, 8)  # of Mamba-2, beside its 16
POOR_START = 0.1  # by which an embedding is multiplied
SECONDS = 15.0
BATCH = {"batch_size": 16, "context": 128}


def text_config(name: str) -> Config:
    """The configuration of an architecture at the size that all have on text."""
    return of_size(ARCHITECTURES[name], TEXT_PARAMETERS, **SHAPE)


def rates() -> None:
    """Every rate once, with a seed of its own, on both tasks."""
    texts = [
        (name, text_config(name), Recipe(n_tokens=BUDGETS[1], learning_rate=rate, seed=SWEEP_SEED, **BATCH))
        for name in ARCHITECTURES
        for rate in TEXT_RATES
    ]
    recalls = [
        (name, recall_config(name, RECALL_PARAMETERS), RECALL_STEPS, rate, SWEEP_SEED)
        for name in ARCHITECTURES
        for rate in RECALL_RATES + HIGHER.get(name, ())
    ]
    on_text = pd.DataFrame(run_all(text_run, texts, "rates, text")).assign(task="text")
    on_recall = pd.DataFrame(_all(run_all(recall_run, recalls, "rates, recall")))
    on_recall = on_recall.groupby(["architecture", "learning_rate", "seed"], as_index=False).recall.mean()
    columns = ["task", "architecture", "learning_rate", "seed", "bits_per_byte", "recall"]
    record(pd.concat([on_text, on_recall.assign(task="recall")])[columns], "architecture_rates")


def recall() -> None:
    """Each architecture with the rate that suits it; Mamba-2 with smaller states; fewer steps, and more."""
    rate = best_rates("recall")
    variants: list[tuple[str, dict[str, int]]] = [(name, {}) for name in ARCHITECTURES] + [
        ("Mamba-2", {"d_state": n}) for n in STATES
    ]
    runs = [
        (name, recall_config(name, RECALL_PARAMETERS, **changes), RECALL_STEPS, rate[name], seed)
        for name, changes in variants
        for seed in SEEDS
    ]
    others = [(name, SHORT_STEPS) for name in ARCHITECTURES if name != "Mamba"] + [(name, LONG_STEPS) for name in LONG]
    runs += [(name, recall_config(name, RECALL_PARAMETERS), steps, rate[name], SEEDS[0]) for name, steps in others]
    record(pd.DataFrame(_all(run_all(recall_run, runs, "recall"))), "architecture_recall")


def text() -> None:
    """Each architecture with the rate that suits it, at several budgets of tokens."""
    rate = best_rates("text")
    runs = [
        (name, text_config(name), Recipe(n_tokens=budget, learning_rate=rate[name], seed=seed, **BATCH))
        for budget in reversed(BUDGETS)
        for name in ARCHITECTURES
        for seed in SEEDS
    ]
    record(pd.DataFrame(run_all(text_run, runs, "text")), "architecture_text")


def start() -> None:
    """The LSTM on the smallest budget, with an embedding that starts a tenth as large."""
    recipe = Recipe(n_tokens=BUDGETS[0], learning_rate=best_rates("text")["LSTM"], **BATCH)
    runs = [("LSTM", text_config("LSTM"), replace(recipe, seed=seed), POOR_START) for seed in SEEDS]
    record(pd.DataFrame(run_all(text_run, runs, "start")), "architecture_start")


def seconds() -> None:
    """The same with as many seconds for each, on one thread, two at a time."""
    rate = best_rates("text")
    runs = [
        (name, text_config(name), Recipe(n_tokens=10**8, seconds=SECONDS, learning_rate=rate[name], seed=seed, **BATCH))
        for seed in SEEDS
        for name in ARCHITECTURES
    ]
    record(pd.DataFrame(run_all(text_run, runs, "seconds")), "architecture_seconds")


def gradients() -> None:
    """How far back the end of a text reaches in networks at their start and after training."""
    runs = [(name, tokens, seed) for tokens in (BUDGETS[1], 0) for name in GRADIENTS for seed in SEEDS]
    runs.append(("LSTM", BUDGETS[0], SEEDS[0]))  # short enough for the chapter to make again
    record(pd.DataFrame(_all(run_all(gradient_run, runs, "gradients"))), "architecture_gradients")


def _all(tables: Iterable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [row for table in tables for row in table]


PARTS = {  # rates come first
    "rates": rates, "recall": recall, "text": text, "start": start, "seconds": seconds, "gradients": gradients,
}  # fmt: skip


def run(parts: Iterable[str] = PARTS) -> None:
    """Do all of it, or some of PARTS."""
    for part in parts:
        PARTS[part]()


if __name__ == "__main__":
    if unknown := set(sys.argv[1:]) - set(PARTS):
        sys.exit(f"unknown parts {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    run(sys.argv[1:] or PARTS)
