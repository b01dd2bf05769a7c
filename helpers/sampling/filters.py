"""Filters of the next token's distribution: each takes logits (..., V) and gives logits (..., V), −inf at what is dropped.

V is the size of the vocabulary. Each keeps the same tokens, with the same probabilities, as the class of transformers that
its docstring names, ties and −inf included; where that class accepts what makes no sense, these raise an error instead.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from helpers.sampling.checks import check_ids, check_logits, check_number, check_part

DROPPED = -math.inf


def temperature(logits: Tensor, value: float) -> Tensor:
    """Divide by a temperature: below 1 likely tokens gain, above 1 unlikely ones (Ackley et al., 1985).

    transformers: `TemperatureLogitsWarper`.

    Args:
        logits: (..., V) of float.
        value: positive and finite. Towards 0 it becomes `helpers.sampling.draws.greedy`, which is what to call instead of 0.

    Raises:
        TypeError, ValueError: if the logits are not what `checks.check_logits` accepts, the temperature is not positive and
            finite, or so small that dividing by it leaves the range of the logits' type.
    """
    check_logits(logits)
    check_number("temperature", value)
    if value == 0:
        raise ValueError("temperature=0 would divide by zero; for the likeliest token use greedy, not a temperature")
    if not 0 < value < math.inf:
        raise ValueError(
            f"temperature={value!r} is not accepted; give a positive finite number, 1 to leave logits as they are"
        )
    scaled = logits / float(value)
    if not scaled.amax(dim=-1).isfinite().all():
        raise ValueError(f"temperature={value!r} takes logits out of the range of {logits.dtype}; use greedy instead")
    return scaled


def top_k(logits: Tensor, k: int) -> Tensor:
    """Keep the k likeliest tokens, and all that tie with the last of them (Fan et al., 2018).

    transformers: `TopKLogitsWarper`.

    Args:
        logits: (..., V) of float.
        k: at least 1; more than V keeps every token.

    Raises:
        TypeError, ValueError: if the logits are not what `checks.check_logits` accepts, or k is no whole number from 1.
    """
    check_logits(logits)
    if isinstance(k, bool) or not isinstance(k, int):
        raise TypeError(f"top_k={k!r} is not accepted; give a whole number from 1")
    if k < 1:
        raise ValueError(f"top_k={k} keeps nothing; give at least 1")
    least = logits.topk(min(k, logits.shape[-1])).values[..., -1:]  # (..., 1)
    return logits.masked_fill(logits < least, DROPPED)


def top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the nucleus: the fewest likeliest tokens that hold a probability of p together (Holtzman et al., 2020).

    Probabilities are summed from the least likely token up, as transformers does: from the likeliest down, 32 bits round
    elsewhere, and for p near 1 the two keep other tokens. For p = 1 nothing is dropped.

    transformers: `TopPLogitsWarper`.

    Args:
        logits: (..., V) of float.
        p: above 0, at most 1.

    Raises:
        TypeError, ValueError: if the logits are not what `checks.check_logits` accepts, or p is outside (0, 1].
    """
    check_logits(logits)
    check_part("top_p", p)
    if p == 1:
        return logits
    ascending, tokens = logits.sort(dim=-1)
    dropped = ascending.softmax(dim=-1).cumsum(dim=-1) <= 1 - p
    dropped[..., -1] = False  # the likeliest stays, however small p is
    return logits.masked_fill(dropped.scatter(-1, tokens, dropped), DROPPED)


def min_p(logits: Tensor, p: float) -> Tensor:
    """Keep the tokens at least p times as likely as the likeliest (Nguyen et al., 2025).

    transformers: `MinPLogitsWarper`.

    Args:
        logits: (..., V) of float.
        p: above 0, at most 1, which keeps the likeliest and its ties.

    Raises:
        TypeError, ValueError: if the logits are not what `checks.check_logits` accepts, or p is outside (0, 1].
    """
    check_logits(logits)
    check_part("min_p", p)
    probs = logits.softmax(dim=-1)
    return logits.masked_fill(probs < p * probs.amax(dim=-1, keepdim=True), DROPPED)


