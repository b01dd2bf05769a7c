"""Checks for the exercises: whether an answer is right, and why."""

import html
import json
import math
import os
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, Set, Sized
from numbers import Integral
from typing import Any

import numpy as np
from IPython.display import display

from helpers.estimates import Estimate

LOG_VARIABLE = "UFM_CHECK_LOG"  # names a file; each check of a run adds a line to it, with what its hints say
BLANK = "Not answered yet. Replace the three dots above with your answer, then run that cell and this one again."
CONTAINERS = ("list", "set", "dictionary")


def check(
    answer: Any,
    expected: Any,
    *,
    because: str,
    hints: Mapping[Any, str] | None = None,
    rel: float = 0.01,
    verdict: Callable[[Callable], Any] | None = None,
) -> None:
    """Show whether an answer is right, and why. Never raises because of an answer.

    Args:
        answer: the reader's; `...` or None means not answered yet.
        expected: a number, string, truth value, list, set or dictionary. The container may be another one (a tuple or tensor
            for a list, an array of one element for a number), and upper and lower case are the same.
        because: the reason, shown with a right answer.
        hints: for each common wrong answer, what is wrong with it.
        rel: relative tolerance of numbers. Of two values within it, the expected one and a hint's, the nearer one counts.
        verdict: for an answer that is a function: calls it and returns what it does in a word or two, which is then compared
            with `expected` and `hints`. An exception of the answer becomes part of the feedback.

    Raises:
        ValueError: if `rel` is negative or NaN.
    """
    right, feedback = grade(answer, expected, because=because, hints=hints, rel=rel, verdict=verdict)
    mark, colour = ("✓", "#1a7f5a") if right else ("…", "#808890") if feedback == BLANK else ("✗", "#c0392b")
    text = f"{mark} {feedback}".encode("utf-8", "replace").decode()  # a message may hold half of a surrogate pair
    card = f'<div class="check" style="border-left:4px solid {colour};padding:.3em 1em">{html.escape(text)}</div>'
    display({"text/html": card, "text/plain": text}, raw=True)
    if hints and (log := os.environ.get(LOG_VARIABLE)):
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{json.dumps(replay_hints(expected, because=because, hints=hints, rel=rel))}\n")


def replay_hints(expected: Any, *, because: str, hints: Mapping[Any, str], rel: float = 0.01) -> list[dict[str, Any]]:
    """Return what the expected answer and each answer of `hints` are told, for the test of a chapter's exercises.

    Returns:
        one record an answer, the expected one first: the answer ("given"), the feedback it should get ("due"), the feedback
        it gets ("told"), and whether it counts as "right".
    """
    due = [(expected, f"Right. {because}"), *((wrong, f"Not yet. {hint}") for wrong, hint in hints.items())]
    graded = [grade(answer, expected, because=because, hints=hints, rel=rel) for answer, _ in due]
    return [
        {"given": _show(answer), "due": words, "right": right, "told": told}
        for (answer, words), (right, told) in zip(due, graded, strict=True)
    ]


def grade(
    answer: Any,
    expected: Any,
    *,
    because: str,
    hints: Mapping[Any, str] | None = None,
    rel: float = 0.01,
    verdict: Callable[[Callable], Any] | None = None,
) -> tuple[bool, str]:
    """Return whether an answer is right, and the feedback; the arguments are those of `check`.

    Raises:
        ValueError: if `rel` is negative or NaN.
    """
    if not rel >= 0:
        raise ValueError(f"rel={rel} must not be negative")
    try:
        return _grade(answer, expected, because, hints or {}, rel, verdict)
    except Exception as error:  # an answer's own methods may raise anything
        return False, f"Not yet: {_show(answer)} can't be compared with what is due ({type(error).__name__})."


