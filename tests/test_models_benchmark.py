"""The benchmark of models compares equals; no test asserts a time."""

import pytest
import torch

from benchmarks.models import ratios
from helpers.models import ARCHITECTURES, Config
from helpers.models.library import KINDS, library_model

SMALL = Config(d_model=16, n_layers=4, n_heads=2, n_kv_heads=1)


@pytest.mark.parametrize("name", KINDS)
def test_both_have_the_same_number_of_parameters(name):
    ours, theirs = ARCHITECTURES[name](SMALL), library_model(name, SMALL)
    table = ratios({"ours": ours, "theirs": theirs}, torch.randint(256, (2, 9)), repeats=1)
    assert table["ours is × faster"]["ours"] == table["fastest to fastest"]["ours"] == 1
    assert table["parameters"]["ours"] == table["parameters"]["theirs"]
    assert table["tokens/s"]["ours"] > 0
