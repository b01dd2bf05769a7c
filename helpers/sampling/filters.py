"""Filters of the next token's distribution: each takes logits (..., V) and gives logits (..., V), −inf at what is dropped.

V is the size of the vocabulary. Each keeps the same tokens, with the same probabilities, as the class of transformers that
its docstring names. They check nothing: `helpers.sampling.draws.Settings` refuses numbers that make no sense.
"""

import torch
from torch import Tensor


def temperature(logits: Tensor, value: float) -> Tensor:
    """Divide by a value, as `TemperatureLogitsWarper` (Ackley et al., 1985)."""
    return logits / value


def top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k likeliest, as `TopKLogitsWarper` (Fan et al., 2018)."""
    least = logits.topk(min(k, logits.shape[-1])).values[..., -1:]
    return logits.masked_fill(logits < least, -torch.inf)


def top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the fewest that hold p, as `TopPLogitsWarper` (Holtzman et al., 2020)."""
    ascending, tokens = logits.sort(dim=-1)
    tail = ascending.softmax(-1).cumsum(-1) <= 1 - p
    tail[..., -1] = False  # the likeliest stays, however small p is
    return logits.masked_fill(tail.scatter(-1, tokens, tail), -torch.inf)


def min_p(logits: Tensor, p: float) -> Tensor:
    """Keep what is p times the likeliest, as `MinPLogitsWarper` (Nguyen et al., 2025)."""
    probs = logits.softmax(-1)
    return logits.masked_fill(probs < p * probs.amax(-1, keepdim=True), -torch.inf)


def repetition_penalty(logits: Tensor, previous: Tensor, penalty: float) -> Tensor:
    """Make what was there less likely (Keskar et al., 2019).

    As `RepetitionPenaltyLogitsProcessor`, for tokens (..., N).
    """
    before = logits.gather(-1, previous)
    changed = torch.where(before < 0, before * penalty, before / penalty)
    return logits.scatter(-1, previous, changed)
