"""Ledgers of two runs: exactly the same with the same threads, within the bands with others; times are of the machine."""

from dataclasses import replace

import pytest

from helpers.claims import Claim
from tools import determinism, execute

MADE = Claim("size-x", "It is {value}.", 9.0, "×", "9×", 8.5, 9.5, "3 seeds", "at least 8×", "text", "a test", True)


@pytest.mark.parametrize("changed", [{"value": 9.0000000001}, {"low": 8.4}, {"high": None}])
def test_a_last_digit_counts_with_the_same_threads_only(changed):
    other = [replace(MADE, **changed)]
    assert determinism.differences([MADE], other, exact=False) == []
    (said,) = determinism.differences([MADE], other, exact=True)
    assert said.startswith("size-x: 9.0")


@pytest.mark.parametrize("measured", [{"unit": "s"}, {"id": "size-batch"}])
def test_times_may_differ_within_their_band(measured):
    one = replace(MADE, **measured)
    assert determinism.differences([one], [replace(one, value=12.0)], exact=True) == []
    assert determinism.differences([one], [replace(one, value=7.0, holds=False)], exact=False)


def test_a_claim_in_one_run_only_and_another_band_are_differences():
    assert determinism.differences([MADE], [], exact=False) == ["size-x: claimed in one run only"]
    assert determinism.differences([MADE], [replace(MADE, condition="at least 7×")], exact=False)


def test_claims_marked_as_of_a_machine_are_there():
    chapters = "".join(notebook.read_text(encoding="utf-8") for notebook in execute.notebooks())
    assert [id for id in determinism.TIMED if f'\\"{id}\\"' not in chapters] == []


def test_a_run_has_the_assets_and_nothing_that_was_made_of_them(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    (cache / "answers").mkdir(parents=True)
    monkeypatch.setenv("UFM_CACHE", str(cache))
    asset = next(iter(determinism.ASSETS.values())).folder()
    asset.mkdir()
    determinism.link_assets(tmp_path / "linked")
    assert [file.name for file in (tmp_path / "linked").iterdir()] == [asset.name]


def test_each_run_says_what_differs(monkeypatch, capsys):
    notebook = execute.notebooks()[0]
    made = iter([[MADE], [MADE], [replace(MADE, holds=False)]])
    monkeypatch.setattr(determinism, "run", lambda notebook, threads: next(made))
    assert determinism.main([notebook.name]) == 1
    assert "DIFFER" in capsys.readouterr().out
