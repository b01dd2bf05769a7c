"""Long runs write dated tables, whole or not at all, and say what they are called."""

from pathlib import Path

import pandas as pd
import pytest

import experiments
from experiments.__main__ import main


def test_a_record_says_when_and_where(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "DATA", tmp_path)
    file = experiments.record(pd.DataFrame({"value": [1.23456789]}), "some_runs")
    assert [path.name for path in tmp_path.iterdir()] == ["some_runs.csv"]
    row = pd.read_csv(file).iloc[0]
    assert row.value == pytest.approx(1.23456789, rel=1e-5)
    assert pd.Timestamp(row.date) and "threads" in row.machine and row.torch[0].isdigit()


def test_an_unknown_run_names_those_there_are():
    with pytest.raises(SystemExit, match="unknown long runs nothing; there are alignment, answers, architectures"):
        main(["nothing"])


def test_without_a_name_all_are_run(monkeypatch):
    done = []
    files = Path(experiments.__file__).parent.glob("[!_]*.py")
    names = sorted(file.stem for file in files if "\ndef run(" in file.read_text())
    for name in names:
        monkeypatch.setattr(f"experiments.{name}.run", lambda name=name: done.append(name))
    main([])
    assert done == names and "scaling" in names
