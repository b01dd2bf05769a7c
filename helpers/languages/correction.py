"""Shares of languages corrected for a detector's errors, as far as labelled text tells them.

Let p be the shares of the languages, q those of the labels, and M the part of each language's texts (rows) that gets each
label (columns), from labelled text. Then q = pM, whatever the sample, if the detector errs on it as on the labelled text.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from helpers.checks import check_whole
from helpers.languages.counting import confusion as confusion_of
from helpers.languages.counting import counted


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


def em_correction(counts: Mapping[str, int] | pd.Series, confusion: pd.DataFrame) -> pd.Series:
    """The most likely shares p given the labels, by expectation and maximisation (Saerens, Latinne and Decaestecker, 2002).

    They start from a classifier's posterior probabilities. langdetect's are no such thing: they end near 1, right or wrong.
    So the label is the evidence, and its posteriors follow from `confusion`. The result is never negative, and is
    Rogan and Gladen's where theirs is not.

    Args:
        counts: how many documents of the sample got each label.
        confusion: counts from labelled text, truth by label, as `confusion` makes them.

    Returns:
        Shares in per cent, for each language of the rows of `confusion`.

    Raises:
        ValueError: as `rogan_gladen`; a singular M gives one of several solutions that are equally likely.
    """
    return pd.Series(100 * _maximise(*_prepared(counts, confusion)), index=confusion.index, name="share")


def corrected_shares(
    labels: Iterable[str],
    labelled_truth: Sequence[str],
    labelled_labels: Sequence[str],
    *,
    method: str = "rogan-gladen",
    n_resamples: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """Corrected shares with 95 % bootstrap intervals (Efron, 1979) that know of both errors, the sample's and the matrix's.

    Each resample draws the documents again, and weighs the labelled texts of each language anew (Rubin's Bayesian
    bootstrap, 1981, in which a label that was seen does not vanish). What the labelled text does not show, the interval
    does not know: an error never seen in n texts may be as frequent as 3/n, and a language without labelled text is given
    to others.

    Args:
        labels: what the detector said of each document.
        labelled_truth: the languages of the labelled texts.
        labelled_labels: what the detector said of them.
        method: "rogan-gladen" or "em".

    Returns:
        One row a language of `labelled_truth`, with `share`, `low` and `high` in per cent, highest first.

    Raises:
        ValueError: if there is no such method, if `n_resamples` is below 1, or as `rogan_gladen` and `confusion`.
    """
    methods = {"rogan-gladen": (rogan_gladen, _solve), "em": (em_correction, _maximise)}
    if method not in methods:
        raise ValueError(f"method={method!r} is not a correction; there are {', '.join(methods)}")
    check_whole("n_resamples", n_resamples, least=1)
    check_whole("seed", seed)
    public, core = methods[method]
    counts, matrix = counted(labels), confusion_of(labelled_truth, labelled_labels)
    table = public(counts, matrix).to_frame()
    q, _ = _prepared(counts, matrix)
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(n_resamples):
        weights = rng.standard_gamma(matrix.to_numpy(dtype=float))
        sample = rng.multinomial(counts.total(), q) / counts.total()
        draws.append(core(sample, weights / weights.sum(axis=1, keepdims=True)))
    table["low"], table["high"] = 100 * np.percentile(draws, [2.5, 97.5], axis=0)
    return table.sort_values("share", ascending=False, kind="stable")


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


def _maximise(q: np.ndarray, m: np.ndarray, *, tolerance: float = 1e-7, max_iterations: int = 5_000) -> np.ndarray:
    """The iteration of Saerens et al., where the evidence is a label."""
    p = np.full(len(m), 1 / len(m))
    for _ in range(max_iterations):
        expected = p @ m
        step = p * (m @ np.divide(q, expected, out=np.zeros_like(q), where=expected > 0))
        if np.abs(step - p).max() < tolerance:
            return step
        p = step
    return p


def _alike(confusion: pd.DataFrame, m: np.ndarray) -> str:
    """The languages of the combination of rows that is zero."""
    left = np.linalg.svd(m)[0][:, -1]
    return ", ".join(repr(name) for name, weight in zip(confusion.index, left, strict=True) if abs(weight) > 1e-6)
