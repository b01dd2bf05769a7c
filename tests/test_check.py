"""The look at a room finds what is wrong, and says what to do about it."""

import json

import pytest

from tools import check
from tools.check import Finding, assets, chapters, disk, kernel, memory, python


def test_a_finding_says_what_to_do_only_where_something_is_wrong():
    assert Finding("disk", True, "9 GB free", "free some").text() == "✓ disk: 9 GB free"
    assert Finding("disk", False, "0.1 GB free", "free some").text() == "✗ disk: 0.1 GB free\n  → free some"


@pytest.mark.parametrize(
    ("version", "good"), [((3, 10, 1), False), ((3, 11, 0), True), ((3, 13, 9), True), ((3, 14, 0), False)]
)
def test_pythons(version, good):
    assert python(version).good == good and "make book PYTHON=" in python(version).remedy


def test_memory_and_disk(tmp_path):
    assert memory(8.0e9).good and memory(7.6e9).good and not memory(4e9).good
    assert disk(tmp_path, free=2e9).good and not disk(tmp_path, free=0.5e9).good
    assert str(tmp_path) in disk(tmp_path, free=0).remedy
    assert memory().found.endswith("GB") and disk().found.endswith("free")


def test_missing_assets_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("UFM_CACHE", str(tmp_path))
    found = assets()
    assert (
        not found.good and found.found.startswith("0 of ") and "mathjax" in found.remedy and "run make book" in found.remedy
    )


def notebook(tmp_path, source):
    path = tmp_path / "01_small.ipynb"
    cells = [
        {"cell_type": "code", "id": name, "metadata": {}, "source": text, "outputs": [], "execution_count": None}
        for name, text in {"first": source, "second": "raise RuntimeError"}.items()
    ]
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    path.write_text(json.dumps(book))
    return path


def test_only_the_first_cell_runs_and_finds_the_book(tmp_path):
    found = kernel(notebook(tmp_path, "import helpers"))
    assert found.good and found.found.startswith("01_small.ipynb began in")


def test_a_cell_that_fails_is_shown(tmp_path):
    found = kernel(notebook(tmp_path, "import a_package_that_nobody_has"))
    assert not found.good and "a_package_that_nobody_has" in found.found


def test_chapters_that_did_not_run(monkeypatch, tmp_path):
    monkeypatch.setattr(check, "EXECUTED", tmp_path)
    found = chapters()
    assert not found.good and found.found.startswith("0 of ") and "02_training_data" in found.remedy


def test_the_verdict(monkeypatch, capsys):
    good, bad = Finding("a", True, "b"), Finding("c", False, "d", "e")
    monkeypatch.setattr(check, "CHECKS", (lambda: good, lambda: bad))
    assert check.main() == 1
    assert capsys.readouterr().out.splitlines()[:3] == ["✓ a: b", "✗ c: d", "  → e"]
    monkeypatch.setattr(check, "CHECKS", (lambda: good,))
    assert check.main() == 0 and "ready to teach" in capsys.readouterr().out