def _grade(
    answer: Any, expected: Any, because: str, hints: Mapping[Any, str], rel: float, verdict: Callable | None
) -> tuple[bool, str]:
    if _is_blank(answer):
        return False, BLANK
    if verdict is not None:
        answer, trouble = _call_verdict(verdict, answer)
        if trouble:
            return False, f"Not yet: {trouble}"
    kind = _kind(expected)
    known = {0: (expected, f"Right. {because}")}
    known |= {i: (wrong, f"Not yet. {hint}") for i, (wrong, hint) in enumerate(hints.items(), start=1)}
    same = [i for i, (value, _) in known.items() if _same(answer, value, kind if kind in CONTAINERS else _kind(value), rel)]
    if same and kind == "number" and (given := _number(answer)) is not None and math.isfinite(given):
        same.sort(key=lambda i: abs(given - other) if (other := _number(known[i][0])) is not None else 0)  # stable
    if same:
        return same[0] == 0, known[same[0]][1]
    if verdict is not None:
        return False, f"Not yet: the test of the function says {_show(answer)}; it should say {_show(expected)}."
    return False, f"Not yet: {_explain(answer, expected, rel)}"


class _NothingReturned(Exception):  # noqa: N818  it never leaves this module
    """A reader's function ended without a `return`."""


def _call_verdict(verdict: Callable[[Callable], Any], answer: Any) -> tuple[Any, str]:
    """Return the verdict on a reader's function, or the reason why there is none."""
    if not callable(answer):
        kind = _with_article(_kind(answer))
        return answer, f"the answer should be a function, and this is {kind}. Give its name, without parentheses after it."

    def watched(*args: Any, **kwargs: Any) -> Any:
        result = answer(*args, **kwargs)
        if result is None or result is ...:
            raise _NothingReturned
        return result

    try:
        return verdict(watched), ""
    except _NothingReturned:
        return answer, "the function returns nothing. Does every path through it end with `return`?"
    except (Exception, SystemExit) as error:
        said = _text(error).strip().partition("\n")[0]
        name = f"{type(error).__name__}{': ' if said else ''}{said:.160}"
        return answer, f"called as the task says, the function, or the test of its result, stopped with {name}"


def _explain(answer: Any, expected: Any, rel: float) -> str:
    """Return in what way an unforeseen answer is wrong, without giving the right one away."""
    kind = _kind(expected)
    if kind == "number" and (number := _number(answer)) is not None:
        return _explain_number(number, _number(expected))
    if (given := _kind(answer)) != kind:
        return f"the answer should be {_with_article(kind)}, and this is {_with_article(given)}: {_show(answer)}"
    if kind in CONTAINERS and len(answer) != len(expected):
        return f"{_show(answer)} has too {'many' if len(answer) > len(expected) else 'few'} elements."
    if kind == "list":
        wrong = [
            i for i, (a, e) in enumerate(zip(_elements(answer), expected, strict=True)) if not _same(a, e, _kind(e), rel)
        ]
        return f"{_show(answer)} has the right length, but element {wrong[0]} is not right."
    return f"{_show(answer)} is not it. Read once more which form of answer the task asks for."


def _explain_number(answer: float, expected: Any) -> str:
    if math.isnan(answer):
        return "this is not a number (NaN). Was zero divided by zero, or is a value missing?"
    if math.isinf(answer):
        return f"{answer} is not finite. Was something divided by zero?"
    if abs(answer) > 1e300:
        return "the answer is far too large. Look at the units."
    if answer * expected < 0:
        return f"{answer:.6g} has the wrong sign."
    way = "large" if answer > expected else "small"
    is_far = max(abs(answer), abs(expected)) > 100 * min(abs(answer), abs(expected)) > 0
    return f"{answer:.6g} is far too {way}. Look at the units." if is_far else f"{answer:.6g} is too {way}."


def _is_blank(answer: Any) -> bool:
    parts = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list | tuple) else [answer]
    return any(part is None or part is ... for part in parts)


def _without_frame(value: Any) -> Any:
    """Return the values of a DataFrame, which iterates over its column names; anything else as it is."""
    if getattr(value, "ndim", 0) != 2 or not hasattr(value, "to_numpy"):
        return value
    return value.to_numpy()[:, 0] if value.shape[1] == 1 else value.to_numpy()


def _scalar(value: Any) -> Any:
    """Return the Python object in an Estimate, a numpy scalar, or an array, Series or tensor of one element."""
    if isinstance(value, Estimate):
        return value.value
    value = _without_frame(value)
    if callable(item := getattr(value, "item", None)):
        try:
            return item()
        except Exception:  # more than one element, or none
            return value
    return value


