"""The LSTM is torch's, its two views agree, and it can't see what is to come."""

import pytest
import torch
from torch import nn

from helpers.models.recurrent import LSTM, Config, cell
from helpers.training import seeded

SHAPES = [(256, 16, 1, 2, 9), (40, 24, 3, 1, 5), (7, 8, 2, 4, 1)]  # V, D, layers, B, L


def model_of(vocab_size, d_model, n_layers, seed=0):
    return seeded(lambda: LSTM(Config(vocab_size, d_model, n_layers)), seed)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("v", "d", "layers", "b", "length"), SHAPES)
def test_both_views_give_the_same_logits(v, d, layers, b, length, seed):
    model = model_of(v, d, layers, seed)
    ids = torch.randint(v, (b, length), generator=torch.Generator().manual_seed(seed))
    logits, state = model(ids), model.initial_state(b)
    assert logits.shape == (b, length, v)
    for t in range(length):
        sizes = [part.shape for part in state]
        step, state = model.step(ids[:, t], state)
        torch.testing.assert_close(step, logits[:, t], atol=1e-5, rtol=1e-5)
        assert [part.shape for part in state] == sizes == [(layers, b, d)] * 2, "the state does not grow"


@pytest.mark.parametrize(("v", "d", "layers", "b", "length"), SHAPES[:2])
def test_a_later_token_changes_no_earlier_logit(v, d, layers, b, length):
    model, ids = model_of(v, d, layers), torch.randint(v, (b, length))
    changed = ids.clone()
    changed[:, -1] = (ids[:, -1] + 1) % v
    one, other = model(ids), model(changed)
    assert torch.equal(one[:, :-1], other[:, :-1]) and not torch.equal(one[:, -1], other[:, -1])


def test_the_cell_is_torchs_in_values_and_gradients():
    torchs = seeded(lambda: nn.LSTMCell(6, 6), 0)
    x, h, c = (torch.randn(3, 6, generator=torch.Generator().manual_seed(i)) for i in range(3))
    results = []
    for step in (lambda x: torchs(x, (h, c)), lambda x: cell(x, h, c, *torchs.parameters())):
        at = x.clone().requires_grad_()
        new_h, new_c = step(at)
        torchs.zero_grad()
        (new_h.sum() + (new_c**2).sum()).backward()
        results.append([new_h, new_c, at.grad, *(p.grad.clone() for p in torchs.parameters())])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


def test_the_forget_gates_start_open_and_the_weights_are_tied():
    model = model_of(11, 4, 2)
    assert model.layers.bias_ih_l0[4:8].eq(1).all() and model.layers.bias_ih_l1[4:8].eq(1).all()
    n_parameters = sum(p.numel() for p in model.parameters())
    assert n_parameters == 11 * 4 + 11 + 2 * (2 * 16 * 4 + 2 * 16)


@pytest.mark.parametrize("wrong", [{"vocab_size": 0}, {"d_model": -1}, {"n_layers": 1.5}, {"n_layers": True}])
def test_a_size_that_is_none_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name}=.* is no size; give a whole number from 1 on"):
        Config(**wrong)
