"""Answers are computed once, and again for whatever is asked otherwise."""

import pytest

from helpers import chat, remember
from helpers.chat import Answer
from helpers.sampling.draws import Settings


@pytest.fixture
def calls(monkeypatch, tmp_path):
    made = []

    def generate(prompts, **options):
        made.append((prompts, options))
        return [Answer("Paris", (7, 0), (-0.5, -0.25), True) for _ in prompts]

    monkeypatch.setattr(chat, "generate", generate)
    monkeypatch.setattr(remember, "folder", lambda: tmp_path / "answers")
    return made


def test_the_same_question_is_answered_once_and_the_same(calls):
    first = remember.generate(["a"], max_new_tokens=3, sampler=Settings(0.7))
    assert remember.generate(["a"], max_new_tokens=3, sampler=Settings(0.7), label="other", batch_size=2) == first
    assert len(calls) == 1


@pytest.mark.parametrize(
    "other", [{"max_new_tokens": 4}, {"sampler": Settings(0.8)}, {"sampler": None}, {"seed": 1}, {"stop": "\n"}], ids=str
)
def test_another_setting_is_computed(calls, other):
    options = {"max_new_tokens": 3, "sampler": Settings(0.7)}
    remember.generate(["a"], **options)
    remember.generate(["a"], **{**options, **other})
    remember.generate(["b"], **options)
    assert len(calls) == 3


@pytest.mark.parametrize("damage", ["", "[", "{}", "[1]", '[{"text": "x"}]'])
def test_a_damaged_file_is_made_again(calls, damage):
    options = {"max_new_tokens": 3}
    remember.generate(["a"], **options)
    file = remember.answers_file(["a"], **options)
    file.write_text(damage)
    assert remember.generate(["a"], **options)[0].text == "Paris" and len(calls) == 2
    assert remember.generate(["a"], **options)[0].text == "Paris" and len(calls) == 2


def test_forgetting_forgets(calls):
    remember.generate(["a"], max_new_tokens=3)
    assert remember.forget() == 1 and remember.forget() == 0
    remember.generate(["a"], max_new_tokens=3)
    assert len(calls) == 2


def test_what_has_no_name_is_refused(calls):
    with pytest.raises(TypeError, match="allowed can't be kept"):
        remember.generate(["a"], max_new_tokens=3, allowed=lambda ids: [1])
