"""Architectures of as many parameters, and the runs that compare them."""

import pytest

from experiments.architectures import PARTS, text_config
from helpers.compare import SHAPE, TASK, best_rates, n_parameters, of_size, recall_config, recall_run, text_run
from helpers.models import Config
from helpers.models.registry import ARCHITECTURES
from helpers.recall import N_PAIRS, learner
from helpers.training import Recipe

every_architecture = pytest.mark.parametrize("name", ARCHITECTURES)


@every_architecture
def test_parameters_are_counted_without_being_made(name):
    config = Config(d_model=16, **SHAPE)
    made = ARCHITECTURES[name](config)
    assert n_parameters(ARCHITECTURES[name], config) == sum(p.numel() for p in made.parameters())


@every_architecture
@pytest.mark.parametrize("target", [50_000, 300_000])
def test_no_other_width_is_nearer(name, target):
    make = ARCHITECTURES[name]
    config = of_size(make, target, **SHAPE)
    away = abs(n_parameters(make, config) - target)
    assert away < 0.2 * target
    for width in (config.d_model - 8, config.d_model + 8):
        assert abs(n_parameters(make, Config(d_model=width, **SHAPE)) - target) >= away


def test_a_target_that_no_model_meets():
    with pytest.raises(ValueError, match="target=100 is less than the narrowest model has"):
        of_size(ARCHITECTURES["transformer"], 100, **SHAPE)


@every_architecture
def test_learners_of_recall_are_as_large(name):
    config = recall_config(name, 100_000)
    model = learner(ARCHITECTURES[name], config, TASK)
    assert abs(sum(p.numel() for p in model.parameters()) - 100_000) < 15_000


def test_a_run_on_text_says_what_it_did():
    recipe = Recipe(n_tokens=2_000, batch_size=4, context=32, seed=3)
    row = text_run("LSTM", Config(d_model=16), recipe)
    assert row["architecture"] == "LSTM" and row["seed"] == 3 and row["tokens"] >= 2_000
    assert 2 < row["bits_per_byte"] < 8.5
    assert text_run("LSTM", Config(d_model=16), recipe)["bits_per_byte"] == row["bits_per_byte"]


def test_a_run_on_recall_says_what_it_did():
    config = recall_config("transformer", 30_000)
    rows = recall_run("transformer", config, 3, 1e-2, 0)
    assert [row["pairs"] for row in rows] == list(N_PAIRS)
    assert all(0 <= row["recall"] <= 1 for row in rows)


def test_the_recorded_sweep_has_a_rate_for_each_architecture_on_each_task():
    for task in ("text", "recall"):
        assert best_rates(task).keys() == ARCHITECTURES.keys()


def test_the_long_run_has_its_parts():
    assert list(PARTS) == ["rates", "recall", "text", "start", "seconds", "gradients"]
    assert {text_config(name).n_layers for name in ARCHITECTURES} == {2}
