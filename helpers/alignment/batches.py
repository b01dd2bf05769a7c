"""Prompts and answers as tensors, and log-probabilities of answers.

    B  batch: answers      L  length, prompt and answer and padding      V  vocabulary

Padding stands at the ends only. A transformer that looks back never sees it from a place before, so it needs no mask there.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from helpers.checks import check_whole
from helpers.models.stack import Stack

Ids = Sequence[int]
Watch = Callable[[int], bool | None]  # called with the steps done; what it returns says whether to stop


@dataclass(frozen=True)
class Batch:
    """Prompts with their answers.

    Args:
        ids: (B, L), each row a prompt, its answer, padding.
        mask: (B, L - 1) of bool: whether ids[:, 1:], the token that a position predicts, is of the answer.
    """

    ids: Tensor
    mask: Tensor

    @property
    def ends(self) -> Tensor:
        """Of each row, the place of the answer's last token (B,)."""
        places = torch.arange(1, self.ids.shape[1], device=self.ids.device)
        return (self.mask * places).amax(dim=1)


def make_batch(prompts: Sequence[Ids], answers: Sequence[Ids], pad: int = 0) -> Batch:
    """Put each answer after its prompt, and pad to the longest.

    Args:
        prompts: B rows of ids, none empty.
        answers: B rows of ids, with the token that ends them if there is one.
        pad: the id of what fills up.

    Raises:
        ValueError: if there are no rows, or not as many answers as prompts, or a prompt or all answers are empty.
    """
    if not prompts or len(prompts) != len(answers):
        raise ValueError(
            f"{len(prompts)} prompts and {len(answers)} answers make no batch; give as many of both, at least 1"
        )
    if not all(hasattr(row, "__len__") for row in (*prompts, *answers)):
        raise TypeError("prompts and answers are lists of ids; one of them is a number")
    if not all(map(len, prompts)):
        raise ValueError("prompts: a prompt is empty; give at least the token that begins a text")
    check_whole("pad", pad)
    length = max(len(p) + len(a) for p, a in zip(prompts, answers, strict=True))
    ids = torch.full((len(prompts), length), pad)
    mask = torch.zeros(len(prompts), length - 1, dtype=torch.bool)
    for row, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        ids[row, : len(prompt) + len(answer)] = _row(prompt, answer)
        mask[row, len(prompt) - 1 : len(prompt) + len(answer) - 1] = True
    check_mask(mask)
    return Batch(ids, mask)


def _row(prompt: Ids, answer: Ids) -> Tensor:
    try:
        row = torch.tensor([*prompt, *answer])
    except (TypeError, ValueError, RuntimeError) as error:  # words, or a number that 64 bits do not hold
        raise ValueError(f"prompts or answers hold what is no id: {error}") from None
    if row.dtype != torch.long or row.dim() != 1 or row.min() < 0:
        raise ValueError(f"prompts or answers hold what is no id: {[*prompt, *answer]!r:.80}")
    return row


def token_log_probs(logits: Tensor, ids: Tensor) -> Tensor:
    """log p(ids[t + 1] | ids[..t]).

    Args:
        logits: (B, L, V), as a model gives them for `ids`.
        ids: (B, L).

    Returns:
        (B, L - 1).

    Raises:
        ValueError: if the shapes do not go together, or an id is no place of the vocabulary.
    """
    if logits.dim() != 3 or logits.shape[:2] != ids.shape or ids.dtype != torch.long or not logits.is_floating_point():
        shapes = f"logits of {tuple(logits.shape)}, {logits.dtype}, and ids of {tuple(ids.shape)}, {ids.dtype}"
        raise ValueError(f"{shapes}, do not go together; give (B, L, V) of floats and (B, L) of int64")
    if ids.numel() and not 0 <= ids.min() <= ids.max() < logits.shape[2]:
        raise ValueError(f"ids run from {ids.min()} to {ids.max()}, and logits are of {logits.shape[2]} tokens")
    return logits[:, :-1].log_softmax(dim=-1).gather(-1, ids[:, 1:, None]).squeeze(-1)


def masked_sum(values: Tensor, mask: Tensor) -> Tensor:
    """The sum over each row's places in the mask: (B, T) and (B, T) to (B,).

    Raises:
        ValueError: if the shapes differ, or the mask is not of bool.
    """
    if mask.dtype != torch.bool or mask.dim() != 2 or values.shape != mask.shape:
        what = f"mask of {tuple(mask.shape)}, {mask.dtype}, does not go with values of {tuple(values.shape)}"
        raise ValueError(f"{what}; give (B, T) of both, the mask of bool")
    return values.masked_fill(~mask, 0).sum(dim=1)  # not values * mask: outside the mask may be an infinity


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """The mean over each row's places in the mask: (B, T) and (B, T) to (B,)."""
    return masked_sum(values, mask) / mask.sum(dim=1).clamp(min=1)


