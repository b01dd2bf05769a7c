"""Bytes that a model needs to run: its weights, what it keeps of a text, what it works with; and the largest that fits."""

from bisect import bisect_right
from dataclasses import dataclass

from helpers.sizing.config import ModelConfig, check_context, check_positive, check_size, count_parameters

# Bits of a stored number, its part of its group's scale included: 16 bits for 128 numbers (int8, int4, as GPTQ and AWQ store
# them), 8 bits for 32 (MXFP4) or 16 (NVFP4), and the blocks of GGUF files.
BITS = {
    "fp32": 32, "bf16": 16, "fp16": 16, "fp8": 8, "int8": 8.125, "int4": 4.125, "MXFP4": 4.25, "NVFP4": 4.5, "Q8_0": 8.5,
    "Q6_K": 6.5625, "Q5_K": 5.5, "Q4_K": 4.5, "Q4_0": 4.5, "Q3_K": 3.4375, "Q2_K": 2.625,
}  # fmt: skip
CHUNK = 2048  # tokens of a prompt that are read at once
MOST = 2**30  # tokens and texts that are tried


@dataclass(frozen=True)
class Memory:
    """Bytes that a model needs while it runs."""

    weights: float  # all of them
    cache: float  # what is kept of all texts
    working: float  # what is gone after each step

    @property
    def total(self) -> float:
        """Their sum."""
        return self.weights + self.cache + self.working


def bits_of(precision: str, name: str = "precision") -> float:
    """Return the bits of a stored number, or refuse a precision that is none of `BITS`, with the name of its argument."""
    if precision not in BITS:
        raise ValueError(f"{name}={precision!r} is not known; there are {', '.join(BITS)}")
    return BITS[precision]


def number_bytes(precision: str) -> int:
    """Return the bytes of a number that is computed with: four in fp32, else two."""
    return 4 if precision == "fp32" else 2


def weight_bytes(config: ModelConfig, precision: str = "bf16") -> float:
    """Return the bytes of a model's weights, every one of them in the same precision."""
    return count_parameters(config).total * bits_of(precision) / 8


def cache_numbers(config: ModelConfig, context: int) -> tuple[int, int]:
    """Return how many numbers are kept of one text: of its positions, and in states, which are as large at any length."""
    check_context(config, context)
    return sum(part.kv * part.count * part.kept(context) for part in config.parts), config.state


def cache_bits(precision: str, cache_precision: str | None) -> float:
    """Return the bits of a number in the KV cache: those of its own precision, or else of what is computed."""
    return bits_of(cache_precision, "cache_precision") if cache_precision else 8 * number_bytes(precision)


def kept_bytes(kv: int, state: int, bits: float) -> float:
    """Return the bytes of keys and values, and of recurrent states, which stay in 16 bits at least."""
    return (kv * bits + state * max(bits, 16)) / 8


def cache_bytes(config: ModelConfig, context: int, batch: int = 1, precision: str = "bf16") -> float:
    """Return the bytes of what is kept of a batch of texts."""
    check_size("batch", batch)
    return batch * kept_bytes(*cache_numbers(config, context), bits_of(precision))


def inference_memory(
    config: ModelConfig, precision: str = "bf16", context: int = 4096, batch: int = 1, *,
    cache_precision: str | None = None, chunk: int = CHUNK,
) -> Memory:  # fmt: skip
    """Return the bytes to run a model on a batch of texts, of which `chunk` tokens at most are computed at once.

    What a step works with is an estimate: the residual stream and its norm, the widest layer's inner numbers, with
    attention's scores never stored (Dao et al., 2022), and each text's last logits. Libraries keep more or less.
    """
    for name, size in {"context": context, "batch": batch, "chunk": chunk}.items():
        check_size(name, size)
    weights = weight_bytes(config, precision)
    cache = batch * kept_bytes(*cache_numbers(config, context), cache_bits(precision, cache_precision))
    at_once = max(batch, min(batch * context, chunk))
    widest = max(2 * config.d_model, *(part.inner for part in config.parts))
    working = number_bytes(precision) * at_once * (2 * config.d_model + widest) + 4 * batch * config.vocab_size
    return Memory(weights, cache, working)


def largest_context(
    config: ModelConfig, memory_bytes: float, precision: str = "bf16", batch: int = 1, *, cache_precision: str | None = None
) -> int:
    """Return the most tokens of each text that fit into so many bytes: 0 if none does, and no more than the model reads."""
    check_positive("memory_bytes", memory_bytes, unit="bytes")

    def needed(n: int) -> float:
        return inference_memory(config, precision, n, batch, cache_precision=cache_precision).total

    return bisect_right(range(1, (config.max_context or MOST) + 1), memory_bytes, key=needed)


def largest_batch(
    config: ModelConfig, memory_bytes: float, precision: str = "bf16", context: int = 4096, *,
    cache_precision: str | None = None,
) -> int:  # fmt: skip
    """Return how many texts at once fit into so many bytes; 0 if not one does."""
    check_positive("memory_bytes", memory_bytes, unit="bytes")

    def needed(n: int) -> float:
        return inference_memory(config, precision, context, n, cache_precision=cache_precision).total

    return bisect_right(range(1, MOST + 1), memory_bytes, key=needed)
