"""Every model runs in lower precision and on an accelerator as it does in 32 bits on a processor."""

import pytest
import torch

from tests.small_models import SMALL, close, every_model, made, one_thread, run, texts  # noqa: F401

ACCELERATOR = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else None
needs_one = pytest.mark.skipif(ACCELERATOR is None, reason="no accelerator")
ROUGH = 0.1  # bfloat16 has 8 bits, and a model a hundred operations


@every_model
@pytest.mark.parametrize("device", ["cpu", pytest.param(ACCELERATOR, marks=needs_one)])
def test_the_same_under_autocast_within_its_precision(name, device):
    onednn = torch.backends.mkldnn.is_available()
    if (name, device) == ("LSTM", "cpu") and onednn and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("PyTorch has an LSTM in bfloat16 only for processors with AVX-512")
    model, ids = made(name), texts(SMALL, 2, 16)
    exact = model(ids).detach()
    model.to(device)
    with torch.autocast(device, torch.bfloat16):
        rough = model(ids.to(device))
        stepped, _ = run(model, ids.to(device))
        last, _ = model.prefill(ids.to(device))
    for logits, wanted in ((rough, exact), (stepped, exact), (last, exact[:, -1])):
        close(logits.float().cpu(), wanted, atol=ROUGH * float(exact.abs().max()))
    rough.float().square().sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in model.parameters())


@needs_one
@every_model
def test_the_same_on_an_accelerator(name):
    model, ids = made(name), texts(SMALL, 2, 16)
    exact = model(ids).detach()
    model.to(ACCELERATOR)
    ids = ids.to(ACCELERATOR)
    logits = model(ids)
    close(logits.detach().cpu(), exact, atol=1e-3)
    close(run(model, ids)[0].detach().cpu(), exact, atol=1e-3)
    close(model.prefill(ids)[0].cpu(), exact[:, -1], atol=1e-3)
    logits.square().sum().backward()
    assert all(weight.grad.device == ids.device and torch.isfinite(weight.grad).all() for weight in model.parameters())
