"""What a small model can do in a language that it has read little or nothing of. Chapter 02's own cells, with more seeds.

python -m experiments mixtures

Two minutes on two cores. The chapter trains one of these seeds itself and compares it with the table.
"""

from experiments import record
from experiments.cells import CHAPTERS, table_of

CHAPTER = CHAPTERS / "02_training_data.ipynb"
CELLS = ("imports", "splits", "train-model", "vietnamese-runs", "transfer-runs")  # what the runs need of the chapter
SEEDS = (0, 1, 2, 3, 4)


def run() -> None:
    """Train on mixtures with more and more Vietnamese, and on one language alone, and record the bits of each test."""
    both = f"pd.concat([bits_of(mixtures, tests, {SEEDS}), bits_of(alone, near, {SEEDS})])"
    record(table_of(CHAPTER, CELLS, both), "mixture_runs")
