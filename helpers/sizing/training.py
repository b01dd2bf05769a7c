"""Bytes that a step of training needs: weights, gradients, the optimiser's numbers, and activations for the way back.

B  batch    S  context    D  d_model    H  heads    F  d_ff    E  inner width    L  layers    V  vocab_size
"""

from dataclasses import dataclass

from helpers.sizing.config import ModelConfig, check_context, check_size
from helpers.sizing.memory import weight_bytes
from helpers.sizing.parameters import count_parameters, lora_parameters

CHECKPOINTING = ("none", "selective", "full")
FLOATS = {"fp32": 4, "bf16": 2, "fp16": 2}  # bytes


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes that a step of training needs, by what they are for."""

    weights: float
    gradients: float
    optimiser: float
    activations: float

    @property
    def total(self) -> float:
        """Their sum."""
        return self.weights + self.gradients + self.optimiser + self.activations


def training_memory(
    config: ModelConfig,
    context: int,
    batch: int = 1,
    *,
    precision: str = "bf16",
    checkpointing: str = "none",
    dropout: bool = False,
    lora_rank: int | None = None,
    targets: tuple[str, ...] = ("query", "value"),
    frozen_precision: str | None = None,
) -> TrainingMemory:
    """Bytes of a step of training with AdamW, of all weights or of adapters.

    In mixed precision a trained parameter takes 16 bytes: 2 for the weight, 2 for its gradient, and 12 for the optimiser's
    weight, mean and variance in 32 bits (Rajbhandari et al., 2020); in fp32 it is 4, 4 and 8. With adapters (Hu et al.,
    2022) the model's own weights are only read, and may be stored in fewer bits (Dettmers et al., 2023). Their activations
    are then fewer than is said here, since a matrix that is not trained needs its input no more.

    Args:
        config: the model's sizes.
        context: tokens in each text.
        batch: texts in a step, or in the part of it that is computed at once.
        precision: that is computed in: "fp32", "bf16" or "fp16".
        checkpointing: as in `activation_bytes`.
        dropout: as in `activation_bytes`.
        lora_rank: of adapters, or None to train all weights.
        targets: matrices that have an adapter, as in `lora_parameters`.
        frozen_precision: of the weights under adapters; None for `precision`.

    Raises:
        ValueError: if a precision or the checkpointing is unknown, a number is no size, or a target is no matrix.
    """
    each = _float_bytes(precision)
    if lora_rank is None:
        if frozen_precision is not None:
            raise ValueError(f"frozen_precision={frozen_precision!r} is for adapters; give lora_rank too")
        trained, frozen = count_parameters(config).total, 0.0
    else:
        check_size("lora_rank", lora_rank)
        trained, frozen = lora_parameters(config, lora_rank, targets), weight_bytes(config, frozen_precision or precision)
    kept = activation_bytes(config, context, batch, checkpointing, dropout=dropout, precision=precision)
    return TrainingMemory(frozen + each * trained, each * trained, (16 - 2 * each) * trained, kept)


def activation_bytes(
    config: ModelConfig,
    context: int,
    batch: int = 1,
    checkpointing: str = "none",
    *,
    dropout: bool = False,
    precision: str = "bf16",
) -> float:
    """Bytes of activations that a step of training keeps for the backward pass.

    For a GPT with dropout, in 16 bits, it is S·B·D·L·(34 + 5·H·S/D) + 4·S·B·(D + V) (Korthikanti et al., 2022); here each
    term has the model's own widths. "selective" computes attention's scores again, as FlashAttention does; "full" keeps
    each layer's input alone: 2·S·B·D·L. States of Mamba and RWKV are computed again, as their kernels do.

    Args:
        config: the model's sizes.
        context: S, tokens in each text.
        batch: B, texts.
        checkpointing: "none", "selective" or "full".
        dropout: whether the layers have it: each then keeps masks of a byte a number.
        precision: of the activations: "fp32", "bf16" or "fp16".

    Raises:
        ValueError: if the checkpointing or the precision is unknown, or a number is no size.
    """
    c = config
    check_context(config, context)
    check_size("batch", batch)
    if not isinstance(dropout, bool):
        raise TypeError(f"dropout={dropout!r} is neither True nor False")
    if checkpointing not in CHECKPOINTING:
        raise ValueError(f"checkpointing={checkpointing!r} is not known; there are {', '.join(CHECKPOINTING)}")
    bytes_each, tokens = _float_bytes(precision), context * batch
    outside = tokens * (2 * bytes_each * c.d_model + 4 * c.vocab_size)
    if checkpointing == "full":
        return outside + bytes_each * tokens * c.d_model * c.n_layers
    scores = _score_bytes(c, context, bytes_each, dropout) if checkpointing == "none" else 0
    attention = bytes_each * _attention_numbers(c) + dropout * c.d_model + scores
    mixers = c.n_attention_layers * attention + (c.n_layers - c.n_attention_layers) * bytes_each * _mixer_numbers(c)
    networks = bytes_each * _network_numbers(c) + dropout * c.d_model * c.n_layers if c.has_attention else 0
    return outside + tokens * (mixers + networks)


def _float_bytes(precision: str) -> int:
    if precision not in FLOATS:
        raise ValueError(f"precision={precision!r} is not one that training computes in; there are {', '.join(FLOATS)}")
    return FLOATS[precision]


def _attention_numbers(c: ModelConfig) -> int:
    """A token's, kept of a layer: the inputs of norm and projections, queries, keys, values, what the last matrix reads."""
    return 2 * c.d_model + 2 * (c.query_heads + c.kv_heads) * c.head_width if c.has_attention else 0


def _score_bytes(c: ModelConfig, context: int, bytes_each: int, dropout: bool) -> int:
    """A token's: softmax's output and, with dropout, its mask and what is left."""
    seen = min(context, c.window or context)
    return c.query_heads * seen * (bytes_each * (1 + dropout) + dropout)


def _network_numbers(c: ModelConfig) -> int:
    """A token's, of all layers: the inputs of norm and matrices, and what is before and after the function between them."""
    dense, chosen = c.n_layers - c.n_expert_layers, c.experts_per_token * c.ff_width + c.shared_d_ff
    widths = dense * c.ff_width + c.n_expert_layers * chosen
    return 2 * c.d_model * c.n_layers + (4 if c.gated else 2) * widths  # a gate adds its own numbers, and the product


def _mixer_numbers(c: ModelConfig) -> int:
    """A token's, kept of a layer without attention: what its matrices, its convolution, its scan and its gates read."""
    d, e = c.d_model, c.d_inner
    if c.family == "rwkv":
        return 16 * d + 2 * (c.d_ff or 4 * d)
    if c.family == "mamba-2":
        return 2 * d + 6 * e + 6 * c.n_groups * c.d_state + e // c.ssm_head_dim
    return 2 * d + 7 * e + c.rank + 2 * c.d_state
