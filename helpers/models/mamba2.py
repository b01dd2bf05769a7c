"""Mamba-2: a state space model whose scan is made of matrix products (Dao and Gu, 2024).

    B  batch      E  expand * D, the width inside      T  chunk, positions that are computed at once
    L  length     H  heads, E / P                      C  chunks, L / T rounded up
    D  d_model    P  head_dim, the width of a head     K  positions that the convolution sees
    N  d_state    the state of a head is a matrix of N by P
    dt            Δ, the step size of each head at each position
    a             A, negative: how fast the whole state of a head fades; one number a head, where Mamba has N a channel
    fade          Δ A, the log of what is left of a state after one position
    b, c          B and C, what is written to the state and read from it; shared by the heads (one group)
    u             Δ x

At each position h = exp(Δ A) h + B (Δ x)ᵀ and y = hᵀ C + D x. As one number fades a whole matrix, the positions of a chunk
are attention without softmax, y_t = sum_i (c_t · b_i) exp(fade_{i+1} + … + fade_t) u_i, and only the state at the end of a
chunk goes on to the next. The state of a layer is h and the last K - 1 inputs of the convolution, however long the text.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, silu, softplus

from helpers.models import Config
from helpers.models.mamba import FLOOR, convolve, initial_steps
from helpers.models.stack import Block, Part, PartState, Stack, linear, residual_scale, rms_norm, widened

A_RANGE = (1.0, 16.0)  # in which -a starts: with the range of the steps, half is forgotten in 0.4 to 700 positions


def mamba2(config: Config) -> Stack:
    """Blocks of Mamba-2, without feed-forward layers.

    Raises:
        ValueError: if `head_dim` does not divide the width inside.
    """
    return Stack(config, [Block(config.d_model, Mamba2(config)) for _ in range(config.n_layers)], rms_norm(config.d_model))


class Mamba2(Part):
    """Convolution, state space duality and a gated norm.

    Args:
        config: d_model, expand, head_dim, d_state, d_conv, chunk.

    Raises:
        ValueError: if `head_dim` does not divide the width inside.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        width, self.head_dim, self.chunk = config.expand * config.d_model, config.head_dim, config.chunk
        if width % self.head_dim:
            raise ValueError(f"head_dim={self.head_dim} has to divide expand * d_model={width}, the width inside of Mamba-2")
        n_heads, mixed = width // self.head_dim, width + 2 * config.d_state
        self.sizes = [width, config.d_state, config.d_state]
        self.inner = linear(config.d_model, width + mixed + n_heads)
        self.conv = nn.Parameter(torch.empty(config.d_conv, mixed).uniform_(-1, 1) * config.d_conv**-0.5)
        self.conv_bias = nn.Parameter(torch.zeros(mixed))
        self.dt_bias = nn.Parameter(initial_steps(n_heads))
        self.log_a = nn.Parameter(torch.empty(n_heads).uniform_(*A_RANGE).log())
        self.skip = nn.Parameter(torch.ones(n_heads))
        self.norm = rms_norm(width)
        self.out = linear(width, config.d_model, residual_scale(config))

    def forward(self, x: Tensor) -> Tensor:
        return self.prefill(x)[0]

    def prefill(self, x: Tensor) -> tuple[Tensor, PartState]:
        gate, x, dt = self._split(self.inner(x))
        inputs = pad(x, (0, 0, len(self.conv) - 1, 0))  # (B, K - 1 + L, E + 2N)
        x = convolve(inputs.transpose(0, 1), self.conv, self.conv_bias).transpose(0, 1)
        u, fade, b, c, x = self._select(x, dt)
        y, h = ssd(u, fade, b, c, self.chunk)  # (B, L, H, P), (B, N, H, P)
        return self._merge(y, x, gate), (inputs[:, gate.shape[1] :], h)

    def initial_state(self, batch_size: int) -> PartState:
        """The last inputs of the convolution (B, K - 1, E + 2N) and h (B, N, H, P): zeros."""
        n, n_heads = self.sizes[1], len(self.skip)
        past = self.skip.new_zeros(batch_size, len(self.conv) - 1, self.conv.shape[1])
        return past, widened(self.skip.new_zeros(batch_size, n, n_heads, self.head_dim))

    def step(self, x: Tensor, state: PartState) -> tuple[Tensor, PartState]:
        gate, x, dt = self._split(self.inner(x))
        inputs = torch.cat([state[0], x[:, None]], dim=1)  # (B, K, E + 2N)
        u, fade, b, c, x = self._select(convolve(inputs.transpose(0, 1), self.conv, self.conv_bias)[0], dt)
        h = fade.exp()[:, None, :, None] * state[1] + b[:, :, None, None] * u[:, None]  # (B, N, H, P)
        y = (c[:, None].to(h.dtype) @ h.flatten(2)).view(u.shape)  # (B, H, P)
        return self._merge(y, x, gate), (inputs[:, 1:], h)

    def _split(self, x: Tensor) -> tuple[Tensor, ...]:
        """The gate (..., E), what is convolved (..., E + 2N), and the step sizes' inputs (..., H)."""
        return x.split([self.sizes[0], sum(self.sizes), len(self.skip)], dim=-1)

    def _select(self, x: Tensor, dt: Tensor) -> tuple[Tensor, ...]:
        """u (..., H, P), fade (..., H), b and c (..., N), and x (..., H, P)."""
        x, b, c = x.split(self.sizes, dim=-1)
        x, dt = x.unflatten(-1, (-1, self.head_dim)), softplus(widened(dt) + self.dt_bias)
        return dt[..., None] * x, dt * -self.log_a.exp(), b, c, x

    def _merge(self, y: Tensor, x: Tensor, gate: Tensor) -> Tensor:
        y = (y + self.skip[:, None] * x).flatten(-2)  # (..., E)
        return self.out(self.norm((y * silu(gate)).to(self.norm.weight.dtype)))


