"""Chapter 04 with other seeds: its own cells that train, and the bits that each model needs.

python -m experiments domains

Half a minute a seed. The chapter trains one of these seeds itself and compares it with the table.
"""

import pandas as pd

from experiments import record
from experiments.cells import CHAPTERS, table_of
from helpers.progress import progress

CHAPTER = CHAPTERS / "04_domain_models.ipynb"
SEEDS = range(5)
CELLS = ("imports", "grammar", "documents", "trained", "own-runs", "continue-runs", "replay-runs")  # those that train
TABLE = 'live.rename_axis("domain").reset_index()'


def run() -> None:
    """Train each seed's models and record a row a domain."""
    record(pd.concat([bits_of(seed) for seed in progress(SEEDS, "seeds")]), "domain_runs")


def bits_of(seed: int) -> pd.DataFrame:
    """Return the table `live` of the chapter as its cells leave it with another seed, with columns "domain" and "seed"."""
    return table_of(CHAPTER, CELLS, TABLE, {"SEED = 0": f"SEED = {seed}"}).assign(seed=seed)
