"""A transformer as Llama has it (Vaswani et al., 2017; Touvron et al., 2023).

    B  batch              H  query heads              F  inner width of the feed-forward layer
    L  length             G  heads of keys and values, each shared by H / G query heads
    D  d_model            P  width of a head, D / H
    q, k, v               queries, keys, values: Q, K, V of Vaswani et al.
    angles                m θ_i of Su et al.: position m times base^(-2i / P)

The state of a layer is the keys and values of all positions so far: it grows with the text.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention, silu

from helpers.models import Config
from helpers.models.stack import Block, Part, PartState, Stack, linear, residual_scale, rms_norm

BASE = 10_000  # of the angles, as in RoFormer and Llama


def transformer(config: Config) -> Stack:
    """Blocks of attention with rotary positions and of a gated feed-forward layer.

    Raises:
        ValueError: if the heads do not divide the width, or each other, or are of odd width.
    """
    blocks = [Block(config.d_model, Attention(config), FeedForward(config)) for _ in range(config.n_layers)]
    return Stack(config, blocks, rms_norm(config.d_model))


class Attention(Part):
    """Causal attention with grouped queries (Ainslie et al., 2023).

    Args:
        config: d_model, n_heads, n_kv_heads, context.
        rotary: whether queries and keys are turned by their positions; without, positions are known by causality alone.

    Raises:
        ValueError: if the heads do not divide the width, or each other, or are of odd width.
    """

    def __init__(self, config: Config, rotary: bool = True) -> None:
        super().__init__()
        self.config, self.n_groups = config, config.n_kv_heads or config.n_heads
        if config.d_model % config.n_heads or config.n_heads % self.n_groups:
            raise ValueError(
                f"n_heads={config.n_heads} has to divide d_model={config.d_model}, and n_kv_heads={self.n_groups} n_heads"
            )
        self.width = config.d_model // config.n_heads
        if rotary and self.width % 2:
            raise ValueError(f"d_model={config.d_model} over n_heads={config.n_heads} is odd; rotary positions turn pairs")
        self.qkv = linear(config.d_model, (config.n_heads + 2 * self.n_groups) * self.width)
        self.out = linear(config.d_model, config.d_model, residual_scale(config))
        self.turns: Tensor | None
        self.register_buffer("turns", turns(config.context, self.width) if rotary else None, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.prefill(x)[0]

    def prefill(self, x: Tensor) -> tuple[Tensor, PartState]:
        q, k, v = self._heads(x, 0)  # (B, H, L, P), (B, G, L, P) twice
        y = scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=self.n_groups != q.shape[1])
        return self._merge(y), (k, v)

    def initial_state(self, batch_size: int) -> PartState:
        """The cache of keys and values: none yet."""
        empty = self.out.weight.new_zeros(batch_size, self.n_groups, 0, self.width)
        return empty, empty

    def step(self, x: Tensor, state: PartState) -> tuple[Tensor, PartState]:
        q, k, v = self._heads(x[:, None], state[0].shape[2])  # (B, H, 1, P), (B, G, 1, P) twice
        k, v = torch.cat([state[0], k], dim=2), torch.cat([state[1], v], dim=2)  # (B, G, L, P)
        y = scaled_dot_product_attention(q, k, v, enable_gqa=self.n_groups != q.shape[1])
        return self._merge(y)[:, 0], (k, v)

    def _heads(self, x: Tensor, position: int) -> list[Tensor]:
        """Queries, keys and values of x (B, L, D), whose first is at `position`."""
        n_heads, groups, length = self.config.n_heads, self.n_groups, x.shape[1]
        heads = self.qkv(x).unflatten(-1, (-1, self.width)).transpose(1, 2)  # (B, H + 2G, L, P)
        qk, v = heads.split([n_heads + groups, groups], dim=1)
        if self.turns is not None:
            if position + length > self.config.context:
                raise ValueError(
                    f"{position + length} positions are more than context={self.config.context}; give fewer ids"
                )
            qk = rotate(qk, self.turns[:, position : position + length])
        q, k = qk.split([n_heads, groups], dim=1)
        return [q, k, v]

    def _merge(self, y: Tensor) -> Tensor:
        return self.out(y.transpose(1, 2).flatten(2))  # (B, H, L, P) -> (B, L, D)


class FeedForward(nn.Module):
    """SwiGLU: down(silu(gate x) * up x) (Shazeer, 2020)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        d_ff = config.d_ff or -(-8 * config.d_model // 48) * 16
        self.gate_up = linear(config.d_model, 2 * d_ff)
        self.down = linear(d_ff, config.d_model, residual_scale(config))

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, dim=-1)  # (..., F) each
        return self.down(silu(gate) * up)


def turns(context: int, width: int) -> Tensor:
    """Cosine and sine (2, context, P) of the angle of each position and each number, the sine negative in the first half."""
    frequencies = BASE ** -(torch.arange(0, width, 2) / width)  # (P / 2,)
    angles = torch.arange(context)[:, None] * frequencies  # (context, P / 2)
    return torch.stack([angles.cos().repeat(1, 2), torch.cat([-angles.sin(), angles.sin()], dim=1)])


def rotate(x: Tensor, turns: Tensor) -> Tensor:
    """Rotary positions (Su et al., 2021): turn the pairs (i, i + P / 2) of x (..., L, P) by turns (2, L, P)."""
    cos, sin = turns
    return x * cos + x.roll(x.shape[-1] // 2, dims=-1) * sin
