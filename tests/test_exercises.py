"""Checks tell right from wrong, name usual mistakes, and never raise over an answer."""

import ast
import json
import math
import re
from collections import Counter, OrderedDict, deque
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from helpers import exercises
from helpers.estimates import Estimate
from helpers.exercises import check, grade
from tests.exercise_cells import bound, parse, used
from tests.exercise_cells import exercises as exercises_of
from tests.test_notebooks import NOTEBOOKS
from tools.teach.chapter import read, source

FIVES = [
    5, 5.0, np.float64(5.01), np.int64(5), Fraction(5), Decimal("5"), np.array(5), np.array([5.0]), [5], {5},
    pd.Series([5.0]), pd.Index([5]), pd.DataFrame({"x": [5]}), Estimate(5, 4, 6, "%", ""),
]  # fmt: skip


@pytest.mark.parametrize("answer", FIVES)
def test_right_numbers(answer):
    assert grade(answer, 5, because="five.", rel=0.01) == (True, "Right. five.")


@pytest.mark.parametrize("answer", [..., None, [1, ...], {"a": ...}])
def test_not_answered_yet(answer):
    assert grade(answer, 5, because="")[1].startswith("Not answered yet. Replace the three dots")


def test_a_common_mistake_gets_its_hint():
    assert grade(0.05, 5, because="", hints={0.05: "Per cent."}) == (False, "Not yet. Per cent.")


def test_of_two_values_within_the_tolerance_the_nearer_one_counts():
    told = {x: grade(x, 5, because="", hints={5.03: "Another interval."}) for x in (5, 5.01, 5.02, 5.03, 5.06)}
    assert [right for right, _ in told.values()] == [True, True, False, False, False]
    assert told[5.06][1] == "Not yet. Another interval."


@pytest.mark.parametrize("answer", ["Sampling", " sampling\n", np.str_("SAMPLING"), ["sampling"], pd.Series(["sampling"])])
def test_case_spaces_and_a_container_of_one_do_not_make_a_string_wrong(answer):
    assert grade(answer, "sampling", because="")[0]


FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
LISTS = [
    (1, 2, 3), np.array([1, 2, 3]), FRAME.a, FRAME, FRAME.a.to_frame(), pd.Index([1, 2, 3]), range(1, 4),
    deque([1, 2, 3]),
]  # fmt: skip
LISTS += [{1: 0, 2: 0, 3: 0}.keys(), {"a": 1, "b": 2, "c": 3}.values(), [np.float32(1), Fraction(2), 3.01]]
SETS = [["b", "a"], ("A", "b"), {"a": 1, "b": 2}.keys(), frozenset("ab"), np.array(["a", "b", "a"]), pd.Index(["b", "a"])]
DICTS = [OrderedDict(b=[1, 2], a=1), Counter({"a": 1}) | {"b": (1, 2)}, {np.str_("A"): 1.0, "b": np.array([1, 2])}]
DICTS += [{"a": np.array(1), "b": pd.Series([1, 2])}]
DICTS += [MappingProxyType({"a": 1, "b": [1, 2]}), pd.Series({"a": 1, "b": [1, 2]})]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [*((a, [1, 2, 3]) for a in LISTS), *((a, {"a", "b"}) for a in SETS), *((a, {"a": 1, "b": [1, 2]}) for a in DICTS)],
    ids=lambda value: type(value).__name__,
)
def test_a_right_value_in_another_container_is_right(answer, expected):
    assert grade(answer, expected, because="") == (True, "Right. ")


def test_tensors_are_read_as_numbers_and_lists():
    torch = pytest.importorskip("torch")
    for grad in (False, True):
        for shape in ((), (1,), (1, 1)):
            assert grade(torch.full(shape, 5.0, requires_grad=grad), 5, because="")[0]
        assert grade(torch.tensor([1.0, 2.0], requires_grad=grad), [1, 2], because="")[0]
        assert grade({"a": torch.tensor([1.0, 2.0], requires_grad=grad)}, {"a": [1, 2]}, because="")[0]
    assert grade(torch.tensor([[1, 2], [3, 4]]), [[1, 2], [3, 4]], because="")[0]
    for wrong in (
        torch.ones(2),
        torch.tensor(True),
        torch.tensor(5 + 1j),
        torch.ones(3, device="meta"),
        torch.ones(2).to_sparse(),
    ):
        assert_told(wrong, 5)


