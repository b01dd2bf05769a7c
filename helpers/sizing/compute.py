"""How long a model takes: FLOPs, the roofline of reading a prompt and of writing, and what training costs.

A roofline (Williams et al., 2009) is the time that the operations take, or the time that the bytes take, whichever is
longer. It is a bound: a real program reaches part of it.
"""

from dataclasses import dataclass

from helpers.sizing.config import ModelConfig, check_context, check_positive, check_size
from helpers.sizing.hardware import Hardware
from helpers.sizing.memory import GROUP, bits_per_weight, kv_numbers, number_bytes, state_numbers
from helpers.sizing.parameters import count_parameters, weights

STATE_FLOPS = 5  # for each number of a state: fade, write (2), and read (2)


@dataclass(frozen=True)
class Roofline:
    """The bound on a step.

    Args:
        flops: operations.
        bytes: read from memory and written to it.
        compute_seconds: that the operations take at the device's rate.
        memory_seconds: that the bytes take.
        tokens: of all texts, that are read or written in the step.
    """

    flops: float
    bytes: float
    compute_seconds: float
    memory_seconds: float
    tokens: int

    @property
    def seconds(self) -> float:
        """The least time of the step."""
        return max(self.compute_seconds, self.memory_seconds)

    @property
    def bound(self) -> str:
        """What the time is bound by: "compute" or "bandwidth"."""
        return "compute" if self.compute_seconds >= self.memory_seconds else "bandwidth"

    @property
    def tokens_per_second(self) -> float:
        """Of all texts together."""
        return self.tokens / self.seconds


def flops_per_token(config: ModelConfig, context: int = 0) -> float:
    """FLOPs of the forward pass of one token: 2 N, and what attention and states add.

    N are the active parameters without tables that are only looked up. Attention adds 4 · heads · head width for each
    position that is looked at, in each of its layers (Kaplan et al., 2020); a state adds 5 for each of its numbers.

    Args:
        config: the model's sizes.
        context: positions that the token looks at, itself included; 0 leaves attention out.

    Raises:
        ValueError: if the context is no size.
    """
    check_context(config, context)
    return 2 * count_parameters(config).multiplied + _state_flops(config) + _attention_flops(config) * _seen(config, context)


def prefill_flops(config: ModelConfig, length: int) -> float:
    """FLOPs to read a prompt: every token looks at those before it, and only the last is given logits.

    Args:
        config: the model's sizes.
        length: tokens of the prompt.

    Raises:
        ValueError: if the length is no size.
    """
    check_size("length", length)
    check_context(config, length)
    head = 2 * config.vocab_size * config.d_model
    looks = _attention_flops(config) * _seen_by_all(config, length)
    return length * (flops_per_token(config) - head) + head + looks


def training_flops(config: ModelConfig, n_tokens: float, context: int = 0) -> float:
    """FLOPs to train on so many tokens: 6 N a token, since the backward pass takes two forward passes (Kaplan et al., 2020).

    Args:
        config: the model's sizes.
        n_tokens: of the training data.
        context: tokens in each text, to add three times what attention and states take; 0 for 6 N alone.

    Raises:
        ValueError: if the tokens are not a number above 0, or the context is no size.
    """
    check_positive("n_tokens", n_tokens)
    check_context(config, context)
    extra = 0.0
    if context:
        extra = _state_flops(config) + _attention_flops(config) * _seen_by_all(config, context) / context
    return n_tokens * (6 * count_parameters(config).multiplied + 3 * extra)


def prefill(
    config: ModelConfig, hardware: Hardware, length: int, batch: int = 1, precision: str = "bf16", *, group: int = GROUP
) -> Roofline:
    """The bound on reading prompts: the weights are read once for all their tokens, and the cache is written.

    Args:
        config: the model's sizes.
        hardware: that computes.
        length: tokens in each prompt.
        batch: prompts at once.
        precision: of the weights; the cache is in bf16, or in fp32 with weights in fp32.
        group: weights that share a scale, in int8 and int4.

    Raises:
        ValueError: if a number is no size, or the precision is unknown.
    """
    check_size("length", length)
    check_size("batch", batch)
    kept = batch * (kv_numbers(config, length) + state_numbers(config)) * number_bytes(precision)
    moved = read_bytes(config, batch * length, precision, group) + kept
    return _roofline(hardware, precision, batch * prefill_flops(config, length), moved, batch * length)


def decode(
    config: ModelConfig, hardware: Hardware, context: int, batch: int = 1, precision: str = "bf16", *, group: int = GROUP
) -> Roofline:
    """The bound on writing the next token of each text: weights are read once for the batch, the cache once for each text.

    A state is read and written.

    Args:
        config: the model's sizes.
        hardware: that computes.
        context: tokens that each text has, the one that is read now included.
        batch: texts at once.
        precision: as in `prefill`.
        group: as in `prefill`.

    Raises:
        ValueError: if a number is no size, or the precision is unknown.
    """
    check_size("context", context)
    check_size("batch", batch)
    kept = batch * (kv_numbers(config, context) + 2 * state_numbers(config)) * number_bytes(precision)
    moved = read_bytes(config, batch, precision, group) + kept
    return _roofline(hardware, precision, batch * flops_per_token(config, context), moved, batch)


def read_bytes(config: ModelConfig, tokens: int, precision: str = "bf16", group: int = GROUP) -> float:
    """Bytes of weights that a step reads: of tables one row a token, of experts those that some token chose.

    If n tokens choose k of E experts each, evenly and on their own, E · (1 − (1 − k/E)ⁿ) are expected to be read.

    Args:
        config: the model's sizes.
        tokens: that pass the model in the step.
        precision: of the weights.
        group: weights that share a scale, in int8 and int4.

    Raises:
        ValueError: if a number is no size, or the precision is unknown.
    """
    check_size("tokens", tokens)
    share = 1 - (1 - config.experts_per_token / config.n_experts) ** tokens
    numbers = 0.0
    for row in weights(config):
        if row.part == "embedding" and not (config.tied and row.name == "tokens"):
            numbers += min(tokens, row.shape[0]) * row.shape[1]
        else:
            numbers += row.size * row.count * (share if row.active < row.count else 1)
    return numbers * bits_per_weight(precision, group) / 8


def _roofline(hardware: Hardware, precision: str, flops: float, moved: float, tokens: int) -> Roofline:
    return Roofline(flops, moved, flops / hardware.flops(precision), moved / (1e9 * hardware.bandwidth_gb_s), tokens)


def _attention_flops(c: ModelConfig) -> int:
    """For each position that a token looks at: queries times keys, and weights times values."""
    return 4 * c.n_attention_layers * (c.n_heads or 0) * c.head_width


def _state_flops(c: ModelConfig) -> int:
    return STATE_FLOPS * state_numbers(c)


def _seen(c: ModelConfig, context: int) -> int:
    return min(context, c.window or context)


def _seen_by_all(c: ModelConfig, length: int) -> int:
    """Positions that the tokens of a text look at, itself included, all of them together."""
    near = _seen(c, length)
    return near * (near + 1) // 2 + (length - near) * near
