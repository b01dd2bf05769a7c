"""Small language models behind one interface, each in a file of its own.

Every model is an `nn.Module` made from a `Config`, with

- `forward(ids) -> logits`: all positions at once, as in training; ids (B, L), logits (B, L, V);
- `step(ids, state) -> (logits, state)`: one position after the other, as in generation; ids (B,), logits (B, V);
- `initial_state(batch_size) -> state`: what `step` starts from;
- `prefill(ids) -> (logits, state)`: what `step` gives after ids (B, L), such as a prompt, computed all at once.

All give the same logits. B is the batch size, L the length, V the size of the vocabulary. What a model does at a
position depends on no later one, so texts of unequal lengths can be padded at their ends. `ARCHITECTURES` has them by name.
"""

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Config:
    """The shape of a model; each architecture reads what it needs.

    Args:
        vocab_size: V, of the vocabulary; 256 for bytes.
        d_model: D, the width of what is passed from layer to layer.
        n_layers: how many layers.
        d_ff: F, the inner width of feed-forward layers; None for 8/3 D, rounded up to a multiple of 16, and 4 D in RWKV.
        n_heads: H, of attention.
        n_kv_heads: heads of keys and values, each shared by a group of query heads; None for n_heads.
        context: the longest text that a model with positions takes; the others take any length.
        d_state: N, numbers that Mamba and Mamba-2 keep for each channel.
        d_conv: K, positions that Mamba's convolution sees.
        expand: E / D, how much wider Mamba is inside.
        head_dim: P, of Mamba-2: channels that fade together, a head.
        chunk: T, positions that Mamba-2 computes at once; it changes speed and memory only.
        dt_rank: R, of the projection that gives Mamba's step sizes; None for D / 16, rounded up.
        attention_period: of that many layers of the hybrid, the one in the middle is attention and the others are Mamba.

    Raises:
        ValueError: if one of them is not a whole number from 1 on.
    """

    vocab_size: int = 256
    d_model: int = 128
    n_layers: int = 1
    d_ff: int | None = None
    n_heads: int = 4
    n_kv_heads: int | None = None
    context: int = 8192
    d_state: int = 16
    d_conv: int = 4
    expand: int = 2
    head_dim: int = 32
    chunk: int = 32
    dt_rank: int | None = None
    attention_period: int = 4

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None and field.default is None:
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{field.name}={value!r} is no size; give a whole number from 1 on")


def __getattr__(name: str) -> Any:
    """`ARCHITECTURES`, and with it torch, only when it is asked for."""
    if name != "ARCHITECTURES":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from helpers.models.registry import ARCHITECTURES

    return ARCHITECTURES
