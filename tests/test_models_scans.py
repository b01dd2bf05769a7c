"""Both scans, with backward passes by hand, are the plain recurrence: at extreme decays, over long texts, in gradients."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.models import mamba
from helpers.models.mamba import selective_scan
from helpers.models.mamba2 import ssd
from helpers.models.rwkv import wkv

properties = settings(max_examples=25, deadline=None, derandomize=True, database=None)


@pytest.fixture(autouse=True, scope="module")
def small():
    """Eight positions to a chunk, and one thread: two, on tensors this small, beside other work, take many times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mamba, "CHUNK", 8 * 2 * 3 * 4)
        yield
    torch.set_num_threads(before)


def plain_scan(u, dt, a, b, c):
    """The recurrence of Mamba's paper, as it stands there."""
    h, ys = 0, []
    for t in range(len(u)):
        h = torch.exp(dt[t, :, None] * a) * h + b[t, ..., None] * u[t, :, None]
        ys.append((c[t, ..., None] * h).sum(1))
    return torch.stack(ys)


def plain_ssd(u, fade, b, c):
    """The recurrence of Mamba-2's paper, as it stands there."""
    h, ys = 0, []
    for t in range(u.shape[1]):
        h = torch.exp(fade[:, t, None, :, None]) * h + b[:, t, :, None, None] * u[:, t, None]
        ys.append((c[:, t, :, None, None] * h).sum(1))
    return torch.stack(ys, dim=1)


def plain_wkv(k, v, w, first):
    """The weighted average of RWKV's paper, as it stands there: a softmax over the positions so far."""
    t = torch.arange(len(k))
    distance = (t[:, None] - 1 - t)[..., None, None]  # (L, L, 1, 1)
    exponents = torch.where(distance >= 0, k - distance * w, -torch.inf)
    exponents = torch.where(distance == -1, first + k, exponents)  # (L, L, B, D)
    return (exponents.softmax(dim=1) * v).sum(1)


def assert_same(ours, plain, inputs, tolerance):
    """Results and gradients, of ours in 32 bits and of the plain form in 64."""
    results = []
    for function, dtype in ((ours, torch.float32), (plain, torch.float64)):
        at = [x.to(dtype).requires_grad_() for x in inputs]
        y = function(*at)
        weights = torch.linspace(-1, 1, y.numel(), dtype=dtype).view(y.shape).cos()
        results.append([y.detach(), *torch.autograd.grad((y * weights).sum(), at)])
    for one, other in zip(*results, strict=True):
        assert torch.isfinite(one).all()
        torch.testing.assert_close(one.double(), other, atol=tolerance * max(1, float(other.abs().max())), rtol=tolerance)


