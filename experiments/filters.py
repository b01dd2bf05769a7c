"""Which step of the crawl's pipeline helps a model? Chapter 02's own cells, with more seeds and a second crawl.

python -m experiments filters

A few minutes on two cores. The chapter reads the table beside a run of its own.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from experiments import record

CHAPTER = Path(__file__).parents[1] / "chapters" / "02_training_data.ipynb"
CELLS = ("imports", "make-crawl", "train-model", "helps-arms", "helps-bits")  # what the runs need of the chapter
SPAM = (0.05, 0.8)  # parts of the crawl's pages
SEEDS = (0, 1, 2, 3, 4)


def run() -> None:
    """Train on what is left after each step, of a crawl with little spam and one with much, and record the bits."""
    names = names_of(CHAPTER, CELLS)
    record(pd.concat([names["bits_after"](spam, SEEDS) for spam in SPAM]), "filter_arms")


def names_of(chapter: Path, cells: tuple[str, ...]) -> dict[str, Any]:
    """Run some cells of a notebook, in its order, and return what they define.

    Raises:
        ValueError: if the notebook lacks one of the cells.
    """
    book = json.loads(chapter.read_text(encoding="utf-8"))
    sources = {cell["id"]: "".join(cell["source"]) for cell in book["cells"]}
    if missing := [cell for cell in cells if cell not in sources]:
        raise ValueError(f"{chapter.name} has no cells {', '.join(missing)}")
    names: dict[str, Any] = {"__name__": "chapter"}
    for cell in sources:
        if cell in cells:
            exec(compile(sources[cell], f"{chapter.name}, cell {cell}", "exec"), names)
    return names


if __name__ == "__main__":
    run()
