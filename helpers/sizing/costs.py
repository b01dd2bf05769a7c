"""What it comes to: days and money to train, money for a million tokens, and a deployment at a glance."""

import math
from dataclasses import dataclass

from helpers.sizing.compute import Roofline, decode, prefill, training_flops
from helpers.sizing.config import ModelConfig, check_positive, check_size
from helpers.sizing.hardware import Hardware
from helpers.sizing.memory import GROUP, Memory, inference_memory

MFU = 0.4  # part of the peak that training reaches


@dataclass(frozen=True)
class Deployment:
    """A model on a machine.

    Args:
        memory: bytes that it needs.
        capacity: bytes that the machine holds.
        prefill: the bound on reading a prompt as long as the context, for each text of the batch.
        decode: the bound on writing a token of each text, at the end of the context.
        input_cost: of a million tokens read, at the bound.
        output_cost: of a million tokens written, at the bound.
    """

    memory: Memory
    capacity: float
    prefill: Roofline
    decode: Roofline
    input_cost: float
    output_cost: float

    @property
    def fits(self) -> bool:
        """Whether the machine holds what is needed."""
        return self.memory.total <= self.capacity


def deployment(
    config: ModelConfig,
    hardware: Hardware,
    precision: str = "bf16",
    context: int = 4096,
    batch: int = 1,
    price_per_hour: float = 0.0,
    *,
    n_devices: int = 1,
    group: int = GROUP,
) -> Deployment:
    """Memory, bounds on speed, and cost of a model on devices that share it evenly; what the calculator page shows.

    Args:
        config: the model's sizes.
        hardware: one device.
        precision: of the weights.
        context: tokens in each text.
        batch: texts at once.
        price_per_hour: of one device, in any currency.
        n_devices: how many share the model.
        group: weights that share a scale, in int8 and int4.

    Raises:
        ValueError: if a number is no size, the price is below 0, or the precision is unknown.
    """
    check_positive("price_per_hour", price_per_hour, or_zero=True)
    check_size("context", context)
    machine, price = hardware.times(n_devices), n_devices * price_per_hour
    reading = prefill(config, machine, context, batch, precision, group=group)
    writing = decode(config, machine, context, batch, precision, group=group)
    return Deployment(
        inference_memory(config, precision, context, batch, group=group),
        1e9 * machine.memory_gb,
        reading,
        writing,
        cost_per_million(reading.tokens_per_second, price),
        cost_per_million(writing.tokens_per_second, price),
    )


def cost_per_million(tokens_per_second: float, price_per_hour: float) -> float:
    """What a million tokens cost on a machine that is busy all the time.

    Args:
        tokens_per_second: of all texts together.
        price_per_hour: of the machine, in any currency.

    Raises:
        ValueError: if the speed is not above 0, or the price is below 0.
    """
    check_positive("tokens_per_second", tokens_per_second, unit="tokens a second")
    check_positive("price_per_hour", price_per_hour, or_zero=True)
    return 1e6 / tokens_per_second / 3600 * price_per_hour if price_per_hour else 0.0


def training_seconds(
    config: ModelConfig,
    n_tokens: float,
    hardware: Hardware,
    n_devices: int = 1,
    *,
    mfu: float = MFU,
    context: int = 0,
    precision: str = "bf16",
) -> float:
    """Seconds to train a model on so many tokens.

    Args:
        config: the model's sizes.
        n_tokens: of the training data.
        hardware: one device.
        n_devices: how many share the work.
        mfu: part of the peak rate that is reached (model FLOPs utilisation, Chowdhery et al., 2023).
        context: as in `training_flops`.
        precision: that is computed in.

    Raises:
        ValueError: if a number is no size, or `mfu` is not above 0 and at most 1.
    """
    check_positive("mfu", mfu)
    if mfu > 1:
        raise ValueError(f"mfu={mfu!r} is more than the peak; give a part of it, above 0 and at most 1")
    return training_flops(config, n_tokens, context) / (mfu * hardware.times(n_devices).flops(precision))


def devices_needed(needed_bytes: float, hardware: Hardware) -> int:
    """The least number of devices that hold so many bytes.

    Raises:
        ValueError: if the bytes are not a number above 0.
    """
    check_positive("needed_bytes", needed_bytes, unit="bytes")
    return max(1, math.ceil(needed_bytes / (1e9 * hardware.memory_gb)))
