"""Memory of a call is that of the call, and rates are rates. No time is asserted."""

import time

import pytest

from helpers.machine import fastest, fastest_in_turns, matmul_rate, peak_bytes, read_bandwidth


def test_a_call_that_needs_nothing_adds_little():
    n_bytes, result = peak_bytes(len, "abc")
    assert result == 3 and 0 <= n_bytes < 20e6


def test_the_peak_counts_what_is_gone_afterwards():
    n_bytes, length = peak_bytes(hold, 200_000_000)
    assert length == 200_000_000
    assert 0.95 * length < n_bytes < 1.2 * length


def hold(length: int) -> int:
    return len(b"x" * length)


def test_an_error_of_the_call_is_raised():
    with pytest.raises(ValueError, match="invalid literal"):
        peak_bytes(int, "x")


def test_rates_are_positive():
    assert read_bandwidth(2**20, rounds=1) > 0 and matmul_rate(32, rounds=1) > 0


def test_the_first_run_is_not_counted():
    calls = []
    assert fastest(lambda: calls.append(1), rounds=3) >= 0
    assert len(calls) == 4


def test_several_runs_are_timed_in_turns():
    calls = []
    seconds = fastest_in_turns(
        {"slow": lambda: calls.append("slow") or time.sleep(0.01), "quick": lambda: calls.append("quick")}, 2
    )
    assert calls == ["slow", "quick"] * 3
    assert list(seconds) == ["slow", "quick"] and seconds["slow"] >= 0.01
