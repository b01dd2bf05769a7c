"""Corrections for a detector's errors, against cases worked out by hand."""

import pytest

from helpers.languages import confusion, rogan_gladen

# 8 of 10 Chinese texts are called Chinese, 2 Korean; 9 of 10 Korean ones Korean, 1 Chinese.
TRUTH = ["zh"] * 10 + ["ko"] * 10
LABELS = ["zh"] * 8 + ["ko"] * 2 + ["ko"] * 9 + ["zh"]


@pytest.fixture
def matrix():
    return confusion(TRUTH, LABELS)


def test_confusion_counts_by_truth_and_label(matrix):
    assert matrix.to_dict("index") == {"ko": {"ko": 9, "zh": 1}, "zh": {"ko": 2, "zh": 8}}
    assert matrix.index.name == "truth" and matrix.columns.name == "label"


def test_a_case_by_hand(matrix):
    """By hand: (apparent + specificity - 1) / (sensitivity + specificity - 1) = (.45 + .9 - 1) / (.8 + .9 - 1) = .5."""
    p = rogan_gladen({"zh": 45, "ko": 55}, matrix)
    assert p["zh"] == pytest.approx(50, abs=1e-3) and p["ko"] == pytest.approx(50, abs=1e-3)


def test_a_share_below_the_rate_of_errors_becomes_zero(matrix):
    """By hand: (.05 + .9 - 1) / .7 < 0, which no share is."""
    assert rogan_gladen({"zh": 5, "ko": 95}, matrix)["zh"] == pytest.approx(0, abs=1e-3)


def test_with_more_labels_than_languages():
    """By hand: half of English is undecided, French never is. q = (1/4, 1/4, 1/2) is half of each."""
    matrix = confusion(["en"] * 4 + ["fr"] * 4, ["en", "en", "undecided", "undecided"] + ["fr"] * 4)
    counts = {"en": 25, "undecided": 25, "fr": 50}
    assert rogan_gladen(counts, matrix).to_dict() == pytest.approx({"en": 50, "fr": 50}, abs=1e-3)


def test_languages_that_labels_cannot_tell_apart_are_named():
    matrix = confusion(["hr", "bs", "en"] * 2, ["hr", "hr", "en"] * 2)
    with pytest.raises(ValueError, match="confusion is singular: it has rank 2 for 3 languages; .* 'bs', 'hr' apart"):
        rogan_gladen({"hr": 1}, matrix)
