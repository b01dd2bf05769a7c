"""Sampling for many prompts at once, with a cache of keys and values."""

from collections.abc import Sequence

import torch
from torch import Tensor

from helpers.alignment.batches import Ids
from helpers.models.stack import LanguageModel


@torch.no_grad()
def sample(
    model: LanguageModel,
    prompts: Sequence[Ids],
    *,
    eos: int,
    max_new: int = 24,
    temperature: float = 1.0,
    seed: int = 0,
    draws: Tensor | None = None,
) -> list[list[int]]:
    """An answer to each prompt, the same as if each were sampled alone.

    Prompts of unequal length share a batch without padding: a row whose prompt goes on takes its next token from the
    prompt, one whose prompt has ended takes the one that was drawn.

    Args:
        model: with `prefill` and `step`, as in `helpers.models`.
        prompts: B rows of ids, none empty.
        eos: the id that ends an answer; it is part of the answer.
        max_new: tokens in an answer, at most.
        temperature: of the softmax; 0 takes the likeliest token.
        seed: of the draws.
        draws: (B, max_new) numbers in [0, 1), one a token; None to draw them from `seed`.

    Returns:
        B answers without their prompts, each up to `eos`.

    Raises:
        ValueError: if a prompt is empty, `max_new` less than 1, or the temperature negative.
    """
    if not prompts or not all(map(len, prompts)):
        raise ValueError("prompts are missing or empty; give at least one, each with at least the token that begins a text")
    if max_new < 1 or not 0 <= temperature < float("inf"):
        raise ValueError(f"max_new={max_new}, temperature={temperature!r} sample nothing; give at least 1, and 0 or more")
    lengths = torch.tensor([len(prompt) for prompt in prompts])
    start, end = int(lengths.min()), int(lengths.max()) + max_new
    ids = torch.full((len(prompts), end), eos)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt)] = torch.tensor(prompt)
    if draws is None:
        draws = torch.rand(len(prompts), max_new, generator=torch.Generator().manual_seed(seed))
    logits, state = model.prefill(ids[:, :start])  # (B, V)
    for place in range(start, end):
        count = place - lengths  # (B,) tokens that the answers have, below 0 inside a prompt
        draw = draws.gather(1, count.clamp(0, max_new - 1)[:, None])  # (B, 1)
        answering = (count >= 0) & (count < max_new) & ((count < 1) | (ids[:, place - 1] != eos))
        ids[:, place] = torch.where(answering, pick(logits, draw, temperature), ids[:, place])
        finished = (count >= 0) & (ids[:, place] == eos) | (count >= max_new - 1)
        if finished.all():
            break
        logits, state = model.step(ids[:, place], state)
    return [_until(ids[row, n : n + max_new].tolist(), eos) for row, n in enumerate(lengths.tolist())]


def pick(logits: Tensor, draw: Tensor, temperature: float) -> Tensor:
    """The token at which the cumulative probability passes the draw.

    Args:
        logits: (B, V).
        draw: (B, 1), in [0, 1).
        temperature: of the softmax; 0 takes the likeliest token.

    Returns:
        (B,) ids.
    """
    if temperature == 0:
        return logits.argmax(dim=-1)
    cumulative = (logits / temperature).softmax(dim=-1).cumsum(dim=-1)  # (B, V)
    return torch.searchsorted(cumulative, draw * cumulative[:, -1:], right=True).squeeze(-1).clamp(max=logits.shape[-1] - 1)


def _until(answer: list[int], eos: int) -> list[int]:
    return answer[: answer.index(eos) + 1] if eos in answer else answer
