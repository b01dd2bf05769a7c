"""Associative recall: a model reads pairs of a key and a value, then is asked for the value of a key.

The task is that of Arora et al. (2023), with one change: key and value stand in one token, "key=value", and a question is
the token "key=?". So a model need not first learn to bring two tokens together; what is tested is whether its state holds
the pairs and whether it can look one up.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from helpers.models import Config
from helpers.models.recurrent import LSTM
from helpers.training import schedule, seeded

N_PAIRS = (4, 8, 16, 32, 64)  # taught in this order, and tested
TOKENS = 1024  # in a step, or more: a batch has at least 16 texts


@dataclass(frozen=True)
class Task:
    """How many keys and values there are; the token "key=value" has the id key * (n_values + 1) + value.

    Args:
        n_keys: different keys.
        n_values: different values; guessing blindly is right once in that many.

    Raises:
        ValueError: if one of them is not a whole number from 1 on.
    """

    n_keys: int = 128
    n_values: int = 64

    def __post_init__(self) -> None:
        for name in ("n_keys", "n_values"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}={value!r} is no size; give a whole number from 1 on")

    @property
    def vocab_size(self) -> int:
        return self.n_keys * (self.n_values + 1)

    def draw(self, batch_size: int, n_pairs: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Texts of `n_pairs` pairs, each followed by a question for every key, in another order.

        Args:
            batch_size: B.
            n_pairs: of different keys, at most `n_keys`.
            generator: of the draw.

        Returns:
            ids (B, 2 * n_pairs), and the values asked for (B, n_pairs), answers to the last `n_pairs` tokens.

        Raises:
            ValueError: if there are not that many keys.
        """
        if not 1 <= n_pairs <= self.n_keys:
            raise ValueError(f"n_pairs={n_pairs} needs as many keys; give 1 to n_keys={self.n_keys}")
        keys = torch.rand(batch_size, self.n_keys, generator=generator).argsort(dim=1)[:, :n_pairs]
        values = torch.randint(self.n_values, keys.shape, generator=generator)
        order = torch.rand(keys.shape, generator=generator).argsort(dim=1)
        pairs = keys * (self.n_values + 1) + values
        questions = keys.gather(1, order) * (self.n_values + 1) + self.n_values
        return torch.cat([pairs, questions], dim=1), values.gather(1, order)


class PairEmbedding(nn.Module):
    """Embeds "key=value" as the sum of a vector for the key and one for the value or for the question mark.

    It takes the place of `nn.Embedding` in a model whose output matrix is its embedding: `weight` has the values' rows.
    """

    def __init__(self, task: Task, d_model: int, std: float) -> None:
        super().__init__()
        self.n_symbols = task.n_values + 1
        self.keys = nn.Embedding(task.n_keys, d_model)
        self.values = nn.Embedding(self.n_symbols, d_model)
        for part in (self.keys, self.values):
            nn.init.normal_(part.weight, std=std)

    @property
    def weight(self) -> Tensor:
        return self.values.weight

    def forward(self, ids: Tensor) -> Tensor:
        return self.keys(ids // self.n_symbols) + self.values(ids % self.n_symbols)


def learner(make: Callable[[Config], nn.Module], config: Config, task: Task, seed: int = 0) -> nn.Module:
    """A model whose tokens are those of `task`.

    Args:
        make: an architecture, from `helpers.models`.
        config: its shape; vocab_size has to be that of the task.
        task: keys and values.
        seed: of the weights.

    Raises:
        ValueError: if the config is of another vocabulary.
    """
    if config.vocab_size != task.vocab_size:
        raise ValueError(f"config.vocab_size={config.vocab_size} is not the task's; give {task.vocab_size}")

    def build() -> nn.Module:
        model = make(config)
        without_norm = isinstance(model, LSTM)  # what follows the embedding: then it starts larger, as in the model itself
        model.embedding = PairEmbedding(task, config.d_model, 1.0 if without_norm else config.d_model**-0.5)
        if without_norm:
            model.bias = nn.Parameter(torch.zeros(task.n_values + 1))
        return model

    return seeded(build, seed)


def learn(model: nn.Module, task: Task, n_steps: int, learning_rate: float, seed: int = 0) -> nn.Module:
    """Train `model` in place to recall, with more and more pairs: the most are reached after two thirds of the steps.

    Every other step takes the most pairs so far, the others any number that came before.

    Args:
        model: from `learner`.
        task: keys and values.
        n_steps: of AdamW, with warm-up and cosine.
        learning_rate: the highest.
        seed: of the texts.

    Returns:
        The model.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.01)
    for step in range(n_steps):
        most = min(int(1.5 * step / n_steps * len(N_PAIRS)), len(N_PAIRS) - 1)
        level = int(torch.randint(most + 1, (), generator=generator)) if step % 2 else most
        ids, answers = task.draw(max(16, TOKENS // 2 // N_PAIRS[level]), N_PAIRS[level], generator)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * schedule((step + 1) / n_steps, warmup=0.1)
        logits = model(ids)[:, -answers.shape[1] :]  # (B, n_pairs, values)
        optimizer.zero_grad(set_to_none=True)
        cross_entropy(logits.flatten(0, 1), answers.flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model


@torch.no_grad()
def recall(model: nn.Module, task: Task, n_pairs: int, n_texts: int = 128, seed: int = 1_000) -> float:
    """The share of questions that `model` answers rightly after `n_pairs` pairs."""
    ids, answers = task.draw(n_texts, n_pairs, torch.Generator().manual_seed(seed))
    return float((model(ids)[:, -n_pairs:].argmax(dim=-1) == answers).float().mean())


@torch.no_grad()
def guess(task: Task, n_pairs: int, n_texts: int = 128, seed: int = 1_000) -> float:
    """The share that is right if each answer is the value that stands most often in the text: recalling nothing."""
    ids, answers = task.draw(n_texts, n_pairs, torch.Generator().manual_seed(seed))
    return float((answers == answers.mode(dim=1).values[:, None]).float().mean())
