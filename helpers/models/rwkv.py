"""RWKV-4: attention whose weights fade with distance, and so a recurrent network (Peng et al., 2023).

    B  batch    L  length    D  d_model    F  inner width of the channel mix
    r, k, v     receptance, key, value
    w           how fast a channel forgets, a positive number each position; decay is log w
    first       u of the paper: what is added to the key of the position itself
    a, b        numerator and denominator of wkv, as sums over the positions before
    m           the largest exponent in them: a and b are kept times exp(-m), or they would overflow

For each channel wkv_t = sum_i exp(e_i) v_i / sum_i exp(e_i), with e_i = k_i - (t - 1 - i) w for i < t, and first + k_t for
t itself. The state of a layer is a, b, m and the last input of each half of the block, five times D, however long the text.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

from helpers.models import Config
from helpers.models.stack import Part, PartState, Stack, linear, residual_scale, widened

FLOOR = -60.0  # of exponents: numbers below 1e-38 are slow, and exp(-60) beside exp(0) is nothing in 24 bits
NOTHING = -1e38  # the largest exponent of an empty sum


def rwkv(config: Config) -> Stack:
    """Blocks of time mix and channel mix."""
    blocks = [Block(config, layer) for layer in range(config.n_layers)]
    return Stack(config, blocks, nn.LayerNorm(config.d_model))


class Block(Part):
    """x + time_mix(norm(x)), then x + channel_mix(norm(x)); before the first the embedding is normalised too."""

    def __init__(self, config: Config, layer: int) -> None:
        super().__init__()
        self.first_norm = nn.LayerNorm(config.d_model) if layer == 0 else None
        self.time_norm, self.channel_norm = nn.LayerNorm(config.d_model), nn.LayerNorm(config.d_model)
        self.time_mix, self.channel_mix = TimeMix(config, layer), ChannelMix(config, layer)

    def forward(self, x: Tensor) -> Tensor:
        return self.prefill(x)[0]

    def prefill(self, x: Tensor) -> tuple[Tensor, PartState]:
        x = self.first_norm(x) if self.first_norm else x
        x = x.transpose(0, 1)  # (L, B, D): the scan goes along the first dimension
        now = self.time_norm(x)
        mixed, sums = self.time_mix(now)
        x = x + mixed
        then = self.channel_norm(x)
        return (x + self.channel_mix(*with_shifted(then))).transpose(0, 1), (now[-1], then[-1], *sums)

    def initial_state(self, batch_size: int) -> PartState:
        """The last inputs of time mix and channel mix, a, b and m, each (B, D)."""
        zeros = self.time_norm.weight.new_zeros(batch_size, len(self.time_norm.weight))
        sums = widened(zeros)
        return zeros, zeros, sums, sums, torch.full_like(sums, NOTHING)

    def step(self, x: Tensor, state: PartState) -> tuple[Tensor, PartState]:
        x = self.first_norm(x) if self.first_norm else x
        time, channel, *sums = state
        now = self.time_norm(x)
        mixed, sums = self.time_mix.step(now, time, sums)
        x = x + mixed
        then = self.channel_norm(x)
        return x + self.channel_mix(then, channel), (now, then, *sums)


class TimeMix(nn.Module):
    """wkv of each channel, gated by the receptance."""

    def __init__(self, config: Config, layer: int) -> None:
        super().__init__()
        d, depth = config.d_model, layer / max(config.n_layers - 1, 1)
        channel = torch.arange(d) / max(d - 1, 1)
        self.decay = nn.Parameter(-5 + 8 * channel ** (0.7 + 1.3 * depth))  # slow and fast channels, slower in late layers
        self.first = nn.Parameter(math.log(0.3) + 0.5 * ((torch.arange(d) + 1) % 3 - 1))
        share = (torch.arange(d) / d) ** (1 - layer / config.n_layers)
        self.mix_r, self.mix_k, self.mix_v = map(nn.Parameter, (share**0.5, share, share + 0.3 * depth))
        self.r, self.k, self.v = linear(d, d), linear(d, d), linear(d, d)
        self.out = linear(d, d, residual_scale(config))

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        r, k, v = self._project(*with_shifted(x))  # (L, B, D) each
        y, *sums = wkv(k, v, widened(self.decay).exp(), self.first)
        return self.out(r * y.to(r.dtype)), sums

    def step(self, x: Tensor, last: Tensor, sums: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        r, *kv = self._project(x, last)
        (k, v), (a, b, m) = map(widened, kv), sums
        top = torch.maximum(m, self.first + k)
        old, new = torch.exp(m - top), torch.exp(self.first + k - top)
        y = (old * a + new * v) / (old * b + new)
        faded = m - widened(self.decay).exp()
        m = torch.maximum(faded, k)
        old, new = torch.exp(faded - m), torch.exp(k - m)
        return self.out(r * y.to(r.dtype)), [old * a + new * v, old * b + new, m]

    def _project(self, x: Tensor, last: Tensor) -> list[Tensor]:
        r = torch.sigmoid(self.r(torch.lerp(last, x, self.mix_r)))
        return [r, self.k(torch.lerp(last, x, self.mix_k)), self.v(torch.lerp(last, x, self.mix_v))]


class ChannelMix(nn.Module):
    """sigmoid(r) * v(relu(k)²), each of r and k from a mix of the input with the one before."""

    def __init__(self, config: Config, layer: int) -> None:
        super().__init__()
        d, d_ff = config.d_model, config.d_ff or 4 * config.d_model
        share = (torch.arange(d) / d) ** (1 - layer / config.n_layers)
        self.mix_r, self.mix_k = nn.Parameter(share), nn.Parameter(share.clone())
        self.r, self.k, self.v = linear(d, d), linear(d, d_ff), linear(d_ff, d, residual_scale(config))

    def forward(self, x: Tensor, last: Tensor) -> Tensor:
        r = torch.sigmoid(self.r(torch.lerp(last, x, self.mix_r)))
        return r * self.v(torch.relu(self.k(torch.lerp(last, x, self.mix_k))).square())


def with_shifted(x: Tensor) -> tuple[Tensor, Tensor]:
    """x (L, B, D), and at each position what was there at the one before."""
    return x, pad(x, (0, 0, 0, 0, 1, -1))


def wkv(k: Tensor, v: Tensor, w: Tensor, first: Tensor) -> tuple[Tensor, ...]:
    """The fading average of v for each position, and the last sums.

    The largest exponents come first; they scale numerator and denominator alike and need no gradient. All exponents left
    are at most 0, so nothing overflows, and the largest is 0, so no denominator vanishes. One position after the other,
    but with a backward pass by hand: autograd would make a graph of every position.

    Args:
        k: (L, B, D).
        v: (L, B, D).
        w: (D,), positive.
        first: (D,).

    Returns:
        wkv (L, B, D), and a, b and m (B, D) after the last position, in 32 bits or more; gradients go through wkv only.
    """
    return _WKV.apply(*(widened(x) for x in (k, v, w, first)))


class _WKV(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, k: Tensor, v: Tensor, w: Tensor, first: Tensor) -> tuple[Tensor, ...]:
        m = running_max(k, w)  # (L + 1, B, D), from before the first position on
        decay, new = exp(m[:-1] - w - m[1:]), exp(k - m[1:])  # (L, B, D) each
        sums = k.new_zeros(len(m), 2, *k.shape[1:])  # a and b, likewise
        torch.mul(new, v, out=sums[1:, 0])
        sums[1:, 1] = new
        for t, step in enumerate(decay):
            sums[t + 1].addcmul_(step, sums[t])
        own = first + k
        top = torch.maximum(m[:-1], own)
        old, own = exp(m[:-1] - top), exp(own - top)
        a, b = sums[:-1].unbind(1)
        bottom = torch.addcmul(own, old, b)
        y = (old * a).addcmul_(own, v).div_(bottom)
        ctx.save_for_backward(v, decay, new, sums, old, own, bottom, y)
        last = sums[-1, 0].clone(), sums[-1, 1].clone(), m[-1].clone()
        ctx.mark_non_differentiable(*last)
        return y, *last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
        v, decay, new, sums, old, own, bottom, y = ctx.saved_tensors
        dtop = dy / bottom  # of the numerator
        dbottom = -dtop * y
        dv = dtop * own
        dk = torch.addcmul(dbottom, dtop, v).mul_(own)
        dfirst = dk.sum((0, 1))
        dsums = torch.zeros_like(sums)
        torch.mul(dtop, old, out=dsums[:-1, 0])
        torch.mul(dbottom, old, out=dsums[:-1, 1])
        for t in range(len(decay) - 1, -1, -1):
            dsums[t].addcmul_(decay[t], dsums[t + 1])
        da, db = dsums[1:].unbind(1)
        dv.addcmul_(da, new)
        dk.addcmul_(torch.addcmul(db, da, v), new)
        dw = -((dsums[1:] * sums[:-1]).sum(1) * decay).sum((0, 1))
        return dk, dv, dw, dfirst


def running_max(k: Tensor, w: Tensor) -> Tensor:
    """The largest k_i - (t - i) w of i <= t, for each position t of k (L, B, D) and before the first: (L + 1, B, D)."""
    m = [torch.full_like(k[0], NOTHING)]
    for key in k:
        m.append(torch.maximum(m[-1] - w, key))
    return torch.stack(m)


def exp(x: Tensor) -> Tensor:
    """e to the power of x, any shape, with exponents cut off at FLOOR so that no result is denormal, which is slow."""
    return x.clamp(min=FLOOR).exp_()
