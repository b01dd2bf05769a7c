"""Charts show every value where it is, with its interval, and their axes begin where they should."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from helpers.estimates import Estimate
from helpers.plots import curve_plot, dot_plot, strip_plot

TABLE = pd.DataFrame({"value": [1.0, 4.0], "low": [0.5, 3.0], "high": [2.0, 5.0]})


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_a_dot_is_at_its_value_and_an_interval_ends_where_it_ends():
    axes = dot_plot({"one": TABLE}, ["a", "b"], xlabel="tokens").axes[0]
    assert axes.get_lines()[0].get_xdata().tolist() == [1.0, 4.0]
    assert [segment[:, 0].tolist() for segment in axes.collections[0].get_segments()] == [[0.5, 2.0], [3.0, 5.0]]
    assert axes.get_xlim()[0] == 0


def test_names_that_would_meet_are_on_lines_of_their_own():
    near = {"a long name": TABLE, "another name": TABLE[["value"]] + 0.01}
    axes = dot_plot(near, ["a", "b"], xlabel="tokens", ticks=[1, 10], unit="×").axes[0]
    assert len({note.xyann[1] for note in axes.texts}) == 2
    assert axes.get_xscale() == "log"


def test_groups_are_sorted_by_median_and_crowds_are_spread():
    values, groups = pd.Series([5.0] * 3 + [2.0] * 30), pd.Series(["high"] * 3 + ["low"] * 30)
    axes = strip_plot(values, groups, xlabel="premium").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["low", "high"]
    assert len(set(axes.get_lines()[0].get_ydata())) == 30
    assert set(axes.get_lines()[2].get_ydata()) == {1.0}


def test_a_curve_has_its_intervals_and_begins_at_zero():
    axes = curve_plot(
        {"one": [Estimate(2, 1, 3, "%", "x"), Estimate(4, 3, 5, "%", "x")]}, [1, 10], xlabel="x", ylabel="y"
    ).axes[0]
    assert axes.get_lines()[0].get_ydata().tolist() == [2, 4]
    assert axes.get_ylim()[0] == 0
    assert axes.get_xscale() == "log"
