"""A hybrid as Jamba is one: Mamba layers, and attention in one of a few (Lieber et al., 2024).

    B  batch    L  length    D  d_model    T  tokens, B * L

Each layer is a mixer, Mamba or attention, and then a feed-forward layer, of one network or of experts. The attention has no
positions: the Mamba layers know them. The state is that of each layer's mixer, so only the attention's grows with the text.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from helpers.models import Config
from helpers.models.mamba import Mamba
from helpers.models.stack import Block, Part, Stack, linear, rms_norm
from helpers.models.transformer import Attention, FeedForward

MAMBA = partial(Mamba, norms=True)  # as Jamba has it


def hybrid(config: Config, recurrent: Callable[[Config], Part] = MAMBA) -> Stack:
    """Blocks of attention or of a recurrent mixer, with a feed-forward layer each.

    Args:
        config: the shape of the model.
        recurrent: makes what is not attention: Jamba's Mamba, or another part with a state, such as `Mamba2`.

    Raises:
        ValueError: if the heads do not divide the width, or each other.
    """
    attention, blocks = partial(Attention, rotary=False), []
    for layer in range(config.n_layers):
        mixer = attention if is_middle(layer, config.attention_period) else recurrent
        experts = config.n_experts > 1 and is_middle(layer, config.expert_period)
        blocks.append(Block(config.d_model, mixer(config), Experts(config) if experts else FeedForward(config)))
    return Stack(config, blocks, rms_norm(config.d_model))


def is_middle(layer: int, period: int) -> bool:
    """Whether a layer, counted from 0, is the one in the middle of its period, the later one of two."""
    return layer % period == period // 2


class Experts(nn.Module):
    """Feed-forward networks of which a router gives each token a few, weighted by its softmax (Shazeer et al., 2017)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.router = linear(config.d_model, config.n_experts)
        self.experts = nn.ModuleList(FeedForward(config) for _ in range(config.n_experts))
        self.experts_per_token = config.experts_per_token

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.reshape(-1, x.shape[-1])  # (T, D)
        weights, chosen = self.router(tokens).softmax(dim=-1, dtype=torch.float32).topk(self.experts_per_token)  # (T, k)
        y = torch.zeros_like(tokens)
        for number, expert in enumerate(self.experts):
            rows, rank = (chosen == number).nonzero(as_tuple=True)
            y = y.index_add(0, rows, (weights[rows, rank, None] * expert(tokens[rows])).to(y.dtype))
        return y.view(x.shape)
