"""Architectures side by side: as many parameters, the same tokens, each with the learning rate that suits it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from helpers.corpora import prose
from helpers.mixtures import byte_ids
from helpers.models import Config
from helpers.models.registry import ARCHITECTURES
from helpers.recall import N_PAIRS, Task, learn, learner, recall
from helpers.tables import read_table
from helpers.training import Recipe, bits_per_byte, seeded, train

SHAPE = {"n_layers": 2, "n_heads": 4, "head_dim": 16, "attention_period": 2}  # each architecture takes of it what it needs
TASK = Task(n_keys=64, n_values=16)
HELD_OUT = 20_000  # bytes at the end of the novel, which no model is trained on
STEP = 8  # widths are multiples of that, so that heads divide them


def n_parameters(make: Callable[[Config], nn.Module], config: Config) -> int:
    """Parameters of a model, counted without making its numbers."""
    with torch.device("meta"):
        return sum(p.numel() for p in make(config).parameters())


def of_size(make: Callable[[Config], nn.Module], target: int, **settings: Any) -> Config:
    """The config whose number of parameters is nearest to `target`, by its width.

    Args:
        make: an architecture.
        target: parameters.
        settings: of the config, but for d_model.

    Raises:
        ValueError: if even the narrowest model has more than twice as many.
    """
    best: tuple[int, Config] | None = None
    for width in range(STEP, 4096, STEP):
        config = Config(d_model=width, **settings)
        count = n_parameters(make, config)
        if best is None or abs(count - target) < abs(best[0] - target):
            best = count, config
        if count > target:
            break
    assert best is not None
    if best[0] > 2 * target:
        raise ValueError(f"target={target} is less than the narrowest model has; give at least {best[0]}")
    return best[1]


def recall_config(name: str, target: int, **settings: Any) -> Config:
    """As `of_size`, for a model whose tokens are those of TASK.

    Raises:
        ValueError: if there is no such architecture.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"name={name!r} is no architecture; there are {', '.join(ARCHITECTURES)}")
    return of_size(
        lambda config: learner(ARCHITECTURES[name], config, TASK), target, vocab_size=TASK.vocab_size, **SHAPE | settings
    )


def best_rates(task: str) -> dict[str, float]:
    """The learning rate of the sweep that suits each architecture best, for "text" or "recall".

    Raises:
        ValueError: if the task is another.
    """
    if task not in ("text", "recall"):
        raise ValueError(f"task={task!r} was not swept; give 'text' or 'recall'")
    table = read_table("architecture_rates").query("task == @task")
    ranked = table.sort_values("bits_per_byte" if task == "text" else "recall", ascending=task == "text")
    return ranked.groupby("architecture").learning_rate.first().to_dict()


def text_run(name: str, config: Config, recipe: Recipe, embedding_scale: float = 1.0) -> dict[str, Any]:
    """Train one architecture on a novel, byte by byte, and measure it on the end of it.

    Args:
        name: of the architecture.
        config: its shape.
        recipe: budget, learning rate and seed, which is also that of the weights.
        embedding_scale: by which the embedding is multiplied before training.

    Returns:
        architecture, seed, learning_rate, tokens, seconds of training, and bits_per_byte of text that it was not trained on.
    """
    ids = byte_ids("\n".join(prose("moby-dick")))
    model = seeded(lambda: ARCHITECTURES[name](config), recipe.seed)
    model.embedding.weight.data *= embedding_scale
    curve = train(model, ids[:-HELD_OUT], recipe)
    about = {"architecture": name, "seed": recipe.seed, "learning_rate": recipe.learning_rate}
    measured = bits_per_byte(model, ids[-HELD_OUT:], context=recipe.context)
    return about | {"tokens": curve.tokens.iloc[-1], "seconds": curve.seconds.iloc[-1], "bits_per_byte": measured}


def recall_run(name: str, config: Config, n_steps: int, learning_rate: float, seed: int) -> list[dict[str, Any]]:
    """Train one architecture on associative recall, and test it at each number of pairs.

    Args:
        name: of the architecture.
        config: its shape, from `recall_config`.
        n_steps, learning_rate, seed: as of `helpers.recall.learn`.

    Returns:
        For each number of pairs: architecture, d_state, seed, learning_rate, steps, pairs, recall.
    """
    model = learner(ARCHITECTURES[name], config, TASK, seed)
    learn(model, TASK, n_steps, learning_rate, seed).eval()
    about = {"architecture": name, "d_state": config.d_state, "seed": seed, "learning_rate": learning_rate, "steps": n_steps}
    return [about | {"pairs": n, "recall": recall(model, TASK, n)} for n in N_PAIRS]
