"""How long a model takes: FLOPs, and the roofline of reading a prompt and of writing."""

from dataclasses import dataclass

from helpers.sizing.config import Hardware, ModelConfig, Part, check_context, check_positive, check_size, count_parameters
from helpers.sizing.memory import bits_of, cache_bits, cache_numbers, kept_bytes

STATE_FLOPS = 5  # for each number of a state: fade, write (2), and read (2)


@dataclass(frozen=True)
class Roofline:
    """The time that operations take, or bytes, whichever is longer (Williams et al., 2009): a step reaches part of it."""

    flops: float
    bytes: float  # that are moved
    compute_seconds: float
    memory_seconds: float
    tokens: int  # that are read or written, of all texts

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
    """Return the FLOPs of the forward pass of one token that is written: 2 N, and what attention and states add.

    Attention adds 2 · heads · (widths of a head's keys and values) for each of the `context` positions that it looks at, in
    each of its layers (Kaplan et al., 2020); a state adds 5 for each of its numbers. A context of 0 leaves attention out.
    """
    check_context(config, context)
    looks = sum(part.look * part.count * part.seen(context) for part in config.parts)
    return 2 * count_parameters(config).multiplied + STATE_FLOPS * config.state + looks


def prefill_flops(config: ModelConfig, length: int) -> float:
    """Return the FLOPs to read a prompt: every token looks at those before it, and only the last is given logits."""
    check_size("length", length)
    check_context(config, length)
    head = 2 * config.vocab_size * config.d_model
    return length * (flops_per_token(config) - head) + head + _reading_looks(config, length)


def training_flops(config: ModelConfig, n_tokens: float, context: int = 0) -> float:
    """Return the FLOPs to train on so many tokens: 6 N a token, as the backward pass takes two forward passes.

    With the `context` of a text, three times what attention and states take is added; 0 stands for 6 N alone.
    """
    check_positive("n_tokens", n_tokens)
    check_context(config, context)
    flops = 6.0 * count_parameters(config).multiplied
    if context:
        flops += 3 * (STATE_FLOPS * config.state + _reading_looks(config, context) / context)
    return n_tokens * flops


def prefill(
    config: ModelConfig, hardware: Hardware, length: int, batch: int = 1, precision: str = "bf16", *,
    cache_precision: str | None = None,
) -> Roofline:  # fmt: skip
    """Return the bound on reading prompts of `length` tokens: weights are read once for all, the cache is written."""
    check_size("batch", batch)
    flops = batch * prefill_flops(config, length)
    written = kept_bytes(*cache_numbers(config, length), cache_bits(precision, cache_precision))
    moved = read_bytes(config, batch * length, precision) + batch * written
    return _roofline(hardware, precision, flops, moved, batch * length)


def decode(
    config: ModelConfig, hardware: Hardware, context: int, batch: int = 1, precision: str = "bf16", *,
    cache_precision: str | None = None,
) -> Roofline:  # fmt: skip
    """Return the bound on writing the next token of each text: weights are read once for all, the cache once for each.

    Texts have `context` tokens, the one that is read now included. A state is read and written; of positions that attention
    chooses among, only those chosen are read.
    """
    check_size("context", context)
    check_size("batch", batch)
    flops = batch * flops_per_token(config, context)
    seen = sum(part.kv * part.count * part.seen(context) for part in config.parts)
    kept = kept_bytes(seen, 2 * config.state, cache_bits(precision, cache_precision))
    return _roofline(hardware, precision, flops, read_bytes(config, batch, precision) + batch * kept, batch)


def read_bytes(config: ModelConfig, tokens: int, precision: str = "bf16") -> float:
    """Return the bytes of weights that a step of so many tokens reads: of tables one row a token, of experts those chosen.

    If n tokens choose k of E experts each, evenly and on their own, E · (1 − (1 − k/E)ⁿ) are expected to be read.
    """
    check_size("tokens", tokens)
    return sum(_numbers_read(part, config, tokens) for part in config.parts) * bits_of(precision) / 8


def _numbers_read(part: Part, config: ModelConfig, tokens: int) -> float:
    if part.kind == "embedding":
        is_whole = config.tied and "tokens" in part.shapes
        return sum((rows if is_whole else min(tokens, rows)) * width for rows, width in part.shapes.values())
    return part.size * part.count * (1 - (1 - part.used / part.count) ** tokens)


def _roofline(hardware: Hardware, precision: str, flops: float, moved: float, tokens: int) -> Roofline:
    return Roofline(flops, moved, flops / hardware.flops(precision), moved / (1e9 * hardware.bandwidth_gb_s), tokens)


def _reading_looks(config: ModelConfig, length: int) -> float:
    """FLOPs of all looks of a prompt's tokens, each at those before it and at itself."""
    total = 0.0
    for part in config.parts:
        near = part.seen(length)
        seen = near * (near + 1) // 2 + (length - near) * near
        total += (part.look if part.reading_look is None else part.reading_look) * part.count * seen
    return total
