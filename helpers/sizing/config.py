"""A model as a list of parts, and a device: the numbers that all else follows from; and what is accepted as a number."""

import math
from dataclasses import dataclass, field

from helpers.tables import read_table

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Part:
    """Layers, or halves of layers, that are alike."""

    kind: str  # "embedding", "head", "norm", "attention", "state", "feed-forward", "experts" or "other"
    shapes: Shapes = field(hash=False)  # of its weights by name; rows (outputs) first
    count: int = 1  # how many of them the model has
    active: int | None = None  # how many of them a token goes through; None for all
    kv: int = 0  # numbers that it keeps of each position: keys and values, or what stands for both
    window: int | None = None  # the most positions that it keeps and looks at; None for all
    chosen: int | None = None  # the most positions that a token looks at, of those that are kept; None for all
    state: int = 0  # numbers that it keeps of a text, however long
    heads: int = 0  # of queries
    look: int = 0  # FLOPs for each position that a token looks at
    reading_look: int | None = None  # the same while a prompt is read, where that differs; None for `look`
    inner: int = 0  # the most numbers of a token that are in memory at once inside it
    saved: int = 0  # numbers of a token that training keeps for the backward pass, attention's scores aside

    @property
    def size(self) -> int:
        """Parameters of one of them."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    @property
    def used(self) -> int:
        """How many of them a token goes through."""
        return self.count if self.active is None else self.active

    def kept(self, context: int) -> int:
        """Positions that it keeps of so many."""
        return min(context, self.window or context)

    def seen(self, context: int) -> int:
        """Positions that the last of so many tokens looks at."""
        return min(self.kept(context), self.chosen or context)


@dataclass(frozen=True)
class ModelConfig:
    """A decoder-only language model, as `read_config` makes it of a published configuration."""

    vocab_size: int  # rows of the embedding
    d_model: int  # the width of what is passed from layer to layer
    n_layers: int  # as the makers count them
    tied: bool  # whether the embedding is also the output matrix
    parts: tuple[Part, ...]  # all of the model
    max_context: int | None = None  # the most tokens of a text; None where none is given

    @property
    def state(self) -> int:
        """Numbers that are kept of a text, however long."""
        return sum(part.state * part.count for part in self.parts)


@dataclass(frozen=True)
class Parameters:
    """How many parameters a model has."""

    total: int  # which fill the memory
    active: int  # those that a token goes through: all but experts that are not chosen for it
    embedding: int  # of tables and of the output matrix
    multiplied: int  # N of the rule of 2 N FLOPs a token: the active ones without tables that are only looked up


def count_parameters(config: ModelConfig) -> Parameters:
    """Count a model's parameters, exactly."""
    total = sum(part.size * part.count for part in config.parts)
    active = sum(part.size * part.used for part in config.parts)
    tables, head = (sum(part.size for part in config.parts if part.kind == kind) for kind in ("embedding", "head"))
    looked_up = tables - config.vocab_size * config.d_model * config.tied
    return Parameters(total, active, tables + head, active - looked_up)


@dataclass(frozen=True)
class Hardware:
    """A device, or several that share the work evenly and wait for nothing; its figures are finite and above 0."""

    name: str
    memory_gb: float  # 10⁹ bytes that it holds; a card sold as 80 GB holds 80 · 2³⁰ bytes, nearly 86 · 10⁹
    bandwidth_gb_s: float  # 10⁹ bytes that it reads from there in a second
    tflops_bf16: float  # 10¹² operations in a second, of dense matrices in 16 bits
    tflops_fp32: float | None = None  # the same in 32 bits; None for that of 16 bits

    def __post_init__(self) -> None:
        for name in ("memory_gb", "bandwidth_gb_s", "tflops_bf16"):
            check_positive(name, getattr(self, name))
        if self.tflops_fp32 is not None:
            check_positive("tflops_fp32", self.tflops_fp32)

    def times(self, n_devices: int) -> "Hardware":
        """So many of them, as if they were one: a bound, since real ones also talk to each other."""
        check_size("n_devices", n_devices)
        name = self.name if n_devices == 1 else f"{n_devices} × {self.name}"
        memory, bandwidth, fast = self.memory_gb, self.bandwidth_gb_s, self.tflops_bf16
        slow = self.tflops_fp32 and n_devices * self.tflops_fp32
        return Hardware(name, n_devices * memory, n_devices * bandwidth, n_devices * fast, slow)

    def flops(self, precision: str) -> float:
        """Operations in a second with weights stored in a precision; int8 and int4 are turned into 16 bits for it."""
        return 1e12 * (self.tflops_fp32 if precision == "fp32" and self.tflops_fp32 else self.tflops_bf16)


def known_devices() -> list[str]:
    """Return the names of the devices in `data/hardware.csv`."""
    return list(read_table("hardware")["device"])


def known_device(name: str) -> Hardware:
    """Return a device, by its name in `data/hardware.csv`."""
    table = read_table("hardware").set_index("device")
    if name not in table.index:
        raise ValueError(f"name={name!r} is not in data/hardware.csv; there are {', '.join(table.index)}")
    return Hardware(name, *table.loc[name, ["memory_gb", "bandwidth_gb_s", "tflops_bf16", "tflops_fp32"]].astype(float))


def check_size(name: str, value: object, *, least: int = 1) -> None:
    """Refuse what is no whole number from `least` on."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}={value!r} is no size; give a whole number from {least} on")


def check_context(config: ModelConfig, context: int) -> None:
    """Refuse a length that is none, or more than the model reads."""
    check_size("context", context, least=0)
    if config.max_context and context > config.max_context:
        raise ValueError(f"context={context} is more than the model's max_context={config.max_context}; give at most that")


def check_positive(name: str, value: object, *, unit: str = "", or_zero: bool = False) -> None:
    """Refuse what is no finite number above 0, or from 0 on."""
    is_none = isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0
    if is_none or (value == 0 and not or_zero):
        wanted = f"a number {'from 0 on' if or_zero else 'above 0'}{f', in {unit}' if unit else ''}"
        raise ValueError(f"{name}={value!r} is not accepted; give {wanted}")
