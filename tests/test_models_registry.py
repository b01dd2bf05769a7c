"""The architectures by name."""

import subprocess
import sys

import torch
from torch import nn

from helpers.models import ARCHITECTURES, Config
from helpers.models.stack import state_bytes


def test_each_name_makes_a_model_with_the_same_interface():
    assert list(ARCHITECTURES) == ["transformer", "LSTM", "Mamba", "Mamba-2", "RWKV", "hybrid"]
    config, ids = Config(vocab_size=9, d_model=16, n_layers=2), torch.arange(8)[None]
    for make in ARCHITECTURES.values():
        model = make(config)
        assert isinstance(model, nn.Module) and model.config is config
        assert model(ids).shape == (1, 8, 9)
        logits, state = model.step(ids[:, 0], model.initial_state(1))
        assert logits.shape == (1, 9) and state_bytes(state) > 0
        assert model.prefill(ids)[0].shape == (1, 9)


def test_torch_is_imported_only_with_the_first_model():
    program = "import sys, helpers.models; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
