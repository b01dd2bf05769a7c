"""One figure style for the whole book, and the figures that several chapters share, each made and shown in one call."""

from helpers.plots.charts import bar_plot, curve_plot, dot_plot, strip_plot
from helpers.plots.flow import flow_plot
from helpers.plots.lines import line_plot
from helpers.plots.style import COLOURS, MARKERS, PALETTE, STYLE, TEXT, WIDTH, figure_call, new, show, to_svg, use_style
from helpers.plots.wiring import wiring_plot

bar_figure = figure_call(bar_plot)
curve_figure = figure_call(curve_plot)
dot_figure = figure_call(dot_plot)
flow_figure = figure_call(flow_plot)
line_figure = figure_call(line_plot)
strip_figure = figure_call(strip_plot)
wiring_figure = figure_call(wiring_plot)

__all__ = [
    "COLOURS", "MARKERS", "PALETTE", "STYLE", "TEXT", "WIDTH",
    "bar_figure", "bar_plot", "curve_figure", "curve_plot", "dot_figure", "dot_plot", "flow_figure", "flow_plot",
    "line_figure", "line_plot", "new", "show", "strip_figure", "strip_plot", "to_svg", "use_style",
    "wiring_figure", "wiring_plot",
]  # fmt: skip
