"""Drawings of architectures and charts with several curves."""

import numpy as np
import pandas as pd
import pytest

from helpers.plots import COLOURS, MARKERS, line_plot, to_svg, wiring_plot
from helpers.plots.lines import _spread
from helpers.plots.wiring import KINDS

CURVES = {"transformer": pd.Series([1.0, 2.0, 4.0], index=[1, 2, 3]), "other": pd.DataFrame({0: [1.0, 1.5], 1: [1.2, 1.4]})}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_layer_is_drawn_with_what_is_kept(kind):
    svg = to_svg(wiring_plot([kind], names=["layer"]), "a drawing of a layer")
    assert "layer" in svg and "tokens" in svg
    assert "#d9741a" in svg  # what is kept


def test_attention_keeps_every_token_and_a_state_is_one():
    def kept(kind):
        axes = wiring_plot([kind]).axes[0]
        return sum(line.get_markerfacecolor() == "#d9741a" for line in axes.lines)

    assert {kind: kept(kind) for kind in KINDS} == {"attention": 5, "recurrent": 1, "selective": 1, "fading": 1}


@pytest.mark.parametrize("layers", [[], ["convolution"], ["attention", "sum"]])
def test_a_layer_of_no_kind_is_refused(layers):
    with pytest.raises(ValueError, match="layers=.*attention, recurrent"):
        wiring_plot(layers)


def test_curves_are_named_at_their_ends_in_the_books_colours():
    figure = line_plot(CURVES, xlabel="x", ylabel="y", ticks=[1, 2, 3])
    colours = {text.get_text(): text.get_color() for text in figure.axes[0].texts}
    assert colours.keys() == CURVES.keys()
    assert colours["transformer"] == COLOURS["transformer"]


def test_a_name_without_a_colour_gets_none_that_another_curve_has():
    figure = line_plot(dict.fromkeys([*list(COLOURS)[3:], "a", "b"], CURVES["other"]), xlabel="x", ylabel="y")
    of = {text.get_text(): text.get_color() for text in figure.axes[0].texts}
    assert of["a"] not in {of[name] for name in list(COLOURS)[3:]}


def test_names_that_would_meet_are_moved_apart_and_others_stay():
    places = _spread(np.array([0.1, 0.5, 0.51, 0.52, 0.9]), 0.06)
    assert places[0] == 0.1 and places[-1] == 0.9
    assert (np.diff(places) >= 0.06 - 1e-9).all()
    assert abs(places[1:4].mean() - 0.51) < 1e-9


def test_no_name_falls_below_the_axes():
    places = _spread(np.array([0.0, 0.01, 0.02, 0.03]), 0.06)
    assert np.allclose(places, [0, 0.06, 0.12, 0.18])


def test_every_colour_has_a_marker():
    assert COLOURS.keys() == MARKERS.keys()
