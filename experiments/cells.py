"""A chapter's own cells, run in a kernel of their own: those that a long run needs, with another seed."""

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path

import nbformat
import pandas as pd
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

CHAPTERS = Path(__file__).parents[1] / "chapters"
SECONDS = 600  # that one cell may take


def cells_of(chapter: Path, names: Sequence[str]) -> list[str]:
    """Return the sources of some cells of a notebook, by their ids, in its order.

    Raises:
        ValueError: if it lacks one.
    """
    cells = {cell.id: cell.source for cell in nbformat.read(chapter, as_version=4).cells}
    if missing := [name for name in names if name not in cells]:
        raise ValueError(f"{chapter.name} has no cells {', '.join(missing)}")
    return [source for name, source in cells.items() if name in names]


def code_before(chapter: Path, last: str) -> list[str]:
    """Return the ids of a notebook's code cells before the cell `last`.

    Raises:
        ValueError: if there is no such cell.
    """
    cells = nbformat.read(chapter, as_version=4).cells
    ids = [cell.id for cell in cells]
    if last not in ids:
        raise ValueError(f"{chapter.name} has no cells {last}")
    return [cell.id for cell in cells[: ids.index(last)] if cell.cell_type == "code"]


def run_cells(
    chapter: Path, names: Sequence[str], lines: Mapping[str, str] | None = None, then: str = "", errors: Sequence[str] = ()
) -> NotebookNode:
    """Run some cells of a notebook, in its order, and return them with their outputs.

    Args:
        chapter: the notebook, which stays as it is.
        names: ids of cells.
        lines: lines of these cells, each of which must occur once, and what to put in their place.
        then: code to run after them.
        errors: names of exceptions that don't end the run.

    Raises:
        ValueError: if it lacks a cell, or one of `lines`.
        CellExecutionError: if a cell fails with another exception.
    """
    sources = [source.splitlines() for source in cells_of(chapter, names)]
    for line, instead in (lines or {}).items():
        if (count := sum(source.count(line) for source in sources)) != 1:
            raise ValueError(f"{count} of the cells to run of {chapter.name} have the line {line!r}; it takes one")
        sources = [[instead if line == one else one for one in source] for source in sources]
    code = ["\n".join(source) for source in sources]
    book = nbformat.v4.new_notebook(cells=[new_code_cell(source) for source in [*code, then]])
    NotebookClient(book, timeout=SECONDS, allow_error_names=list(errors)).execute(cwd=str(chapter.parent))
    return book


def table_of(chapter: Path, names: Sequence[str], table: str, lines: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return a table that a notebook's cells make, without its index.

    Args:
        chapter, names, lines: as in `run_cells`.
        table: an expression for it.
    """
    outputs = run_cells(chapter, names, lines, f"print(({table}).to_csv(index=False))").cells[-1].outputs
    text = "".join(output.text for output in outputs if output.get("name") == "stdout")
    return pd.read_csv(StringIO(text), keep_default_na=False, na_values=[""])  # as tables are read: "N/A" is a text