class Hostile:
    """Fails whatever is done with it."""

    def fail(self, *args):
        raise RuntimeError("no")

    __repr__ = __eq__ = __len__ = __iter__ = __float__ = __hash__ = __getattr__ = __bool__ = __lt__ = fail


class HostileList(list):
    __repr__ = __eq__ = __len__ = __iter__ = __contains__ = Hostile.fail


def recursive():
    inside = [1, 2]
    inside.append(inside)
    return inside


def assert_told(answer, expected, **given):
    right, words = grade(answer, expected, because="", **given)
    assert not right and words.startswith(("Not yet", "Not answered yet")) and len(words) < 400, words


STRANGE = [
    4, "5", True, object(), math.nan, math.inf, lambda: 5, 10**5000, -(10**5000), 5j, 5 + 0j, b"5", np.str_("x"), Hostile(),
    HostileList([5]), [Hostile()], {"a": Hostile()}, Counter("aab"), OrderedDict(a=3), np.array(7), np.array([]),
    {"a": np.zeros(3), "b": np.zeros(3)}, recursive(), (x for x in [5]), map(int, "5"), enumerate([1]), iter([5]), pd.NA,
    pd.Series([1, 2]), pd.Series(dtype=float), pd.Index([1, 2]), pd.MultiIndex.from_tuples([(1, 2), (3, 5)]), FRAME.T,
    pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame(), pd.Categorical(["a"]), pd.Timestamp("2026-01-01"), pd.NaT,
    np.array([1, "a", None], dtype=object), np.ma.masked, np.zeros(3, dtype=[("a", int)]), Decimal("NaN"), Decimal("sNaN"),
    Estimate(7, 6, 8, "%", ""), Estimate, int, type, math, NotImplemented, "\ud800", "x" * 10**6, [0] * 10**6, range(10**12),
    "\0", memoryview(b"ab"), Ellipsis, [None], slice(3), np.longdouble(3), 1e-320, set(), {}, [], "", (), ValueError("x"),
    np.zeros((0, 3)), np.datetime64("2026"),
]  # fmt: skip


@pytest.mark.parametrize(
    "expected", [5, "sampling", [5, 6], [[1, 2], [3, 4]], {"x", "y"}, {"a": 1}, True, ("margin", "step")]
)
@pytest.mark.parametrize("hints", [None, {7.5: "a", "b": "c", ("q", "p"): "d", frozenset([3]): "e", 2: "f"}])
def test_no_answer_makes_a_check_raise(expected, hints, monkeypatch):
    seen = []
    monkeypatch.setattr(exercises, "display", lambda data, raw: seen.append(data))
    for answer in STRANGE:
        if not (expected is True and answer is True):
            assert_told(answer, expected, hints=hints)
        check(answer, expected, because="", hints=hints)
        assert json.dumps(seen.pop(), ensure_ascii=False).encode()


NUMBERS = st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=5)
AS_LIST = [
    list, tuple, np.array, pd.Series, pd.Index, deque, lambda v: dict(enumerate(v)).values(),
    lambda v: pd.DataFrame({"a": v}),
]  # fmt: skip


@given(NUMBERS, st.sampled_from(AS_LIST))
def test_numbers_are_right_in_any_container_and_wrong_with_one_of_them_changed(numbers, container):
    assert grade(container(numbers), numbers, because="")[0]
    changed = [*numbers[:-1], numbers[-1] + abs(numbers[-1]) + 1]
    right, words = grade(container(changed), numbers, because="")
    assert not right and f"element {len(numbers) - 1} is not right" in words
    assert "too few elements" in grade(container(numbers[:-1]), numbers, because="")[1]


@given(st.floats(-1e300, 1e300), st.floats(0, 0.2), st.floats(-0.3, 0.3))
def test_a_number_is_right_within_its_tolerance(expected, rel, off):
    assume(abs(expected) > 1e-300 and abs(abs(off) - rel) > 1e-9)
    assert grade(expected * (1 + off), expected, because="", rel=rel)[0] is (abs(off) < rel or off == 0)


@given(st.text(st.characters(categories=["L", "N"]), min_size=1))
def test_a_string_is_right_in_any_case_that_python_folds(word):
    assert grade(f" {word.casefold()} ", word, because="")[0] and not grade(f"{word}x", word, because="")[0]


