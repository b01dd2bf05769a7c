"""Hostile arguments: a function gives a right answer, or a ValueError or TypeError that names an argument; nothing else.

A case is a function with a strategy of sound values for each argument. Each example replaces none, one or two of them: by
hostile values of the right kind (`hostile_values`), or by things of any other type (`hostile_types`).
A wrong type is what type checkers are for: there, a refusal in Python's own words counts, but no hang and no nonsense.

Functions that still fail are in `fuzz_faults`, with what happens; take one off the list when its function is mended.
UFM_FUZZ=10 in the environment tries ten times as many examples.
"""

import math
import os
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

# Hypothesis also draws constants from the modules that happen to be loaded; here the draws are to be the same in each run.
providers._get_local_constants = lambda: providers._local_constants

torch.set_warn_always(True)  # an imaginary part that is dropped is reported each time, and fails (pyproject.toml)
EXAMPLES = 20 * int(os.environ.get("UFM_FUZZ", "1"))
SECONDS = 20  # after which a call hangs: a thousand times what these take
Strategy = st.SearchStrategy


class HangError(BaseException):
    """A call that did not return."""


@dataclass(frozen=True)
class Argument:
    """Sound values of an argument, and hostile ones of its kind."""

    sound: Strategy
    hostile: Strategy


@dataclass(frozen=True)
class Case:
    """A function with its arguments, and what a right answer looks like.

    `names` are others by which an error may call the arguments; `may_be_nan` says that an answer may have gaps.
    """

    function: Callable
    arguments: Mapping[str, Argument]
    right: Callable[[Any], bool] = lambda answer: True
    names: tuple[str, ...] = ()
    may_be_nan: bool = False

    @property
    def name(self) -> str:
        """Such as "tokens.counting.cost"."""
        return f"{self.function.__module__}.{self.function.__qualname__}".removeprefix("helpers.")


JUNK = st.sampled_from([
    None, True, False, "x", "",
    b"x", 3, -1, 2.5, math.nan, [], {}, (), {"a": 1}, [None], ["x"], [[1.0], [2.0, 3.0]], "\ud800",
    object(), int, np.float64(2), np.array([]), np.array(["a"]), torch.tensor([]), torch.tensor(3), {1, 2}, range(3), 1j,
])  # fmt: skip
REFUSALS = (TypeError, ValueError, AttributeError, LookupError, RuntimeError, ArithmeticError)  # Python's and libraries'
NUMBERS = [math.nan, math.inf, -math.inf, -1, 0, -0.0, 0.5, -1e-300, 5e-324, 1e308, 10**30, np.float64("nan"), np.float32(2)]
COUNTS = [-1, 0, -(10**30), 0.5, 2.0, math.nan, math.inf, np.int64(-1), np.int64(2)]
TEXTS = [
    "", " ", "\n", "\0", "\ud800", "\udfff x", "a" * 20_000, "a b " * 5_000, "<|endoftext|>",
    "<script>alert(1)</script>", "\x1b[31m",
    "🤷🏽‍♀️", "שלום", "a\u0301" * 50, "\u202e", "%s{0}", "../../etc", "１２", "\ufeff",
]  # fmt: skip


def number(sound: Strategy) -> Argument:
    """A real number that nothing is allocated by."""
    return Argument(sound, st.sampled_from(NUMBERS))


def count(low: int, high: int) -> Argument:
    """A whole number by which work grows: huge ones are asked for nowhere."""
    return Argument(st.integers(low, high), st.sampled_from(COUNTS))


def size(low: int = 1, high: int = 4096) -> Argument:
    """A whole number by which no work grows."""
    return Argument(st.integers(low, high), st.sampled_from([*COUNTS, 10**15, 2**63, 10**30]))


def text(sound: Strategy | None = None) -> Argument:
    """A string."""
    return Argument(st.text(max_size=30) if sound is None else sound, st.sampled_from(TEXTS))


def texts(sound: Strategy | None = None) -> Argument:
    """A list of strings."""
    sound = st.lists(st.text("abc é中", min_size=1, max_size=9), min_size=1, max_size=4) if sound is None else sound
    return Argument(sound, st.lists(st.sampled_from(TEXTS), max_size=3) | st.just("a string"))


def numbers(sound: Strategy) -> Argument:
    """A sequence or an array of numbers: too few, unsorted, of another shape, read-only, with what is no number."""
    made = [[], [math.nan, 1.0], [math.inf, 2.0], [-1.0, 3.0], [0, 0, 0], [1.0], [1e308] * 3, [3, 1, 2, 1]]
    frozen = np.arange(8.0)
    frozen.flags.writeable = False
    arrays = [frozen[::-2], np.ones((2, 2)), np.array(3.0), np.array([1, 2], dtype=np.int8), np.array(["a", "b"]), frozen]
    return Argument(sound, st.sampled_from([*made, *arrays, [None, 1.0], ["a", "b"]]))


