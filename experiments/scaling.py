"""A small scaling law: byte-level LSTMs of several sizes, each trained on several budgets of tokens, with three seeds.

python -m experiments scaling

A few minutes on two cores. Chapter 06 reads the table beside runs of its own.
"""

import pandas as pd

from experiments import record
from helpers.parallel import run_all
from helpers.scaling import scaling_run

WIDTHS = (16, 32, 64, 96)
TOKENS = (40_000, 80_000, 160_000, 320_000)
LARGER = (160, 640_000)  # held out: a width and a budget beyond those of the grid
SEEDS = (0, 1, 2)


def run() -> None:
    """Train every size on every budget, and the larger run, with each seed; the longest first."""
    grid = [LARGER, *((width, tokens) for tokens in TOKENS[::-1] for width in WIDTHS[::-1])]
    runs = [(width, tokens, seed) for width, tokens in grid for seed in SEEDS]
    table = pd.DataFrame(run_all(scaling_run, runs, "scaling"))
    is_larger = (table.d_model == LARGER[0]) & (table.tokens > max(TOKENS) * 1.5)
    record(table.assign(held_out=is_larger), "scaling_runs")


if __name__ == "__main__":
    run()