@pytest.mark.parametrize(
    ("answer", "expected", "due"),
    [
        (4, 5, "4 is too small."),
        (6.25, 5, "6.25 is too large."),
        (-7, -5, "-7 is too small."),
        (-5, 5, "-5 has the wrong sign."),
        (5000, 5, "5000 is far too large. Look at the units."),
        (0, 5, "0 is too small."),
        (10**400, 5, "far too large"),
        (math.inf, 5, "inf is not finite"),
        (math.nan, 5, "not a number (NaN)"),
        ([1], [1, 2], "[1] has too few elements."),
        ({1, 2}, {1}, "{1, 2} has too many elements."),
        ([1, 3], [1, 2], "element 1 is not right"),
        ({1, 2}, [1, 2], "should be a list, and this is a set"),
        (np.array(3), [1, 2], "should be a list, and this is a number"),
        (map(str, [1, 2]), [1, 2], "should be a list, and this is a generator"),
        ("5", 5, "should be a number, and this is a string: '5'"),
        (3, "x", "should be a string, and this is a number: 3"),
        (FRAME.T, {"x": 1}, "should be a dictionary, and this is a list"),
        ("b", "a", "'b' is not it. Read once more"),
    ],
)
def test_an_unforeseen_wrong_answer_is_told_in_which_way_it_is_wrong(answer, expected, due):
    right, words = grade(answer, expected, because="")
    assert not right and words.startswith("Not yet: ") and due in words, words


def double(x):
    return 2 * x


def verdict_on_double(f):
    """As a chapter's: calls a function, and says what it does."""
    return "right" if f(3) == 6 else "adds" if f(3) == 5 else "other"


def test_a_function_that_is_right_or_usually_wrong():
    asked = {"because": "two threes.", "hints": {"adds": "That adds two."}, "verdict": verdict_on_double}
    assert grade(double, "right", **asked) == (True, "Right. two threes.")
    assert grade(lambda x: x + 2, "right", **asked) == (False, "Not yet. That adds two.")
    assert grade(..., "right", **asked)[1].startswith("Not answered yet")


def _fails(x):
    raise KeyError


@pytest.mark.parametrize(
    ("answer", "due"),
    [
        (double(3), "the answer should be a function, and this is a number. Give its name"),
        ("right", "the answer should be a function, and this is a string"),
        (lambda x: None, "returns nothing. Does every path"),
        (lambda: 6, "stopped with TypeError"),
        (lambda x: x / 0, "stopped with ZeroDivisionError: division by zero"),
        (_fails, "stopped with KeyError"),
        (lambda x: exit(), "stopped with SystemExit"),
        (lambda x: x - 3, "the test of the function says 'other'; it should say 'right'"),
    ],
)
def test_any_other_function_is_told_what_became_of_it(answer, due):
    right, words = grade(answer, "right", because="", hints={"adds": "x"}, verdict=verdict_on_double)
    assert not right and due in words and "Traceback" not in words


