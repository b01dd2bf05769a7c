"""The cell of the LSTM is torch's, and what it says by hand."""

import pytest
import torch
from torch import nn

from helpers.models.recurrent import cell
from helpers.training import seeded


@pytest.mark.parametrize(("size", "b"), [(1, 1), (6, 3), (17, 4)])
@pytest.mark.parametrize("seed", range(3))
def test_the_cell_is_torchs_in_values_and_gradients(seed, size, b):
    torchs = seeded(lambda: nn.LSTMCell(size, size), seed)
    inputs = torch.randn(3, b, size, generator=torch.Generator().manual_seed(seed))
    results = []
    for step in (lambda x, h, c: torchs(x, (h, c)), lambda x, h, c: cell(x, h, c, *torchs.parameters())):
        at = [x.clone().requires_grad_() for x in inputs]
        h, c = step(*at)
        torchs.zero_grad()
        (h.sum() + (c**2).sum()).backward()
        results.append([h, c, *(x.grad for x in at), *(p.grad.clone() for p in torchs.parameters())])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


def test_a_cell_by_hand():
    """Every gate half open, and a candidate of tanh(1): c is half of the old and half of it."""
    x, h, c = torch.ones(1, 1), torch.zeros(1, 1), torch.tensor([[2.0]])
    w_x, zeros = torch.tensor([[0.0], [0.0], [1.0], [0.0]]), torch.zeros(4)
    h, c = cell(x, h, c, w_x, torch.zeros(4, 1), zeros, zeros)
    torch.testing.assert_close(c, 1 + torch.tensor([[1.0]]).tanh() / 2)
    torch.testing.assert_close(h, c.tanh() / 2)
