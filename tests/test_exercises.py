"""Checks tell right from wrong, name usual mistakes, and never raise over an answer."""

import ast
import json
import re

import numpy as np
import pytest

from helpers import exercises
from helpers.exercises import check, judge
from tests.test_notebooks import NOTEBOOKS
from tools.teach.chapter import exercises as exercises_of
from tools.teach.chapter import parse, read, source
from tools.teach.notebooks import bound, used


@pytest.mark.parametrize("answer", [5, 5.0, np.float64(5.01), np.int64(5)])
def test_right_numbers(answer):
    assert judge(answer, 5, because="five.", rel=0.01) == (True, "Right. five.")


@pytest.mark.parametrize("answer", [..., None, [1, ...]])
def test_not_answered_yet(answer):
    assert judge(answer, 5, because="")[1].startswith("Not answered yet")


def test_a_usual_mistake_gets_its_hint():
    assert judge(0.05, 5, because="", hints={0.05: "Per cent."}) == (False, "Not yet. Per cent.")


@pytest.mark.parametrize("answer", [4, "5", [5], {5}, True, object(), float("nan"), lambda: 5, np.array([5.0])])
def test_wrong_answers_are_wrong_and_do_not_raise(answer):
    right, words = judge(answer, 5, because="", hints={7: "x"})
    assert not right and words.startswith("Not yet")


def test_other_kinds():
    assert judge("mya", "mya", because="")[0]
    assert judge([1, 2.001], [1, 2], because="")[0] and not judge([1], [1, 2], because="")[0]
    assert judge({"a"}, {"a"}, because="")[0]
    assert judge(np.array([1.0, 2.0]), [1, 2], because="")[0]
    assert "is a string, and this is a number" in judge(3, "x", because="")[1]


@pytest.mark.parametrize(
    ("answer", "expected", "due"),
    [
        (4, 5, "4 is too small."),
        (6.25, 5, "6.25 is too large."),
        (-7, -5, "-7 is too large."),
        (-5, 5, "-5 has the wrong sign."),
        (5000, 5, "5000 is far too large: look at the units."),
        (0, 5, "0 is too small."),
        (float("inf"), 5, "no finite number"),
        ([1], [1, 2], "[1] has too few elements."),
        ({1, 2}, {1}, "{1, 2} has too many elements."),
        ([1, 3], [1, 2], "element 1 is not right"),
        ("b", "a", "'b' is not it; read once more"),
    ],
)
def test_an_unusual_wrong_answer_is_told_in_which_way_it_is_wrong(answer, expected, due):
    right, words = judge(answer, expected, because="")
    assert not right and words.startswith("Not yet: ") and due in words


def double(x):
    return 2 * x


def verdict_on_double(f):
    """As a chapter's: calls a function, and says what it does."""
    return "right" if f(3) == 6 else "adds" if f(3) == 5 else "other"


def test_a_function_that_is_right_or_usually_wrong():
    asked = {"because": "two threes.", "hints": {"adds": "That adds two."}, "verdict": verdict_on_double}
    assert judge(double, "right", **asked) == (True, "Right. two threes.")
    assert judge(lambda x: x + 2, "right", **asked) == (False, "Not yet. That adds two.")
    assert judge(..., "right", **asked)[1].startswith("Not answered yet")


def _fails(x):
    raise KeyError


@pytest.mark.parametrize(
    ("answer", "due"),
    [
        (double(3), "the answer is a function, and this is a number: give its name"),
        ("right", "the answer is a function, and this is a string"),
        (lambda x: None, "returns nothing: does it end with `return`"),
        (lambda: 6, "stopped with TypeError"),
        (lambda x: x / 0, "stopped with ZeroDivisionError: division by zero"),
        (_fails, "stopped with KeyError: without a word"),
        (lambda x: x - 3, "what was found about the function is 'other', and it should be 'right'"),
    ],
)
def test_any_other_function_is_told_what_became_of_it(answer, due):
    right, words = judge(answer, "right", because="", hints={"adds": "x"}, verdict=verdict_on_double)
    assert not right and due in words and "Traceback" not in words


