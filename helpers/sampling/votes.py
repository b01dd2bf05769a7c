"""What many answers to one question say together: the best by a score, the most frequent, and how much they agree."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np


def best_of_n(answers: Sequence[str], scores: Sequence[float]) -> str:
    """The answer with the highest score, the first of those that tie (Stiennon et al., 2020).

    Args:
        answers: to one question.
        scores: one each, of a reward model, or the answer's own log-probability.

    Raises:
        ValueError: if there are no answers, not as many scores, or a score is not finite.
    """
    try:
        numbers = np.asarray(scores, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"scores hold what is no number: {error}") from None
    if not len(answers) or numbers.shape != (len(answers),):
        raise ValueError(f"{len(answers)} answers and scores of shape {numbers.shape}; give as many of both, at least 1")
    if not np.isfinite(numbers).all():
        raise ValueError(f"scores={list(numbers)!r} are not all finite")
    return answers[int(np.argmax(numbers))]


def vote(answers: Sequence[str]) -> tuple[str, float]:
    """The most frequent answer, the first seen of those that tie, and its part of the votes (Wang et al., 2023).

    This is self-consistency: sample many, take what most agree on. Put answers that mean the same into the same words first.

    Raises:
        TypeError: if `answers` is one string.
        ValueError: if there are no answers.
    """
    ((answer, count),) = _counts(answers).most_common(1)
    return answer, count / len(answers)


def answer_entropy(answers: Sequence[str]) -> float:
    """How much the answers differ, in bits: 0 if all are the same, log2 of their number if no two are.

    Raises:
        TypeError: if `answers` is one string.
        ValueError: if there are no answers.
    """
    counts = _counts(answers).values()
    return sum(n / len(answers) * math.log2(len(answers) / n) for n in counts)


def auroc(scores: Sequence[float], right: Sequence[bool]) -> float:
    """How often a right answer has a higher score than a wrong one, ties counted half (Hanley and McNeil, 1982).

    Args:
        scores: one an answer; higher should mean right.
        right: whether each answer is.

    Raises:
        ValueError: if the lengths differ, or not both a right and a wrong answer are there.
    """
    from scipy.stats import rankdata

    try:
        values, is_right = np.asarray(scores, dtype=float), np.asarray(right, dtype=bool)
    except (TypeError, ValueError) as error:
        raise ValueError(f"scores hold what is no number, or right what is neither True nor False: {error}") from None
    if values.shape != is_right.shape or values.ndim != 1 or np.isnan(values).any():
        raise ValueError(f"scores {values.shape} and right {is_right.shape} don't match, or a score is NaN")
    n_right, n_wrong = int(is_right.sum()), int((~is_right).sum())
    if not n_right or not n_wrong:
        raise ValueError(f"{n_right} right and {n_wrong} wrong answers can't be told apart; give at least one of each")
    return float((rankdata(values)[is_right].sum() - n_right * (n_right + 1) / 2) / (n_right * n_wrong))


def _counts(answers: Sequence[str]) -> Counter:
    if isinstance(answers, str):
        raise TypeError("answers must be a sequence of strings; put a single answer in a list")
    if not len(answers):
        raise ValueError("answers=[] hold no vote; give at least one")
    return Counter(answers)
