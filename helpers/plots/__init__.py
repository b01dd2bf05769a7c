"""One figure style for the whole book, and the charts that several chapters share."""

from helpers.plots.charts import curve_plot, dot_plot, strip_plot
from helpers.plots.flow import flow_plot
from helpers.plots.style import COLOURS, MARKERS, PALETTE, STYLE, TEXT, WIDTH, new, show, to_svg, use_style

__all__ = [
    "COLOURS", "MARKERS", "PALETTE", "STYLE", "TEXT", "WIDTH",
    "curve_plot", "dot_plot", "flow_plot", "new", "show", "strip_plot", "to_svg", "use_style",
]  # fmt: skip
