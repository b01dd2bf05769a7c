"""Intervals against hand-computed cases."""

import math

import numpy as np
import pytest

from helpers.estimates import Estimate, bootstrap, proportion


def wilson(count, total, z=1.959963984540054):
    """The formula of Wilson (1927), written out."""
    p = count / total
    centre = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
    return 100 * (centre - half), 100 * (centre + half)


@pytest.mark.parametrize(("count", "total"), [(0, 5000), (3, 2000), (30, 30), (1, 2), (450, 1000)])
def test_proportion_has_the_wilson_interval(count, total):
    estimate = proportion(count, total)
    assert estimate.value == pytest.approx(100 * count / total)
    assert (estimate.low, estimate.high) == pytest.approx(wilson(count, total), abs=1e-9)


def test_bootstrap_of_the_mean_is_near_the_normal_interval():
    sample = np.random.default_rng(1).normal(10, 2, size=400)
    estimate = bootstrap(sample, np.mean, "s", over="runs")
    half = 1.96 * sample.std(ddof=1) / 20
    assert (estimate.low, estimate.high) == pytest.approx((sample.mean() - half, sample.mean() + half), abs=0.05)
    assert estimate == bootstrap(sample, np.mean, "s", over="runs")
    assert "runs" in estimate.spread


def test_bootstrap_of_pairs_draws_whole_rows():
    pairs = np.column_stack([np.arange(10), 2 * np.arange(10)])
    estimate = bootstrap(pairs, lambda drawn: np.corrcoef(drawn.T)[0, 1], "", over="pairs")
    assert (estimate.low, estimate.value, estimate.high) == pytest.approx((1, 1, 1))


def test_scaling_an_estimate_scales_its_interval():
    assert (Estimate(2, 1, 3, "%", "i") * 10).to("×") == Estimate(20, 10, 30, "×", "i")
