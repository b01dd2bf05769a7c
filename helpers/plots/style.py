"""The style of every figure: an SVG that takes the colours of the page it stands on.

Lines and bars use `PALETTE`, whose colours read on white and on near-black and are told apart by readers with colour-vision
deficiency (after Okabe and Ito, 2008); text, axes and ticks take the colour of the page's own text, in light and in dark.
"""

import functools
import hashlib
import html
import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import matplotlib
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

PALETTE = {
    "blue": "#2f7fc1",
    "orange": "#d9741a",
    "green": "#1a9a76",
    "purple": "#a05fb8",
    "red": "#d1495b",
    "grey": "#808890",
}

#: One meaning for a colour, and for a marker, in every chapter.
COLOURS = {
    "GPT-2": PALETTE["grey"], "GPT-4": PALETTE["orange"], "GPT-4o": PALETTE["blue"],
    "transformer": PALETTE["blue"], "LSTM": PALETTE["grey"], "RWKV": PALETTE["orange"],
    "Mamba": PALETTE["green"], "Mamba-2": PALETTE["purple"], "hybrid": PALETTE["red"],
}  # fmt: skip
MARKERS = {
    "GPT-2": "s", "GPT-4": "^", "GPT-4o": "o",
    "transformer": "o", "LSTM": "s", "RWKV": "^", "Mamba": "D", "Mamba-2": "v", "hybrid": "P",
}  # fmt: skip

TEXT = "#123456"  # stands for the colour of the page's text until the SVG is written
STYLE: "dict[RcKeyType, Any]" = {
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
    "axes.prop_cycle": cycler(color=list(PALETTE.values())),
    "text.color": TEXT,
    "axes.edgecolor": TEXT,
    "axes.labelcolor": TEXT,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "grid.color": TEXT,
    "lines.color": TEXT,
}
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


def figure_call(plot: Callable[..., Figure]) -> Callable[..., None]:
    """Return a function that makes a figure as `plot` does and shows it, with a title and an alt text."""

    @functools.wraps(plot)
    def call(*args, title: str, alt: str, **options) -> None:
        show(plot(*args, **options), title=title, alt=alt)

    call.__name__ = plot.__name__.replace("_plot", "_figure")
    return call


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
    """Return the figure as an SVG element named by `alt`, with ids of its own and the page's font and text colour."""
    file = io.StringIO()
    with matplotlib.rc_context(STYLE):
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = file.getvalue()[file.getvalue().index("<svg") :].strip()
    prefix = "f" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    svg = svg.replace(TEXT, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", svg)
    size = re.findall(r'viewBox="([^"]*)"', svg)[0]
    label = html.escape(alt, quote=True)
    return re.sub(
        r"^<svg[^>]*>",
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{size}" '
        f'role="img" aria-label="{label}" style="width:100%;height:auto;font-family:system-ui,sans-serif">',
        svg,
    )