def scan_inputs(length, slowest=1e-3, fastest=1e-1, a_most=16.0, b=2, e=3, n=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    u, dt = torch.randn(length, b, e, generator=generator), torch.rand(length, b, e, generator=generator)
    dt = slowest * (fastest / slowest) ** dt
    a = -torch.logspace(0, math.log10(a_most), n)[:, None].repeat(1, e)
    b, c = torch.randn(2, length, b, n, generator=generator)
    return u, dt, a, b, c


def ssd_inputs(length, slowest=1e-3, fastest=1.0, b=2, h=2, p=3, n=4, seed=0):
    """Each position fades by its own amount, anywhere from the slowest to the fastest."""
    generator = torch.Generator().manual_seed(seed)
    u, fade = torch.randn(b, length, h, p, generator=generator), torch.rand(b, length, h, generator=generator)
    b, c = torch.randn(2, b, length, n, generator=generator)
    return u, -slowest * (fastest / slowest) ** fade, b, c


def wkv_inputs(length, size=1.0, slowest=-5.0, fastest=3.0, b=2, d=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    k, v = torch.randn(2, length, b, d, generator=generator)
    return size * k, v, torch.linspace(slowest, fastest, d).exp(), size * torch.randn(d, generator=generator)


@properties
@given(st.integers(1, 33), st.floats(-6, 1), st.floats(0, 3), st.floats(0, 4), st.integers(0, 1000))
def test_mambas_scan_at_any_decay(length, slowest, spread, a_most, seed):
    inputs = scan_inputs(length, 10**slowest, 10 ** (slowest + spread), 10**a_most, seed=seed)
    assert_same(lambda *x: selective_scan(*x)[0], plain_scan, inputs, 1e-5)


@properties
@given(st.integers(1, 70), st.integers(1, 40), st.floats(-8, 2), st.floats(0, 8), st.integers(0, 1000))
def test_mamba_2s_scan_at_any_decay(length, chunk, slowest, spread, seed):
    inputs = ssd_inputs(length, 10**slowest, 10 ** (slowest + spread), seed=seed)
    assert_same(lambda *x: ssd(*x, chunk)[0], plain_ssd, inputs, 1e-5)


@properties
@given(st.integers(1, 30), st.floats(0.01, 100), st.floats(-20, 0), st.floats(0, 12), st.integers(0, 1000))
def test_rwkvs_scan_at_any_decay(length, size, slowest, fastest, seed):
    assert_same(
        lambda *x: wkv(*x)[0], plain_wkv, wkv_inputs(length, size, slowest, fastest, seed=seed), 2e-6 * max(size, 10)
    )


@pytest.mark.parametrize(("slowest", "fastest"), [(1e-8, 1e-7), (1e-3, 1e-1), (1e2, 1e4)])
def test_mambas_scan_over_a_long_text(slowest, fastest):
    assert_same(lambda *x: selective_scan(*x)[0], plain_scan, scan_inputs(3000, slowest, fastest, b=1, e=2, n=2), 1e-4)


@pytest.mark.parametrize(("slowest", "fastest"), [(1e-8, 1e-7), (1e-3, 1.0), (1e-3, 1e4), (1e2, 1e4)])
def test_mamba_2s_scan_over_a_long_text(slowest, fastest):
    assert_same(lambda *x: ssd(*x, 64)[0], plain_ssd, ssd_inputs(3000, slowest, fastest, b=1, h=2, p=1, n=2), 1e-4)


def test_a_position_that_forgets_all_costs_its_neighbours_no_digits():
    u, fade, b, c = ssd_inputs(64, 1e-4, 1e-3, b=1)
    fade[:, 5] = -1e6  # a difference of sums across it would be 0, or off by a tenth
    together = ssd(u, fade, b, c, 64)[0][:, 5:]
    fade[:, 5] = 0  # nothing is there to be forgotten when it is the first
    torch.testing.assert_close(together, ssd(u[:, 5:], fade[:, 5:], b[:, 5:], c[:, 5:], 64)[0], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize(("size", "slowest", "fastest"), [(1, -20, -15), (1, -5, 3), (50, 5, 12)])
def test_rwkvs_scan_over_a_long_text(size, slowest, fastest):
    assert_same(lambda *x: wkv(*x)[0], plain_wkv, wkv_inputs(1000, size, slowest, fastest, b=1, d=2), 1e-4)


def test_keys_far_apart_do_not_overflow_or_vanish():
    k = torch.tensor([1e4, -1e4, 0.0, 1e4, -1e4]).view(-1, 1, 1).repeat(1, 1, 2)
    v = torch.arange(5.0).view(-1, 1, 1).repeat(1, 1, 2)
    y, *_ = wkv(k, v, torch.tensor([1e-3, 10.0]), torch.zeros(2))
    torch.testing.assert_close(y[:, 0], torch.tensor([[0.0, 0.0], [0, 0], [0, 0], [1.5, 3], [1.5, 3]]), atol=0.01, rtol=0)


def test_a_fading_state_is_no_slow_number():
    u, dt, a, b, c = scan_inputs(64, 1e3, 1e3, b=1)
    u[1:] = 0  # the state would go through numbers below 1e-38 to 0
    y, _ = selective_scan(u, dt, a, b, c)
    assert y[1:].abs().max() < 1e-20


@pytest.mark.parametrize(
    ("scan", "inputs"),
    [(selective_scan, scan_inputs(200)), (lambda *x: ssd(*x, 64), ssd_inputs(200)), (wkv, wkv_inputs(200))],
    ids=["Mamba", "Mamba-2", "RWKV"],
)
def test_inputs_of_16_bits_are_summed_in_32(scan, inputs):
    inputs = [x.bfloat16() for x in inputs]
    with torch.autocast("cpu", torch.bfloat16):
        results = scan(*inputs)
    for one, exact in zip(results, scan(*(x.float() for x in inputs)), strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, exact)


@pytest.mark.parametrize("chunk", [1, 24, 24 * 50, 2**19])
def test_the_size_of_a_chunk_changes_nothing(monkeypatch, chunk):
    inputs = scan_inputs(50)
    expected, _ = selective_scan(*inputs)
    monkeypatch.setattr(mamba, "CHUNK", chunk)
    torch.testing.assert_close(selective_scan(*inputs)[0], expected, atol=1e-6, rtol=1e-6)
