"""Architectures side by side: as many parameters, the same tokens, each with the learning rate that suits it."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor, nn

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
CONTEXT = 128  # tokens in a text of the novel
BACK = (1, 2, 4, 8, 16, 32, 64)  # tokens, at which gradients are measured
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
    """Return the learning rate of the sweep that suits each architecture best, for "text" or "recall".

    Where several rates do equally well it is the one in the middle of them.

    Raises:
        ValueError: if the task is another.
    """
    if task not in ("text", "recall"):
        raise ValueError(f"task={task!r} was not swept; give 'text' or 'recall'")
    table = read_table("architecture_rates").query("task == @task")
    score = -table.bits_per_byte if task == "text" else table.recall
    best = table[score == score.groupby(table.architecture).transform("max")].sort_values("learning_rate")
    return {str(name): float(rows.iloc[len(rows) // 2]) for name, rows in best.groupby("architecture").learning_rate}


class PlainRNN(nn.Module):
    """A language model of tanh layers: torch's RNN, and the embedding again as output matrix.

    Args:
        config: d_model, n_layers and vocab_size.
        orthogonal: whether the matrices from step to step start as rotations (Saxe et al., 2014), or small, as torch has it.
    """

    def __init__(self, config: Config, orthogonal: bool = False) -> None:
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.layers = nn.RNN(config.d_model, config.d_model, config.n_layers, batch_first=True)
        if orthogonal:
            for name, weight in self.layers.named_parameters():
                if name.startswith("weight_hh"):
                    nn.init.orthogonal_(weight)
                elif name.startswith("bias"):
                    nn.init.zeros_(weight)

    def forward(self, ids: Tensor) -> Tensor:
        """Return logits (B, L, V) of the token after each of ids (B, L)."""
        return self.layers(self.embedding(ids))[0] @ self.embedding.weight.T


RNNS: dict[str, Callable[[Config], nn.Module]] = {
    "plain RNN": PlainRNN,
    "RNN, orthogonal start": partial(PlainRNN, orthogonal=True),
}
GRADIENTS = {**RNNS, **{name: ARCHITECTURES[name] for name in ("LSTM", "Mamba", "transformer")}}
RNN_RATE = 3e-3  # the best of 0.001, 0.003 and 0.01 for both starts, with a seed of its own


def gradient_by_distance(model: nn.Module, ids: Tensor) -> Tensor:
    """Return how strongly the logits at the end of ids (B, L) depend on the token 0, 1, ... positions back: (L,).

    It is the norm of the gradient of a random sum of these logits with respect to each token's embedding, as a multiple of
    that one token back.
    """
    embedded: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: Any, x: Tensor) -> Tensor:
        embedded.append(x.detach().requires_grad_())
        return embedded[0]

    handle = cast(nn.Module, model.embedding).register_forward_hook(keep)
    logits = model(ids)[:, -1]  # (B, V)
    handle.remove()
    (logits * torch.randn(logits.shape, generator=torch.Generator().manual_seed(0))).sum().backward()
    gradient = cast(Tensor, embedded[0].grad)  # (B, L, D)
    by_distance = gradient.norm(dim=-1).mean(dim=0).flip(0)  # (L,)
    return by_distance / by_distance[1]


def gradient_run(name: str, n_tokens: int, seed: int, learning_rate: float | None = None) -> list[dict[str, Any]]:
    """Train one of `GRADIENTS` on the novel, and measure how far back the end of an unseen text reaches.

    Args:
        name: one of `GRADIENTS`.
        n_tokens: of training; 0 for a model at its start.
        seed: of the weights and of the order of the data.
        learning_rate: the highest; None for the one that suits it.

    Returns:
        For each distance in `BACK`: architecture, seed, learning_rate, tokens, bits_per_byte, distance, gradient.
    """
    ids = byte_ids("\n".join(prose("moby-dick")))
    config = of_size(GRADIENTS[name], 300_000, **SHAPE)
    model = seeded(lambda: GRADIENTS[name](config), seed)
    rate = learning_rate or (RNN_RATE if name in RNNS else best_rates("text")[name])
    if n_tokens:
        train(model, ids[:-HELD_OUT], Recipe(n_tokens, batch_size=16, context=CONTEXT, learning_rate=rate, seed=seed))
    unseen = ids[-HELD_OUT:].long()
    reach = gradient_by_distance(model, unseen[: 64 * CONTEXT].view(64, CONTEXT))
    about = {"architecture": name, "seed": seed, "learning_rate": rate, "tokens": n_tokens}
    about["bits_per_byte"] = bits_per_byte(model, unseen, context=CONTEXT)
    return [about | {"distance": d, "gradient": float(reach[d])} for d in BACK]


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
    spent = train(model, ids[:-HELD_OUT], recipe)
    about = {"architecture": name, "seed": recipe.seed, "learning_rate": recipe.learning_rate}
    measured = bits_per_byte(model, ids[-HELD_OUT:], context=recipe.context)
    return about | {"tokens": spent.tokens, "seconds": spent.seconds, "bits_per_byte": measured}


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
