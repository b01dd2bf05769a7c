"""What the functions of this package accept, and what they say to the rest."""

import math

from torch import Tensor


def check_logits(logits: Tensor, name: str = "logits") -> Tensor:
    """The logits, once they are a distribution: floats, at least one of each row finite, none NaN or +inf.

    Raises:
        TypeError: if they are no tensor of floats.
        ValueError: if they have no vocabulary, or a row is no distribution.
    """
    if not isinstance(logits, Tensor) or not logits.is_floating_point():
        given = logits.dtype if isinstance(logits, Tensor) else type(logits).__name__
        raise TypeError(f"{name} must be a tensor of floats, not {given}")
    if not logits.dim() or not logits.numel():
        raise ValueError(f"{name} of shape {tuple(logits.shape)} have no token to choose; give (..., V) with V at least 1")
    likeliest = logits.amax(dim=-1)  # NaN where there is one in the row
    if likeliest.isfinite().all():
        return logits
    row = int((~likeliest.isfinite()).flatten().nonzero()[0])
    if likeliest.flatten()[row] == -math.inf:
        raise ValueError(f"{name}: every token of row {row} is masked; leave at least one")
    raise ValueError(
        f"{name}: row {row} holds {likeliest.flatten()[row].item()}; logits are finite, or −inf for what is masked"
    )


def check_number(name: str, value: float) -> None:
    """Raise TypeError if the value is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name}={value!r} must be a number, not {type(value).__name__}")


def check_part(name: str, value: float) -> None:
    """Raise TypeError or ValueError unless the value is in (0, 1]."""
    check_number(name, value)
    if not 0 < value <= 1:
        raise ValueError(f"{name}={value!r} is outside (0, 1]; give a part of the whole, 1 to keep all of it")


def check_ids(name: str, ids: Tensor, vocab_size: int) -> None:
    """Raise TypeError or ValueError unless all are ids of the vocabulary."""
    if ids.is_floating_point() and ids.numel():
        raise TypeError(f"{name} must hold ids, whole numbers, not {ids.dtype}")
    if ids.numel() and not 0 <= int(ids.min()) <= int(ids.max()) < vocab_size:
        raise ValueError(f"{name} holds ids from {int(ids.min())} to {int(ids.max())}; give 0 to {vocab_size - 1}")
