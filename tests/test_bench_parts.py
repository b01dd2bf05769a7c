"""The benchmarks of post-training and of running notebooks compare the same with the same; no test asserts a time."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import alignment, notebooks, running
from benchmarks.stock import call
from helpers.models import Config
from tools import execute

TINY = Config(vocab_size=40, d_model=16, n_layers=1, n_heads=2, context=96)


@pytest.mark.parametrize("pair", [alignment.sft_pair, alignment.dpo_pair])
def test_our_loss_is_trls_before_anything_is_timed(pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("trl", reason="trl is in requirements-dev.txt")
    ours, trainer = pair(TINY, tmp_path, 2, 4)
    before = [p.detach().clone() for p in trainer.model.parameters()]
    assert len(ours()) == 2 and all(loss > 0 for loss in ours())
    trainer.train()
    assert trainer.state.global_step == 2
    assert any(not torch.equal(a, b) for a, b in zip(before, trainer.model.parameters(), strict=True)), "it has learnt"
    monkeypatch.setattr(alignment, f"{pair.__name__.removesuffix('_pair')}_loss", lambda *words, **more: torch.tensor(1.0))
    with pytest.raises(RuntimeError, match="our loss is 1.000000, TRL's [^1].*; they must be the same"):
        pair(TINY, tmp_path, 2, 4)


def test_both_sides_have_the_same_rows(tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="trl is in requirements-dev.txt")
    ours, trainer = alignment.sft_pair(TINY, tmp_path, 2, 4)
    _, prompts, answers = ours.args
    assert [[*p, *a] for p, a in zip(prompts, answers, strict=True)] == [row["input_ids"] for row in trainer.train_dataset]
    assert all(len(p) >= 5 and a[-1] == 2 for p, a in zip(prompts, answers, strict=True))
    assert trainer.args.per_device_train_batch_size == ours.keywords["batch_size"] == 4
    assert not trainer.args.activation_checkpointing and "adamw" in str(trainer.args.optim).lower()


@pytest.mark.long
def test_an_unchanged_notebook_is_not_run_again(tmp_path: Path, capsys) -> None:
    built = execute.EXECUTED
    one, other = notebooks.generated(tmp_path, 2)
    place = tmp_path / "run"
    running.main([str(place), str(one)])
    assert "ran: 00.ipynb" in capsys.readouterr().out
    running.main([str(place), str(one), str(other)])
    said = capsys.readouterr().out
    assert "unchanged: 00.ipynb" in said and "ran: 01.ipynb" in said
    one.write_text(one.read_text().replace("1_000", "2_000"))
    running.main([str(place), str(one)])
    assert "ran: 00.ipynb" in capsys.readouterr().out
    assert built == execute.EXECUTED and not list(tmp_path.glob("_build"))
    outputs = [cell.get("outputs") for cell in json.loads((place / "executed" / "00.ipynb").read_text())["cells"]]
    assert "3.14" in json.dumps(outputs)


@pytest.mark.long
def test_each_way_runs_the_notebook(tmp_path: Path) -> None:
    (notebook,) = notebooks.generated(tmp_path / "small", 1)
    place = tmp_path / "of"
    for way in (notebooks.nbconvert, notebooks.nbmake):
        way(notebook, place)
    copies = [place / "nbconvert" / "00.ipynb", place / "nbmake" / "chapters" / "00.ipynb"]
    assert all("3.14159" in copy.read_text() for copy in copies)
    assert "3.14159" not in notebook.read_text()
    notebooks.book(notebook, place / "executing", "force")
    notebooks.book(notebook, place / "book", "off")
    pages = [(place / name / "_build" / "html" / "page.html").read_text() for name in ("executing", "book")]
    assert "3.14159" in pages[0] and "3.14159" not in pages[1]


@pytest.mark.long
def test_a_notebook_that_fails_fails_the_part(tmp_path: Path) -> None:
    (notebook,) = notebooks.generated(tmp_path, 1)
    notebook.write_text(notebook.read_text().replace("math.pi", "1 / 0"))
    for way in (notebooks.nbconvert, notebooks.nbmake, lambda one, place: notebooks.book(one, place, "force")):
        with pytest.raises(RuntimeError, match="ZeroDivisionError|ExecutionError"):
            way(notebook, tmp_path / "of")
    with pytest.raises(RuntimeError, match="benchmarks.running failed"):
        notebooks.cold([notebook], tmp_path / "of")


def test_the_rows_of_a_part_are_named(tmp_path: Path) -> None:
    rows = [(one.what, one.beside) for one in notebooks.of_notebooks(quick=True)]
    assert len(set(rows)) == 5 and sum("unchanged" in what for what, _ in rows) == 2
    (row,) = notebooks.of_chapter(quick=False)
    assert row.what == "test chapter 01 and make its page"
    with pytest.raises(RuntimeError, match="-c print"):
        call(["-c", "print(1 / 0)"], tmp_path)
