"""What the chat model replies in chapter 09, with notes, with text in notes and with presets: its own cells, all of them.

python -m experiments answers

About fifteen minutes on two cores. The chapter asks a part of it again and compares it with the tables.
"""

import pandas as pd

from experiments import record
from experiments.cells import CHAPTERS, table_of
from helpers.progress import progress

CHAPTER = CHAPTERS / "09_putting_it_together.ipynb"
NOTES = ("imports", "rules", "examples", "ask-notes")  # what the runs need of the chapter
INJECTION = ("imports", "rules", "inject", "ask-injected")
PRESETS = ("imports", "ask-facts", "requests", "ask-open", "open-measures")
SEEDS = (0, 1, 2)  # of the rules' numbers, and of the presets' draws
LANGUAGES = {0: ("English", "German", "Swahili"), 1: ("English",), 2: ("English",)}  # by seed of the numbers
KEPT = ["seed", "language", "given", "rule", "near", "is_right", "is_wrong"]


def run() -> None:
    """Record the replies with and without notes, those to notes that hold something else, and the presets' answers."""
    asked = [f"replies_to(cases_of({name!r}, {seed}))" for seed, names in LANGUAGES.items() for name in names]
    record(pd.concat([table_of(CHAPTER, NOTES, one) for one in progress(asked, "notes")])[KEPT], "notes_runs")
    record(table_of(CHAPTER, INJECTION, "injected(RULES.index)"), "injection_runs")
    record(table_of(CHAPTER, PRESETS, f"pd.concat([facts_with(seed) for seed in {SEEDS}])"), "preset_facts")
    record(table_of(CHAPTER, PRESETS, f"pd.concat([measures(open_with(seed)) for seed in {SEEDS}])"), "preset_open")