def answer_log_probs(model: nn.Module, batch: Batch) -> Tensor:
    """log p(answer | prompt) of each row, the sum over its tokens: (B,)."""
    return by_length(lambda part: masked_sum(token_log_probs(model(part.ids), part.ids), part.mask), batch)


def by_length(values: Callable[[Batch], Tensor], batch: Batch, n_parts: int = 3) -> Tensor:
    """`values` of a batch, read in parts of like length, each cut to its longest row: the same numbers, less padding.

    Args:
        values: of a batch, one a row, which padding does not change.
        batch: of any lengths.
        n_parts: at most.

    Returns:
        (B,), in the order of the batch.
    """
    ends = batch.ends
    order = ends.argsort(stable=True)
    found = []
    for rows in order.chunk(n_parts):
        last = int(ends[rows[-1]])
        found.append(values(Batch(batch.ids[rows, : last + 1], batch.mask[rows, :last])))
    return torch.cat(found)[order.argsort()]


def hidden_states(model: Stack, ids: Tensor) -> Tensor:
    """What a `helpers.models` stack makes its logits of: (B, L) to (B, L, D)."""
    x = model.embedding(ids)
    for block in model.blocks:
        x = block(x)
    return model.norm(x)


def minibatches(n: int, batch_size: int, n_steps: int, seed: int) -> Iterator[list[int]]:
    """`n_steps` draws of `batch_size` of n places: all places once in an order drawn anew, then again.

    Raises:
        ValueError: if there is nothing to draw from, or a size is not positive.
    """
    for name, value in (("n", n), ("batch_size", batch_size), ("n_steps", n_steps)):
        check_whole(name, value, least=1)
    generator = seeded_generator(seed)
    order: list[int] = []
    for _ in range(n_steps):
        while len(order) < batch_size:
            order += torch.randperm(n, generator=generator).tolist()
        yield order[:batch_size]
        order = order[batch_size:]


def seeded_generator(seed: int) -> torch.Generator:
    """A generator of random numbers.

    Raises:
        TypeError: if the seed is no whole number.
        ValueError: if it is negative, or more than 64 bits hold.
    """
    check_whole("seed", seed, most=2**63 - 1)
    return torch.Generator().manual_seed(int(seed))


def descend(optimizer: torch.optim.Optimizer, loss: Tensor, clip: float = 1.0) -> float:
    """One step down the gradient of `loss`, whose norm is cut at `clip`; the loss as a number.

    Raises:
        ValueError: if the loss is not finite: nothing is changed then.
    """
    if not torch.isfinite(loss):
        raise ValueError(f"loss={loss.item()} is not finite; look for NaN in rewards and for a learning rate too high")
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], clip)
    optimizer.step()
    return float(loss.detach())


def check_alike(**tensors: Tensor) -> None:
    """Refuse tensors that are no floats, or have not the shape of the first.

    Raises:
        ValueError: naming the tensor.
    """
    first, like = next(iter(tensors.items()))
    for name, values in tensors.items():
        if not values.is_floating_point():
            raise ValueError(f"{name} are {values.dtype}; give floats")
        if values.shape != like.shape:
            raise ValueError(f"{name} of shape {tuple(values.shape)} do not go with {first} of {tuple(like.shape)}")


def check_mask(mask: Tensor, like: Tensor | None = None) -> None:
    """Refuse a mask that leaves nothing to learn from, or has not the shape of `like`, (B, T), if that is given.

    Raises:
        ValueError: if it is not of bool, or True nowhere, or of another shape.
    """
    if like is not None and (mask.dim() != 2 or mask.shape != like.shape):
        raise ValueError(
            f"mask of shape {tuple(mask.shape)} does not go with values of {tuple(like.shape)}; give (B, T) of both"
        )
    if mask.dtype != torch.bool or not mask.any():
        raise ValueError(f"mask of {tuple(mask.shape)}, {mask.dtype}, masks everything; give bool, True at answers' tokens")


def check_beta(beta: float) -> None:
    """Refuse what is no weight of a KL penalty.

    Raises:
        ValueError: if it is not above 0 and finite.
    """
    if not 0 < beta < float("inf"):
        raise ValueError(f"beta={beta!r} is no weight of the distance to the reference; give a number above 0")


def check_finite(name: str, values: Tensor) -> None:
    """Refuse NaN and infinities, naming whose they are.

    Raises:
        ValueError: if there is one.
    """
    if not torch.isfinite(values).all():
        bad = int((~torch.isfinite(values)).sum())
        raise ValueError(f"{name} of shape {tuple(values.shape)} has {bad} NaN or infinite values; give finite numbers")
