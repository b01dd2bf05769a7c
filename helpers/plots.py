"""One figure style for the whole book: a figure is an SVG that takes the colours of the page it stands on.

Lines and bars use `PALETTE`, whose colours read on white and on near-black and are told apart by readers with colour-vision
deficiency (after Okabe and Ito, 2008); text, axes and ticks take the colour of the page's own text, in light and in dark.
"""

import hashlib
import html
import io
import re
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
import pandas as pd
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from helpers.estimates import Estimate

PALETTE = {
    "blue": "#2f7fc1",
    "orange": "#d9741a",
    "green": "#1a9a76",
    "purple": "#a05fb8",
    "red": "#d1495b",
    "grey": "#808890",
}

#: One meaning for a colour, and for a marker, in every chapter.
COLOURS = {"GPT-2": PALETTE["grey"], "GPT-4": PALETTE["orange"], "GPT-4o": PALETTE["blue"]}
MARKERS = {"GPT-2": "s", "GPT-4": "^", "GPT-4o": "o"}

TEXT = "#123456"  # stands for the colour of the page's text until the SVG is written
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "understanding-foundation-models",
    "font.size": 10,
    "axes.labelsize": 9.5,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "grid.linewidth": 0.5,
    "grid.alpha": 0.25,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.02,
    "legend.frameon": False,
    "axes.prop_cycle": matplotlib.cycler(color=list(PALETTE.values())),
} | dict.fromkeys(
    ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "grid.color", "lines.color"), TEXT
)
WIDTH = 5.0  # inches; wide enough to label, narrow enough to read on a phone


def use_style() -> None:
    """Make `STYLE` matplotlib's own for this process, on a backend that opens no window."""
    matplotlib.use("agg")
    matplotlib.rcParams.update(STYLE)


def new(height: float = 3.2, width: float = WIDTH, **subplots):
    """Return (figure, axes) in the book's style; `height` and `width` in inches, the rest as `Figure.subplots` takes it."""
    use_style()
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(**subplots)


def dot_plot(
    series: Mapping[str, pd.DataFrame],
    labels: Sequence[str],
    *,
    xlabel: str,
    ticks: Sequence[float] = (),
    unit: str = "",
    height: float = 3.2,
) -> Figure:
    """One row a label, one dot a series in it, with its interval.

    Args:
        series: tables with a column `value`, and `low` and `high` where there is an interval; one row a label, from the
            bottom up. A name of `COLOURS` takes its colour and marker.
        labels: of the rows.
        xlabel: what is measured, with its unit.
        ticks: where given, the axis is logarithmic with these ticks, written with `unit`.
        height: in inches.
    """
    figure, axes = new(height=height)
    rows = range(len(labels))
    for name, table in series.items():
        colour, marker = COLOURS.get(name, PALETTE["blue"]), MARKERS.get(name, "o")
        if "low" in table:
            axes.hlines(rows, table["low"], table["high"], color=colour, linewidth=1.2)
        axes.plot(table["value"], rows, marker, color=colour, label=name)
        if len(series) > 1:
            top, colour = (table["value"].iloc[-1], len(labels) - 1), {"color": colour}
            axes.annotate(name, top, xytext=(0, 8), textcoords="offset points", ha="center", fontsize=9, **colour)
    axes.set_yticks(rows, labels)
    axes.set_ylim(-0.7, len(labels) - 0.3 + (len(series) > 1))
    axes.set_xlabel(xlabel)
    axes.grid(axis="y")
    if not ticks:
        axes.set_xlim(left=0)
    _log_ticks(axes, ticks, unit)
    return figure


def strip_plot(
    values: pd.Series, groups: pd.Series, *, xlabel: str, ticks: Sequence[float] = (), unit: str = "", height: float = 6.8
) -> Figure:
    """One row a group, sorted by median, one dot a value, a stroke at the median.

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
    """Estimates along a logarithmic axis, one curve a series, each point with its interval."""
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


def show(figure: Figure, *, title: str, alt: str) -> None:
    """Show a figure with its title, the answer it gives as a sentence, and a text for those who do not see it.

    Args:
        figure: made by `new`.
        title: one sentence, with its numbers filled in by code.
        alt: what the figure shows, for a screen reader: what is plotted, and what stands out.

    Raises:
        ValueError: if `title` or `alt` is empty.
    """
    for name, words in (("title", title), ("alt", alt)):
        if not words.strip():
            raise ValueError(f"{name}={words!r} is empty; every figure has a {name}")
    caption = f'<figcaption style="font-weight:600;margin-bottom:.4em">{html.escape(title)}</figcaption>'
    code = f'<figure class="plot" style="margin:1.2em auto;max-width:620px">{caption}{to_svg(figure, alt)}</figure>'
    display({"text/html": code, "text/plain": f"{title}\n[figure: {alt}]"}, raw=True)


def to_svg(figure: Figure, alt: str) -> str:
    """The figure as an SVG element named by `alt`, with ids of its own and the page's font and text colour."""
    file = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = file.getvalue()[file.getvalue().index("<svg") :].strip()
    prefix = "f" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    svg = svg.replace(TEXT, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", svg)
    size = re.search(r'viewBox="([^"]*)"', svg).group(1)
    label = html.escape(alt, quote=True)
    return re.sub(
        r"^<svg[^>]*>",
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{size}" '
        f'role="img" aria-label="{label}" style="width:100%;height:auto;font-family:system-ui,sans-serif">',
        svg,
    )
