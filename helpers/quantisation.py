"""Weights in few bits: whole numbers that share a scale, by tensor, by row, or by groups within a row.

Symmetric: w ≈ scale · q, with q from −(2^(b−1) − 1) to 2^(b−1) − 1, and the scale such that the largest weight of those that
share it is the largest number (Dettmers et al., 2022). With a zero point: w ≈ low + scale · q, with q from 0 to 2^b − 1,
from least weight to largest, as in GGUF's Q4_1, which has 4 bits and groups of 32. Each weight is rounded to the nearest, or
where the layer's inputs are given, so that later weights make up for the error of earlier ones (GPTQ, Frantar et al., 2023);
these inputs are what the layers before it send once they are rounded.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from helpers.corpora import prose
from helpers.estimates import Estimate, bootstrap
from helpers.mixtures import byte_ids
from helpers.models import Config
from helpers.models.transformer import transformer
from helpers.training import Recipe, bits_per_byte, seeded, train

SCALE_BITS = 16
MOST_BITS = 8
CONTEXT = 64  # bytes that the small model reads at once
SCHEMES = tuple(  # ways of rounding that are compared
    {"bits": bits, "share": share, "zero_point": zero_point, "corrected": corrected}
    for bits, share, zero_point, corrected in (
        (8, "tensor", False, False),
        (8, "channel", False, False),
        (4, "tensor", False, False),
        (4, "channel", False, False),
        (4, 32, False, False),
        (4, 64, True, False),
        (4, 32, True, False),
        (4, 32, False, True),
        (4, 64, True, True),
        (3, 32, False, False),
        (3, 64, True, False),
        (3, 32, False, True),
        (3, 64, True, True),
    )
)
DAMPING = 0.01  # of the mean square input, added to each input's own (Frantar et al., 2023)


@dataclass(frozen=True)
class Quantised:
    """A matrix in few bits.

    Args:
        codes: whole numbers, one row for all weights that share a scale; of shape (scales, weights that share one).
        scales: one a row of `codes`, in the precision that they are stored in: fp16, of shape (scales, 1).
        bits: that a code needs.
        shape: of the matrix.
        lows: with a zero point, the weight of code 0 in each row of `codes`, as `scales`; None without.
    """

    codes: Tensor
    scales: Tensor
    bits: int
    shape: torch.Size
    lows: Tensor | None = None

    @property
    def stored_bytes(self) -> float:
        """Bytes of the codes, were they packed, and of their scales and lows."""
        shared = self.scales.numel() * (1 if self.lows is None else 2)
        return (self.codes.numel() * self.bits + shared * SCALE_BITS) / 8


def quantise(weight: Tensor, bits: int, share: str | int = "channel", *, zero_point: bool = False) -> Quantised:
    """Round a matrix to whole numbers of a few bits, each weight to the nearest.

    Args:
        weight: floats, of shape (outputs, inputs).
        bits: of a code, from 2 to 8.
        share: which weights share a scale: "tensor" for all, "channel" for those of one output, or how many neighbours
            within a row, which must divide the inputs.
        zero_point: whether codes go from the least weight to the largest, and not from minus the largest to the largest.

    Raises:
        ValueError: if the weight is no matrix of finite floats, the bits are too few or too many, or the groups don't fit.
    """
    _check_matrix(weight, bits)
    rows = weight.float().reshape(-1, _sharing(weight, share))  # (scales, weights that share one)
    scales, lows = _grid(rows, bits, zero_point)
    return Quantised(_codes(rows, scales, lows, bits), scales, bits, weight.shape, lows)


def quantise_with_inputs(
    weight: Tensor, second_moment: Tensor, bits: int, share: str | int = "channel", *, zero_point: bool = False
) -> Quantised:
    """Round a matrix one input after the other; the inputs that follow make up for each error (GPTQ, Frantar et al., 2023).

    Args:
        weight, bits, zero_point: as in `quantise`.
        second_moment: H = XᵀX of what the matrix reads, of shape (inputs, inputs).
        share: "channel", or how many neighbours within a row.

    Raises:
        ValueError: as in `quantise`, or if `second_moment` has another shape.
    """
    _check_matrix(weight, bits)
    n_out, n_in = weight.shape
    if second_moment.shape != (n_in, n_in):
        raise ValueError(f"second_moment has shape {tuple(second_moment.shape)}; give ({n_in}, {n_in}), inputs by inputs")
    if share == "tensor":
        raise ValueError('share="tensor" is not accepted here; give "channel", or a divisor of the inputs')
    group = _sharing(weight, share)
    h = second_moment.double()
    h = h + torch.eye(n_in) * (DAMPING * h.diagonal().mean()).clamp(min=1e-12)
    pull = torch.linalg.cholesky(torch.linalg.inv(h), upper=True).float()  # row i: how later inputs make up for input i
    left, codes, grids = weight.float().clone(), [], []
    for i in range(n_in):
        if i % group == 0:
            grids.append(_grid(left[:, i : i + group], bits, zero_point))
        codes.append(_codes(left[:, i : i + 1], *grids[-1], bits))  # (outputs, 1)
        error = (left[:, i : i + 1] - _restore(codes[-1], *grids[-1])) / pull[i, i]
        left[:, i:] -= error * pull[i, i:]
    scales, lows = zip(*grids, strict=True)
    stacked = [torch.stack(one, dim=1).reshape(-1, 1) for one in ((scales, lows) if zero_point else (scales,))]
    return Quantised(torch.cat(codes, dim=1).reshape(-1, group), stacked[0], bits, weight.shape, *stacked[1:])


def dequantise(quantised: Quantised) -> Tensor:
    """The matrix that the codes and scales stand for; fp32, of its old shape."""
    return _restore(quantised.codes, quantised.scales, quantised.lows).reshape(quantised.shape)


@contextmanager
def quantised_weights(
    model: nn.Module,
    bits: int,
    share: str | int = "channel",
    *,
    zero_point: bool = False,
    reads: Tensor | None = None,
) -> Iterator[float]:
    """Within the block, every matrix of `model` holds what quantising leaves of it; afterwards it is as before.

    A matrix that two layers share, such as a tied embedding, is rounded once. Vectors stay as they are.

    Args:
        model: whose parameters are changed in place.
        bits, share, zero_point: as in `quantise`.
        reads: a batch for the model, such as ids of shape (B, L). With it, the matrices of `nn.Linear` that no other kind of
            layer shares are rounded with errors corrected, each for what comes from the rounded layers before it.

    Yields:
        Bytes that the matrices would take, packed, with their scales, and the vectors in 16 bits.
    """
    kept = {name: p.detach().clone() for name, p in model.named_parameters() if p.ndim == 2}
    linear = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    of_others = {id(p) for m in model.modules() if not isinstance(m, nn.Linear) for p in m.parameters(recurse=False)}
    corrected = [] if reads is None else [layer for layer in linear if id(layer.weight) not in of_others]
    left = {id(layer.weight) for layer in corrected}  # to be rounded as the batch comes by
    n_bytes = sum(p.numel() * SCALE_BITS / 8 for name, p in model.named_parameters() if name not in kept)

    def put(weight: Tensor, rounded: Quantised) -> None:
        nonlocal n_bytes
        weight.data.copy_(dequantise(rounded))
        n_bytes += rounded.stored_bytes

    def correct(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        weight, x = layer.get_parameter("weight"), given[0].flatten(0, -2).float()  # (tokens, inputs)
        if id(weight) in left:
            left.remove(id(weight))
            put(weight, quantise_with_inputs(weight, x.T @ x, bits, share, zero_point=zero_point))

    try:
        for name in kept:
            if id(weight := model.get_parameter(name)) not in left:
                put(weight, quantise(weight, bits, share, zero_point=zero_point))
        if reads is not None:
            with ExitStack() as hooks, torch.no_grad():
                for layer in corrected:
                    hooks.callback(layer.register_forward_pre_hook(correct).remove)
                model(reads)
            if left:
                raise ValueError(f"{len(left)} matrices of linear layers read nothing of reads; give reads=None")
        yield n_bytes
    finally:
        for name, as_before in kept.items():
            model.get_parameter(name).data.copy_(as_before)


def relative_error(weight: Tensor, bits: int, share: str | int = "channel", *, zero_point: bool = False) -> float:
    """The size of what rounding changes, as a part of the size of the matrix (Frobenius norms)."""
    rounded = dequantise(quantise(weight, bits, share, zero_point=zero_point))
    return float((rounded - weight.float()).norm() / weight.float().norm())


def more_bits(rounded: np.ndarray, full: np.ndarray) -> Estimate:
    """How many per cent more bits texts take in the rounded model; texts are drawn with replacement, both values of each.

    Args:
        rounded: bits of each text in the rounded model, of shape (texts,).
        full: bits of the same texts in the model as it was.
    """
    pairs = np.stack([rounded, full], axis=1)
    return bootstrap(pairs, lambda p: 100 * (p[:, 0].sum() / p[:, 1].sum() - 1), "%", over="texts, paired")


def unseen_texts(n_bytes: int = 640) -> list[Tensor]:
    """The first bytes of every ninth address, which `unrounded_model` is not trained on; each of shape (n_bytes,)."""
    return [byte_ids(text)[:n_bytes] for text in prose("addresses")[::9]]


def unrounded_model(n_tokens: int, seed: int) -> nn.Module:
    """A small byte-level transformer in 32 bits, trained on the addresses of which `unseen_texts` has none."""
    read = byte_ids("\n".join(text for i, text in enumerate(prose("addresses")) if i % 9))
    model = seeded(lambda: transformer(Config(d_model=128, n_layers=2, n_heads=4, d_ff=384, context=CONTEXT)), seed)
    train(model, read, Recipe(n_tokens=n_tokens, batch_size=16, context=CONTEXT, learning_rate=1e-2, seed=seed))
    return model


def training_bytes(n_stretches: int = 256) -> Tensor:
    """Stretches of the text that `unrounded_model` is trained on, of shape (n_stretches, CONTEXT)."""
    read = byte_ids(prose("addresses")[1] + prose("addresses")[118])
    return read[: n_stretches * CONTEXT].long().reshape(n_stretches, CONTEXT)


def text_bits(model: nn.Module, texts: Sequence[Tensor]) -> np.ndarray:
    """The bits that a byte-level model needs for each text, of shape (texts,)."""
    return np.array([bits_per_byte(model, ids, context=CONTEXT) * (len(ids) - 1) for ids in texts])


def _grid(rows: Tensor, bits: int, zero_point: bool) -> tuple[Tensor, Tensor | None]:
    """The scale of each row, and the weight of code 0 with a zero point; fp16, of shape (rows, 1)."""
    least, most = torch.finfo(torch.float16).tiny, torch.finfo(torch.float16).max  # a row of zeros has a scale too
    if not zero_point:
        top = 2 ** (bits - 1) - 1
        return (rows.abs().amax(dim=1, keepdim=True) / top).clamp(min=least, max=most).half(), None
    lows = rows.amin(dim=1, keepdim=True).clamp(min=-most, max=most).half()
    reach = rows.amax(dim=1, keepdim=True) - lows.float()
    return (reach / (2**bits - 1)).clamp(min=least, max=most).half(), lows


def _codes(rows: Tensor, scales: Tensor, lows: Tensor | None, bits: int) -> Tensor:
    if lows is None:
        top = 2 ** (bits - 1) - 1
        return (rows / scales.float()).round().clamp(-top, top).to(torch.int8)
    return ((rows - lows.float()) / scales.float()).round().clamp(0, 2**bits - 1).to(torch.uint8)


def _restore(codes: Tensor, scales: Tensor, lows: Tensor | None) -> Tensor:
    scaled = codes * scales.float()
    return scaled if lows is None else scaled + lows.float()


def _check_matrix(weight: Tensor, bits: int) -> None:
    if not weight.is_floating_point() or weight.ndim != 2 or not weight.numel() or not weight.isfinite().all():
        raise ValueError(f"weight of shape {tuple(weight.shape)} and {weight.dtype} is no matrix of finite floats; give one")
    if not isinstance(bits, int) or isinstance(bits, bool) or not 2 <= bits <= MOST_BITS:
        raise ValueError(f"bits={bits!r} is not accepted; give a whole number from 2 to {MOST_BITS}")


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
