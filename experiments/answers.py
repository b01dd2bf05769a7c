"""What the chat model answers in chapter 09, with notes and with presets: its own cells, with more seeds.

python -m experiments answers

About ten minutes on two cores. The chapter asks a part of it again and compares it with the tables.
"""

import pandas as pd

from experiments import record
from experiments.cells import CHAPTERS, table_of
from helpers.progress import progress

CHAPTER = CHAPTERS / "09_putting_it_together.ipynb"
NOTES = ("imports", "notes", "retrieve", "ask-notes", "notes-cases")  # what the runs need of the chapter
PRESETS = ("imports", "notes", "ask-notes", "ask-facts", "requests", "ask-open", "open-measures")
SEEDS = (0, 10, 20, 30)  # of the firm's prices and makers: the chapter's own, and three that nothing was chosen by
DRAWS = (0, 1, 2)  # seeds of the presets' draws


def run() -> None:
    """Record the replies with notes, of which those about capitals and elements depend on no seed, and the presets'."""
    record(pd.concat([notes_with(seed) for seed in progress(SEEDS, "notes")]), "notes_runs")
    record(table_of(CHAPTER, PRESETS, f"pd.concat([facts_with(seed) for seed in {DRAWS}])"), "preset_facts")
    record(table_of(CHAPTER, PRESETS, f"pd.concat([measures(open_with(seed)) for seed in {DRAWS}])"), "preset_open")


def notes_with(seed: int) -> pd.DataFrame:
    """Return the replies about a firm of this seed, and with the first seed those about capitals and elements."""
    cases = "cases" if seed == SEEDS[0] else "cases[cases.kind.str.contains('firm')]"
    return table_of(CHAPTER, NOTES, f"replies_to({cases})", {"SEED = 0": f"SEED = {seed}"}).assign(seed=seed)
