"""Settings of a sampler, the order in which they act, and the token that is drawn. What a reader gives is checked here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from helpers.checks import check_number, check_whole
from helpers.sampling import filters

ORDER = ("temperature", "top_k", "top_p", "min_p")  # that of transformers' generate
COLDEST = 1e-6  # a lower temperature leaves the range of 32 bits


@dataclass(frozen=True)
class Settings:
    """How a token is drawn; None switches a filter off.

    Args:
        temperature: from 1e-6 on. For the likeliest token give None in place of settings.
        top_k: how many tokens are kept, from 1 on.
        top_p: the share of the probability that is kept, in (0, 1].
        min_p: the share of the largest probability that a token needs, in (0, 1].
        repetition_penalty: above 1 discourages what was there, below 1 encourages it.
        order: of the filters after the mask and the penalty, each name once.

    Raises:
        TypeError, ValueError: naming the setting that makes no sense.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    order: tuple[str, ...] = ORDER

    def __post_init__(self) -> None:
        if self.top_k is not None:
            check_whole("top_k", self.top_k, least=1)
        for name, least, most in (("temperature", COLDEST, math.inf), ("repetition_penalty", 0, math.inf)):
            value = getattr(self, name)
            if value is not None and not (least <= check_number(name, value) < most and value > 0):
                instead = "; for the likeliest token give None in place of settings" * (name == "temperature")
                raise ValueError(f"{name}={value!r} is not accepted; give a positive finite number{instead}")
        for name in ("top_p", "min_p"):
            value = getattr(self, name)
            if value is not None and not 0 < check_number(name, value) <= 1:
                raise ValueError(f"{name}={value!r} is outside (0, 1]; give a part of the whole")
        if sorted(self.order) != sorted(ORDER):
            raise ValueError(f"order={self.order!r} is not accepted; give each of {ORDER} once")


def apply(
    logits: Tensor,
    settings: Settings,
    *,
    previous: Tensor | None = None,
    allowed: Tensor | Sequence[int] | None = None,
) -> Tensor:
    """Return logits (..., V) after all that the settings ask for.

    First the mask of what is allowed, then the repetition penalty, then the filters in the order that the settings give.
    Each acts on what the one before has left.

    Args:
        logits: (..., V) of float: finite, or −inf for what is masked.
        settings: of the sampler.
        previous: (..., N) ids so far, for the repetition penalty.
        allowed: ids, or a mask (V,): what may be drawn; None for all.

    Raises:
        TypeError, ValueError: if a row of logits is no distribution, nothing is allowed, ids are not of the vocabulary, or
            there is a repetition penalty and no `previous`.
    """
    check_logits(logits)
    if allowed is not None:
        logits = mask_to(logits, allowed)
    if settings.repetition_penalty is not None:
        if previous is None:
            raise ValueError("previous=None gives the repetition penalty nothing to look at; give the ids so far")
        _check_ids("previous", previous, logits.shape[-1])
        logits = filters.repetition_penalty(logits, previous.long(), settings.repetition_penalty)
    for name in settings.order:
        value = getattr(settings, name)
        if value is not None:
            logits = getattr(filters, name)(logits, value)
    return logits


def mask_to(logits: Tensor, allowed: Tensor | Sequence[int]) -> Tensor:
    """Keep the allowed tokens only, by ids or a mask (V,), as `PrefixConstrainedLogitsProcessor` of transformers does.

    Raises:
        ValueError: if nothing is allowed, or nothing that is allowed is left.
    """
    allowed = torch.as_tensor(allowed, device=logits.device)
    if allowed.dtype != torch.bool:
        _check_ids("allowed", allowed, logits.shape[-1])
        ids = allowed.long().flatten()
        allowed = torch.zeros(logits.shape[-1], dtype=torch.bool, device=logits.device).index_fill(0, ids, True)
    return check_logits(logits.masked_fill(~allowed, -math.inf), "what allowed leaves of logits")


def pick(logits: Tensor, uniforms: Tensor) -> Tensor:
    """Draw from each row: the tokens at which the cumulative probability passes some numbers in [0, 1).

    A token drawn so depends on its row and its number alone, not on the other rows of the batch.

    Args:
        logits: (..., V) of float.
        uniforms: (..., N) in [0, 1), one a draw.

    Returns:
        (..., N) ids; never one whose probability is 0.

    Raises:
        ValueError: if the shapes don't go together, a number is outside [0, 1), or a row of logits is no distribution.
    """
    check_logits(logits)
    if not uniforms.is_floating_point() or uniforms.shape[:-1] != logits.shape[:-1]:
        given = f"uniforms of {tuple(uniforms.shape)}, {uniforms.dtype}, don't go with logits of {tuple(logits.shape)}"
        raise ValueError(f"{given}; give (..., N) of floats for (..., V)")
    if not ((uniforms >= 0) & (uniforms < 1)).all():
        raise ValueError("uniforms hold a number outside [0, 1), or NaN; give one in it for each draw")
    probs = logits.softmax(dim=-1).cpu().double()  # (..., V); summed in 64 bits: 50,000 roundings add up in 32
    cumulative = probs.cumsum(dim=-1)
    total = cumulative[..., -1:]
    goals = (uniforms.cpu().double() * total).minimum(total.nextafter(torch.zeros_like(total)))
    return torch.searchsorted(cumulative, goals, right=True).to(logits.device)


def check_logits(logits: Tensor, name: str = "logits") -> Tensor:
    """Return the logits, once they are a distribution: floats, at least one of each row finite, none NaN or +inf.

    Raises:
        TypeError: if they are no tensor of floats.
        ValueError: if they have no vocabulary, or a row is no distribution.
    """
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        given = logits.dtype if isinstance(logits, Tensor) else type(logits).__name__
        raise TypeError(f"{name} must be a tensor of floats, not {given}")
    if not logits.dim() or not logits.numel():
        raise ValueError(f"{name} of shape {tuple(logits.shape)} have no token to choose; give (..., V) with V at least 1")
    likeliest = logits.amax(dim=-1).flatten()  # NaN where there is one in the row
    if likeliest.isfinite().all():
        return logits
    row = int((~likeliest.isfinite()).nonzero()[0])
    if likeliest[row] == -math.inf:
        raise ValueError(f"{name}: every token of row {row} is masked; leave at least one")
    raise ValueError(f"{name}: row {row} holds {likeliest[row].item()}; logits are finite, or −inf for what is masked")


def _check_ids(name: str, ids: Tensor, vocab_size: int) -> None:
    if ids.is_floating_point() and ids.numel():
        raise TypeError(f"{name} must hold ids, whole numbers, not {ids.dtype}")
    if ids.numel() and not 0 <= int(ids.min()) <= int(ids.max()) < vocab_size:
        raise ValueError(f"{name} holds ids from {int(ids.min())} to {int(ids.max())}; give 0 to {vocab_size - 1}")
