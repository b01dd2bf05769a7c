"""Parameters counted from a model's config: every weight by name and shape, as the libraries build them.

V  vocab_size    D  d_model    H  heads    F  d_ff    E  inner width    N  d_state    K  d_conv    R  dt_rank
"""

import math
from dataclasses import dataclass

from helpers.sizing.config import ModelConfig, check_size

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Weight:
    """Weights of one shape.

    Args:
        part: "embedding", "head", "norm", "attention", "mixer", "feed-forward" or "experts".
        name: of the weight, within its part.
        shape: rows (outputs) first, as torch has it.
        count: how many of them the model has.
        active: how many of them a token goes through; a token uses the embedding by reading a row of it.
    """

    part: str
    name: str
    shape: tuple[int, ...]
    count: int
    active: int

    @property
    def size(self) -> int:
        """Numbers in one of them."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Parameters:
    """How many parameters a model has.

    Args:
        total: all of them; these fill the memory.
        active: those that a token goes through: all but the experts that are not chosen for it.
        embedding: those of the tables of tokens and positions, and of the output matrix if it is one of its own.
        multiplied: N of the rule of 2 N FLOPs a token: the active ones, without tables that are only looked up.
    """

    total: int
    active: int
    embedding: int
    multiplied: int


def count_parameters(config: ModelConfig) -> Parameters:
    """Parameters of a model, exactly.

    Args:
        config: the model's sizes.
    """
    rows = weights(config)
    total = sum(row.size * row.count for row in rows)
    active = sum(row.size * row.active for row in rows)
    tables = sum(row.size for row in rows if row.part == "embedding")
    head = sum(row.size for row in rows if row.part == "head")
    looked_up = tables - config.vocab_size * config.d_model * config.tied
    return Parameters(total, active, tables + head, active - looked_up)


def weights(config: ModelConfig) -> list[Weight]:
    """Every weight of a model, by part, name, shape, and how often it occurs.

    Args:
        config: the model's sizes.
    """
    c, n_attention = config, config.n_attention_layers
    rows = _rows(
        "embedding", {"tokens": (c.vocab_size, c.d_model)} | _if(c.n_positions, positions=(c.n_positions, c.d_model))
    )
    rows += _rows("head", _if(not c.tied, output=(c.vocab_size, c.d_model)))
    rows += _rows("attention", _attention(c) if n_attention else {}, n_attention)
    rows += _rows("mixer", _mixer(c), c.n_layers - n_attention)
    if c.has_attention:
        rows += _rows("feed-forward", _feed_forward(c, c.ff_width), c.n_layers - c.n_expert_layers)
        rows += _expert_rows(c)
    n_norms = (
        {"mamba": 1, "mamba-2": 1}.get(c.family, 2) * c.n_layers + 1 + (c.family == "rwkv")
    )  # RWKV has one more at first
    return rows + _rows("norm", _norm(c, c.d_model), n_norms)


def lora_parameters(config: ModelConfig, rank: int, targets: tuple[str, ...] = ("query", "value")) -> int:
    """Parameters of low-rank adapters: rank · (rows + columns) for each matrix that has one (Hu et al., 2022).

    Args:
        config: the model's sizes.
        rank: r, of each adapter.
        targets: names of the matrices, as `weights` has them; the paper's are those of queries and values.

    Raises:
        ValueError: if the rank is no size, or the model has no matrix of a name.
    """
    check_size("rank", rank)
    matrices = [row for row in weights(config) if len(row.shape) == 2 and row.part not in ("embedding", "head")]
    for name in targets:
        if name not in {row.name for row in matrices}:
            known = ", ".join(sorted({row.name for row in matrices}))
            raise ValueError(f"targets holds {name!r}, which the model has no matrix of; there are {known}")
    return sum(rank * sum(row.shape) * row.count for row in matrices if row.name in targets)


def _rows(part: str, shapes: Shapes, count: int = 1, active: int | None = None) -> list[Weight]:
    active = count if active is None else active
    return [Weight(part, name, shape, count, active) for name, shape in shapes.items() if count]


def _if(condition: object, **shapes: tuple[int, ...]) -> Shapes:
    return shapes if condition else {}


def _norm(c: ModelConfig, width: int) -> Shapes:
    return {"scale": (width,)} | _if(c.layer_norm, bias=(width,))


def _attention(c: ModelConfig) -> Shapes:
    d, q, kv = c.d_model, c.query_heads * c.head_width, c.kv_heads * c.head_width
    return (
        {"query": (q, d), "key": (kv, d), "value": (kv, d), "output": (d, q)}
        | _if(c.qkv_bias, query_bias=(q,), key_bias=(kv,), value_bias=(kv,))
        | _if(c.bias, output_bias=(d,))
        | _if(c.qk_norm, query_norm=(c.head_width,), key_norm=(c.head_width,))
    )


def _feed_forward(c: ModelConfig, width: int) -> Shapes:
    d = c.d_model
    return (
        {"up": (width, d), "down": (d, width)}
        | _if(c.gated, gate=(width, d))
        | _if(c.bias, up_bias=(width,), down_bias=(d,))
        | _if(c.bias and c.gated, gate_bias=(width,))
    )


def _expert_rows(c: ModelConfig) -> list[Weight]:
    n, layers = c.n_experts, c.n_expert_layers
    rows = _rows("experts", {"router": (n, c.d_model)}, layers)
    rows += _rows("experts", _feed_forward(c, c.ff_width), layers * n, layers * c.experts_per_token)
    if c.shared_d_ff:
        shared = _feed_forward(c, c.shared_d_ff) | {"gate_of_shared": (1, c.d_model)}
        rows += _rows("experts", {f"shared_{name}": shape for name, shape in shared.items()}, layers)
    return rows


def _mixer(c: ModelConfig) -> Shapes:
    kinds = {"mamba": _mamba, "mamba-2": _mamba2, "rwkv": _rwkv, "hybrid": _mamba}
    return kinds[c.family](c) if c.family in kinds else {}


def _mamba(c: ModelConfig) -> Shapes:
    """Gu and Dao (2023); Jamba adds norms to what the step sizes, the inputs and the outputs of the state are made of."""
    d, e, n, r = c.d_model, c.d_inner, c.d_state, c.rank
    return {
        "in": (2 * e, d), "convolution": (e, 1, c.d_conv), "convolution_bias": (e,), "x": (r + 2 * n, e),
        "dt": (e, r), "dt_bias": (e,), "A": (e, n), "D": (e,), "out": (d, e),
    } | _if(c.family == "hybrid", dt_norm=(r,), B_norm=(n,), C_norm=(n,))  # fmt: skip


def _mamba2(c: ModelConfig) -> Shapes:
    """Dao and Gu (2024)."""
    d, e, heads, groups = c.d_model, c.d_inner, c.d_inner // c.ssm_head_dim, 2 * c.n_groups * c.d_state
    return {
        "in": (2 * e + groups + heads, d), "convolution": (e + groups, 1, c.d_conv), "convolution_bias": (e + groups,),
        "dt_bias": (heads,), "A": (heads,), "D": (heads,), "gate_norm": (e,), "out": (d, e),
    }  # fmt: skip


def _rwkv(c: ModelConfig) -> Shapes:
    """RWKV-4 (Peng et al., 2023)."""
    d, f = c.d_model, c.ff_width
    mixes: Shapes = dict.fromkeys(["time_mix_k", "time_mix_v", "time_mix_r", "channel_mix_k", "channel_mix_r"], (d,))
    time: Shapes = dict.fromkeys(["receptance", "key", "value", "output"], (d, d))
    time |= {"decay": (d,), "first": (d,)}
    return mixes | time | {"channel_key": (f, d), "channel_value": (d, f), "channel_receptance": (d, d)}
