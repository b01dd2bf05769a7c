"""A figure that the site makes interactive, over a table that every reader has: in JupyterLab, on paper, without script.

What is displayed is the static figure and, folded beneath it, the table. On the site `theme/static/parts/explore.js` reads
that table and puts a chart in the figure's place, so the chart cannot show another value than the table.
"""

import html

import numpy as np
import pandas as pd
from IPython.display import display
from matplotlib.figure import Figure

from helpers.claims import number
from helpers.plots import to_svg

ABOUT = ("script", "region", "speakers")  # the columns that say what a language is; the others are vocabularies


def explore(
    table: pd.DataFrame, figure: Figure, *, title: str, alt: str, label: str = "premium over English", unit: str = "×"
) -> None:
    """Show a figure of one value a language and vocabulary, which the site's readers can filter, sort and search.

    Args:
        table: one row a language, indexed by its English name, with the columns `script`, `region`, `speakers` (0 where
            unknown) and one column of positive numbers a vocabulary, in the order in which they are offered.
        figure: made by `helpers.plots.new`; what is printed, and shown where no script runs.
        title: one sentence, with its numbers filled in by code.
        alt: what the figure shows, for a screen reader.
        label: what the numbers are.
        unit: of the numbers.

    Raises:
        TypeError: if `table` is no DataFrame, or a vocabulary holds something else than numbers.
        ValueError: if words are empty, a column is missing, a language occurs twice or has no name, script or region, or
            a number is not positive (speakers: is negative).
    """
    for name, words in (("title", title), ("alt", alt), ("label", label)):
        if not words.strip():
            raise ValueError(f"{name}={words!r} is empty; every figure has a {name}")
    vocabularies = _checked(table)
    caption = f'<figcaption style="font-weight:600;margin-bottom:.4em">{html.escape(title)}</figcaption>'
    code = (
        f'<figure class="plot explore" style="margin:1.2em auto;max-width:620px">{caption}'
        f'<div class="explore-static">{to_svg(figure, alt)}</div>'
        f'<details class="explore-table"><summary>All {len(table)} rows as a table</summary>'
        f"{_rows(table, vocabularies, label, unit)}</details></figure>"
    )
    display({"text/html": code, "text/plain": f"{title}\n[figure: {alt}]"}, raw=True)


def _checked(table: pd.DataFrame) -> list[str]:
    """The names of the vocabularies of a table, once the table is what it must be."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"table must be a pandas DataFrame with one row a language, not {type(table).__name__}")
    missing = [name for name in ABOUT if name not in table]
    if missing:
        raise ValueError(f"table has no column {missing[0]!r}; it needs {', '.join(ABOUT)} and one column a vocabulary")
    vocabularies = [name for name in table if name not in ABOUT]
    if table.empty or not vocabularies:
        raise ValueError(f"table is empty: it has {len(table)} languages and {len(vocabularies)} vocabularies")
    if repeated := sorted({str(name) for name in table.index[table.index.duplicated()]}):
        raise ValueError(f"table has {repeated[0]!r} more than once; give each language a name of its own")
    for name, words in (("index", table.index), ("script", table["script"]), ("region", table["region"])):
        empty = [repr(word) for word in words if not isinstance(word, str) or not word.strip()]
        if empty:
            raise ValueError(f"table's {name} holds {empty[0]}; every language has a name, a script and a region, as words")
    for name in ["speakers", *vocabularies]:
        _check_numbers(table[name], name, zero=name == "speakers")
    return vocabularies


def _check_numbers(column: pd.Series, name: str, *, zero: bool) -> None:
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        raise TypeError(f"table's column {name!r} holds {column.dtype}; it must hold numbers")
    wrong = column[~(np.isfinite(column.astype(float)) & ((column > 0) | (zero & (column == 0))))]
    if len(wrong):
        asked = "0 (unknown) or more" if zero else "more than 0"
        raise ValueError(f"table has {name}={wrong.iloc[0]} for {wrong.index[0]!r}; give a finite number, {asked}")


def _rows(table: pd.DataFrame, vocabularies: list[str], label: str, unit: str) -> str:
    """The table as HTML; `data-value` holds what a script draws, the cell what everybody reads."""
    heads = ["language", *ABOUT, *vocabularies]
    head = "".join(f'<th scope="col">{html.escape(str(name))}</th>' for name in heads)
    body = "\n".join(_row(name, row, vocabularies, unit) for name, row in table.iterrows())
    return (
        f'<div class="table-scroll"><table class="explore-data"><caption>'
        f"{html.escape(label[:1].upper() + label[1:])}</caption><thead><tr>{head}</tr></thead>\n"
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(name: str, row: pd.Series, vocabularies: list[str], unit: str) -> str:
    speakers = f"{int(row['speakers']):,}" if row["speakers"] else "unknown"
    cells = [html.escape(row["script"]), html.escape(row["region"])]
    values = "".join(f'<td data-value="{row[v]:.6g}">{number(row[v], html.escape(unit))}</td>' for v in vocabularies)
    return (
        f'<tr><th scope="row">{html.escape(name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}'
        f'<td data-value="{int(row["speakers"])}">{speakers}</td>{values}</tr>'
    )
