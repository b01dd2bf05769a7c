"""The scaling law is found again in runs that follow it, and its optimum is one."""

import numpy as np
import pytest

from helpers.scaling import ScalingLaw, fit_law, predict, resampled_laws

HOFFMANN = ScalingLaw(1.69, 406.4, 0.34, 410.7, 0.28)
GRID = [np.ravel(values) for values in np.meshgrid(np.geomspace(1e7, 1e10, 4), np.geomspace(1e9, 1e12, 4))]


def test_a_law_is_found_again():
    found = fit_law(*GRID, HOFFMANN.loss(*GRID))
    assert found.alpha == pytest.approx(0.34, abs=0.02) and found.beta == pytest.approx(0.28, abs=0.02)
    assert found.irreducible == pytest.approx(1.69, abs=0.05)
    assert found.loss(7e10, 1.4e12) == pytest.approx(HOFFMANN.loss(7e10, 1.4e12), rel=0.005)


def test_a_law_without_a_floor_is_found_again():
    law = ScalingLaw(0.0, 5.0, 0.1, 8.0, 0.2)
    found = fit_law(*GRID, law.loss(*GRID), irreducible=0.0)
    assert found.irreducible == 0 and found.alpha == pytest.approx(0.1, abs=0.01)
    assert found.beta == pytest.approx(0.2, abs=0.02)


def test_no_other_split_of_the_budget_is_better_than_the_optimum():
    for flops in (1e18, 1e21, 1e24):
        n, d = HOFFMANN.optimum(flops)
        assert 6 * n * d == pytest.approx(flops)
        others = np.geomspace(n / 30, n * 30, 301)
        assert HOFFMANN.loss(n, d) <= HOFFMANN.loss(others, flops / 6 / others).min() + 1e-12


def test_the_interval_holds_a_new_run_of_the_same_law():
    rng = np.random.default_rng(0)
    law, hits = ScalingLaw(0.0, 5.0, 0.1, 8.0, 0.2), 0
    for _ in range(8):
        losses = law.loss(*GRID) * np.exp(0.01 * rng.standard_normal(len(GRID[0])))
        at = (2e10, 2e12)
        told = predict(*GRID, losses, at, unit="bits", irreducible=0.0, n_resamples=15)
        assert told.low <= told.value <= told.high
        hits += told.low <= law.loss(*at) * np.exp(0.01 * rng.standard_normal()) <= told.high
    assert hits >= 6


def test_resamples_are_the_same_for_the_same_seed():
    losses = HOFFMANN.loss(*GRID) * np.exp(0.01 * np.sin(np.arange(len(GRID[0]))))
    one, two = (resampled_laws(*GRID, losses, irreducible=1.0, n_resamples=3, seed=5) for _ in range(2))
    assert one == two and len({law.alpha for law in one}) > 1
