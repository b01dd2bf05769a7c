"""Chapter 08 with other draws: its own cells, run with each of several seeds, and what every claim then measures.

python -m experiments sampling_seeds

A minute and a half a seed on two cores. The chapter reads the table beside its own run.
"""

from pathlib import Path

import nbformat
import pandas as pd
from nbclient import NotebookClient

from experiments import record
from helpers.progress import progress

CHAPTER = Path(__file__).parents[1] / "chapters" / "08_sampling.ipynb"
SEEDS = (0, 1, 2)
LAST = "seeds-q"  # the cell of the chapter at which it reads this table
FIRST_LINE = "SEED = 0"


def run() -> None:
    """Run the chapter's cells up to its seeds with each seed, and record the claims."""
    found = [row for seed in progress(SEEDS, "seeds") for row in claims_of(CHAPTER, seed, LAST)]
    record(pd.DataFrame(found), "sampling_seeds")


def claims_of(chapter: Path, seed: int, last: str) -> list[dict]:
    """What the claims of a notebook measure with another seed; a claim that fails is a row too.

    Args:
        chapter: a notebook in which one cell holds the line `SEED = 0`.
        seed: in its place.
        last: id of the cell before which the run ends.

    Returns:
        A row a claim: "claim", "seed", "value", "low", "high", "holds".

    Raises:
        ValueError: if there is no such cell, or not one such line.
        CellExecutionError: if a cell fails for another reason than a claim.
    """
    book = nbformat.read(chapter, as_version=4)
    ids = [cell.id for cell in book.cells]
    if last not in ids:
        raise ValueError(f"last={last!r} is no cell of {chapter.name}")
    book.cells = book.cells[: ids.index(last)]
    places = [cell for cell in book.cells if cell.cell_type == "code" and FIRST_LINE in cell.source.splitlines()]
    if len(places) != 1:
        raise ValueError(f"{chapter.name} has {len(places)} cells with the line {FIRST_LINE!r}; it takes one")
    places[0].source = places[0].source.replace(FIRST_LINE, f"SEED = {seed}")
    client = NotebookClient(book, timeout=600, allow_error_names=["ClaimFailedError"])
    client.execute(cwd=str(chapter.parent))
    made = [
        output.metadata["claim"]
        for cell in book.cells
        for output in cell.get("outputs", [])
        if "claim" in output.get("metadata", {})
    ]
    names = ("value", "low", "high", "holds")
    return [{"claim": claim["id"], "seed": seed} | {name: claim[name] for name in names} for claim in made]


if __name__ == "__main__":
    run()
