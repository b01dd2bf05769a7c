"""Checks for the exercises: right or not, and why, for the answer that was given."""

import html
import json
import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from IPython.display import display

from helpers.checks import check_amount

LOG_VARIABLE = "UFM_CHECK_LOG"  # names a file that notes, for each exercise of a run, what usual wrong answers are told


def check(
    answer: Any,
    expected: Any,
    *,
    because: str,
    hints: Mapping[Any, str] | None = None,
    rel: float = 0.01,
    verdict: Callable[[Callable], Any] | None = None,
) -> None:
    """Say whether an answer is right, and why; for a usual wrong answer, what went wrong. Never raises over an answer.

    Args:
        answer: the reader's; `...` or None means not answered yet.
        expected: a number, string, set or list of them; numbers agree within `rel`.
        because: the reason, shown with a right answer.
        hints: for each usual wrong answer, what is wrong with it.
        rel: how far a number may be off, as a part of the expected one.
        verdict: where the answer is a function, what calls it and says in a word or two what it does; that is then compared
            with what is expected. What the function raises becomes part of the sentence.
    """
    right, words = judge(answer, expected, because=because, hints=hints, rel=rel, verdict=verdict)
    mark, colour = ("✓", "#1a7f5a") if right else ("…", "#808890") if _is_blank(answer) else ("✗", "#c0392b")
    code = f'<div class="check" style="border-left:4px solid {colour};padding:.3em 1em">{mark} {html.escape(words)}</div>'
    display({"text/html": code, "text/plain": f"{mark} {words}"}, raw=True)
    if hints and (log := os.environ.get(LOG_VARIABLE)):
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{json.dumps(tried(expected, because=because, hints=hints, rel=rel))}\n")


def tried(expected: Any, *, because: str, hints: Mapping[Any, str], rel: float = 0.01) -> list[dict[str, Any]]:
    """What each usual wrong answer is told, and that the right one is right, for the test of a chapter's exercises.

    Args:
        expected, because, hints, rel: as for `check`.

    Returns:
        one record an answer, the right one first: what was given, the sentence it should meet, whether it counts as right,
        and the sentence that it met.
    """
    due = [(expected, f"Right. {because}"), *((wrong, f"Not yet. {hint}") for wrong, hint in hints.items())]
    met = [judge(answer, expected, because=because, hints=hints, rel=rel) for answer, _ in due]
    return [
        {"given": f"{answer!r:.80}", "due": words, "right": right, "told": told}
        for (answer, words), (right, told) in zip(due, met, strict=True)
    ]


def judge(
    answer: Any,
    expected: Any,
    *,
    because: str,
    hints: Mapping[Any, str] | None = None,
    rel: float = 0.01,
    verdict: Callable[[Callable], Any] | None = None,
) -> tuple[bool, str]:
    """What `check` shows: whether the answer is right, and the sentence for the reader.

    Raises:
        ValueError: if `rel` is negative or no number.
    """
    check_amount("rel", rel)
    if _is_blank(answer):
        return False, "Not answered yet: replace the ... above and run both cells again."
    if verdict is not None:
        answer, trouble = _called(verdict, answer)
        if trouble:
            return False, f"Not yet: {trouble}"
    if _same(answer, expected, rel):
        return True, f"Right. {because}"
    for wrong, hint in (hints or {}).items():
        if _same(answer, wrong, rel):
            return False, f"Not yet. {hint}"
    if verdict is not None:
        return False, f"Not yet: what was found about the function is {answer!r:.80}, and it should be {expected!r:.80}."
    if _kind(answer) != _kind(expected):
        return False, f"Not yet: the answer is a {_kind(expected)}, and this is a {_kind(answer)}: {answer!r:.80}"
    return False, f"Not yet: {_distance(answer, expected, rel)}"


class _NothingReturned(Exception):  # noqa: N818  it never leaves this module
    """A reader's function came to its end without a `return`."""


def _called(verdict: Callable[[Callable], Any], answer: Any) -> tuple[Any, str]:
    """What the verdict on a reader's function is, or in a sentence why there is none."""
    if not callable(answer):
        return answer, f"the answer is a function, and this is a {_kind(answer)}: give its name, without brackets behind it."

    def watched(*args: Any, **kwargs: Any) -> Any:
        made = answer(*args, **kwargs)
        if made is None:
            raise _NothingReturned
        return made

    try:
        return verdict(watched), ""
    except _NothingReturned:
        return answer, "the function returns nothing: does it end with `return`, on every way through it?"
    except Exception as error:  # a reader's function may raise anything
        said = str(error).strip().partition("\n")[0] or "without a word"
        name = type(error).__name__
        return (
            answer,
            f"called as the task says, the function, or what looks at its result, stopped with {name}: {said:.160}",
        )


def _distance(answer: Any, expected: Any, rel: float) -> str:
    """In what way an answer of the right kind is wrong, as far as that can be said without giving the right one away."""
    kind = _kind(expected)
    if kind == "number":
        answer, expected = _float(answer), _float(expected)
        if not math.isfinite(answer):
            return f"{answer} is no finite number: was something divided by zero?"
        if answer * expected < 0:
            return f"{answer:.6g} has the wrong sign."
        way = "large" if abs(answer) > abs(expected) else "small"
        far = max(abs(answer), abs(expected)) > 100 * min(abs(answer), abs(expected)) > 0
        return f"{answer:.6g} is {'far ' if far else ''}too {way}{': look at the units' if far else ''}."
    if kind in ("list", "set", "dictionary") and len(answer) != len(expected):
        return f"{answer!r:.80} has too {'many' if len(answer) > len(expected) else 'few'} elements."
    if kind == "list":
        wrong = [i for i, (a, e) in enumerate(zip(answer, expected, strict=True)) if not _same(a, e, rel)]
        return f"{answer!r:.80} has the right length, but element {wrong[0]} is not right."
    return f"{answer!r:.80} is not it; read once more which form of answer the task asks for."


def _is_blank(answer: Any) -> bool:
    return answer is None or answer is ... or isinstance(answer, list | tuple) and any(a is None or a is ... for a in answer)


def _kind(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "truth value"
    if isinstance(value, int | float | np.integer | np.floating):
        return "number"
    if isinstance(value, str | set | dict):
        return {str: "string", set: "set", dict: "dictionary"}[type(value)]
    return "list" if isinstance(value, list | tuple | np.ndarray) else type(value).__name__


def _same(answer: Any, expected: Any, rel: float) -> bool:
    if _kind(answer) != _kind(expected):
        return False
    if _kind(expected) == "number":
        return bool(np.isclose(_float(answer), _float(expected), rtol=rel, atol=0))
    if _kind(expected) == "list":
        return len(answer) == len(expected) and all(_same(a, e, rel) for a, e in zip(answer, expected, strict=True))
    return bool(answer == expected)


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number that no float holds
        return math.inf if value > 0 else -math.inf
