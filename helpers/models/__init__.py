"""Small language models behind one interface, each in a file of its own.

Every model is an `nn.Module` made from a `Config`, with

- `forward(ids) -> logits`: all positions at once, as in training; ids (B, L), logits (B, L, V);
- `step(ids, state) -> (logits, state)`: one position after the other, as in generation; ids (B,), logits (B, V);
- `initial_state(batch_size) -> state`: what `step` starts from.

The two give the same logits. B is the batch size, L the length, V the size of the vocabulary.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Config:
    """The shape of a model.

    Args:
        vocab_size: V, of the vocabulary; 256 for bytes.
        d_model: D, the width of what is passed from layer to layer.
        n_layers: how many layers.

    Raises:
        ValueError: if one of them is not a whole number from 1 on.
    """

    vocab_size: int = 256
    d_model: int = 128
    n_layers: int = 1

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{field.name}={value!r} is no size; give a whole number from 1 on")