# Each exercise of the book whose answer is a function: what its cells use of the chapter; plausible wrong functions with the
# verdict on each; and right ones that are unlike the solution.
BEFORE = {
    "ex-arch-alibi": "import math\nimport torch\nfrom torch import nn\nSEED = 0",
    "ex-size-zero": "import torch\nSEED = 0",
    "ex-sample-filter": "import torch\nSEED = 0",
}
MINE = """
def back(q): return torch.arange(len(q))[:, None] - torch.arange(len(q))
def later(q): return back(q) < 0
def scores(q, k): return q @ k.T / math.sqrt(q.shape[-1])
def attend(q, k, v, penalty, scale=1): return cut(q @ k.T * scale - penalty, ~later(q)).softmax(-1) @ v
def affine(w, low, high, n, whole=torch.round): return whole((w - low) / (high - low) * n) * (high - low) / n + low
def ends(w): return w.amin(1, True), w.amax(1, True)
def cut(z, keep): return z.masked_fill(~keep, -torch.inf)
def top(p): return p.amax(-1, True)
"""
WRONG = {
    "ex-arch-alibi": {
        "lambda q, k, v, slope: attend(q, k, v, 0, 1 / math.sqrt(q.shape[-1]))": "slope ignored",
        "lambda q, k, v, slope: nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)": "slope ignored",
        "lambda q, k, v, slope: attend(q, k, v, 0.5 * back(q), 1 / math.sqrt(q.shape[-1]))": "slope ignored",
        "lambda q, k, v, slope: attend(q, k, v, -slope * back(q), 1 / math.sqrt(q.shape[-1]))": "added",
        "lambda q, k, v, slope: attend(q, k, v, slope * back(q))": "not divided",
        "lambda q, k, v, slope: (((q @ k.T - slope * back(q)) / math.sqrt(q.shape[-1])).masked_fill(later(q), -torch.inf))"
        ".softmax(-1) @ v": "penalty divided",
        "lambda q, k, v, slope: (scores(q, k) - slope * back(q)).softmax(-1) @ v": "not causal",
        "lambda q, k, v, slope: (scores(q, k) - slope * back(q).abs()).softmax(-1) @ v": "not causal",
        "lambda q, k, v, slope: (scores(q, k) - slope * back(q)).masked_fill(later(q), 0).softmax(-1) @ v": "not causal",
        "lambda q, k, v, slope: (scores(q, k) - slope * back(q)).softmax(-1).tril() @ v": "sum",
        "lambda q, k, v, slope: (scores(q, k) - slope * back(q)).masked_fill(back(q) <= 0, -torch.inf).softmax(-1) @ v":
            "not a number",
        "lambda q, k, v, slope: attend(q, k, torch.eye(len(q)), slope * back(q))": "another shape",
        "lambda q, k, v, slope: attend(q, k, v, slope * (back(q) > 0), 1 / math.sqrt(q.shape[-1]))": "other numbers",
        "lambda q, k, v, slope: attend(q, k, v, slope * back(q) ** 2, 1 / math.sqrt(q.shape[-1]))": "other numbers",
        "lambda q, k, v, slope: attend(q, k, v, slope * torch.arange(len(q)), 1 / math.sqrt(q.shape[-1]))": "added",
        "lambda q, k, v, slope: attend(q, k, v, slope * back(q), 1 / len(q) ** 0.5)": "other numbers",
    },
    "ex-size-zero": {
        "lambda w, bits: w": "nothing rounded",
        "lambda w, bits: affine(w, *ends(w), 2**bits - 1, lambda x: x)": "nothing rounded",
        "lambda w, bits: affine(w, w.min(), w.max(), 2**bits - 1)": "one range",
        "lambda w, bits: affine(w, w.amin(0), w.amax(0), 2**bits - 1)": "a range a column",
        "lambda w, bits: affine(w, *ends(w), 2**bits)": "number of codes",
        "lambda w, bits: affine(w, *ends(w), bits**2 - 1)": "number of codes",
        "lambda w, bits: affine(w, *ends(w), 2**bits, lambda x: x.round().clamp(max=2**bits - 1))": "largest",
        "lambda w, bits: affine(w, *ends(w), 255)": "bits ignored",
        "lambda w, bits: affine(w, *ends(w), 15)": "bits ignored",
        "lambda w, bits: affine(w, *ends(w), 2**bits - 1, torch.floor)": "rounded down",
        "lambda w, bits: affine(w, *ends(w), 2**bits - 1, torch.trunc)": "rounded down",
        "lambda w, bits: affine(w, *ends(w), 2**bits - 1) - ends(w)[0]": "offset left out",
        "lambda w, bits: ((w - ends(w)[0]) / (ends(w)[1] - ends(w)[0]) * (2**bits - 1)).round()": "codes",
        "lambda w, bits: (w / (s := w.abs().amax(1, True) / (2 ** (bits - 1) - 1))).round() * s": "least",
        "lambda w, bits: (w / (s := ends(w)[1] / (2**bits - 1))).round() * s": "least",
        "lambda w, bits: affine(w, w.mean(1, True), ends(w)[1], 2**bits - 1)": "least",
        "lambda w, bits: affine(w, *ends(w), 2**bits - 1)[:, :1]": "another shape",
        "lambda w, bits: affine(w, *ends(w), 2**bits - 1, lambda x: (x + 0.3 * (x > 0) * (x < 2.9)).round())": "too far off",
    },
    "ex-sample-filter": {
        "lambda z, a: cut(z, (p := z.softmax(-1)) >= 0.2 * top(p) ** 2)": "a ignored",
        "lambda z, a: cut(z, (p := z.softmax(-1)) >= top(p) ** 2)": "a ignored",
        "lambda z, a: cut(z, (p := z.softmax(-1)) >= a * top(p))": "not squared",
        "lambda z, a: cut(z, (p := z.softmax(-1)) >= (a * top(p)) ** 2)": "a squared",
        "lambda z, a: cut(z, (p := z.softmax(-1)) >= a * p.max() ** 2)": "all rows",
        "lambda z, a: cut(z, z >= a * top(z) ** 2)": "other tokens",
        "lambda z, a: cut(z, z.softmax(-1) >= a)": "other tokens",
        "lambda z, a: cut(z, (p := z.softmax(-1)) <= a * top(p) ** 2)": "other tokens",
        "lambda z, a: cut(z, (p := z.softmax(-1)) ** 2 >= a * top(p))": "other tokens",
        "lambda z, a: cut(z, (p := z.softmax(0)) >= a * top(p) ** 2)": "other tokens",
        "lambda z, a: cut(p := z.softmax(-1), p >= a * top(p) ** 2)": "changed logits",
        "lambda z, a: cut(z.log_softmax(-1), (p := z.softmax(-1)) >= a * top(p) ** 2)": "changed logits",
        "lambda z, a: z.masked_fill((p := z.softmax(-1)) < a * top(p) ** 2, 0)": "no infinity",
        "lambda z, a: z.masked_fill((p := z.softmax(-1)) < a * top(p) ** 2, -1e9)": "no infinity",
        "lambda z, a: (p := z.softmax(-1)) >= a * top(p) ** 2": "a mask",
        "lambda z, a: z": "no infinity",
        "lambda z, a: z[(p := z.softmax(-1)) >= a * top(p) ** 2]": "another shape",
    },
}  # fmt: skip
RIGHT = {
    "ex-arch-alibi": [
        "lambda q, k, v, slope: attend(q, k, v, -slope * torch.arange(len(q)), 1 / math.sqrt(q.shape[-1]))",
        "lambda q, k, v, slope: (scores(q, k) - slope * back(q).abs()).masked_fill(later(q), -1e9).softmax(-1) @ v",
        "lambda q, k, v, slope: torch.stack([(scores(q[i:i+1], k[:i+1]) - slope * torch.arange(i, -1, -1)).softmax(-1)[0]"
        " @ v[:i+1] for i in range(len(q))])",
    ],
    "ex-size-zero": [
        "lambda w, bits: affine(w, *ends(w), 2**bits - 1, lambda x: (x + 0.5).floor())",
        "lambda w, bits: torch.stack([affine(r, r.min(), r.max(), 2**bits - 1) for r in w])",
        "lambda w, bits: affine(w.double(), *ends(w.double()), 2**bits - 1).numpy()",
        "lambda w, bits: ((w - (lo := ends(w)[0].half())) / (s := ((ends(w)[1] - lo) / (2**bits - 1)).half()))"
        ".round().clamp(0, 2**bits - 1) * s + lo",
        "lambda w, bits: w.copy_(affine(w, *ends(w), 2**bits - 1))",
    ],
    "ex-sample-filter": [
        "lambda z, a: torch.where((p := z.softmax(-1)) >= a * top(p) ** 2, z, -math.inf)",
        "lambda z, a: cut(z, (p := z.log_softmax(-1)) >= math.log(a) + 2 * top(p))",
        "lambda z, a: torch.stack([cut(r, r.softmax(0) >= a * r.softmax(0).max() ** 2) for r in z])",
        "lambda z, a: z.masked_fill_((p := z.softmax(-1)) < a * p.max(-1, True).values.square(), -math.inf)",
    ],
}  # fmt: skip
# Answers for which there can be no verdict: no function, too few arguments, no return, and so on.
NO_VERDICT = {
    "torch.ones(3)": "should be a function, and this is a list",
    "'answer'": "should be a function, and this is a string",
    "lambda x: x": "stopped with TypeError",
    "lambda *args: None": "returns nothing",
    "lambda *args: 1 / 0": "stopped with ZeroDivisionError",
    "lambda *args: args[0][:3] + args[0]": "stopped with RuntimeError",
    "lambda *args: exit()": "stopped with SystemExit",
    "lambda *args: 'x'": "stopped with",
    "lambda *args: {}": "stopped with",
}


