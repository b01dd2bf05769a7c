"""Chapter 08 with other draws: its own cells, run with each of several seeds, and what its claims then measure.

python -m experiments sampling_seeds

Two minutes or three a seed on two cores. The chapter reads the tables beside its own run.
"""

from pathlib import Path

import pandas as pd

from experiments import record
from experiments.cells import CHAPTERS, code_before, run_cells, table_of
from helpers.progress import progress

CHAPTER = CHAPTERS / "08_sampling.ipynb"
LAST = "seeds-q"  # the cells before this one are run
SEEDS = (0, 10, 20, 30)  # the chapter's own, and three that nothing was chosen by
FIRST_LINE = "SEED = 0"
TEXTS = ("imports", "top", "starts", "texts", "measures", "stories")  # what the recorded texts need of the chapter


def run() -> None:
    """Record the stories and the texts under cuts with each seed, and what the claims then measure."""
    stories = f"*(summary_of(write_stories(STARTS, seed)) for seed in {SEEDS}), summary_of(write_beams(STARTS))"
    record(table_of(CHAPTER, (*TEXTS, "beam", "beams"), f"pd.concat([{stories}])"), "sampling_stories")
    cuts = f"pd.concat([cut_texts(STARTS, seed) for seed in {SEEDS}])"
    record(table_of(CHAPTER, (*TEXTS, "cuts"), cuts), "sampling_cuts")
    found = [row for seed in progress(SEEDS, "seeds") for row in claims_of(CHAPTER, seed, LAST)]
    record(pd.DataFrame(found), "sampling_seeds")


def claims_of(chapter: Path, seed: int, last: str) -> list[dict]:
    """Return what the claims of a notebook measure with another seed; a claim that fails is a row too.

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
    lines = {FIRST_LINE: f"SEED = {seed}"}
    book = run_cells(chapter, code_before(chapter, last), lines, errors=["ClaimFailedError"])
    outputs = [output for cell in book.cells for output in cell.outputs]
    made = [output.metadata["claim"] for output in outputs if "claim" in output.get("metadata", {})]
    names = ("value", "low", "high", "holds")
    return [{"claim": claim["id"], "seed": seed} | {name: claim[name] for name in names} for claim in made]
