"""Questions have answers, examples give none away, and only a right answer is right."""

import pytest

from helpers.questions import EXAMPLES, is_right, paraphrases, prompt, questions


def test_there_are_a_hundred_different_questions_with_answers():
    table = questions()
    assert len(table) == 100 and table.question.is_unique
    assert set(table.task) == {"capital", "element", "opposite", "sum"}
    assert all(is_right(answer.split("|")[0], answer) for answer in table.accepted)
    assert table.question.str.endswith("?").all()


def test_sums_are_right():
    table = questions().query("task == 'sum'")
    found = table.question.str.extract(r"What is (\d+) plus (\d+)\?").astype(int).sum(axis=1)
    assert list(found.astype(str)) == list(table.accepted)


def test_paraphrases_come_in_fives_and_ask_what_the_questions_ask():
    table, known = paraphrases(), questions().set_index("question").accepted
    assert (table.groupby("item").size() == 5).all() and table.question.is_unique
    assert (table.groupby("item").accepted.nunique() == 1).all()
    for _, rows in table.groupby("item"):
        assert known[rows.question.iloc[0]] == rows.accepted.iloc[0]


def test_examples_are_no_questions_and_give_no_answer_away():
    table = questions()
    assert not set(EXAMPLES) & set(table.question)
    text = prompt("Why?")
    assert text.startswith("Q: What is the capital of Finland?\nA: Helsinki\n") and text.endswith("Q: Why?\nA:")
    assert not [a for answers in table.accepted for a in answers.split("|") if f"A: {a}\n" in text]
    assert prompt("Why?", {}) == "Q: Why?\nA:"


@pytest.mark.parametrize(
    ("answer", "accepted", "right"),
    [
        ("Paris", "Paris", True),
        (" paris.\nQ: What", "Paris", True),
        ("The capital is Paris.", "Paris", True),
        ("Brasilia", "Brasília|Brasilia", True),
        ("**Gold**", "gold", True),
        ("the night", "night", True),
        ("112", "12", False),
        ("12 apples", "12", False),
        ("Paris, Texas", "Paris", False),
        ("not Paris", "Paris", False),
        ("", "Paris", False),
        ("New  Delhi", "New Delhi", True),
        ("wolfram", "tungsten|wolfram", True),
    ],
)
def test_right_is_one_of_the_accepted_answers_and_nothing_else(answer, accepted, right):
    assert is_right(answer, accepted) is right