def _number(value: Any) -> float | None:
    value = _scalar(value)
    if isinstance(value, bool | str | bytes) or _elements(value) is not None or not hasattr(type(value), "__float__"):
        return None
    try:
        return int(value) if isinstance(value, Integral) and abs(int(value)) < 2**53 else float(value)
    except OverflowError:  # an integer that no float holds
        return math.copysign(1.7e308, 1 if value > 0 else -1)


def _elements(value: Any) -> Any:
    """Return a container whose elements can be counted and then iterated over in order, or None."""
    value = _without_frame(value)
    no_order = isinstance(value, Set) and not isinstance(value, KeysView | ItemsView)
    if isinstance(value, str | bytes | Mapping | Iterator) or no_order or getattr(value, "ndim", 1) == 0:
        return None
    return value if isinstance(value, Iterable) and isinstance(value, Sized) else None


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "dictionary"
    if isinstance(value, Set) and _elements(value) is None:
        return "set"
    if _elements(value) is not None:
        return "list"
    if _number(value) is not None:
        return "number"
    value = _scalar(value)
    if isinstance(value, str | bool | np.bool_ | complex):
        return "string" if isinstance(value, str) else "complex number" if isinstance(value, complex) else "truth value"
    return "generator" if isinstance(value, Iterator) else "function" if callable(value) else type(value).__name__


def _same(answer: Any, expected: Any, kind: str, rel: float) -> bool:
    """Return whether an answer equals a value, read as `kind`; False if it can't be read so."""
    if kind in CONTAINERS:
        return _same_container(answer, expected, kind, rel)
    if isinstance(answer, list | tuple | Set | KeysView) and len(answer) == 1:
        answer = next(iter(answer))
    if kind == "number":
        a, e = _number(answer), _number(expected)
        return a is not None and e is not None and (a == e or abs(a - e) <= (rel * abs(e) if e else min(rel, 1e-12)))
    a, e = _scalar(answer), _scalar(expected)
    if kind == "string":
        return isinstance(a, str) and isinstance(e, str) and _fold(a) == _fold(e)
    return _kind(a) == _kind(e) and bool(a == e)


def _same_container(answer: Any, expected: Any, kind: str, rel: float) -> bool:
    if kind == "dictionary":
        if not isinstance(answer, Mapping):
            answer = answer.to_dict() if getattr(answer, "ndim", 0) == 1 and hasattr(answer, "to_dict") else None
        if answer is None or not isinstance(expected, Mapping) or len(answer) != len(expected):
            return False
        given = {_fold(key): value for key, value in answer.items()}
        return all(_fold(k) in given and _same(given[_fold(k)], e, _kind(e), rel) for k, e in expected.items())
    if kind == "set" and isinstance(answer, Set):
        answer = list(answer)
    given, due = _elements(answer), list(expected) if _kind(expected) in ("list", "set") else None
    if given is None or due is None:
        return False
    if kind == "list":
        return len(given) == len(due) and all(_same(a, e, _kind(e), rel) for a, e in zip(given, due, strict=True))
    if len(given) > 100 + len(due):  # a set may be given as a list with repetitions, but not without end
        return False
    found = [[i for i, e in enumerate(due) if _same(a, e, _kind(e), rel)] for a in given]
    return all(found) and {i for matches in found for i in matches} == set(range(len(due)))


def _fold(value: Any) -> Any:
    return " ".join(value.split()).casefold() if isinstance(value, str) else value


def _with_article(kind: str) -> str:
    plain = kind[0].islower() and kind.isidentifier() or " " in kind
    return f"a {kind}" if plain else f"an object of type {kind}"


def _text(value: Any, form: Callable[[Any], str] = str) -> str:
    try:
        return form(value)
    except Exception:  # such as a `__repr__` that fails, or an integer of more than 4,300 digits
        return f"(a value of type {type(value).__name__})"


def _show(value: Any) -> str:
    """Return the `repr` of a value, cut to what fits on a line."""
    text = " ".join(_text(value, repr).split())
    return text if len(text) <= 80 else f"{text[:79]}…"
