"""Which step of the crawl's pipeline helps a model? Chapter 02's own cells, with more seeds and a second crawl.

python -m experiments filters

A few minutes on two cores. The chapter reads the table beside a run of its own.
"""

import pandas as pd

from experiments import record
from experiments.cells import CHAPTERS, table_of

CHAPTER = CHAPTERS / "02_training_data.ipynb"
CELLS = ("imports", "make-crawl", "train-model", "helps-arms", "helps-bits")  # what the runs need of the chapter
SPAM = (0.05, 0.8)  # parts of the crawl's pages
SEEDS = (0, 1, 2, 3, 4)


def run() -> None:
    """Train on what is left after each step, of a crawl with little spam and one with much, and record the bits."""
    record(pd.concat([table_of(CHAPTER, CELLS, f"bits_after({spam}, {SEEDS})") for spam in SPAM]), "filter_arms")
