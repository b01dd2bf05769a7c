"""Texts as bytes, and mixtures of texts in shares that one chooses."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from helpers.checks import check_amount, check_text, check_whole

PIECE = 200  # characters of one text in a row


def byte_ids(text: str) -> Tensor:
    """The bytes of a text in UTF-8, as ids from 0 to 255; shape (bytes,)."""
    check_text("text", text)
    return _ids(text.encode())


def mixture(texts: Mapping[str, str], shares: Mapping[str, float], n_bytes: int, *, seed: int = 0) -> Tensor:
    """A corpus in which each text has its share of the bytes, cut into pieces and shuffled.

    A text that is shorter than its share is repeated, from places drawn at random.

    Args:
        texts: the texts by name.
        shares: of the bytes, by name; they are scaled to a sum of 1.
        n_bytes: of the corpus.
        seed: of the pieces and their order.

    Returns:
        The bytes, of shape (n_bytes,).

    Raises:
        ValueError: if a share has no text, none is positive, one is negative, or `n_bytes` is less than 1.
    """
    check_whole("n_bytes", n_bytes, least=1)
    check_whole("seed", seed)
    wanted = {name: share for name, share in shares.items() if check_amount(f"shares[{name!r}]", share)}
    if missing := [name for name in wanted if not texts.get(name)]:
        raise ValueError(f"shares has {', '.join(map(repr, missing))}, for which there is no text")
    if not 0 < sum(wanted.values()) < np.inf:
        raise ValueError(f"shares={dict(shares)!r} have no sum; give at least one above 0")
    rng = np.random.default_rng(seed)
    ends = np.round(np.cumsum([0, *wanted.values()]) / sum(wanted.values()) * n_bytes).astype(int)
    pieces = []
    for name, size in zip(wanted, np.diff(ends), strict=True):
        pieces += _pieces(texts[name], int(size), rng)
    return _ids(b"".join(pieces[i] for i in rng.permutation(len(pieces))))


def _ids(data: bytes) -> Tensor:
    return torch.from_numpy(np.frombuffer(data, dtype=np.uint8).copy())


def _pieces(text: str, n_bytes: int, rng: np.random.Generator) -> list[bytes]:
    """Stretches of `text` from random places, of `n_bytes` bytes in all."""
    pieces = []
    while n_bytes > 0:
        start = int(rng.integers(max(len(text) - PIECE, 0) + 1))
        pieces.append(text[start : start + PIECE].encode()[:n_bytes])
        n_bytes -= len(pieces[-1])
    return pieces
