"""Corrections for a detector's errors, against cases worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from helpers.languages import confusion, corrected_shares, em_correction, rogan_gladen

# 8 of 10 Chinese texts are called Chinese, 2 Korean; 9 of 10 Korean ones Korean, 1 Chinese.
TRUTH = ["zh"] * 10 + ["ko"] * 10
LABELS = ["zh"] * 8 + ["ko"] * 2 + ["ko"] * 9 + ["zh"]


@pytest.fixture
def matrix():
    return confusion(TRUTH, LABELS)


def test_confusion_counts_by_truth_and_label(matrix):
    assert matrix.to_dict("index") == {"ko": {"ko": 9, "zh": 1}, "zh": {"ko": 2, "zh": 8}}
    assert matrix.index.name == "truth" and matrix.columns.name == "label"


@pytest.mark.parametrize("correct", [rogan_gladen, em_correction])
def test_a_case_by_hand(correct, matrix):
    """By hand: (apparent + specificity - 1) / (sensitivity + specificity - 1) = (.45 + .9 - 1) / (.8 + .9 - 1) = .5."""
    p = correct({"zh": 45, "ko": 55}, matrix)
    assert p["zh"] == pytest.approx(50, abs=1e-3) and p["ko"] == pytest.approx(50, abs=1e-3)


@pytest.mark.parametrize("correct", [rogan_gladen, em_correction])
def test_a_share_below_the_rate_of_errors_becomes_zero(correct, matrix):
    """By hand: (.05 + .9 - 1) / .7 < 0, which no share is."""
    assert correct({"zh": 5, "ko": 95}, matrix)["zh"] == pytest.approx(0, abs=1e-3)


def test_with_more_labels_than_languages():
    """By hand: half of English is undecided, French never is. q = (1/4, 1/4, 1/2) is half of each."""
    matrix = confusion(["en"] * 4 + ["fr"] * 4, ["en", "en", "undecided", "undecided"] + ["fr"] * 4)
    counts = {"en": 25, "undecided": 25, "fr": 50}
    for correct in (rogan_gladen, em_correction):
        assert correct(counts, matrix).to_dict() == pytest.approx({"en": 50, "fr": 50}, abs=1e-3)


def test_em_is_the_most_likely_answer():
    rng = np.random.default_rng(0)
    matrix = pd.DataFrame(rng.integers(0, 9, (3, 4)) + np.diag([20] * 4)[:3], index=list("abc"), columns=list("abcd"))
    counts = dict(zip("abcd", (50, 3, 30, 17), strict=True))
    m = matrix.to_numpy() / matrix.to_numpy().sum(axis=1, keepdims=True)

    def likelihood(p):
        return np.log(p @ m) @ list(counts.values())

    best = likelihood(em_correction(counts, matrix).to_numpy() / 100)
    assert all(likelihood(p) <= best + 1e-6 for p in rng.dirichlet([1, 1, 1], 2000))


@pytest.mark.parametrize("method", ["rogan-gladen", "em"])
def test_intervals_hold_the_share_and_narrow_with_the_labelled_set(method):
    labels = ["zh"] * 450 + ["ko"] * 550
    small = corrected_shares(labels, TRUTH, LABELS, method=method)
    large = corrected_shares(labels, TRUTH * 50, LABELS * 50, method=method)
    assert list(small.columns) == ["share", "low", "high"]
    for table in (small, large):
        assert table.share["zh"] == pytest.approx(50, abs=1e-3)
        assert (table.low < table.share).all() and (table.share < table.high).all()
    assert (large.high - large.low < (small.high - small.low) / 2).all()
    again = corrected_shares(labels, TRUTH, LABELS, method=method)
    pd.testing.assert_frame_equal(small, again)


def test_intervals_cover_the_truth():
    """Coverage of nominal 95 % intervals over 100 simulated studies, both errors drawn anew each time."""
    rng, m, covered = np.random.default_rng(1), np.array([[0.9, 0.1], [0.2, 0.8]]), 0
    for study in range(100):
        truth = rng.random(400) < 0.3  # 30 % are b
        label = np.where(rng.random(400) < m[truth.astype(int), 1], "b", "a")
        known = np.repeat([0, 1], 100)
        given = np.where(rng.random(200) < m[known, 1], "b", "a")
        table = corrected_shares(label, np.array(["a", "b"])[known], given, n_resamples=100, seed=study)
        covered += table.low["b"] <= 30 <= table.high["b"]
    assert 87 <= covered <= 100


@pytest.mark.parametrize("correct", [rogan_gladen, em_correction])
@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({}, "counts has no documents"),
        ({"zh": 0}, "counts has no documents"),
        ({"zh": 1, "ko": -1}, "has a negative count"),
        ({"zh": 1, "fr": 2}, "counts has the labels 'fr', which no labelled text of confusion has"),
    ],
)
def test_bad_counts_are_named(correct, counts, message, matrix):
    with pytest.raises(ValueError, match=message):
        correct(counts, matrix)


def test_a_language_without_labelled_text_is_named(matrix):
    matrix.loc["ja"] = 0
    with pytest.raises(ValueError, match="confusion has no labelled text in 'ja'"):
        rogan_gladen({"zh": 1}, matrix)


def test_languages_that_labels_cannot_tell_apart_are_named():
    matrix = confusion(["hr", "bs", "en"] * 2, ["hr", "hr", "en"] * 2)
    with pytest.raises(ValueError, match="confusion is singular: it has rank 2 for 3 languages; .* 'bs', 'hr' apart"):
        rogan_gladen({"hr": 1}, matrix)
    assert em_correction({"hr": 1, "en": 1}, matrix).sum() == pytest.approx(100)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "magic"}, "method='magic' is not a correction; there are rogan-gladen, em"),
        ({"n_resamples": 0}, "n_resamples=0 is too few"),
        ({"labels": []}, r"labels=\[\] is an empty corpus"),
        ({"labelled_labels": ["zh"]}, "truth has 20 texts and labels has 1; give one label for each text"),
        ({"labelled_truth": [], "labelled_labels": []}, r"truth=\[\] is an empty corpus"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    given = {"labels": ["zh"], "labelled_truth": TRUTH, "labelled_labels": LABELS} | arguments
    with pytest.raises(ValueError, match=message):
        corrected_shares(given.pop("labels"), given.pop("labelled_truth"), given.pop("labelled_labels"), **given)
