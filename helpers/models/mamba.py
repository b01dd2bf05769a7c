"""Mamba: a state space model whose parameters depend on the input (Gu and Dao, 2023).

    B  batch      E  expand * D, the width inside      K  positions that the convolution sees
    L  length     N  d_state, numbers kept for each of the E channels
    D  d_model    R  rank of the projection that gives the step sizes
    dt            Δ, the step size of each channel at each position
    a             A, negative: how fast each number of the state fades
    b, c          B and C, what is written to the state and read from it; from the input, hence "selective"
    u             Δ x
    skip          D of the paper, the part of the input that goes past the state

At each position h = exp(Δ A) h + B Δ x and y = C h + D x. The state of a layer is h and the last K - 1 inputs, however long
the text.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad, silu, softplus

from helpers.models import Config
from helpers.models.stack import Block, Part, PartState, Stack, linear, residual_scale, rms_norm, widened

CHUNK = 2**19  # numbers of states that are held at a time: about as many as stay in the cache of a processor
STEPS = (1e-3, 1e-1)  # in which the step sizes start: the slowest remember about 1,000 positions
FLOOR = -60.0  # of Δ A: numbers below 1e-38 are slow, and exp(-60) of anything is nothing in 24 bits


def mamba(config: Config) -> Stack:
    """Blocks of Mamba, without feed-forward layers."""
    return Stack(config, [Block(config.d_model, Mamba(config)) for _ in range(config.n_layers)], rms_norm(config.d_model))


class Mamba(Part):
    """Convolution, selective scan and gate.

    Args:
        config: d_model, expand, d_state, d_conv, dt_rank.
        norms: whether step size, b and c are normalised, as Jamba does.
    """

    def __init__(self, config: Config, norms: bool = False) -> None:
        super().__init__()
        width, rank = config.expand * config.d_model, config.dt_rank or -(-config.d_model // 16)
        self.sizes = [rank, config.d_state, config.d_state]
        self.inner = linear(config.d_model, 2 * width)
        self.conv = nn.Parameter(torch.empty(config.d_conv, width).uniform_(-1, 1) * config.d_conv**-0.5)
        self.conv_bias = nn.Parameter(torch.zeros(width))
        self.select = linear(width, sum(self.sizes))
        self.norms = nn.ModuleList(map(rms_norm, self.sizes)) if norms else None
        self.dt = nn.Linear(rank, width)
        self.log_a = nn.Parameter(torch.arange(1.0, config.d_state + 1).log()[:, None].repeat(1, width))  # (N, E): S4D-real
        self.skip = nn.Parameter(torch.ones(width))
        self.out = linear(width, config.d_model, residual_scale(config))
        nn.init.uniform_(self.dt.weight, -(rank**-0.5), rank**-0.5)
        self.dt.bias.data = initial_steps(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.prefill(x)[0]

    def prefill(self, x: Tensor) -> tuple[Tensor, PartState]:
        x, gate = self.inner(x.transpose(0, 1)).chunk(2, dim=-1)  # (L, B, E): the scan goes along the first dimension
        inputs = pad(x, (0, 0, 0, 0, len(self.conv) - 1, 0))  # (K - 1 + L, B, E)
        x = convolve(inputs, self.conv, self.conv_bias)
        dt, b, c = self._select(x)
        y, h = selective_scan(dt * x, dt, -self.log_a.exp(), b, c)  # (L, B, E), (B, N, E)
        y = self.out(((y + self.skip * x) * silu(gate)).to(gate.dtype))
        return y.transpose(0, 1), (inputs[len(x) :].transpose(0, 1), h)

    def initial_state(self, batch_size: int) -> PartState:
        """The last inputs of the convolution (B, K - 1, E) and h (B, N, E): zeros."""
        n, width = self.log_a.shape
        past = self.skip.new_zeros(batch_size, len(self.conv) - 1, width)
        return past, widened(self.skip.new_zeros(batch_size, n, width))

    def step(self, x: Tensor, state: PartState) -> tuple[Tensor, PartState]:
        x, gate = self.inner(x).chunk(2, dim=-1)  # (B, E)
        inputs = torch.cat([state[0], x[:, None]], dim=1)  # (B, K, E)
        x = convolve(inputs.transpose(0, 1), self.conv, self.conv_bias)[0]
        dt, b, c = self._select(x)
        decay = torch.exp(dt[:, None] * -self.log_a.exp())  # (B, N, E)
        h = decay * state[1] + b[..., None] * (dt * x)[:, None]  # (B, N, E)
        y = (c[:, None].to(h.dtype) @ h)[:, 0] + self.skip * x  # (B, E)
        return self.out((y * silu(gate)).to(gate.dtype)), (inputs[:, 1:], h)

    def _select(self, x: Tensor) -> list[Tensor]:
        """Step size (..., E), b and c (..., N) of x (..., E)."""
        parts = self.select(x).split(self.sizes, dim=-1)
        if self.norms is not None:
            parts = [norm(part.to(norm.weight.dtype)) for norm, part in zip(self.norms, parts, strict=True)]
        return [softplus(self.dt(parts[0])), *parts[1:]]


def initial_steps(size: int) -> Tensor:
    """What softplus turns into step sizes of STEPS, even in their logarithm."""
    steps = torch.empty(size).uniform_(*map(math.log, STEPS)).exp()
    return steps + torch.log(-torch.expm1(-steps))


def convolve(x: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
    """SiLU of each channel's weighted sum of K positions of x (L + K - 1, B, E): (L, B, E)."""
    length, y = len(x) - len(weights) + 1, bias
    for k, weight in enumerate(weights):
        y = torch.addcmul(y, x[k : k + length], weight)
    return silu(y)