def tensor(sound: Strategy) -> Argument:
    """A tensor: empty, of another shape or dtype, not contiguous, with NaN or infinities."""
    x = torch.arange(12.0).reshape(3, 4)
    made = [
        torch.empty(0), torch.empty(2, 0), torch.tensor(1.0), x[:, ::2], x.T, x[:1].expand(3, 4), x.long(), x > 2, x.half(),
        x / 0, -x / 0, torch.full((3, 4), -math.inf), torch.full((3, 4), 3e38), x[None, None],
        x.to(torch.bfloat16), x.double(),
        x.to(torch.complex64), x.int() - 5, torch.full((2, 3), 10**9),
    ]  # fmt: skip
    return Argument(sound, st.sampled_from(made))


def any_of(*values: Any) -> Argument:
    """One of some values; a hostile one is a word that is not among them, or one of another kind."""
    return Argument(st.sampled_from(values), st.sampled_from([*TEXTS, "none-such", None, 3]))


def fixed(value: Any) -> Argument:
    """Something that only its type could be wrong with."""
    return Argument(st.just(value), st.just(value))


def hostile_values(case: Case) -> None:
    """Try hostile values of the kinds that the arguments are of."""
    _fuzz(case, lambda argument: argument.hostile)


def hostile_types(case: Case) -> None:
    """Try arguments of any other type: Python or a library may refuse them in words of its own."""
    _fuzz(case, lambda argument: JUNK, unnamed=REFUSALS)


def params(cases: list[Case], faults: Mapping[str, str]) -> list[Any]:
    """The cases for pytest, those with a fault marked as expected to fail."""
    marks = {name: [pytest.mark.xfail(reason=reason, strict=False)] for name, reason in faults.items()}
    return [pytest.param(case, id=case.name, marks=marks.get(case.name, [])) for case in cases]


def is_part(value: float) -> bool:
    """Whether a number is a probability."""
    return 0 <= value <= 1


def _fuzz(case: Case, hostile: Callable[[Argument], Strategy], unnamed: tuple[type[Exception], ...] = ()) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def try_one(data: st.DataObject) -> None:
        changed = data.draw(st.sets(st.sampled_from(sorted(case.arguments)), max_size=2))
        values = {
            name: data.draw(hostile(argument) if name in changed else argument.sound, label=name)
            for name, argument in case.arguments.items()
        }
        call(case, values, unnamed)

    try_one()


def call(case: Case, values: Mapping[str, Any], unnamed: tuple[type[Exception], ...] = ()) -> None:
    """Call the function: the answer is sound and right, or an error names an argument, or is of a type of `unnamed`."""
    try:
        with watchdog():
            answer = case.function(**values)
            if isinstance(answer, Iterator):
                answer = [item for item, _ in zip(answer, range(50), strict=False)]
    except unnamed:
        return
    except (ValueError, TypeError) as error:
        names = {*case.arguments, *case.names}
        named = re.search(
            "|".join(rf"\b{re.escape(name)}\b" for name in names | {n.replace("_", " ") for n in names}), str(error)
        )
        assert named, f"{type(error).__name__} names none of {sorted(names)}: {error}"
        assert "unexpected keyword" not in str(error)
        return
    assert case.may_be_nan or is_sound(answer), f"not a sound answer: {answer!r:.300}"
    assert case.right(answer), f"not a right answer: {answer!r:.300}"


@contextmanager
def watchdog(seconds: int = SECONDS) -> Iterator[None]:
    """End what is inside if it takes too long; of the main thread only, which tests run in."""

    def bark(*_: object) -> None:
        raise HangError(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, bark)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def is_sound(answer: Any) -> bool:
    """Whether there is no NaN in it, however deep."""
    if isinstance(answer, float | np.floating):
        return not math.isnan(answer)
    if isinstance(answer, torch.Tensor):
        return not answer.is_floating_point() or not bool(answer.isnan().any())
    if isinstance(answer, pd.DataFrame | pd.Series):
        return not bool(answer.isna().to_numpy().any())
    if isinstance(answer, np.ndarray):
        return answer.dtype.kind != "f" or not bool(np.isnan(answer).any())
    if isinstance(answer, Mapping):
        return all(map(is_sound, answer.values()))
    if isinstance(answer, list | tuple):
        return all(map(is_sound, answer))
    if is_dataclass(answer) and not isinstance(answer, type):
        return all(is_sound(getattr(answer, field.name)) for field in fields(answer))
    return True
