"""Settings of a sampler, the order in which they act, and the token that is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from helpers.sampling import filters
from helpers.sampling.checks import check_logits

ORDER = ("temperature", "top_k", "top_p", "min_p", "typical")  # that of transformers' generate


@dataclass(frozen=True)
class Settings:
    """How a token is drawn; None switches a filter off. Values are checked where they act, in `helpers.sampling.filters`.

    Args:
        temperature, top_k, top_p, min_p, typical, repetition_penalty: as in the filter of that name.
        order: of the filters after the mask and the penalty, each name once.
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    typical: float | None = None
    repetition_penalty: float | None = None
    order: tuple[str, ...] = ORDER

    def __post_init__(self) -> None:
        if sorted(self.order) != sorted(ORDER):
            raise ValueError(f"order={self.order!r} is not accepted; give each of {ORDER} once")


def apply(
    logits: Tensor,
    settings: Settings,
    *,
    previous: Tensor | None = None,
    allowed: Tensor | Sequence[int] | None = None,
) -> Tensor:
    """Logits (..., V) after all that the settings ask for.

    First the mask of what is allowed, then the repetition penalty, then the filters in the order that the settings give: by
    default temperature, top-k, top-p, min-p, typical, as in transformers. Each acts on what the one before has left.

    Args:
        logits: (..., V) of float.
        settings: of the sampler.
        previous: (..., N) ids so far, for the repetition penalty.
        allowed: ids or a mask, as in `filters.mask_to`; None for all.

    Raises:
        TypeError, ValueError: as the filters do, and if there is a repetition penalty and no `previous`.
    """
    logits = check_logits(logits)
    if allowed is not None:
        logits = filters.mask_to(logits, allowed)
    if settings.repetition_penalty is not None:
        if previous is None:
            raise ValueError("previous=None gives the repetition penalty nothing to look at; give the ids so far")
        logits = filters.repetition_penalty(logits, previous, settings.repetition_penalty)
    for name in settings.order:
        value = getattr(settings, name)
        if value is not None:
            logits = getattr(filters, name)(logits, value)
    return logits


def sample(
    logits: Tensor,
    settings: Settings | None = None,
    *,
    previous: Tensor | None = None,
    allowed: Tensor | Sequence[int] | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw a token for each row of logits: (..., V) to ids (...).

    Args:
        logits, previous, allowed: as in `apply`.
        settings: of the sampler; without them the model's own distribution.
        generator: of the random numbers; None for torch's own.

    Raises:
        TypeError, ValueError: as `apply` does.
    """
    kept = apply(logits, settings or Settings(), previous=previous, allowed=allowed)
    # Where the generator is, so that a seed gives the same numbers on every device.
    device = generator.device if generator else "cpu"
    uniforms = torch.rand(*kept.shape[:-1], 1, dtype=torch.float64, generator=generator, device=device)
    return pick(kept, uniforms).squeeze(-1)


def pick(logits: Tensor, uniforms: Tensor) -> Tensor:
    """Draws from each row: the tokens at which the cumulative probability passes some numbers in [0, 1).

    A token drawn so depends on its row and its number alone, not on the other rows of the batch.

    Args:
        logits: (..., V) of float.
        uniforms: (..., N) in [0, 1), one a draw.

    Returns:
        (..., N) ids; never one whose probability is 0.

    Raises:
        TypeError: if `uniforms` are no floats.
        ValueError: if the shapes do not go together, a number is outside [0, 1), or a row of logits is no distribution.
    """
    if (
        not logits.is_floating_point()
        or not logits.dim()
        or not logits.shape[-1]
        or uniforms.shape[:-1] != logits.shape[:-1]
    ):
        shapes = f"logits of {tuple(logits.shape)}, {logits.dtype}, and uniforms of {tuple(uniforms.shape)}"
        raise ValueError(f"{shapes} do not go together; give (..., V) of floats and (..., N)")
    if not uniforms.is_floating_point():
        raise TypeError(f"uniforms are of {uniforms.dtype}; give floats in [0, 1)")
    if not ((uniforms >= 0) & (uniforms < 1)).all():
        raise ValueError("uniforms hold a number outside [0, 1), or NaN; give one in it for each draw")
    probs = logits.softmax(dim=-1).cpu().double()  # (..., V); summed in 64 bits: 50,000 roundings add up in 32
    cumulative = probs.cumsum(dim=-1)
    total = cumulative[..., -1:]
    if total.isnan().any():
        raise ValueError(
            "logits have a row with NaN, +inf or every token masked; leave at least one finite, the others −inf"
        )
    goals = (uniforms.cpu().double() * total).minimum(total.nextafter(torch.zeros_like(total)))
    return torch.searchsorted(cumulative, goals, right=True).to(logits.device)


def greedy(logits: Tensor) -> Tensor:
    """The likeliest token of each row, the first of those that tie: (..., V) to ids (...).

    Raises:
        TypeError, ValueError: if the logits are not what `checks.check_logits` accepts.
    """
    return check_logits(logits).argmax(dim=-1)