def _asks_for_a_function(check_cell):
    return "verdict=" in check_cell


def _call_of_check(cell):
    calls = [node for node in ast.walk(parse(source(cell))) if isinstance(node, ast.Call)]
    return next(call for call in calls if getattr(call.func, "id", "") == "check")


CLOSED = [(path, exercise) for path in NOTEBOOKS for exercise in exercises_of(read(path)) if not exercise.is_open]


def test_every_exercise_whose_answer_is_a_function_is_tried_with_wrong_ones_and_right_ones():
    found = {e.label for path, e in CLOSED if _asks_for_a_function(source(read(path)["cells"][e.check]))}
    assert found == set(WRONG) == set(RIGHT) == set(BEFORE)
    assert all(len(wrong) >= 4 for wrong in WRONG.values())


def _hints(path, exercise):
    """The sentences for wrong answers in the cell of a check: `hints`, or the literal that they are computed from."""
    cell = read(path)["cells"][exercise.check]
    given = {word.arg: word.value for word in _call_of_check(cell).keywords}["hints"]
    literals = (
        [given] if isinstance(given, ast.Dict) else [n for n in ast.walk(parse(source(cell))) if isinstance(n, ast.Dict)]
    )
    return [ast.unparse(hint).strip("'\"") for literal in literals for hint in literal.values]


