"""Runs too long for a chapter. `make long` does them all again; what they measured is in data/, dated, and chapters read it.

Each module has `run()`, which records its tables: python -m experiments NAME
"""

import datetime
import platform
from pathlib import Path

import pandas as pd
import torch

DATA = Path(__file__).parents[1] / "data"


def record(table: pd.DataFrame, name: str) -> Path:
    """Write data/`name`.csv with the day, the machine and torch's version in each row, and return its path."""
    file = DATA / f"{name}.csv"
    about = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{platform.machine()} ({torch.backends.cpu.get_cpu_capability()}), {torch.get_num_threads()} threads",
        "torch": torch.__version__.split("+")[0],
    }
    partial = file.with_suffix(".partial")
    table.assign(**about).to_csv(partial, index=False, float_format="%.6g")
    partial.replace(file)
    return file
