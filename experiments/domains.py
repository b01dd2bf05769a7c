"""Chapter 04 with other seeds: its own cells that train, and the bits that each model needs.

python -m experiments domains

Half a minute a seed. The chapter trains one of these seeds itself and compares it with the table.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from experiments import record
from helpers.progress import progress

CHAPTER = Path(__file__).parents[1] / "chapters" / "04_domain_models.ipynb"
SEEDS = range(5)
CELLS = ("imports", "grammar", "documents", "trained", "own-runs", "continue-runs", "replay-runs")
FIRST_LINE = "SEED = 0"


def run() -> None:
    """Train each seed's models and record a row a domain."""
    record(pd.concat([bits_of(seed) for seed in progress(SEEDS, "seeds")]), "domain_runs")


def bits_of(seed: int) -> pd.DataFrame:
    """Return the table `live` of the chapter as its cells leave it with another seed, with columns "domain" and "seed"."""
    first, *others = cells_of(CHAPTER, CELLS)
    if FIRST_LINE not in first:
        raise ValueError(f"the cell {CELLS[0]} of {CHAPTER.name} has no line {FIRST_LINE!r}")
    scope: dict = {}
    for source in (first.replace(FIRST_LINE, f"SEED = {seed}"), *others):
        exec(source, scope)
    return scope["live"].rename_axis("domain").assign(seed=seed).reset_index()


def cells_of(notebook: Path, names: Sequence[str]) -> list[str]:
    """Return the sources of some cells of a notebook, by their ids.

    Raises:
        ValueError: if it lacks one.
    """
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]}
    if missing := [name for name in names if name not in cells]:
        raise ValueError(f"{notebook.name} has no cells {', '.join(missing)}; name in CELLS those that train")
    return [cells[name] for name in names]