# For each exercise of the book whose answer is a function: wrong ones, and what each is told.
FUNCTIONS = {
    "ex-arch-alibi": {
        "lambda q, k, v, slope: torch.softmax(q @ k.T / 4 - slope * torch.arange(100).flip(0), -1) @ v": "mask",
        "lambda q, k, v, slope: nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)": "the penalty differs",
        "lambda q, k, v: v": "stopped with TypeError",
        "lambda q, k, v, slope: None": "returns nothing",
        "lambda q, k, v, slope: v[:3]": "stopped with",
        "torch.ones(3)": "the answer is a function",
    },
    "ex-size-zero": {
        "lambda w, bits: (w / (w.abs().amax(1, True) / 7)).round() * (w.abs().amax(1, True) / 7)": "least weight off",
        "lambda w, bits: ((w - 3) * 15).floor() / 15 + 3": "half a step",
        "lambda w: w": "stopped with TypeError",
        "lambda w, bits: print(end='')": "returns nothing",
        "15": "the answer is a function",
    },
    "ex-sample-filter": {
        "lambda z, a: z.masked_fill(z.softmax(-1) < a * z.softmax(-1).amax(-1, True), -torch.inf)": "square",
        "lambda z, a: (p := z.softmax(-1)).masked_fill(p < a * p.amax(-1, True) ** 2, -torch.inf)": "not probabilities",
        "lambda logits, a: logits.softmax(-1)": "min_p",
        "lambda logits, a: logits[logits > a]": "stopped with",
        "lambda logits: logits": "stopped with TypeError",
        "'top_a'": "the answer is a function",
    },
}  # fmt: skip
# What the cells of these exercises use of the cells before them.
BEFORE = {
    "ex-arch-alibi": "import math\nimport torch\nfrom torch import nn\nSEED = 0",
    "ex-size-zero": "import torch\nSEED = 0",
    "ex-sample-filter": "import torch\nrows = torch.randn(20, 50, generator=torch.Generator().manual_seed(0)) * 3",
}


def _asks_for_a_function(check_cell):
    return "verdict=" in check_cell


CLOSED = [(path, exercise) for path in NOTEBOOKS for exercise in exercises_of(read(path)) if not exercise.is_open]


def test_every_exercise_whose_answer_is_a_function_is_tried_with_wrong_ones():
    found = {e.label for path, e in CLOSED if _asks_for_a_function(source(read(path)["cells"][e.check]))}
    assert found == set(FUNCTIONS) == set(BEFORE) and all(len(wrong) >= 2 for wrong in FUNCTIONS.values())


@pytest.mark.parametrize(("path", "exercise"), CLOSED, ids=lambda one: getattr(one, "label", ""))
def test_a_check_has_hints_for_two_wrong_answers_that_say_something(path, exercise):
    (call,) = [
        node
        for node in ast.walk(parse(source(read(path)["cells"][exercise.check])))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check"
    ]
    given = {word.arg: word.value for word in call.keywords}
    hints = [ast.unparse(hint).strip("'\"") for hint in given["hints"].values]
    assert len(hints) >= 2 and all(len(hint.split()) >= 3 for hint in hints), hints
    assert not [hint for hint in hints if re.fullmatch(r"(?:Wrong|No|Try again|Not quite|Incorrect)\W*", hint)]


@pytest.mark.parametrize("label", FUNCTIONS)
def test_wrong_functions_of_the_book_are_told_what_is_wrong(label, monkeypatch):
    pytest.importorskip("torch")
    (path, exercise), seen = next(one for one in CLOSED if one[1].label == label), []
    cells = read(path)["cells"]
    tests = [cell for cell in cells if cell["cell_type"] == "code" and cell["id"].endswith("-tests")]
    wanted = used(parse(source(cells[exercise.check])))
    tests = [cell for cell in tests if bound(parse(source(cell)).body) & wanted]
    assert tests, "the verdict on a function stands in a cell whose id ends in -tests"
    monkeypatch.setattr(exercises, "display", lambda data, raw: seen.append(data["text/plain"]))
    space = {"check": check}
    exec(BEFORE[label], space)
    for cell in tests:
        exec(source(cell), space)
    for wrong, due in FUNCTIONS[label].items():
        space["answer"] = eval(wrong, space)
        exec(source(cells[exercise.check]), space)
        said = seen.pop()
        assert said.startswith("✗ Not yet") and due in said and "Traceback" not in said, (wrong, said)


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
    assert [record["right"] for record in noted] == [True, False, True]
    assert [record["told"] == record["due"] for record in noted] == [True, True, False]


def test_a_number_that_no_float_holds_is_an_answer_too():
    for huge, words in ((10**30, "far too large"), (10**400, "inf is no finite number"), (-(10**400), "-inf is no finite")):
        right, said = judge(huge, 2.5, because="so")
        assert not right and words in said
    with pytest.raises(ValueError, match="rel=nan is not a number"):
        judge(2, 2.5, because="so", rel=float("nan"))
