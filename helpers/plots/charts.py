"""The charts that several chapters share."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.claims import number
from helpers.estimates import Estimate
from helpers.plots.style import COLOURS, MARKERS, PALETTE, TEXT, new

LETTER = 0.021  # of the axes' width that a letter of a label takes
LINE = 12  # points from one line of labels to the next


def dot_plot(
    series: Mapping[str, pd.DataFrame],
    labels: Sequence[str],
    *,
    xlabel: str,
    ticks: Sequence[float] = (),
    unit: str = "",
    height: float = 3.2,
) -> Figure:
    """Draw one row a label, and one dot a series in it, with its interval.

    Args:
        series: tables with a column `value`, and `low` and `high` where there is an interval; one row a label, from the
            bottom up. A name of `COLOURS` takes its colour and marker, another one the next of the palette.
        labels: of the rows.
        xlabel: what is measured, with its unit.
        ticks: where given, the axis is logarithmic with these ticks, written with `unit`.
        height: in inches.
    """
    figure, axes = new(height=height)
    rows = range(len(labels))
    for (name, table), free, sign in zip(series.items(), PALETTE.values(), "o^sDvX", strict=False):
        colour, marker = COLOURS.get(name, free), MARKERS.get(name, sign)
        if "low" in table:
            axes.hlines(rows, table["low"], table["high"], color=colour, linewidth=1.2)
        axes.plot(table["value"], rows, marker, color=colour, label=name)
    axes.set_yticks(rows, labels)
    axes.set_xlabel(xlabel)
    axes.grid(axis="y")
    if not ticks:
        axes.set_xlim(left=0)
    _log_ticks(axes, ticks, unit)
    levels = _name_series(axes, series, len(labels) - 1) if len(series) > 1 else 0
    axes.set_ylim(-0.7, len(labels) - 0.3 + levels * LINE * len(labels) / (54 * height))
    return figure


def _name_series(axes: Axes, series: Mapping[str, pd.DataFrame], row: int) -> int:
    """Write each series' name above its dot in the top row, on a line of its own where two would meet; how many lines."""
    to_axes = axes.transScale + axes.transLimits
    colours = {line.get_label(): line.get_color() for line in axes.get_lines()}
    at = sorted((to_axes.transform((table["value"].iloc[-1], row))[0], name) for name, table in series.items())
    ends: list[float] = []  # where the text of each line ends, in parts of the axes' width
    for place, name in at:
        half = LETTER * len(name) / 2
        level = next((i for i, end in enumerate(ends) if end < place - half), len(ends))
        ends[level : level + 1] = [place + half]
        point = (series[name]["value"].iloc[-1], row)
        above, colour = (0, 8 + LINE * level), colours[name]
        axes.annotate(name, point, xytext=above, textcoords="offset points", ha="center", fontsize=9, color=colour)
    return len(ends)


def bar_plot(
    table: pd.DataFrame | pd.Series, *, xlabel: str, unit: str = "", label: str = "", height: float | None = None
) -> Figure:
    """Draw one row an index entry, from the top down, and in it one bar a column, each with its value at its end.

    Args:
        table: numbers; a Series is a table of one column, whose bars need no legend.
        xlabel: what is measured.
        unit: of the values written at the bars.
        label: heading of the legend, where there are several columns.
        height: in inches; by default what the bars need.
    """
    table = pd.DataFrame(table)
    width = 0.8 / table.shape[1]
    figure, axes = new(height=height or 0.7 + len(table) * (0.28 + 0.2 * table.shape[1]))
    for place, ((name, values), colour) in enumerate(zip(table.items(), PALETTE.values(), strict=False)):
        rows = [row + width * (place - (table.shape[1] - 1) / 2) for row in range(len(table))]
        axes.barh(rows, values, height=0.9 * width, color=COLOURS.get(str(name), colour), label=name)
        for row, value in zip(rows, values, strict=True):
            axes.text(value, row, f" {number(value, unit)}", va="center", fontsize=9)
    axes.set_yticks(range(len(table)), table.index)
    axes.set(xlabel=xlabel, xlim=(0, 1.15 * table.to_numpy().max()))
    axes.grid(visible=False, axis="y")
    if table.shape[1] > 1:
        axes.legend(loc="best", title=label or None)
    axes.invert_yaxis()
    return figure


def strip_plot(
    values: pd.Series, groups: pd.Series, *, xlabel: str, ticks: Sequence[float] = (), unit: str = "", height: float = 6.8
) -> Figure:
    """Draw one row a group, sorted by median, one dot a value, a stroke at the median.

    Args:
        values: what is measured.
        groups: the group of each value, under the same index; the others as in `dot_plot`.
    """
    figure, axes = new(height=height)
    order = values.groupby(groups).median().sort_values().index
    rng = np.random.default_rng(0)
    for row, group in enumerate(order):
        within = values[groups == group]
        around = row + rng.uniform(-0.3, 0.3, len(within)) * (len(within) > 20)  # a crowd is spread out
        axes.plot(within, around, "o", color=PALETTE["blue"], alpha=0.45, markeredgewidth=0, markersize=4)
        axes.plot([within.median()] * 2, [row - 0.35, row + 0.35], color=TEXT, linewidth=1)
    axes.set_yticks(range(len(order)), order, fontsize=8.5)
    axes.set_ylim(-0.8, len(order) - 0.2)
    axes.set_xlabel(xlabel)
    axes.grid(axis="y")
    _log_ticks(axes, ticks, unit)
    return figure


def curve_plot(
    series: Mapping[str, Sequence[Estimate]], x: Sequence[float], *, xlabel: str, ylabel: str, height: float = 3.0
) -> Figure:
    """Draw estimates along a logarithmic axis, one curve a series, each point with its interval."""
    figure, axes = new(height=height)
    for (name, points), colour, marker in zip(series.items(), PALETTE.values(), "os^Dvx", strict=False):
        axes.vlines(x, [p.low for p in points], [p.high for p in points], color=colour, linewidth=1.5)
        axes.plot(x, [p.value for p in points], marker=marker, color=colour, linewidth=0.8, label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")
    _log_ticks(axes, x, "")
    axes.legend(loc="lower right")
    return figure


def _log_ticks(axes: Axes, ticks: Sequence[float], unit: str) -> None:
    if ticks:
        axes.set_xscale("log")
        axes.set_xticks(list(ticks))
        axes.xaxis.set_major_formatter("{x:g}" + unit)
        axes.minorticks_off()
