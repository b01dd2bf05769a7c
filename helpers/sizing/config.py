"""A model as a list of parts: their weights, what they keep of a text, and what they compute; all else follows from it."""

import math
from dataclasses import dataclass, field

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Part:
    """Layers, or halves of layers, that are alike.

    Args:
        kind: "embedding", "head", "norm", "attention", "state", "feed-forward", "experts" or "other".
        shapes: of its weights by name; rows (outputs) first.
        count: how many of them the model has.
        active: how many of them a token goes through; None for all.
        kv: numbers that it keeps of each position: keys and values, or what stands for both.
        window: the most positions that it keeps and looks at; None for all.
        chosen: the most positions that a token looks at, of those that are kept; None for all.
        state: numbers that it keeps of a text, however long.
        heads: of queries.
        look: FLOPs for each position that a token looks at.
        reading_look: the same while a prompt is read, where that differs; None for `look`.
        inner: the most numbers of a token that are in memory at once inside it.
        saved: numbers of a token that training keeps for the backward pass, attention's scores aside.
    """

    kind: str
    shapes: Shapes
    count: int = 1
    active: int | None = None
    kv: int = 0
    window: int | None = None
    chosen: int | None = None
    state: int = 0
    heads: int = 0
    look: int = 0
    reading_look: int | None = None
    inner: int = 0
    saved: int = 0

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
    """A decoder-only language model, as `read_config` makes it of a published configuration.

    Args:
        vocab_size: V, rows of the embedding.
        d_model: D, the width of what is passed from layer to layer.
        n_layers: as the makers count them.
        tied: whether the embedding is also the output matrix.
        parts: all of the model.
        max_context: the most tokens of a text; None where none is given.
    """

    vocab_size: int
    d_model: int
    n_layers: int
    tied: bool
    parts: tuple[Part, ...]
    max_context: int | None = None

    def of(self, *kinds: str) -> list[Part]:
        """Parts of these kinds."""
        return [part for part in self.parts if part.kind in kinds]


@dataclass(frozen=True)
class Parameters:
    """How many parameters a model has: all, which fill the memory; those that a token goes through, all but experts that are
    not chosen for it; those of tables and of the output matrix; N of the rule of 2 N FLOPs a token, the active ones without
    tables that are only looked up; and all by what they are in.
    """

    total: int
    active: int
    embedding: int
    multiplied: int
    by_kind: dict[str, int] = field(compare=False)


def count_parameters(config: ModelConfig) -> Parameters:
    """Count a model's parameters, exactly."""
    by_kind: dict[str, int] = {}
    for part in config.parts:
        by_kind[part.kind] = by_kind.get(part.kind, 0) + part.size * part.count
    active = sum(part.size * part.used for part in config.parts)
    tables = by_kind["embedding"]
    looked_up = tables - config.vocab_size * config.d_model * config.tied
    return Parameters(sum(by_kind.values()), active, tables + by_kind.get("head", 0), active - looked_up, by_kind)


def lora_parameters(config: ModelConfig, rank: int, targets: tuple[str, ...] = ("query", "value")) -> int:
    """Count the parameters of low-rank adapters: rank · (rows + columns) for each matrix that has one (Hu et al., 2022).

    `targets` are names of matrices, as the parts have them; the paper's are those of queries and values.
    """
    check_size("rank", rank)
    found = [
        rank * sum(shape) * part.count
        for part in config.of("attention", "state", "feed-forward")
        for name, shape in part.shapes.items()
        if name in targets and len(shape) == 2
    ]
    if not found:
        known = {n: 0 for part in config.of("attention", "state") for n, s in part.shapes.items() if len(s) == 2}
        raise ValueError(f"targets={targets!r} name no matrix of this model; there are {', '.join(known)}")
    return sum(found)


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
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not isinstance(value, int | float) or not is_number or value < 0 or (value == 0 and not or_zero):
        wanted = f"a number {'from 0 on' if or_zero else 'above 0'}{f', in {unit}' if unit else ''}"
        raise ValueError(f"{name}={value!r} is not accepted; give {wanted}")