def typical(logits: Tensor, mass: float) -> Tensor:
    """Keep tokens whose surprise is nearest to the mean surprise, until they hold `mass` (Meister et al., 2023).

    It is the one filter here that may drop the likeliest token. For `mass` = 1 nothing is dropped.

    transformers: `TypicalLogitsWarper`.

    Args:
        logits: (..., V) of float.
        mass: above 0, at most 1.

    Raises:
        TypeError, ValueError: if the logits are not what `checks.check_logits` accepts, or the mass is outside (0, 1].
    """
    check_logits(logits)
    check_part("typical", mass)
    if mass == 1:
        return logits
    log_probs = logits.log_softmax(dim=-1)
    entropy = -(log_probs * log_probs.exp()).nansum(dim=-1, keepdim=True)  # (..., 1); 0 · −inf counts nothing
    distance, tokens = (-log_probs - entropy).abs().sort(dim=-1)
    held = logits.gather(-1, tokens).softmax(dim=-1).cumsum(dim=-1)
    last = (held < mass).sum(dim=-1, keepdim=True).clamp(max=logits.shape[-1] - 1)  # (..., 1)
    dropped = distance > distance.gather(-1, last)
    return logits.masked_fill(dropped.scatter(-1, tokens, dropped), DROPPED)


def repetition_penalty(logits: Tensor, previous: Tensor, penalty: float) -> Tensor:
    """Make tokens that were there before less likely, each once (Keskar et al., 2019).

    Positive logits are divided by the penalty, negative ones multiplied. So its effect depends on where the zero of the
    logits lies, which their probabilities do not.

    transformers: `RepetitionPenaltyLogitsProcessor`.

    Args:
        logits: (..., V) of float.
        previous: (..., N) ids of the prompt and the answer so far; N may be 0.
        penalty: positive and finite: 1 does nothing, more discourages, less encourages.

    Raises:
        TypeError, ValueError: if the logits are not what `checks.check_logits` accepts, the ids are not of their rows and
            vocabulary, or the penalty is not positive and finite.
    """
    check_logits(logits)
    check_number("repetition_penalty", penalty)
    if not 0 < penalty < math.inf:
        raise ValueError(f"repetition_penalty={penalty!r} is not accepted; give a positive finite number, 1 for none")
    previous = torch.as_tensor(previous, device=logits.device)
    if previous.shape[:-1] != logits.shape[:-1]:
        raise ValueError(f"previous of shape {tuple(previous.shape)} has other rows than logits {tuple(logits.shape)}")
    check_ids("previous", previous, logits.shape[-1])
    previous = previous.long()
    before = logits.gather(-1, previous)  # (..., N)
    after = torch.where(before < 0, before * penalty, before / penalty)
    return logits.scatter(-1, previous, after.clamp(max=torch.finfo(logits.dtype).max))  # +inf would be no distribution


def mask_to(logits: Tensor, allowed: Tensor | Sequence[int]) -> Tensor:
    """Keep the allowed tokens only: what a grammar, a list of labels or a schema permits next.

    transformers: `PrefixConstrainedLogitsProcessor`, of one step.

    Args:
        logits: (..., V) of float.
        allowed: ids, the same for every row; or a mask of bool, (V,) or of the shape of the logits.

    Raises:
        TypeError, ValueError: if the logits are not what `checks.check_logits` accepts, nothing is allowed, or nothing
            that is allowed is left.
    """
    check_logits(logits)
    allowed = torch.as_tensor(allowed, device=logits.device)
    if allowed.dtype != torch.bool:
        if not allowed.numel():
            raise ValueError("allowed=[] permits no token; give at least one id")
        check_ids("allowed", allowed, logits.shape[-1])
        ids = allowed.long().flatten()
        allowed = torch.zeros(logits.shape[-1], dtype=torch.bool, device=logits.device).index_fill(0, ids, True)
    if allowed.shape not in (logits.shape, logits.shape[-1:]):
        raise ValueError(f"allowed of shape {tuple(allowed.shape)} does not fit logits of shape {tuple(logits.shape)}")
    return check_logits(logits.masked_fill(~allowed, DROPPED), "what allowed leaves of logits")
