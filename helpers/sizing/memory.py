"""Bytes that a model needs: its weights, what it keeps of a text, what it works with."""

from dataclasses import dataclass

from helpers.sizing.config import ModelConfig, check_context, check_size
from helpers.sizing.parameters import count_parameters

BITS = {"fp32": 32, "bf16": 16, "fp16": 16, "int8": 8, "int4": 4}  # of a stored number
GROUP = 128  # weights that share a scale in int8 and int4
SCALE_BITS = 16
CHUNK = 2048  # tokens of a prompt that are read at once


@dataclass(frozen=True)
class Memory:
    """Bytes that a model needs while it runs.

    Args:
        weights: all parameters, with the scales of their groups.
        cache: what is kept of all texts: keys and values, and the state of layers that have one.
        working: what is there while tokens are computed, and gone afterwards.
    """

    weights: float
    cache: float
    working: float

    @property
    def total(self) -> float:
        """Their sum."""
        return self.weights + self.cache + self.working


def bits_per_weight(precision: str, group: int = GROUP) -> float:
    """Bits that a stored weight takes, its part of its group's scale included.

    Args:
        precision: "fp32", "bf16", "fp16", "int8" or "int4".
        group: weights that share a 16-bit scale, in int8 and int4.

    Raises:
        ValueError: if the precision is unknown or the group is no size.
    """
    if precision not in BITS:
        raise ValueError(f"precision={precision!r} is not known; there are {', '.join(BITS)}")
    check_size("group", group)
    return BITS[precision] + (SCALE_BITS / group if precision.startswith("int") else 0)


def number_bytes(precision: str) -> float:
    """Bytes of a number that is computed with; int8 and int4 are turned into 16 bits for it."""
    return min(4, max(2, bits_per_weight(precision) // 8))


def weight_bytes(config: ModelConfig, precision: str = "bf16", group: int = GROUP) -> float:
    """Bytes of a model's weights, every one of them in the same precision.

    Args:
        config: the model's sizes.
        precision: as in `bits_per_weight`.
        group: weights that share a 16-bit scale, in int8 and int4.
    """
    return count_parameters(config).total * bits_per_weight(precision, group) / 8


def cache_numbers(config: ModelConfig, context: int) -> int:
    """Numbers that are kept of one text: keys and values of each position, and states, whose size is the same at any length.

    Args:
        config: the model's sizes.
        context: tokens of the text; a window bounds how many of them attention keeps.
    """
    return kv_numbers(config, context) + state_numbers(config)


def kv_numbers(config: ModelConfig, context: int) -> int:
    """Keys and values that are kept of one text, in all layers.

    Args:
        config: the model's sizes.
        context: tokens of the text.

    Raises:
        ValueError: if the context is no size, or more than the model's table of positions.
    """
    c = config
    check_context(c, context)
    return 2 * c.n_attention_layers * c.kv_heads * c.head_width * min(context, c.window or context)


def state_numbers(config: ModelConfig) -> int:
    """Numbers in the states of all layers without attention: what fades, and the inputs that a convolution still sees."""
    c, n_layers = config, config.n_layers - config.n_attention_layers
    if c.family == "rwkv":
        return n_layers * 5 * c.d_model  # two last inputs; sum, weight and largest exponent (Peng et al., 2023)
    channels = c.d_inner + (2 * c.n_groups * c.d_state if c.family == "mamba-2" else 0)
    return n_layers * (c.d_inner * c.d_state + channels * c.d_conv)


def cache_bytes(config: ModelConfig, context: int, batch: int = 1, precision: str = "bf16") -> float:
    """Bytes of the KV cache, or of the recurrent state, of a batch of texts.

    Args:
        config: the model's sizes.
        context: tokens in each text.
        batch: texts.
        precision: of the cache; int8 and int4 without scales.
    """
    check_size("batch", batch)
    bits_per_weight(precision)
    return batch * cache_numbers(config, context) * BITS[precision] / 8


def working_bytes(config: ModelConfig, tokens: int, batch: int = 1, precision: str = "bf16") -> float:
    """Bytes that are there while tokens pass the widest layer, and those of the logits of each text's last token.

    An estimate: the residual stream and its norm, and the widest layer's inner numbers, with attention's scores never stored
    (Dao et al., 2022). Libraries keep more or less, and their kernels keep room of their own.

    Args:
        config: the model's sizes.
        tokens: of all texts together, that are computed at once.
        batch: texts.
        precision: of the weights.
    """
    c = config
    check_size("tokens", tokens)
    check_size("batch", batch)
    inner = [2 * c.d_model]
    if c.has_attention:
        width = c.ff_width if c.n_expert_layers == 0 else max(c.experts_per_token * c.ff_width, c.shared_d_ff)
        inner += [(3 if c.gated else 2) * width, 2 * (c.query_heads + c.kv_heads) * c.head_width]
    if c.family == "rwkv":
        inner.append(2 * c.ff_width)
    elif c.family != "transformer":
        inner.append(4 * c.d_inner)
    return number_bytes(precision) * tokens * (2 * c.d_model + max(inner)) + 4 * batch * c.vocab_size


def inference_memory(
    config: ModelConfig,
    precision: str = "bf16",
    context: int = 4096,
    batch: int = 1,
    *,
    group: int = GROUP,
    cache_precision: str | None = None,
    chunk: int = CHUNK,
) -> Memory:
    """Bytes to run a model on a batch of texts.

    Args:
        config: the model's sizes.
        precision: of the weights.
        context: tokens in each text, prompt and answer together.
        batch: texts at once.
        group: weights that share a scale, in int8 and int4.
        cache_precision: of the cache; None for that of the weights, bf16 if those are int8 or int4.
        chunk: the most tokens that are computed at once.
    """
    kept = cache_precision or (precision if BITS.get(precision, 0) > 8 else "bf16")
    check_size("chunk", chunk)
    check_size("context", context)
    return Memory(
        weight_bytes(config, precision, group),
        cache_bytes(config, context, batch, kept),
        working_bytes(config, max(batch, min(batch * context, chunk)), batch, precision),
    )
