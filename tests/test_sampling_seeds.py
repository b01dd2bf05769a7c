"""Running a chapter's cells with another seed."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from experiments.cells import cells_of, code_before, table_of
from experiments.sampling_seeds import CHAPTER, LAST, SEEDS, claims_of
from helpers.tables import read_table

CLAIM = """from helpers.claims import claim, exactly
claim("x-one", "It is {value}.", SEED, "points", condition=exactly(1), scope="computed", source="a test")
"""
TABLE = "import pandas as pd\ntable = pd.DataFrame({'seed': [SEED], 'half': [SEED / 3]})"


def written(folder: Path, first: str, second: str = CLAIM) -> Path:
    """A notebook of three cells."""
    cells = [new_code_cell(first, id="a"), new_code_cell(second, id="b"), new_code_cell("1 / 0", id="end")]
    nbformat.write(new_notebook(cells=cells), folder / "x.ipynb")
    return folder / "x.ipynb"


def test_claims_are_read_whether_they_hold_or_fail(tmp_path: Path) -> None:
    chapter = written(tmp_path, "SEED = 0")
    rows = [claims_of(chapter, seed, "end")[0] for seed in (1, 2)]
    assert [row["seed"] for row in rows] == [row["value"] for row in rows] == [1, 2]
    assert [row["holds"] for row in rows] == [True, False] and rows[0]["claim"] == "x-one"


def test_a_table_comes_out_as_the_cells_make_it(tmp_path: Path) -> None:
    made = table_of(written(tmp_path, "SEED = 0", TABLE), ["b", "a"], "table", {"SEED = 0": "SEED = 1"})
    assert made.to_dict("records") == [{"seed": 1, "half": 1 / 3}]


@pytest.mark.parametrize(
    ("first", "last", "words"), [("seed = 0", "end", "0 of the cells"), ("SEED = 0", "z", "x.ipynb has no cells z")]
)
def test_a_chapter_of_another_form_is_refused(tmp_path: Path, first: str, last: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        claims_of(written(tmp_path, first), 1, last)


def test_the_table_has_each_finding_of_the_chapter_with_every_seed() -> None:
    table = read_table("sampling_seeds")
    code = "\n".join(cells_of(CHAPTER, code_before(CHAPTER, LAST)))
    made = re.findall(r'^claim\(\s*"([^"]+)"', code, re.MULTILINE)
    assert sorted(zip(table.claim, table.seed, strict=True)) == sorted((one, seed) for one in made for seed in SEEDS)
