"""Where what goes in comes out: a flow that narrows from stage to stage, and what leaves it on the way."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from helpers.claims import number
from helpers.plots.style import PALETTE, new

TRUNK, BRANCH = 0.42, 0.46  # width of everything that goes in, and where branches end, as parts of the figure


def flow_plot(n_in: int, stages: Mapping[str, Mapping[str, int]], *, unit: str, height: float = 4.8) -> Figure:
    """Draw a flow from top to bottom, as wide as what is left; what a stage takes out leaves to the right.

    Args:
        n_in: what goes in.
        stages: for each stage, from the top down, what it takes out by reason; a stage may take nothing.
        unit: what is counted, such as "pages".
        height: in inches.

    Raises:
        ValueError: if nothing goes in, a count is negative, or more leaves than went in.
    """
    losses = {stage: sum(reasons.values()) for stage, reasons in stages.items()}
    if n_in < 1 or min([*losses.values(), 0]) < 0 or sum(losses.values()) > n_in:
        raise ValueError(f"n_in={n_in} and losses of {sum(losses.values())} do not balance; what leaves must have gone in")
    figure, axes = new(height=height)
    axes.set(xlim=(0, 1), ylim=(-len(stages) - 0.75, 0.6))
    axes.axis("off")
    axes.text(0, 0.12, f"{number(n_in)} {unit} in", fontsize=10, va="bottom")
    left = n_in
    for row, (stage, reasons) in enumerate(stages.items()):
        stays = left - losses[stage]
        _band(axes, (0, TRUNK * stays / n_in), -row, (0, TRUNK * stays / n_in), -row - 1, PALETTE["blue"])
        if losses[stage]:
            _branch(axes, TRUNK * stays / n_in, TRUNK * left / n_in, -row)
        axes.text(BRANCH + 0.02, -row - 0.5, _words(stage, reasons), fontsize=9, va="center", linespacing=1.25)
        left = stays
    axes.text(0, -len(stages) - 0.14, f"{number(left)} {unit} out", fontsize=10, va="top")
    return figure


def _words(stage: str, reasons: Mapping[str, int]) -> str:
    largest = sorted(((count, reason) for reason, count in reasons.items() if count), reverse=True)
    lines = [f"{number(count)} {reason}" for count, reason in largest[:2]]
    if rest := sum(count for count, _ in largest[2:]):
        lines.append(f"{number(rest)} other")
    return f"{stage}: {', '.join(lines) or 'none'}" if len(lines) < 2 else f"{stage}\n" + ", ".join(lines)


def _branch(axes: Axes, low: float, high: float, top: float) -> None:
    """Draw a band that leaves the trunk downwards and ends, as thick as it began, at its label."""
    thick = max((high - low) * 1.4, 0.012)  # in rows: wide losses stay thinner than a row
    thick = min(thick, 0.5)
    middle = top - 0.5
    points = [(high, top), (high, middle + thick / 2), (high, middle + thick / 2), (BRANCH, middle + thick / 2)]
    points += [(BRANCH, middle - thick / 2), (low, middle - thick / 2), (low, middle - thick / 2), (low, top)]
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4, Path.LINETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    axes.add_patch(PathPatch(Path(points, codes), facecolor=PALETTE["orange"], alpha=0.75, linewidth=0))


def _band(axes: Axes, top: tuple[float, float], y_top: float, low: tuple[float, float], y_low: float, colour: str) -> None:
    corners = [(top[0], y_top), (top[1], y_top), (low[1], y_low), (low[0], y_low), (top[0], y_top)]
    axes.add_patch(PathPatch(Path(corners), facecolor=colour, alpha=0.75, linewidth=0))