@pytest.mark.parametrize(("path", "exercise"), CLOSED, ids=lambda one: getattr(one, "label", ""))
def test_a_check_has_hints_for_four_wrong_answers_that_say_something(path, exercise):
    hints = _hints(path, exercise)
    assert len(hints) >= 4, hints
    assert all(len(hint.split()) >= 3 for hint in hints), hints
    assert not [hint for hint in hints if re.fullmatch(r"(?:Wrong|No|Try again|Not quite|Incorrect)\W*", hint)]


@pytest.fixture
def feedback(monkeypatch):
    """Run the cells of an exercise whose answer is a function, and return what its check says to an answer."""
    pytest.importorskip("torch")
    seen = []
    monkeypatch.setattr(exercises, "display", lambda data, raw: seen.append(data["text/plain"]))

    def prepare(label):
        path, exercise = next(one for one in CLOSED if one[1].label == label)
        cells = read(path)["cells"]
        wanted = used(parse(source(cells[exercise.check])))
        tests = [cell for cell in cells if cell["cell_type"] == "code" and cell["id"].endswith("-tests")]
        tests = [cell for cell in tests if bound(parse(source(cell)).body) & wanted]
        assert tests, "the verdict on a function stands in a cell whose id ends in -tests"
        space = {"check": check}
        for code in (BEFORE[label], "import math", MINE, *map(source, tests)):
            exec(code, space)

        def told(answer):
            space["answer"] = eval(answer, space)
            exec(source(cells[exercise.check]), space)
            return seen.pop()

        call = _call_of_check(cells[exercise.check])
        return told, ast.literal_eval(next(word.value for word in call.keywords if word.arg == "hints"))

    return prepare


@pytest.mark.parametrize("label", WRONG)
def test_each_wrong_function_is_told_what_it_does(label, feedback):
    told, hints = feedback(label)
    assert {wrong: told(wrong) for wrong in WRONG[label]} == {
        wrong: f"✗ Not yet. {hints[verdict]}" for wrong, verdict in WRONG[label].items()
    }
    assert set(WRONG[label].values()) == set(hints), "every hint is met by a wrong function"


@pytest.mark.parametrize("label", RIGHT)
def test_right_functions_that_are_unlike_the_solution_are_right(label, feedback):
    told, _ = feedback(label)
    assert all(told(right).startswith("✓ Right. ") for right in RIGHT[label]), [told(right) for right in RIGHT[label]]


@pytest.mark.parametrize("label", BEFORE)
def test_an_answer_that_is_no_function_of_the_task_is_told_so(label, feedback):
    told, _ = feedback(label)
    for answer, due in NO_VERDICT.items():
        words = told(answer)
        assert words.startswith("✗ Not yet: ") and due in words and "Traceback" not in words, (answer, words)


def test_the_card_escapes_the_answer(monkeypatch):
    seen = []
    monkeypatch.setattr(exercises, "display", lambda data, raw: seen.append(data))
    check("<b>", "x", because="")
    assert "<b>" not in seen[0]["text/html"]


def test_a_run_notes_what_usual_wrong_answers_are_told(monkeypatch, tmp_path):
    log = tmp_path / "checks"
    monkeypatch.setenv(exercises.LOG_VARIABLE, str(log))
    monkeypatch.setattr(exercises, "display", lambda data, raw: None)
    check(..., 5, because="five.", hints={0.05: "Per cent.", 5.01: "Too near to tell."})
    check(5, 5, because="no hints, so nothing to note")
    (noted,) = [json.loads(line) for line in log.read_text().splitlines()]
    assert [record["right"] for record in noted] == [True, False, False]
    assert all(record["told"] == record["due"] for record in noted)
