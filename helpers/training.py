"""One training loop for every small model of the book: AdamW, warm-up and cosine, clipping, budgets.

A model is anything that maps ids (B, L) to logits (B, L, V); its loss is the mean negative log-likelihood of the next id,
in nats.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from helpers.checks import check_amount, check_number, check_whole
from helpers.progress import progress

Model = TypeVar("Model", bound=nn.Module)


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Args:
        n_tokens: the budget in tokens.
        seconds: a budget in seconds, or None; training ends with the budget that is used up first. Only a budget in
            tokens gives the same model on every machine.
        batch_size: sequences in a step.
        context: tokens in a sequence.
        learning_rate: the highest; it rises from 0 over `warmup` and falls along a cosine to a tenth.
        warmup: part of the budget.
        weight_decay: of AdamW (Loshchilov and Hutter, 2019), on matrices only.
        clip: the largest norm of the gradient.
        seed: of the order of the data. The weights' own start is the caller's, by `seeded`.

    Raises:
        ValueError: if a budget, a size or a rate is not positive, `warmup` is not a part, or `weight_decay` no amount.
    """

    n_tokens: int = 200_000
    seconds: float | None = None
    batch_size: int = 32
    context: int = 64
    learning_rate: float = 1e-2
    warmup: float = 0.1
    weight_decay: float = 0.01
    clip: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_tokens", "batch_size", "context", "learning_rate", "clip", "seconds"):
            if (value := getattr(self, name)) is not None and not value > 0:
                raise ValueError(f"{name}={value!r} is not positive")
        check_amount("weight_decay", self.weight_decay)
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup={self.warmup!r} is no part of the budget; give 0 or more and less than 1")


class Spent(NamedTuple):
    """What a run took."""

    tokens: int
    seconds: float


def train(model: nn.Module, ids: Tensor, recipe: Recipe, label: str = "training") -> Spent:
    """Train `model` in place, on the device where it is, on random crops of `ids`.

    Args:
        model: maps ids (B, L) to logits (B, L, V).
        ids: the corpus, one row of token ids; kept where it is, crops go to the model's device.
        recipe: budgets, sizes, rates.
        label: of the progress bar.

    Raises:
        ValueError: if `ids` is not longer than a crop's inputs.
    """
    if ids.dim() != 1 or len(ids) <= recipe.context:
        raise ValueError(f"ids of shape {tuple(ids.shape)} are too few; give one row of more than context={recipe.context}")
    device = next(model.parameters()).device
    decayed = {"params": [p for p in model.parameters() if p.dim() >= 2], "weight_decay": recipe.weight_decay}
    others = {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0}
    optimizer = torch.optim.AdamW([decayed, others], lr=recipe.learning_rate, betas=(0.9, 0.95))
    generator = torch.Generator().manual_seed(recipe.seed)
    per_step = recipe.batch_size * recipe.context
    last = math.ceil(recipe.n_tokens / per_step)
    steps, start = 0, time.perf_counter()
    model.train()
    for _ in progress(range(last), label):
        used = steps / last  # the part of the budget
        if recipe.seconds:
            used = max(used, (time.perf_counter() - start) / recipe.seconds)
        if used >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * schedule(used + 1 / last, recipe.warmup)
        crops = _crops(ids, recipe, generator).to(device)  # (B, L + 1)
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            logits = model(crops[:, :-1])  # (B, L, V)
        optimizer.zero_grad(set_to_none=True)
        cross_entropy(logits.float().flatten(0, 1), crops[:, 1:].flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimizer.step()
        steps += 1
    model.eval()
    return Spent(steps * per_step, time.perf_counter() - start)


def schedule(fraction: float, warmup: float) -> float:
    """The learning rate as a part of the highest: up in a line over `warmup`, then down a cosine to 0.1.

    The cosine is that of Loshchilov and Hutter (2017), with a floor.
    """
    if not 0 <= check_number("fraction", fraction) < math.inf or not 0 <= check_number("warmup", warmup) < 1:
        raise ValueError(
            f"fraction={fraction!r} or warmup={warmup!r} is no part of the run; give 0 to 1, the warmup below 1"
        )
    if fraction < warmup:
        return fraction / warmup
    done = min((fraction - warmup) / (1 - warmup), 1.0)
    return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * done))


def _crops(ids: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """Random stretches of the corpus, (B, L + 1): L inputs, and each one's next token."""
    starts = torch.randint(len(ids) - recipe.context, (recipe.batch_size,), generator=generator)
    return ids[starts[:, None] + torch.arange(recipe.context + 1)].long()


@torch.no_grad()
def bits_per_byte(
    model: nn.Module, ids: Tensor, *, n_bytes: int | None = None, context: int = 256, batch_size: int = 32
) -> float:
    """The bits that `model` needs for a text, divided by the bytes of the text.

    The text is cut into stretches of `context` tokens, each predicted from its own beginning; the first id of all is given.

    Args:
        model: maps ids (B, L) to logits (B, L, V).
        ids: the text, one row of token ids.
        n_bytes: of what the ids after the first stand for; without it, an id is a byte.
        context: tokens in a stretch.
        batch_size: stretches at a time.

    Raises:
        ValueError: if there are fewer than two ids, or `n_bytes` is not positive.
    """
    if ids.dim() != 1 or len(ids) < 2:
        raise ValueError(f"ids of shape {tuple(ids.shape)} are too few; give one row of at least 2")
    check_whole("context", context, least=1)
    check_whole("batch_size", batch_size, least=1)
    if n_bytes is not None and not n_bytes > 0:
        raise ValueError(f"n_bytes={n_bytes!r} is not positive; give the bytes that the ids stand for")
    device = next(model.parameters()).device
    stretches = ids.long().unfold(0, context + 1, context) if len(ids) > context else ids.new_empty(0, context + 1).long()
    rest = ids[len(stretches) * context :].long()[None]
    nats = 0.0
    for chunk in [*stretches.split(batch_size), *([rest] if rest.shape[1] > 1 else [])]:
        logits = model(chunk[:, :-1].to(device)).float()  # (B, L, V)
        nats += float(cross_entropy(logits.flatten(0, 1), chunk[:, 1:].flatten().to(device), reduction="sum"))
    return nats / math.log(2) / (n_bytes or len(ids) - 1)


def seeded(make: Callable[[], Model], seed: int) -> Model:
    """What `make` returns with torch's generator started at `seed`, and left as it was found."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # not torch.manual_seed: it would change the generators of GPUs for good
        return make()
