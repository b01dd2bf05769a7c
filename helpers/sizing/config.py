"""The shape of a language model as plain numbers, from which its memory, speed and cost follow."""

import math
from dataclasses import dataclass, fields

import pandas as pd

from helpers.tables import read_table

FAMILIES = ("transformer", "mamba", "mamba-2", "rwkv", "hybrid")
OPTIONAL = ("n_heads", "n_kv_heads", "head_dim", "d_ff", "dt_rank", "window")  # None where it follows, or is not there
FROM_ZERO = ("n_positions", "shared_d_ff")


@dataclass(frozen=True)
class ModelConfig:
    """The sizes of a decoder-only language model; each family reads what it needs.

    A layer of a transformer is attention and a feed-forward network; of Mamba and Mamba-2, one state-space mixer; of
    RWKV-4, a time and a channel mix; of a hybrid, Mamba or attention, and then a feed-forward network, as in Jamba.

    Args:
        family: "transformer", "mamba", "mamba-2", "rwkv" or "hybrid".
        vocab_size: V, rows of the embedding.
        d_model: D, the width of what is passed from layer to layer.
        n_layers: how many layers.
        n_heads: H, query heads of attention.
        n_kv_heads: heads of keys and values, each shared by a group of query heads; None for n_heads.
        head_dim: width of a head; None for D / H.
        d_ff: F, the inner width of a feed-forward network, or of one expert.
        gated: whether that network has a gate (SwiGLU): three matrices, not two.
        layer_norm: whether norms have a bias (LayerNorm), or not (RMSNorm).
        qkv_bias: whether the projections to queries, keys and values have biases.
        bias: whether the other projections of a transformer's layers have biases.
        qk_norm: whether each head's queries and keys pass a norm.
        tied: whether the embedding is also the output matrix.
        n_positions: rows of a learned table of positions; 0 for rotary positions, or none.
        window: the most positions that attention looks back, and keeps; None for all.
        n_experts: feed-forward networks in an expert layer; 1 for none of these layers.
        experts_per_token: how many of them a token goes through.
        shared_d_ff: inner width of the expert that every token goes through, behind a gate of its own; 0 for none.
        expert_period: of that many layers, the one in the middle has experts.
        attention_period: of that many layers of a hybrid, the one in the middle is attention.
        d_state: N, numbers that Mamba and Mamba-2 keep for each inner channel.
        d_conv: K, positions that their convolution sees.
        expand: E / D, how much wider they are inside.
        dt_rank: R, of the projection that gives Mamba's step sizes; None for D / 16, rounded up.
        ssm_head_dim: P, channels of Mamba-2 that fade together.
        n_groups: G, of Mamba-2's heads that share what is written and read.

    Raises:
        ValueError: if a family is unknown, a size is not a whole number from 1 on (0 where it says so), heads do not divide,
            or more experts are to be used than there are.
        TypeError: if a switch is not True or False.
    """

    family: str
    vocab_size: int
    d_model: int
    n_layers: int
    n_heads: int | None = None
    n_kv_heads: int | None = None
    head_dim: int | None = None
    d_ff: int | None = None
    gated: bool = True
    layer_norm: bool = False
    qkv_bias: bool = False
    bias: bool = False
    qk_norm: bool = False
    tied: bool = False
    n_positions: int = 0
    window: int | None = None
    n_experts: int = 1
    experts_per_token: int = 1
    shared_d_ff: int = 0
    expert_period: int = 1
    attention_period: int = 8
    d_state: int = 16
    d_conv: int = 4
    expand: int = 2
    dt_rank: int | None = None
    ssm_head_dim: int = 64
    n_groups: int = 1

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"family={self.family!r} is not known; there are {', '.join(FAMILIES)}")
        for field in fields(self)[1:]:
            value = getattr(self, field.name)
            if field.type is bool:
                if not isinstance(value, bool):
                    raise TypeError(f"{field.name}={value!r} is no switch; give True or False")
            elif value is not None or field.name not in OPTIONAL:
                check_size(field.name, value, least=0 if field.name in FROM_ZERO else 1)
        if self.experts_per_token > self.n_experts:
            raise ValueError(
                f"experts_per_token={self.experts_per_token} is more than n_experts={self.n_experts}; give at most that"
            )
        if self.has_attention:
            self._check_heads()
        if self.family == "mamba-2":
            _check_divides("ssm_head_dim", self.ssm_head_dim, "expand * d_model", self.d_inner)
            _check_divides("n_groups", self.n_groups, "the heads of Mamba-2", self.d_inner // self.ssm_head_dim)

    def _check_heads(self) -> None:
        for name, value in (("n_heads", self.n_heads), ("d_ff", self.d_ff)):
            if value is None:
                raise ValueError(
                    f"{name}=None, but a model of family={self.family!r} needs it; give a whole number from 1 on"
                )
        if self.head_dim is None:
            _check_divides("n_heads", self.query_heads, "d_model", self.d_model)
        _check_divides("n_kv_heads", self.kv_heads, "n_heads", self.query_heads)

    @property
    def has_attention(self) -> bool:
        """Whether a layer of the model is attention."""
        return self.family in ("transformer", "hybrid")

    @property
    def query_heads(self) -> int:
        """Heads of queries; 0 without attention."""
        return self.n_heads or 0

    @property
    def kv_heads(self) -> int:
        """Heads of keys and values."""
        return self.n_kv_heads or self.query_heads

    @property
    def head_width(self) -> int:
        """Width of a head of attention."""
        return self.head_dim or (self.d_model // self.n_heads if self.n_heads else 0)

    @property
    def ff_width(self) -> int:
        """Inner width of a feed-forward network, or of one expert; that of RWKV's channel mix, 4 D, where none is given."""
        return self.d_ff or (4 * self.d_model if self.family == "rwkv" else 0)

    @property
    def d_inner(self) -> int:
        """E, the inner width of Mamba and Mamba-2."""
        return self.expand * self.d_model

    @property
    def rank(self) -> int:
        """R, of the projection that gives Mamba's step sizes."""
        return self.dt_rank or math.ceil(self.d_model / 16)

    @property
    def n_attention_layers(self) -> int:
        """How many layers are attention."""
        if self.family == "transformer":
            return self.n_layers
        return n_middle(self.n_layers, self.attention_period) if self.family == "hybrid" else 0

    @property
    def n_expert_layers(self) -> int:
        """How many layers have experts."""
        return n_middle(self.n_layers, self.expert_period) if self.has_attention and self.n_experts > 1 else 0


def n_middle(n_layers: int, period: int) -> int:
    """How many of n layers are in the middle of a period, which is where Jamba has its attention and its experts.

    Raises:
        ValueError: if one of them is no size.
    """
    check_size("n_layers", n_layers, least=0)
    check_size("period", period)
    return sum(layer % period == period // 2 for layer in range(n_layers))


def known_models() -> list[str]:
    """Names of the models whose figures are in `data/model_configs.csv`."""
    return list(read_table("model_configs")["model"])


def known_model(name: str) -> ModelConfig:
    """The config of a published model, by its name in `data/model_configs.csv`.

    Raises:
        ValueError: if it is not there.
    """
    table = read_table("model_configs").set_index("model")
    if name not in table.index:
        raise ValueError(f"name={name!r} is not in data/model_configs.csv; there are {', '.join(table.index)}")
    row = table.loc[name]
    given = {field: row[field.name] for field in fields(ModelConfig) if field.name in row}
    kinds: dict[object, type] = {str: str, bool: bool}
    return ModelConfig(**{f.name: kinds.get(f.type, int)(value) for f, value in given.items() if not pd.isna(value)})


def check_size(name: str, value: object, *, least: int = 1) -> None:
    """Refuse what is no whole number from `least` on.

    Raises:
        ValueError: that names the argument.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}={value!r} is no size; give a whole number from {least} on")


def check_context(config: ModelConfig, context: int) -> None:
    """Refuse a length that is none, or that the model has no positions for.

    Raises:
        ValueError: that names the argument.
    """
    check_size("context", context, least=0)
    if config.n_positions and context > config.n_positions:
        raise ValueError(
            f"context={context} is more than n_positions={config.n_positions}, which the model learned; give less"
        )


def check_positive(name: str, value: object, *, unit: str = "", or_zero: bool = False) -> None:
    """Refuse what is no finite number above 0, or from 0 on.

    Raises:
        ValueError: that names the argument.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not isinstance(value, int | float) or not is_number or value < 0 or (value == 0 and not or_zero):
        wanted = f"a number {'from 0 on' if or_zero else 'above 0'}{f', in {unit}' if unit else ''}"
        raise ValueError(f"{name}={value!r} is not accepted; give {wanted}")


def _check_divides(name: str, value: int, whole_name: str, whole: int) -> None:
    if whole % value:
        raise ValueError(f"{name}={value} does not divide {whole_name}={whole}; give a divisor of {whole}")
