"""Every architecture, small, with weights that are not where they start."""

from functools import partial

import pytest
import torch

from helpers.models import ARCHITECTURES, Config
from helpers.models.hybrid import hybrid
from helpers.models.mamba2 import Mamba2
from helpers.training import seeded

MODELS = ARCHITECTURES | {"hybrid of Mamba-2": partial(hybrid, recurrent=Mamba2)}
SMALL = Config(20, 16, 2, n_heads=2, n_kv_heads=1, d_state=4, head_dim=8, chunk=6, attention_period=2, context=30)
every_model = pytest.mark.parametrize("name", MODELS)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Two threads on models this small, beside other work, take many times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def made(name, config=SMALL, seed=0):
    """A model whose weights are all away from where they start."""

    def make():
        model = MODELS[name](config)
        with torch.no_grad():
            for weight in model.parameters():
                weight += 0.1 * torch.randn_like(weight)
        return model

    return seeded(make, seed)


def texts(config, b, length, seed=0):
    return torch.randint(config.vocab_size, (b, length), generator=torch.Generator().manual_seed(seed))


def run(model, ids, state=None):
    """Logits (B, L, V) by steps, and the state at the end."""
    state, logits = state or model.initial_state(len(ids)), []
    for t in range(ids.shape[1]):
        now, state = model.step(ids[:, t], state)
        logits.append(now)
    return torch.stack(logits, dim=1), state


def close(one, other, atol=1e-5):
    torch.testing.assert_close(one, other, atol=atol, rtol=1e-4)
