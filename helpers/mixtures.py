"""Texts as bytes, and mixtures of texts in shares that one chooses."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

PIECE = 200  # characters of one text in a row


def byte_ids(text: str) -> Tensor:
    """The bytes of a text in UTF-8, as ids from 0 to 255; shape (bytes,)."""
    try:
        return _ids(text.encode())
    except UnicodeEncodeError as error:
        raise ValueError(f"text holds half of a surrogate pair, {text[error.start]!r}, which is no character") from None


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
    if n_bytes < 1:
        raise ValueError(f"n_bytes={n_bytes} is no corpus; give at least 1")
    wanted = {name: share for name, share in shares.items() if share}
    if missing := [name for name in wanted if not texts.get(name)]:
        raise ValueError(f"shares has {', '.join(map(repr, missing))}, for which there is no text")
    if not wanted or min(wanted.values()) < 0 or not np.isfinite(sum(wanted.values())):
        raise ValueError(f"shares={dict(shares)!r} are no shares; give none below 0 and one above")
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
