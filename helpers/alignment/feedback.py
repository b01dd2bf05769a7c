"""Preferences: two answers to one prompt, and which of them a judge prefers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from helpers.alignment.batches import Batch, Ids, make_batch
from helpers.checks import check_whole


@dataclass(frozen=True)
class Preference:
    """A prompt and two answers to it, in ids.

    Raises:
        TypeError: if one is no list or tuple, or holds what is no whole number.
        ValueError: if an id is negative, or the answers are equal: there is nothing to prefer.
    """

    prompt: Ids
    chosen: Ids
    rejected: Ids

    def __post_init__(self) -> None:
        for name in ("prompt", "chosen", "rejected"):
            if not isinstance(row := getattr(self, name), list | tuple):
                raise TypeError(f"{name}={row!r:.80} is no row of ids but {type(row).__name__}; give a list")
            for i in row:
                check_whole(name, i)
        if list(self.chosen) == list(self.rejected):
            raise ValueError(f"chosen and rejected are equal, {list(self.chosen)!r}; give two different answers")


def prefer(
    prompts: Sequence[Ids],
    first: Sequence[Ids],
    second: Sequence[Ids],
    prefers_first: Callable[[int], bool | None],
) -> list[Preference]:
    """Label pairs of answers; pairs of equal answers, and those that the judge leaves undecided, are left out.

    Args:
        prompts: N rows of ids.
        first: an answer to each.
        second: another.
        prefers_first: of the pair's place, 0 to N - 1: whether the first is better, or None for undecided.

    Raises:
        ValueError: if the three are not equally many.
    """
    if not len(prompts) == len(first) == len(second):
        raise ValueError(f"{len(prompts)} prompts, {len(first)} and {len(second)} answers; give as many of each")
    labelled = []
    for i, (prompt, one, other) in enumerate(zip(prompts, first, second, strict=True)):
        if list(one) == list(other) or (wins := prefers_first(i)) is None:
            continue
        labelled.append(Preference(prompt, one, other) if wins else Preference(prompt, other, one))
    return labelled


def constitution_label(score: Callable[[str, str], float], question: str, first: str, second: str) -> bool | None:
    """Which of two answers an AI judge prefers: the one that scores higher by its constitution (Bai et al., 2022).

    In RLAIF (Lee et al., 2023) the label comes from a language model that is shown the principles; here `score` applies
    them as rules. It never sees what is true.

    Args:
        score: of a question and an answer.
        question: what was asked.
        first: an answer.
        second: another.

    Returns:
        Whether the first wins, or None if both score the same.
    """
    one, other = score(question, first), score(question, second)
    return None if one == other else one > other


def pair_batch(preferences: Sequence[Preference]) -> Batch:
    """One batch of 2B rows: the chosen answers first, then the rejected ones.

    Raises:
        ValueError: if there are no preferences.
    """
    check_preferences(preferences)
    prompts = [p.prompt for p in preferences]
    return make_batch(prompts * 2, [p.chosen for p in preferences] + [p.rejected for p in preferences])


def check_preferences(preferences: Sequence[Preference]) -> None:
    """Refuse an empty set.

    Raises:
        ValueError: if there are none.
    """
    if not preferences:
        raise ValueError("preferences=[] teach nothing; give at least one pair of different answers")
