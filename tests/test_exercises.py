"""Checks tell right from wrong, name usual mistakes, and never raise over an answer."""

import json

import numpy as np
import pytest

from helpers import exercises
from helpers.exercises import check, judge


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
