"""Weights in few bits: whole numbers that share a scale, by tensor, by row, or by groups within a row.

Symmetric and rounded to nearest, the simplest scheme that models are stored in: w ≈ scale · q, with q from −(2^(b−1) − 1) to
2^(b−1) − 1, and the scale such that the largest weight of those that share it is the largest number (Dettmers et al., 2022).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

SCALE_BITS = 16
MOST_BITS = 8


@dataclass(frozen=True)
class Quantised:
    """A matrix in few bits.

    Args:
        codes: whole numbers, one row for all weights that share a scale; int8, of shape (scales, weights that share one).
        scales: one a row of `codes`, in the precision that they are stored in: fp16, of shape (scales, 1).
        bits: that a code needs.
        shape: of the matrix.
    """

    codes: Tensor
    scales: Tensor
    bits: int
    shape: torch.Size

    @property
    def stored_bytes(self) -> float:
        """Bytes of the codes, were they packed, and of their scales."""
        return (self.codes.numel() * self.bits + self.scales.numel() * SCALE_BITS) / 8


def quantise(weight: Tensor, bits: int, share: str | int = "channel") -> Quantised:
    """Round a matrix to whole numbers of a few bits.

    Args:
        weight: floats, of shape (outputs, inputs).
        bits: of a code, from 2 to 8.
        share: which weights share a scale: "tensor" for all, "channel" for those of one output, or how many neighbours
            within a row, which must divide the inputs.

    Raises:
        ValueError: if the weight is no matrix of finite floats, the bits are too few or too many, or the groups don't fit.
    """
    if not weight.is_floating_point() or weight.ndim != 2 or not weight.numel() or not weight.isfinite().all():
        raise ValueError(f"weight of shape {tuple(weight.shape)} and {weight.dtype} is no matrix of finite floats; give one")
    if not isinstance(bits, int) or isinstance(bits, bool) or not 2 <= bits <= MOST_BITS:
        raise ValueError(f"bits={bits!r} is not accepted; give a whole number from 2 to {MOST_BITS}")
    rows = weight.float().reshape(-1, _sharing(weight, share))  # (scales, weights that share one)
    top = 2 ** (bits - 1) - 1
    least = torch.finfo(torch.float16).tiny  # a row of zeros has a scale too
    scales = (rows.abs().amax(dim=1, keepdim=True) / top).clamp(min=least, max=torch.finfo(torch.float16).max).half()
    codes = (rows / scales.float()).round().clamp(-top, top).to(torch.int8)
    return Quantised(codes, scales, bits, weight.shape)


def dequantise(quantised: Quantised) -> Tensor:
    """The matrix that the codes and scales stand for; fp32, of its old shape."""
    return (quantised.codes * quantised.scales.float()).reshape(quantised.shape)


@contextmanager
def quantised_weights(model: nn.Module, bits: int, share: str | int = "channel") -> Iterator[float]:
    """Within the block, every matrix of `model` holds what quantising leaves of it; afterwards it is as before.

    A matrix that two layers share, such as a tied embedding, is rounded once. Vectors stay as they are.

    Args:
        model: whose parameters are changed in place.
        bits, share: as in `quantise`.

    Yields:
        Bytes that the matrices would take, packed, with their scales, and the vectors in 16 bits.
    """
    kept = {name: p.detach().clone() for name, p in model.named_parameters() if p.ndim == 2}
    try:
        n_bytes = 0.0
        for name, parameter in model.named_parameters():
            if name in kept:
                rounded = quantise(kept[name], bits, share)
                parameter.data.copy_(dequantise(rounded))
                n_bytes += rounded.stored_bytes
            else:
                n_bytes += parameter.numel() * SCALE_BITS / 8
        yield n_bytes
    finally:
        for name, weight in kept.items():
            model.get_parameter(name).data.copy_(weight)


def relative_error(weight: Tensor, bits: int, share: str | int = "channel") -> float:
    """The size of what rounding changes, as a part of the size of the matrix (Frobenius norms)."""
    return float((dequantise(quantise(weight, bits, share)) - weight.float()).norm() / weight.float().norm())


def _sharing(weight: Tensor, share: str | int) -> int:
    """How many weights share a scale."""
    if share == "tensor":
        return weight.numel()
    if share == "channel":
        return weight.shape[1]
    if not isinstance(share, int) or isinstance(share, bool) or share < 1 or weight.shape[1] % share:
        raise ValueError(
            f'share={share!r} is not accepted; give "tensor", "channel", or a divisor of {weight.shape[1]} inputs'
        )
    return share
