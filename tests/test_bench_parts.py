"""The benchmarks of post-training and of running notebooks compare the same with the same; no test asserts a time."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import alignment, notebooks, running
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
    notebooks.cold([one], tmp_path)  # the same in a process of its own, as it is timed
    assert execute.recorded(tmp_path / "ours" / "executed" / "00.ipynb")["key"] == execute.key(one)
