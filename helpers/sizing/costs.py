"""What it comes to: a deployment at a glance, and the money for a million tokens."""

import math
from dataclasses import dataclass

from helpers.sizing.compute import Roofline, decode, prefill
from helpers.sizing.config import Hardware, ModelConfig, check_positive
from helpers.sizing.memory import Memory, inference_memory

EFFICIENCY = 0.5  # part of the bound that chapter 6 measures a step of decoding to reach


@dataclass(frozen=True)
class Deployment:
    """A model on a machine that is busy all the time."""

    memory: Memory
    capacity: float  # bytes that the machine holds
    prefill: Roofline  # of prompts as long as the context
    decode: Roofline  # of a token at its end
    efficiency: float  # part of these bounds that is reached
    input_cost: float  # of a million tokens that are read
    output_cost: float  # of a million tokens that are written

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
    machine = hardware.times(n_devices)
    writing = decode(config, machine, context, batch, precision, cache_precision=cache_precision)
    reading = prefill(config, machine, context, batch, precision, cache_precision=cache_precision)
    input_cost, output_cost = (
        1e6 / (efficiency * step.tokens_per_second) / 3600 * (n_devices * price_per_hour) for step in (reading, writing)
    )
    memory = inference_memory(config, precision, context, batch, cache_precision=cache_precision)
    return Deployment(memory, 1e9 * machine.memory_gb, reading, writing, efficiency, input_cost, output_cost)


def devices_needed(needed_bytes: float, hardware: Hardware) -> int:
    """Return the least number of devices that hold so many bytes."""
    check_positive("needed_bytes", needed_bytes, unit="bytes")
    return max(1, math.ceil(needed_bytes / (1e9 * hardware.memory_gb)))
