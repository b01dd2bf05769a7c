"""The benchmark of models compares equals; no test asserts a time."""

import pytest
import torch

from benchmarks.models import ratios, transformers_model
from helpers.models import Config
from helpers.models.hybrid import hybrid
from helpers.models.mamba import mamba
from helpers.models.mamba2 import mamba2
from helpers.models.rwkv import rwkv
from helpers.models.transformer import transformer

SMALL = Config(d_model=16, n_layers=4, n_heads=2, n_kv_heads=1, n_experts=3, experts_per_token=2)


@pytest.mark.parametrize("make", [transformer, mamba, mamba2, rwkv, hybrid])
def test_both_have_the_same_number_of_parameters(make):
    ours, theirs = make(SMALL), transformers_model(make, SMALL)
    table = ratios({"ours": ours, "theirs": theirs}, torch.randint(256, (2, 9)), repeats=1)
    assert table["ours is × faster"]["ours"] == 1
    assert table["parameters"]["ours"] == table["parameters"]["theirs"]
    assert table["tokens/s"]["ours"] > 0
