"""Shares of languages corrected for a detector's errors, as far as labelled text tells them.

Let p be the shares of the languages, q those of the labels, and M the part of each language's texts (rows) that gets each
label (columns), from labelled text. Then q = pM, whatever the sample, if the detector errs on it as on the labelled text.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd


def rogan_gladen(counts: Mapping[str, int] | pd.Series, confusion: pd.DataFrame) -> pd.Series:
    """Solve q = pM for the shares p (Rogan and Gladen, 1978, for two classes; the inverse of M for more).

    With more labels than languages, such as "undecided", it is the least-squares solution. Chance can make a share
    negative: it is set to 0, and the others are scaled to a sum of 100 %. That favours no language but is no longer
    unbiased.

    Args:
        counts: how many documents of the sample got each label.
        confusion: counts from labelled text, truth by label, as `confusion` makes them.

    Returns:
        Shares in per cent, for each language of the rows of `confusion`.

    Raises:
        ValueError: if there are no documents; if the sample has a label that no labelled text has; if a language has no
            labelled text; or if M is singular, that is, if it cannot tell some languages apart.
    """
    q, m = _prepared(counts, confusion)
    if (rank := np.linalg.matrix_rank(m)) < len(m):
        alike = _alike(confusion, m)
        raise ValueError(
            f"confusion is singular: it has rank {rank} for {len(m)} languages; the labels do not tell {alike} apart"
        )
    return pd.Series(100 * _solve(q, m), index=confusion.index, name="share")


def _prepared(counts: Mapping[str, int] | pd.Series, confusion: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The labels' shares q and the matrix M, rows summing to 1."""
    counts = dict(counts)
    if any(count < 0 for count in counts.values()):
        raise ValueError(f"counts={counts!r} has a negative count")
    if not sum(counts.values()):
        raise ValueError("counts has no documents; a share needs at least one")
    if len(bare := confusion.index[confusion.sum(axis=1) == 0]):
        raise ValueError(f"confusion has no labelled text in {', '.join(map(repr, bare))}; label some or leave the row out")
    seen = set(confusion.columns[confusion.sum(axis=0) > 0])
    if unseen := sorted(label for label, count in counts.items() if count and label not in seen):
        raise ValueError(
            f"counts has the labels {', '.join(map(repr, unseen))}, which no labelled text of confusion has; "
            "label text that gets them, or leave these documents out and say so"
        )
    q = np.array([counts.get(label, 0) for label in confusion.columns], dtype=float)
    m = confusion.to_numpy(dtype=float)
    for name, numbers in (("counts", q), ("confusion", m)):
        if not (np.isfinite(numbers) & (numbers >= 0)).all():
            raise ValueError(f"{name} holds a number that is negative or not finite; give how many documents there are")
    return q / q.sum(), m / m.sum(axis=1, keepdims=True)


def _solve(q: np.ndarray, m: np.ndarray) -> np.ndarray:
    p = np.maximum(np.linalg.lstsq(m.T, q)[0], 0)
    return p / p.sum()


def _alike(confusion: pd.DataFrame, m: np.ndarray) -> str:
    """The languages of the combination of rows that is zero."""
    left = np.linalg.svd(m)[0][:, -1]
    return ", ".join(repr(name) for name, weight in zip(confusion.index, left, strict=True) if abs(weight) > 1e-6)
