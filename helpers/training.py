"""One training loop for every small model of the book: AdamW, warm-up and cosine, clipping, budgets, resuming.

A model is anything that maps ids (B, L) to logits (B, L, V); its loss is the mean negative log-likelihood of the next id,
in nats.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import pandas as pd
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
            tokens gives the same curve on every machine.
        batch_size: sequences in a step.
        context: tokens in a sequence.
        learning_rate: the highest; it rises from 0 over `warmup` and falls along a cosine to a tenth.
        warmup: part of the budget.
        weight_decay: of AdamW (Loshchilov and Hutter, 2019), on matrices only.
        clip: the largest norm of the gradient.
        evaluate_every: tokens between evaluations; the end is always evaluated.
        patience: evaluations without a new best after which training stops, or None.
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
    evaluate_every: int | None = None
    patience: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_tokens", "batch_size", "context", "learning_rate", "clip", "seconds", "evaluate_every", "patience"):
            if (value := getattr(self, name)) is not None and not value > 0:
                raise ValueError(f"{name}={value!r} is not positive")
        check_amount("weight_decay", self.weight_decay)
        if not 0 <= self.warmup < 1:
            raise ValueError(f"warmup={self.warmup!r} is no part of the budget; give 0 or more and less than 1")


def train(
    model: nn.Module,
    ids: Tensor,
    recipe: Recipe,
    *,
    evaluate: Callable[[nn.Module], float] | None = None,
    device: str | torch.device = "cpu",
    checkpoint: Path | None = None,
    label: str = "training",
) -> pd.DataFrame:
    """Train `model` in place on random crops of `ids`.

    Args:
        model: maps ids (B, L) to logits (B, L, V).
        ids: the corpus, one row of token ids; kept where it is, crops go to `device`.
        recipe: budgets, sizes, rates.
        evaluate: what to measure at each evaluation, such as bits per byte of a held-out text; lower is better.
        device: "cpu", "cuda" or "mps".
        checkpoint: a file that holds the state of the run. If it is there the run goes on from it, with the same curve
            as if it had not been stopped; else it is written at each evaluation.
        label: of the progress bar.

    Returns:
        One row an evaluation: `tokens` seen, `seconds`, mean `loss` in nats since the row before, and `value`, what
        `evaluate` gave (NaN without it).

    Raises:
        ValueError: if `ids` is shorter than a crop, `checkpoint` belongs to another recipe, or the recipe has patience but
            nothing is evaluated.
    """
    if recipe.patience is not None and evaluate is None:
        raise ValueError(f"patience={recipe.patience} waits for a better value of evaluate=None; give a function")
    if ids.dim() != 1 or len(ids) <= recipe.context:
        raise ValueError(f"ids of shape {tuple(ids.shape)} are too few; give one row of more than context={recipe.context}")
    model.to(device).train()
    run = _Run(model, recipe, device)
    if checkpoint and checkpoint.exists():
        run.load(checkpoint)
    per_step = recipe.batch_size * recipe.context
    every = math.ceil((recipe.evaluate_every or recipe.n_tokens) / per_step)
    last = math.ceil(recipe.n_tokens / per_step)
    for _ in progress(range(run.steps, last), label):
        if run.stopped(last):
            break
        run.step(_crops(ids, recipe, run.generator).to(device), last)
        if run.steps % every == 0:
            run.record(per_step, evaluate, checkpoint)
    if run.losses:  # steps since the last evaluation
        run.record(per_step, evaluate, checkpoint)
    model.eval()
    return pd.DataFrame(run.rows, columns=["tokens", "seconds", "loss", "value"])


class _Run:
    """What changes during a run, so that it can be saved and resumed."""

    def __init__(self, model: nn.Module, recipe: Recipe, device: str | torch.device) -> None:
        self.model, self.recipe, self.device = model, recipe, torch.device(device)
        decayed = {"params": [p for p in model.parameters() if p.dim() >= 2], "weight_decay": recipe.weight_decay}
        others = {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0}
        self.optimizer = torch.optim.AdamW([decayed, others], lr=recipe.learning_rate, betas=(0.9, 0.95))
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.rows: list[tuple[int, float, float, float]] = []
        self.losses: list[Tensor] = []
        self.steps, self.before, self.start = 0, 0.0, time.perf_counter()

    def seconds(self) -> float:
        return self.before + time.perf_counter() - self.start

    def fraction(self, last: int) -> float:
        """The part of the budget that is used up."""
        used = self.steps / last
        return max(used, self.seconds() / self.recipe.seconds) if self.recipe.seconds else used

    def stopped(self, last: int) -> bool:
        if self.fraction(last) >= 1:
            return True
        patience, values = self.recipe.patience, [row[3] for row in self.rows]
        return patience is not None and len(values) > patience and min(values[-patience:]) >= min(values[:-patience])

    def step(self, crops: Tensor, last: int) -> None:
        """One step of gradient descent on crops (B, L + 1)."""
        rate = self.recipe.learning_rate * schedule(self.fraction(last) + 1 / last, self.recipe.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            logits = self.model(crops[:, :-1])  # (B, L, V)
        loss = cross_entropy(logits.float().flatten(0, 1), crops[:, 1:].flatten())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip)
        self.optimizer.step()
        self.losses.append(loss.detach())
        self.steps += 1

    def record(self, per_step: int, evaluate: Callable[[nn.Module], float] | None, checkpoint: Path | None) -> None:
        value = float(evaluate(self.model.eval())) if evaluate else math.nan
        self.model.train()
        loss = float(torch.stack(self.losses).mean()) if self.losses else math.nan
        self.rows.append((self.steps * per_step, self.seconds(), loss, value))
        self.losses = []
        if checkpoint:
            self.save(checkpoint)

    def save(self, file: Path) -> None:
        state = {
            "recipe": asdict(self.recipe), "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(), "rows": self.rows, "steps": self.steps, "seconds": self.seconds(),
        }  # fmt: skip
        partial = file.with_name(file.name + ".partial")
        torch.save(state, partial)
        partial.replace(file)

    def load(self, file: Path) -> None:
        state = torch.load(file, weights_only=True, map_location=self.device)
        if state["recipe"] != asdict(self.recipe):
            raise ValueError(f"checkpoint={str(file)!r} belongs to another recipe; remove it or give that recipe")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"].cpu())
        self.rows, self.steps, self.before = [tuple(row) for row in state["rows"]], state["steps"], state["seconds"]


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
