"""A hybrid as Jamba is one: Mamba layers, and attention in one of a few (Lieber et al., 2024).

Each layer is a mixer, Mamba or attention, and then a feed-forward layer. The attention has no positions: the Mamba layers
know them. The state is that of each layer's mixer, so only the attention's grows with the text.
"""

from collections.abc import Callable
from functools import partial

from helpers.models import Config
from helpers.models.mamba import Mamba
from helpers.models.stack import Block, Part, Stack, rms_norm
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
        blocks.append(Block(config.d_model, mixer(config), FeedForward(config)))
    return Stack(config, blocks, rms_norm(config.d_model))


def is_middle(layer: int, period: int) -> bool:
    """Whether a layer, counted from 0, is the one in the middle of its period, the later one of two."""
    return layer % period == period // 2
