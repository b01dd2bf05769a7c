"""The models run in the precision that they are moved to, and sums over positions keep 32 bits at least."""

import pytest
import torch

from tests.small_models import SMALL, every_model, made, one_thread, run, texts  # noqa: F401

BFLOAT16 = 0.1  # of the largest logit: 8 bits of precision, and a model is a hundred operations


@every_model
def test_in_64_bits_the_views_agree_to_64_bits(name):
    model, ids = made(name), texts(SMALL, 2, 16)
    rough = model(ids).detach()
    model.to(torch.float64)
    logits = model(ids)
    assert logits.dtype == torch.float64
    torch.testing.assert_close(logits.float(), rough, atol=1e-4, rtol=1e-4)
    with torch.no_grad():
        torch.testing.assert_close(run(model, ids)[0], logits, atol=1e-12, rtol=1e-10)
        torch.testing.assert_close(model.prefill(ids)[0], logits[:, -1], atol=1e-12, rtol=1e-10)
    logits.square().sum().backward()
    assert all(weight.grad.dtype == torch.float64 and weight.grad.isfinite().all() for weight in model.parameters())


@every_model
def test_in_bfloat16_every_view_is_near_that_in_32_bits(name):
    if name == "LSTM" and torch.backends.mkldnn.is_available() and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("PyTorch has an LSTM in bfloat16 only for processors with AVX-512")
    model, ids = made(name), texts(SMALL, 2, 16)
    exact = model(ids).detach()
    model.to(torch.bfloat16)
    logits = model(ids)
    with torch.no_grad():
        views = [(logits, exact), (run(model, ids)[0], exact), (model.prefill(ids)[0], exact[:, -1])]
        after = model.step(ids[:, 0], model.prefill(ids[:, :5])[1])[0]  # a step goes on from a prompt that was read at once
    for given, wanted in views:
        assert given.dtype == torch.bfloat16
        torch.testing.assert_close(given.float(), wanted, atol=BFLOAT16 * float(exact.abs().max()), rtol=0)
    assert after.dtype == torch.bfloat16
    logits.float().square().sum().backward()
    assert all(weight.grad.isfinite().all() for weight in model.parameters())
