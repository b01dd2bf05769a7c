"""Machines as three numbers: how much they hold, how fast they read it, how fast they compute."""

from dataclasses import dataclass

from helpers.sizing.config import check_positive, check_size
from helpers.tables import read_table


@dataclass(frozen=True)
class Hardware:
    """A device, or several that share the work evenly and wait for nothing.

    Args:
        name: of the device.
        memory_gb: 10⁹ bytes that it holds; a card sold as 80 GB holds 80 · 2³⁰ bytes, nearly 86 · 10⁹.
        bandwidth_gb_s: 10⁹ bytes that it reads from there in a second.
        tflops_bf16: 10¹² operations in a second, of dense matrices in 16 bits.
        tflops_fp32: the same in 32 bits; None for that of 16 bits.

    Raises:
        ValueError: if one of them is not a finite number above 0.
    """

    name: str
    memory_gb: float
    bandwidth_gb_s: float
    tflops_bf16: float
    tflops_fp32: float | None = None

    def __post_init__(self) -> None:
        for name in ("memory_gb", "bandwidth_gb_s", "tflops_bf16"):
            check_positive(name, getattr(self, name))
        if self.tflops_fp32 is not None:
            check_positive("tflops_fp32", self.tflops_fp32)

    def times(self, n_devices: int) -> "Hardware":
        """So many of them, as if they were one: a bound, since real ones also talk to each other.

        Raises:
            ValueError: if `n_devices` is not a whole number from 1 on.
        """
        check_size("n_devices", n_devices)
        slow = self.tflops_fp32 and n_devices * self.tflops_fp32
        name = self.name if n_devices == 1 else f"{n_devices} × {self.name}"
        return Hardware(
            name, n_devices * self.memory_gb, n_devices * self.bandwidth_gb_s, n_devices * self.tflops_bf16, slow
        )

    def flops(self, precision: str) -> float:
        """Operations in a second with weights stored in a precision; int8 and int4 are turned into 16 bits for it."""
        return 1e12 * (self.tflops_fp32 if precision == "fp32" and self.tflops_fp32 else self.tflops_bf16)


def known_devices() -> list[str]:
    """Return the operations in a second with weights stored in a precision; few bits are turned into 16 for it."""
    return list(read_table("hardware")["device"])


def known_device(name: str) -> Hardware:
    """Return a device, by its name in `data/hardware.csv`."""
    table = read_table("hardware").set_index("device")
    if name not in table.index:
        raise ValueError(f"name={name!r} is not in data/hardware.csv; there are {', '.join(table.index)}")
    row = table.loc[name]
    return Hardware(name, *(float(row[column]) for column in ("memory_gb", "bandwidth_gb_s", "tflops_bf16", "tflops_fp32")))