def ssd(u: Tensor, fade: Tensor, b: Tensor, c: Tensor, chunk: int) -> tuple[Tensor, Tensor]:
    """All y of h = exp(fade) h + b uᵀ and y = hᵀ c, from h = 0: within chunks at once, from chunk to chunk in sequence.

    Nothing is divided, and sums of `fade` are never subtracted from each other: no exponent is positive, and a position
    that forgets all (a large negative fade) costs its neighbours no digits.

    Args:
        u: (B, L, H, P), the input times the step size.
        fade: (B, L, H), at most 0.
        b: (B, L, N).
        c: (B, L, N).
        chunk: T, positions that are computed at once; it changes speed and memory only.

    Returns:
        y (B, L, H, P) and the last h (B, N, H, P), in 32 bits or more.
    """
    length, chunk = u.shape[1], min(chunk, u.shape[1])
    with torch.autocast(u.device.type, enabled=False):  # a sum over thousands of positions needs 32 bits
        u, fade, b, c = (_in_chunks(widened(x), chunk) for x in (u, fade, b, c))  # (B, C, T, ...) each
        between = segment_sums(fade.transpose(2, 3)).clamp(min=FLOOR).exp().tril()  # (B, C, H, T, T): from i to t
        scores = (c @ b.transpose(2, 3))[:, :, None] * between  # (B, C, H, T, T)
        y = (scores @ u.transpose(2, 3)).transpose(2, 3)  # (B, C, T, H, P)
        left = between[..., -1, :].transpose(2, 3)[..., None]  # (B, C, T, H, 1), of each position at the chunk's end
        written = (b.transpose(2, 3) @ (left * u).flatten(3)).unflatten(3, u.shape[3:])  # (B, C, N, H, P)
        faded = fade.cumsum(2).clamp(min=FLOOR).exp()[..., None]  # (B, C, T, H, 1), of what was there at the start
        h, starts = torch.zeros_like(written[:, 0]), []
        for new, rest in zip(written.unbind(1), faded[:, :, -1].unbind(1), strict=True):
            starts.append(h)
            h = rest[:, None] * h + new  # (B, N, H, P)
        y = y + faded * (c @ torch.stack(starts, 1).flatten(3)).view(y.shape)
        return y.flatten(1, 2)[:, :length], h


def segment_sums(x: Tensor) -> Tensor:
    """The sum of x_{i+1} to x_t for each t and each i <= t, of x (..., T); 0 where i > t: (..., T, T)."""
    size = x.shape[-1]
    later = torch.ones(size, size, dtype=torch.bool, device=x.device).tril(-1)  # rows t, columns i
    return (x[..., None] * later).cumsum(-2)


def _in_chunks(x: Tensor, chunk: int) -> Tensor:
    """x (B, L, ...) as (B, C, T, ...), with zeros after its end: they write nothing and fade nothing."""
    return pad(x, (0, 0) * (x.dim() - 2) + (0, -x.shape[1] % chunk)).unflatten(1, (-1, chunk))
