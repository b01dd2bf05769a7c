"""How a slide is laid out: how many lines a text takes, how large a figure can be, and where its claims stand."""

import math
import re
from collections.abc import Sequence

from theme.pages import mark_text

INNER_WIDTH, FIGURE_WIDTH, FIGURE_HEIGHT = 1152, 1080, 480
LINES_BELOW, HEIGHT_ABOVE = 3.6, 350  # of claims below a figure, which is drawn smaller for them
LINES_BESIDE, WIDTH_BESIDE, LETTER = 12, 720, 12.7  # of claims at the right of a figure; the last is the width of a letter
MOST_LINES_OF_TEXT, LETTERS_A_LINE = 13.6, 72  # on a slide, and on a line of it
MOST_ROWS, MOST_COLUMNS = 11, 7


def above(body: str, claims: list[str], free: float) -> tuple[str, list[str]]:
    """A body with the first of these claims below it, as many as there are free lines, and the other claims."""
    n = sum(sum(map(lines_of, claims[: i + 1])) <= free for i in range(len(claims)))
    return body + (f"<ul>{''.join(f'<li>{claim}</li>' for claim in claims[:n])}</ul>" if n else ""), claims[n:]


def with_claims(answer: str, svg: str, claims: list[str]) -> tuple[str, list[str]]:
    """A figure with its claims beside or below it, whichever leaves it larger, or alone where they are too many."""
    width, height = _size(svg)
    beside = min(WIDTH_BESIDE / width, FIGURE_HEIGHT / height)
    below = min(FIGURE_WIDTH / width, HEIGHT_ABOVE / height)
    letters = (INNER_WIDTH - beside * width - 62) / LETTER
    fits_beside = 0 < sum(lines_of(claim, letters) for claim in claims) <= LINES_BESIDE
    fits_below = 0 < sum(map(lines_of, claims)) <= LINES_BELOW
    items = f"<ul>{''.join(f'<li>{claim}</li>' for claim in claims)}</ul>"
    if fits_beside and (beside >= below or not fits_below):
        return f'{answer}<div class="beside">{_figure(svg, WIDTH_BESIDE, FIGURE_HEIGHT)}{items}</div>', []
    if fits_below:
        return f"{answer}{_figure(svg, FIGURE_WIDTH, HEIGHT_ABOVE)}{items}", []
    return answer + _figure(svg, FIGURE_WIDTH, FIGURE_HEIGHT), claims


def figures(cell: dict) -> list[str]:
    """The figures of a cell: title and drawing, as large as a slide can take."""
    return [answer + _figure(svg, FIGURE_WIDTH, FIGURE_HEIGHT) for answer, svg in drawings(cell)]


def drawings(cell: dict) -> list[tuple[str, str]]:
    """The title, in HTML, and the drawing of each figure of a cell."""
    found = []
    for text in html_of(cell):
        caption = re.search(r"<figcaption[^>]*>(.*?)</figcaption>", text, re.DOTALL)
        if caption and (drawing := re.search(r"<svg.*?</svg>", text, re.DOTALL)):
            found.append((f'<p class="answer">{caption[1]}</p>', drawing[0]))
    return found


def _size(svg: str) -> tuple[float, float]:
    if not (box := re.search(r'viewBox="[-\d.]+ [-\d.]+ ([\d.]+) ([\d.]+)"', svg)):
        raise ValueError(f"svg={svg:.80} says no size: it has no viewBox")
    return float(box[1]), float(box[2])


def _figure(svg: str, widest: float, highest: float) -> str:
    width, height = _size(svg)
    scale = min(widest / width, highest / height)
    style = f'style="width:{scale * width:.0f}px;height:{scale * height:.0f}px;'
    plain = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    return "<figure>" + plain.replace('style="width:100%;height:auto;', style, 1) + "</figure>"


def tables_of(cell: dict) -> list[str]:
    """The tables of a cell that are small enough for a slide."""
    found = [
        table for text in html_of(cell) for table in re.findall(r"<table.*?</table>", text, re.DOTALL) if "<svg" not in text
    ]
    small = [t for t in found if t.count("<tr") <= MOST_ROWS + 1 and t.count("<th") - t.count("<tr") < MOST_COLUMNS + 1]
    return [mark_text(re.sub(r"<table[^>]*>", "<table>", table)) for table in small]


def html_of(cell: dict) -> list[str]:
    """The HTML of each output of a cell."""
    return ["".join(o["data"]["text/html"]) for o in cell.get("outputs", []) if "text/html" in o.get("data", {})]


def even_groups(items: Sequence[str]) -> list[list[str]]:
    """The items of a list in as few slides as it needs, each about as full."""
    fewest = _groups(items, MOST_LINES_OF_TEXT)
    rooms = (room / 10 for room in range(20, int(10 * MOST_LINES_OF_TEXT)))
    return next((even for room in rooms if len(even := _groups(items, room)) == len(fewest)), fewest)


def _groups(items: Sequence[str], room: float) -> list[list[str]]:
    """Items in their order, in groups of no more than so many lines."""
    found: list[list[str]] = []
    for item in items:
        if not found or sum(map(lines_of, found[-1])) + lines_of(item) > room:
            found.append([])
        found[-1].append(item)
    return found


def lines_of(item: str, letters: float = LETTERS_A_LINE) -> float:
    """About how many lines an item of a list takes, with the space below it."""
    parts = re.sub(r"<[^>]+>", "", item.replace('<span class="measured">', "\n")).split("\n")
    return 0.5 + sum(math.ceil(len(part) / letters) for part in parts)
