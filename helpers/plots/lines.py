"""Several curves in one figure, each named where it ends."""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from helpers.plots.style import COLOURS, MARKERS, PALETTE, TEXT, new

LINE = 0.062  # of the height that a name needs, in parts of a figure 3 inches high


def line_plot(
    curves: Mapping[str, pd.DataFrame | pd.Series],
    *,
    xlabel: str,
    ylabel: str,
    log: str = "",
    ticks: Sequence[float] = (),
    height: float = 3.2,
) -> Figure:
    """Draw one curve a name, through the mean of its columns; with several columns, such as seeds, a stroke spans them.

    Args:
        curves: by name, values by x; a name that the book has a colour for gets it.
        xlabel: of the x axis.
        ylabel: of the y axis.
        log: the axes that are logarithmic, "x", "y" or "xy".
        ticks: places of the x axis that are marked; all are labelled.
        height: in inches.

    Raises:
        ValueError: if there is no curve, or a value that a logarithmic axis can't show.
    """
    if not curves:
        raise ValueError("curves={} is empty; give one or more")
    figure, axes = new(height=height)
    ends = {}
    taken = {COLOURS[name] for name in curves if name in COLOURS}
    free = [colour for colour in PALETTE.values() if colour not in taken] or [TEXT]
    spare = itertools.cycle(zip(free, "xos^DvP", strict=False))
    for name, values in curves.items():
        table = pd.DataFrame(values).dropna(how="all")
        if "y" in log and not (table > 0).all(axis=None):
            raise ValueError(f"curves[{name!r}] has values that are not positive; a logarithmic axis can't show them")
        colour, marker = (COLOURS[name], MARKERS[name]) if name in COLOURS else next(spare)
        mean = table.mean(axis=1)
        if table.shape[1] > 1:
            axes.vlines(table.index, table.min(axis=1), table.max(axis=1), color=colour, linewidth=1.5)
        axes.plot(mean.index, mean, marker=marker, markersize=4, color=colour, linewidth=1.2)
        ends[name] = mean.index[-1], mean.iloc[-1], colour
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.grid(axis="y")
    if "x" in log:
        axes.set_xscale("log")
    if "y" in log:
        axes.set_yscale("log")
        _plain_numbers(axes)
    if ticks:
        axes.set_xticks(list(ticks), [f"{tick:,.10g}" for tick in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
    _name_ends(axes, ends, LINE * 3 / height)
    return figure


def _plain_numbers(axes: Axes) -> None:
    """Mark a logarithmic y axis at 1, 2 and 5 times powers of ten, at the powers alone where these would be many."""
    low, high = axes.get_ylim()
    few = high < 500 * low
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
    axes.yaxis.set_major_formatter("{x:,.10g}" if low > 1e-4 else _power_of_ten)
    axes.yaxis.set_minor_locator(NullLocator())


def _power_of_ten(value: float, position: float) -> str:
    """Write a power of ten, such as 10⁻⁶."""
    return "10" + str(round(math.log10(value))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _name_ends(axes: Axes, ends: Mapping[str, tuple[float, float, str]], line: float) -> None:
    """Write each name to the right of the axes at the height of its curve's end, moved where two would meet."""
    axes.autoscale_view()  # the limits are those of all curves
    to_axes = axes.transScale + axes.transLimits
    order = sorted(ends, key=lambda name: ends[name][1])
    wanted = np.array([to_axes.transform(ends[name][:2])[1] for name in order])
    places = _spread(wanted, line)
    for name, place in zip(order, places, strict=True):
        axes.text(1.02, place, name, transform=axes.transAxes, va="center", fontsize=9, color=ends[name][2])


def _spread(wanted: np.ndarray, least: float) -> np.ndarray:
    """Return places in the order of `wanted` and as near to it as can be, none below 0 and no two nearer than `least`."""
    groups: list[list[float]] = []  # where a row of names begins, and how many it has
    for place in wanted:
        groups.append([max(float(place), 0.0), 1.0])
        while len(groups) > 1 and groups[-2][0] + groups[-2][1] * least > groups[-1][0]:
            (one, n), (other, m) = groups[-2], groups[-1]
            groups[-2:] = [[max((n * one + m * (other - n * least)) / (n + m), 0.0), n + m]]
    return np.array([start + i * least for start, n in groups for i in range(int(n))])
