"""The small ones: tables, sources, and what importing the package costs."""

import csv
import subprocess
import sys
import time

import pytest

from helpers.claims import number
from helpers.progress import BATCH_VARIABLE, progress
from helpers.source import show_source
from helpers.tables import DATA, read_table


def test_every_table_is_read_described_and_cited():
    described = (DATA / "README.md").read_text(encoding="utf-8")
    for file in sorted(DATA.glob("*.csv")):
        assert f"`{file.name}`" in described, f"data/README.md does not describe {file.name}"
        with file.open(encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        own = any(f"`{file.name}`" in line and "written for this book" in line for line in described.splitlines())
        assert rows and (own or all(map(says_where_from, rows))), f"{file.name}: each row has a source"
        assert len(read_table(file.stem)) == len(rows)


def says_where_from(row):
    """A published figure has its source or key; one that `make long` recorded has its day and machine."""
    return row.get("source") or row.get("key") or (row.get("date") and row.get("machine"))


def test_an_unknown_table_is_named():
    with pytest.raises(ValueError, match="name='shares' is not a table of data/; there are .*common_crawl_languages"):
        read_table("shares")


def test_progress_gives_every_item_and_shows_nothing_in_a_batch(monkeypatch, capsys):
    assert list(progress([1, 2, 3], "three")) == [1, 2, 3]
    assert "three" in capsys.readouterr().err
    monkeypatch.setenv(BATCH_VARIABLE, "1")
    assert list(progress([1, 2, 3], "three")) == [1, 2, 3]
    assert capsys.readouterr().err == ""


def test_show_source_takes_functions_only(capsys):
    show_source(number)
    with pytest.raises(TypeError, match="is not a Python function"):
        show_source(len)


def test_importing_helpers_is_quick_and_brings_no_heavy_library():
    code = "import sys, helpers; print([m for m in ('torch', 'numpy', 'tiktoken', 'matplotlib') if m in sys.modules])"
    bare, full = ([], [])
    for _ in range(3):
        for times, program in ((bare, "pass"), (full, code)):
            start = time.perf_counter()
            said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
            times.append(time.perf_counter() - start)
    assert said.strip() == "[]"
    assert min(full) - min(bare) < 10 * min(bare), "importing helpers costs many times what starting Python costs"
