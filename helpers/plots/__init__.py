"""One figure style for the whole book, and the charts that several chapters share."""

from helpers.plots.charts import curve_plot, dot_plot, strip_plot
from helpers.plots.flow import flow_plot
from helpers.plots.lines import line_plot
from helpers.plots.style import COLOURS, MARKERS, PALETTE, STYLE, TEXT, WIDTH, new, show, to_svg, use_style
from helpers.plots.wiring import wiring_plot

__all__ = [
    "COLOURS", "MARKERS", "PALETTE", "STYLE", "TEXT", "WIDTH",
    "curve_plot", "dot_plot", "flow_plot", "line_plot", "new", "show", "strip_plot", "to_svg", "use_style", "wiring_plot",
]  # fmt: skip