def selective_scan(u: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """All y of h = exp(dt a) h + b u and y = c h, from h = 0, and the last h.

    One position after the other, but with a backward pass by hand: it computes the states again, a few positions at a
    time, instead of fetching them from memory. Nothing is divided and no exponent is positive, so nothing overflows.

    Args:
        u: (L, B, E), the input times the step size.
        dt: (L, B, E), the step sizes, positive.
        a: (N, E), negative.
        b: (L, B, N).
        c: (L, B, N).

    Returns:
        y (L, B, E) and the last h (B, N, E), in 32 bits or more; gradients go through y only.
    """
    with torch.autocast(u.device.type, enabled=False):  # a sum over thousands of positions needs 32 bits
        return _SelectiveScan.apply(*(widened(x).contiguous() for x in (u, dt, a, b, c)))


class _SelectiveScan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor, dt: Tensor, a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        y, h, starts = torch.empty_like(u), u.new_zeros(u.shape[1], *a.shape), []
        chunks = _chunks(len(u), h.numel())
        decays, states = u.new_empty(2, chunks[0].stop, *h.shape)  # used again for each chunk
        for now in chunks:
            starts.append(h)
            hs = _run(u[now], dt[now], a, b[now], h, decays, states)  # (T, B, N, E)
            y[now] = (c[now, :, None] @ hs).squeeze(2)
            h = hs[-1].clone()
        ctx.save_for_backward(u, dt, a, b, c, torch.stack(starts))
        ctx.mark_non_differentiable(h)
        return y, h

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, _: Tensor) -> tuple[Tensor, ...]:
        u, dt, a, b, c, starts = ctx.saved_tensors
        du, ddt, da, db, dc = (torch.zeros_like(x) for x in (u, dt, a, b, c))
        chunks = _chunks(len(u), starts[0].numel())
        decays, states, dh = u.new_empty(3, chunks[0].stop, *starts[0].shape)
        later = torch.zeros_like(starts[0])  # what the positions after the chunk ask of h
        for now, start in reversed(list(zip(chunks, starts, strict=True))):
            hs = _run(u[now], dt[now], a, b[now], start, decays, states)
            dc[now] = (hs @ dy[now, :, :, None]).squeeze(3)
            decay = decays[: len(hs)]
            dhs = torch.mul(c[now, :, :, None], dy[now, :, None], out=dh[: len(hs)])
            dhs[-1] += later
            for t in range(len(hs) - 2, -1, -1):
                dhs[t].addcmul_(decay[t + 1], dhs[t + 1])
            later = decay[0] * dhs[0]
            db[now] = (dhs @ u[now, :, :, None]).squeeze(3)
            du[now] = (b[now, :, None] @ dhs).squeeze(2)
            dhs.mul_(decay)  # now of the exponent Δ A, but for the state before
            dhs[1:].mul_(hs[:-1])
            dhs[0].mul_(start)
            ddt[now] = (dhs * a).sum(2)
            da += dhs.mul_(dt[now, :, None]).sum((0, 1))
        return du, ddt, da, db, dc


def _chunks(length: int, state_size: int) -> list[slice]:
    """Slices of positions, each with CHUNK numbers of states, and at least one position."""
    size = max(1, CHUNK // max(1, state_size))
    return [slice(t, min(t + size, length)) for t in range(0, length, size)]


def _run(u: Tensor, dt: Tensor, a: Tensor, b: Tensor, h: Tensor, decays: Tensor, states: Tensor) -> Tensor:
    """The states (T, B, N, E) of a chunk that starts from h, and its decays, written to the tensors given for them."""
    torch.mul(dt[:, :, None], a, out=decays[: len(u)]).clamp_(min=FLOOR).exp_()
    hs = torch.mul(b[..., None], u[:, :, None], out=states[: len(u)])
    for t in range(len(u)):
        h = hs[t].addcmul_(decays[t], h)
    return hs
