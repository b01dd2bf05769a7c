"""The small tables of published figures in `data/`, each with its source in a column of its own."""

from pathlib import Path

import pandas as pd

DATA = Path(__file__).resolve().parent.parent / "data"


def read_table(name: str) -> pd.DataFrame:
    """Read `data/NAME.csv`; an empty cell is missing, and "nan" is a language.

    Raises:
        ValueError: if there is no such table.
    """
    names = sorted(file.stem for file in DATA.glob("*.csv"))
    if name not in names:
        raise ValueError(f"name={name!r} is not a table of data/; there are {', '.join(names)}")
    return pd.read_csv(DATA / f"{name}.csv", keep_default_na=False, na_values=[""])
