"""Bytes that a model needs to run: its weights, what it keeps of a text, what it works with; and the largest that fits."""

from collections.abc import Callable
from dataclasses import dataclass

from helpers.sizing.config import ModelConfig, check_context, check_positive, check_size, count_parameters

# Bits of a stored number, its part of its group's scale included: 16 bits for 128 numbers (int8, int4, as GPTQ and AWQ store
# them), 8 bits for 32 (MXFP4) or 16 (NVFP4), and the blocks of GGUF files.
BITS = {
    "fp32": 32, "bf16": 16, "fp16": 16, "fp8": 8, "int8": 8.125, "int4": 4.125, "MXFP4": 4.25, "NVFP4": 4.5, "Q8_0": 8.5,
    "Q6_K": 6.5625, "Q5_K": 5.5, "Q4_K": 4.5, "Q4_0": 4.5, "Q3_K": 3.4375, "Q2_K": 2.625,
}  # fmt: skip
CHUNK = 2048  # tokens of a prompt that are read at once


@dataclass(frozen=True)
class Memory:
    """Bytes that a model needs while it runs: all weights, what is kept of all texts, and what is gone after each step."""

    weights: float
    cache: float
    working: float

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
    kv = sum(part.kv * part.count * part.kept(context) for part in config.parts)
    return kv, sum(part.state * part.count for part in config.parts)


def cache_bytes(config: ModelConfig, context: int, batch: int = 1, precision: str = "bf16") -> float:
    """Return the bytes of keys and values in a precision, and of recurrent states, which stay in 16 bits at least."""
    check_size("batch", batch)
    kv, state = cache_numbers(config, context)
    bits = bits_of(precision)
    return batch * (kv * bits + state * max(bits, 16)) / 8


def working_bytes(config: ModelConfig, tokens: int, batch: int = 1, precision: str = "bf16") -> float:
    """Return the bytes that are there while `tokens` pass the widest layer, and those of each text's last logits.

    An estimate: the residual stream and its norm, and the widest layer's inner numbers, with attention's scores never stored
    (Dao et al., 2022). Libraries keep more or less, and their kernels keep room of their own.
    """
    check_size("tokens", tokens)
    check_size("batch", batch)
    widest = max(2 * config.d_model, *(part.inner for part in config.parts))
    return number_bytes(precision) * tokens * (2 * config.d_model + widest) + 4 * batch * config.vocab_size


def inference_memory(
    config: ModelConfig, precision: str = "bf16", context: int = 4096, batch: int = 1, *,
    cache_precision: str | None = None, chunk: int = CHUNK,
) -> Memory:  # fmt: skip
    """Return the bytes to run a model on a batch of texts, of which `chunk` tokens at most are computed at once."""
    check_size("chunk", chunk)
    check_size("context", context)
    kept = cache_precision or ("fp32" if precision == "fp32" else "bf16")
    bits_of(kept, "cache_precision")
    return Memory(
        weight_bytes(config, precision),
        cache_bytes(config, context, batch, kept),
        working_bytes(config, max(batch, min(batch * context, chunk)), batch, precision),
    )


def largest_context(
    config: ModelConfig, memory_bytes: float, precision: str = "bf16", batch: int = 1, *, cache_precision: str | None = None
) -> int:
    """Return the most tokens of each text that fit into so many bytes: 0 if none does, and no more than the model reads."""
    check_positive("memory_bytes", memory_bytes, unit="bytes")
    return _largest(
        lambda n: inference_memory(config, precision, n, batch, cache_precision=cache_precision).total <= memory_bytes,
        config.max_context or 2**30,
    )


def largest_batch(
    config: ModelConfig, memory_bytes: float, precision: str = "bf16", context: int = 4096, *,
    cache_precision: str | None = None,
) -> int:  # fmt: skip
    """Return how many texts at once fit into so many bytes; 0 if not one does."""
    check_positive("memory_bytes", memory_bytes, unit="bytes")
    return _largest(
        lambda n: inference_memory(config, precision, context, n, cache_precision=cache_precision).total <= memory_bytes,
        2**30,
    )


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """The largest n up to `most` that fits, where every smaller one does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
