"""What it comes to: a deployment at a glance, and the money for a million tokens."""

import math
from dataclasses import dataclass

from helpers.sizing.compute import Roofline, decode, prefill
from helpers.sizing.config import ModelConfig, check_positive, check_size
from helpers.sizing.hardware import Hardware
from helpers.sizing.memory import Memory, inference_memory

EFFICIENCY = 0.5  # part of the bound that chapter 6 measures a step of decoding to reach


@dataclass(frozen=True)
class Deployment:
    """A model on a machine: memory and capacity in bytes, bounds on reading a prompt as long as the context and on writing a
    token at its end, the part of them that is reached, and the price of a million tokens read and written.
    """

    memory: Memory
    capacity: float
    prefill: Roofline
    decode: Roofline
    efficiency: float
    input_cost: float
    output_cost: float

    @property
    def fits(self) -> bool:
        """Whether the machine holds what is needed."""
        return self.memory.total <= self.capacity

    @property
    def speed(self) -> float:
        """Tokens a second that are written for each text."""
        return self.efficiency / self.decode.seconds


def deployment(
    config: ModelConfig, hardware: Hardware, precision: str = "bf16", context: int = 4096, batch: int = 1,
    price_per_hour: float = 0.0, *, n_devices: int = 1, cache_precision: str | None = None, efficiency: float = 1.0,
) -> Deployment:  # fmt: skip
    """Return memory, bounds on speed, and cost of a model on devices that share it evenly; what the calculator page shows.

    `price_per_hour` is of one device, in any currency; `efficiency` the part of the bounds that is reached, at most 1.
    """
    check_positive("price_per_hour", price_per_hour, or_zero=True)
    check_positive("efficiency", efficiency)
    if efficiency > 1:
        raise ValueError(f"efficiency={efficiency!r} is more than the bound; give a part of it, above 0 and at most 1")
    check_size("context", context)
    machine, price = hardware.times(n_devices), n_devices * price_per_hour
    reading = prefill(config, machine, context, batch, precision, cache_precision=cache_precision)
    writing = decode(config, machine, context, batch, precision, cache_precision=cache_precision)
    return Deployment(
        inference_memory(config, precision, context, batch, cache_precision=cache_precision),
        1e9 * machine.memory_gb,
        reading,
        writing,
        efficiency,
        cost_per_million(efficiency * reading.tokens_per_second, price),
        cost_per_million(efficiency * writing.tokens_per_second, price),
    )


def cost_per_million(tokens_per_second: float, price_per_hour: float) -> float:
    """Return what a million tokens cost, at so many a second, on a machine that is busy all the time."""
    check_positive("tokens_per_second", tokens_per_second, unit="tokens a second")
    check_positive("price_per_hour", price_per_hour, or_zero=True)
    return 1e6 / tokens_per_second / 3600 * price_per_hour if price_per_hour else 0.0


def devices_needed(needed_bytes: float, hardware: Hardware) -> int:
    """Return the least number of devices that hold so many bytes."""
    check_positive("needed_bytes", needed_bytes, unit="bytes")
    return max(1, math.ceil(needed_bytes / (1e9 * hardware.memory_gb)))
