"""Running a chapter's cells with another seed."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from experiments.sampling_seeds import CHAPTER, LAST, SEEDS, claims_of
from helpers.tables import read_table

CLAIM = """from helpers.claims import claim, exactly
claim("x-one", "It is {value}.", SEED, "points", condition=exactly(1), scope="computed", source="a test")
"""


def written(folder: Path, first: str) -> Path:
    """A notebook of three cells."""
    cells = [new_code_cell(first, id="a"), new_code_cell(CLAIM, id="b"), new_code_cell("1 / 0", id="end")]
    nbformat.write(new_notebook(cells=cells), folder / "x.ipynb")
    return folder / "x.ipynb"


def test_claims_are_read_whether_they_hold_or_fail(tmp_path: Path) -> None:
    chapter = written(tmp_path, "SEED = 0")
    rows = [claims_of(chapter, seed, "end")[0] for seed in (1, 2)]
    assert [row["seed"] for row in rows] == [row["value"] for row in rows] == [1, 2]
    assert [row["holds"] for row in rows] == [True, False] and rows[0]["claim"] == "x-one"


@pytest.mark.parametrize(
    ("first", "last", "words"), [("seed = 0", "end", "0 cells with the line"), ("SEED = 0", "z", "no cell")]
)
def test_a_chapter_of_another_form_is_refused(tmp_path: Path, first: str, last: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        claims_of(written(tmp_path, first), 1, last)


def test_the_table_has_findings_of_the_chapter_each_with_every_seed() -> None:
    book = nbformat.read(CHAPTER, as_version=4)
    ids = [cell.id for cell in book.cells]
    before = [cell.source for cell in book.cells[: ids.index(LAST)] if cell.cell_type == "code"]
    table = read_table("sampling_seeds")
    made = set(table.claim)
    assert made <= set(re.findall(r'^claim\(\s*"([^"]+)"', "\n".join(before), re.MULTILINE))
    assert set(table.seed) == set(SEEDS) and len(table) == len(made) * len(SEEDS)
