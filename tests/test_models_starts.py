"""Where the weights start: with logits of one size at any depth, and with states that remember long."""

import pytest
import torch
from torch.nn.functional import softplus

from helpers.models import ARCHITECTURES, Config
from helpers.models.mamba import STEPS
from helpers.models.mamba2 import A_RANGE
from helpers.models.recurrent import LSTM
from helpers.training import seeded
from tests.small_models import one_thread, texts  # noqa: F401

every_architecture = pytest.mark.parametrize("name", ARCHITECTURES)


def start(name, config, seed):
    return seeded(lambda: ARCHITECTURES[name](config), seed)


@every_architecture
@pytest.mark.parametrize("config", [Config(64, 32, 1), Config(256, 64, 4), Config(256, 32, 12)])
@torch.no_grad()
def test_logits_start_no_larger_at_any_depth_or_width(name, config):
    for seed in range(3):
        logits = start(name, config, seed)(texts(config, 8, 64, seed))
        assert 0.05 < float(logits.std()) < 1.5


@pytest.mark.parametrize("name", ["Mamba", "Mamba-2"])
def test_the_step_sizes_start_in_their_range_even_in_the_logarithm(name):
    mixer = start(name, Config(d_model=512, head_dim=1), 0).blocks[0].mixer
    steps = softplus(mixer.dt.bias if name == "Mamba" else mixer.dt_bias).detach()
    assert STEPS[0] * 0.999 <= steps.min() and steps.max() <= STEPS[1] * 1.001
    assert abs(float(steps.log10().mean()) + 2) < 0.1, "half of them are below a hundredth"


def test_the_decays_of_mamba_2_start_in_their_range():
    a = start("Mamba-2", Config(d_model=512, head_dim=1), 0).blocks[0].mixer.log_a.exp().detach()
    assert A_RANGE[0] <= a.min() < 1.1 and 15.9 < a.max() <= A_RANGE[1] * 1.001
    assert abs(float(a.mean()) - sum(A_RANGE) / 2) < 0.5


def test_the_decays_of_mamba_start_at_whole_numbers():
    a = start("Mamba", Config(d_model=8, d_state=5), 0).blocks[0].mixer.log_a.exp()
    torch.testing.assert_close(a, torch.arange(1.0, 6)[:, None].repeat(1, 16))


def test_the_forget_gates_start_open_and_the_weights_are_tied():
    model = LSTM(Config(vocab_size=11, d_model=4, n_layers=2))
    assert model.layers.bias_ih_l0[4:8].eq(1).all() and model.layers.bias_ih_l1[4:8].eq(1).all()
    n_parameters = sum(p.numel() for p in model.parameters())
    assert n_parameters == 11 * 4 + 11 + 2 * (2 * 16 * 4 + 2 * 16)
