"""How the positions of a text are connected in a layer, and what has to be kept to go on with the next token."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from helpers.plots.style import PALETTE, TEXT, new

N = 6  # positions
KINDS = ("attention", "recurrent", "selective", "fading")
KEPT = PALETTE["orange"]
FORGET = (0.9, 0.25, 1.0, 0.15, 0.8)  # how much of the state a selective layer lets through, by the token; an example
DEPTH = {"attention": 1.5, "fading": 1.7}  # of a layer, in rows; 2 if it has a row of states


def wiring_plot(layers: Sequence[str], *, names: Sequence[str] = ()) -> Figure:
    """Draw six tokens from left to right, layers from the bottom up; orange is what is kept for the last token.

    Args:
        layers: of KINDS. In "attention" the last output looks at all tokens; in "recurrent" a state goes from each
            position to the next; in "selective" each token says how much of it goes on, by the width of the arrow; in
            "fading" the weight of a token falls with its distance.
        names: of the layers, written at their left.

    Raises:
        ValueError: if a layer is of no such kind, or there is none.
    """
    if not layers or set(layers) - set(KINDS):
        raise ValueError(f"layers={list(layers)!r} can't be drawn; give one or more of {', '.join(KINDS)}")
    figure, axes = new(height=0.5 + 0.62 * sum(DEPTH.get(kind, 2) for kind in layers))
    bottom = 0.0
    _nodes(axes, bottom, [str(t) for t in range(1, N + 1)])
    for row, (kind, name) in enumerate(zip(layers, [*names, *[""] * len(layers)], strict=False), start=1):
        top = bottom + DEPTH.get(kind, 2)
        DRAW.get(kind, _chain)(axes, kind, bottom, top)
        axes.text(-0.75, (bottom + top) / 2, name, ha="right", va="center", fontsize=9.5)
        _nodes(axes, top, [""] * (N - 1) + ["?" if row == len(layers) else ""])
        bottom = top
    axes.text(-0.75, 0, "tokens", ha="right", va="center", fontsize=9.5)
    axes.set(xlim=(-1.9, N - 0.6), ylim=(-0.4, bottom + 0.4), aspect="equal")
    axes.axis("off")
    return figure


def _nodes(axes: Axes, y: float, labels: Sequence[str]) -> None:
    for x, label in enumerate(labels):
        axes.plot(x, y, "o", markersize=13, markerfacecolor="none", markeredgecolor=TEXT, markeredgewidth=0.8, zorder=3)
        axes.text(x, y, label, ha="center", va="center", fontsize=9)


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    width: float = 1.0,
    colour: str = TEXT,
    alpha: float = 1.0,
) -> None:
    line = FancyArrowPatch(
        start, end, arrowstyle="-|>", mutation_scale=7, shrinkA=7.5, shrinkB=7.5, linewidth=width, color=colour, alpha=alpha
    )
    axes.add_patch(line)


def _attention(axes: Axes, kind: str, bottom: float, top: float) -> None:
    """Draw every output from all inputs up to it; all of them are kept."""
    for t in range(N):
        for i in range(t + 1):
            last = t == N - 1
            _arrow(axes, (i, bottom), (t, top), *((1.8, PALETTE["blue"]) if last else (0.5, TEXT, 0.15)))
    for i in range(N - 1):
        _keep(axes, i, bottom, 0)


def _fading(axes: Axes, kind: str, bottom: float, top: float) -> None:
    """Draw every output from all inputs up to it, the nearer the more; kept is the weighted sum of those before."""
    for t in range(N - 1):
        for i in range(t + 1):
            _arrow(axes, (i, bottom), (t, top), 0.5, TEXT, 0.15)
    last, total = N - 1, (N - 1.45, bottom + 0.6 * (top - bottom))
    for i in range(last):
        share = 0.6 ** (last - 1 - i)
        _arrow(axes, (i, bottom), total, 0.3 + 2 * share, PALETTE["blue"], max(share, 0.3))
    _arrow(axes, (last, bottom), (last, top), 2.3, PALETTE["blue"])
    _arrow(axes, total, (last, top), 2.0, PALETTE["blue"])
    _keep(axes, *total, 1)
    axes.plot(*total, "s", markersize=11, markerfacecolor="none", markeredgecolor=TEXT, markeredgewidth=0.8, zorder=3)


def _chain(axes: Axes, kind: str, bottom: float, top: float) -> None:
    """Draw a state from position to position, in a row of its own."""
    middle = (bottom + top) / 2
    for t in range(N):
        last = t == N - 1
        colour = PALETTE["blue"] if last else TEXT
        _arrow(axes, (t, bottom), (t, middle), colour=colour)
        _arrow(axes, (t, middle), (t, top), colour=colour)
        if t:
            share = FORGET[t - 1] if kind == "selective" else 0.5
            _arrow(axes, (t - 1, middle), (t, middle), 0.4 + 2.4 * share, colour)
        if t == N - 2:
            _keep(axes, t, middle, 1)
        axes.plot(t, middle, "s", markersize=11, markerfacecolor="none", markeredgecolor=TEXT, markeredgewidth=0.8, zorder=3)


def _keep(axes: Axes, x: float, y: float, square: int) -> None:
    axes.plot(x, y, "os"[square], markersize=(13, 11)[square], color=KEPT, alpha=0.85, zorder=2)


DRAW = {"attention": _attention, "fading": _fading}
