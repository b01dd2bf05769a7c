"""Logits and gradients of each architecture are those of the library's model with the same weights."""

import pytest

from helpers.models import ARCHITECTURES, Config
from helpers.models.library import library_model
from helpers.training import seeded
from tests.parity import assert_equal
from tests.small_models import one_thread  # noqa: F401

SEEDS = range(3)
SHAPES = [  # config, B, L
    (Config(50, 32, 2, d_ff=40, n_heads=4, n_kv_heads=2, attention_period=2, chunk=5), 2, 17),
    (Config(11, 48, 3, n_heads=4, n_kv_heads=1, d_state=5, d_conv=2, dt_rank=7, head_dim=8, chunk=16), 1, 40),
    (Config(64, 16, 4, n_heads=1, d_state=3, d_conv=3, expand=3, head_dim=48, attention_period=3), 3, 1),
    (Config(30, 24, 4, n_heads=6, n_kv_heads=3, attention_period=2, head_dim=1, chunk=3), 2, 9),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("config", "b", "length"), SHAPES, ids=["small", "one sequence", "one token", "narrow heads"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_ours_is_the_librarys(name, config, b, length, seed):
    theirs = seeded(lambda: library_model(name, config), seed)
    assert_equal(name, ARCHITECTURES[name](config), theirs, seed, b, length)
