"""What many answers to one question say together: the most frequent one, and how much they agree."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy import stats


def vote(answers: Sequence[str]) -> tuple[str, float]:
    """Return the most frequent answer, the first seen of those that tie, and its share of the votes (Wang et al., 2023).

    This is self-consistency: sample many, take what most agree on. Put answers that mean the same into the same words first.

    Raises:
        ValueError: if there are no answers, or `answers` is one string.
    """
    if isinstance(answers, str) or not len(answers):
        raise ValueError(f"answers={answers!r} must be a sequence of at least one string")
    ((answer, count),) = Counter(answers).most_common(1)
    return answer, count / len(answers)


def auroc(scores: Sequence[float], right: Sequence[bool]) -> float:
    """Return how often a right answer has a higher score than a wrong one, ties counted half (Hanley and McNeil, 1982).

    Args:
        scores: one for each answer; higher should mean right.
        right: whether each answer is.

    Raises:
        ValueError: if the lengths differ, a score is NaN, or there isn't at least one right and one wrong answer.
    """
    values, is_right = np.asarray(scores, dtype=float), np.asarray(right, dtype=bool)
    if values.shape != is_right.shape or np.isnan(values).any():
        raise ValueError(f"scores {values.shape} and right {is_right.shape} don't match, or a score is NaN")
    if is_right.all() or not is_right.any():
        raise ValueError(f"{is_right.sum()} of {is_right.size} answers are right; give at least one right and one wrong")
    # Of all pairs, those in which the right answer is higher; "asymptotic" spends least on the p-value, which nobody reads.
    higher = stats.mannwhitneyu(values[is_right], values[~is_right], method="asymptotic").statistic
    return float(higher / (is_right.sum() * (~is_right).sum()))
