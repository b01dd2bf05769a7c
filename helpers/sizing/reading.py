"""A model's parts from its published configuration, the `config.json` of a checkpoint with the names of transformers."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from helpers.sizing import layers
from helpers.sizing.config import ModelConfig, Part, Shapes, check_size
from helpers.tables import DATA

_KNOWN = json.loads((DATA / "model_families.json").read_text("utf-8"))
PLAIN: dict[str, Any] = _KNOWN["plain"]  # what Llama does, and each family of `FAMILIES` unless it says otherwise there
FAMILIES: dict[str, dict[str, Any]] = _KNOWN["families"]  # by transformers' `model_type`
NAMES: dict[str, list[str]] = _KNOWN["names"]  # of a size; the last that is there counts, and an error names the first
NO_NETWORKS = ("mamba", "mamba2", "rwkv")  # a mixer is all that a layer of theirs is
BLOCKS = {"M": "linear_attention", "E": "moe", "*": "full_attention", "-": "mlp"}  # of Nemotron's patterns
MOST_LAYERS = 10_000
FULL, LOCAL, STATE, SPARSE = "full_attention", "sliding_attention", "linear_attention", "minimax_m3_sparse"


def read_config(published: Mapping[str, Any]) -> ModelConfig:
    """Return the parts of a model from the contents of its `config.json`; of one that also sees or hears, its text part.

    Raises:
        ValueError: if the family (`model_type`) is none of `FAMILIES`, a size is missing or is none, or sizes do not go
            together.
    """
    c = _Reader(published)
    tied = bool(c.get("tie_word_embeddings", c.does["tied"]))
    vocab, d = c.size("vocab_size"), c.named("d")
    pieces: Counter[int] = Counter()
    parts: dict[int, Part] = {}
    used: Counter[int] = Counter()
    for part, count, active in _pieces(c, d, vocab, tied):
        key = next((k for k, one in parts.items() if one == part), len(parts))
        parts[key] = part
        pieces[key] += count
        used[key] += active
    whole = tuple(_with_counts(part, pieces[key], used[key]) for key, part in parts.items())
    return ModelConfig(vocab, d, c.n_layers, tied, whole, c.named("context", None))


def known_models() -> list[str]:
    """Return the names of the models whose configurations are in `data/model_configs.json`."""
    return list(_table())


def published_config(name: str) -> dict[str, Any]:
    """Return a model's published configuration: the sizes of its `config.json`."""
    return dict(_row(name)["config"])


def released(name: str) -> str | None:
    """Return the year and month of a model's release ("2025-08"), or None where it is not known."""
    return _row(name)["released"]


@cache
def known_model(name: str) -> ModelConfig:
    """Return the parts of a published model."""
    return read_config(published_config(name))


@cache
def _table() -> dict[str, dict[str, Any]]:
    return {row["model"]: row for row in json.loads((DATA / "model_configs.json").read_text("utf-8"))}


def _row(name: str) -> dict[str, Any]:
    if name not in _table():
        raise ValueError(f"name={name!r} is not in data/model_configs.json; there are {', '.join(_table())}")
    return _table()[name]


class _Reader:
    """A published configuration: sizes by any of their names, checked, and what its family does."""

    def __init__(self, published: Mapping[str, Any]) -> None:
        if not isinstance(published, Mapping):
            raise ValueError(f"published={published!r} is no configuration; give the contents of a config.json")
        self.c = published
        kind = published.get("model_type")
        if isinstance(published.get("text_config"), Mapping):
            self.c = {"tie_word_embeddings": published.get("tie_word_embeddings"), **published["text_config"]}
            kind = self.c.get("model_type", f"{kind}_text" if kind else None)
        if not isinstance(kind, str) or kind not in FAMILIES:
            raise ValueError(f"model_type={kind!r} is no family that is known here; there are {', '.join(sorted(FAMILIES))}")
        self.kind, self.does = kind, PLAIN | FAMILIES[kind]
        self.c = {**self.does["defaults"], **self.c}  # sizes that checkpoints leave out
        pattern = self.get("hybrid_override_pattern", None)
        if isinstance(pattern, str):
            self.c = {**self.c, "layers_block_type": [BLOCKS.get(letter, letter) for letter in pattern]}
        blocks = self.get("layers_block_type", None)
        self.n_layers = len(blocks) if isinstance(blocks, list) else self.named("layers")
        if self.n_layers > MOST_LAYERS:
            raise ValueError(f"num_hidden_layers={self.n_layers} is more than {MOST_LAYERS:,}; give at most that")

    def get(self, name: str, default: Any) -> Any:
        value = self.c.get(name)
        return default if value is None else value

    def size(self, name: str, default: Any = ..., least: int = 1) -> Any:
        """A size by its name; a missing one is `default`, or an error."""
        value = self.c.get(name)
        if value is None and default is not ...:
            return default
        check_size(name, value, least=least)
        return value

    def named(self, what: str, default: Any = ..., least: int = 1) -> Any:
        """A size by the last of its names that is there."""
        name = next((name for name in reversed(NAMES[what]) if self.c.get(name) is not None), NAMES[what][0])
        return self.size(name, default, least)

    def types(self, name: str) -> list[str] | None:
        """A kind for each layer, as a list gives it."""
        listed = self.get(name, None)
        if listed is None and name not in self.does["listed"]:
            return None
        if not isinstance(listed, list) or len(listed) != self.n_layers:
            raise ValueError(f"{name} is no list of {self.n_layers} kinds, one a layer; give as many as there are layers")
        return listed


def _with_counts(part: Part, count: int, active: int) -> Part:
    return Part(**{**vars(part), "count": count, "active": None if active == count else active})


def _pieces(c: _Reader, d: int, vocab: int, tied: bool) -> list[tuple[Part, int, int]]:
    """Every part, how many of it a model has, and through how many a token goes."""
    found = [_one("embedding", tokens=(vocab, d))]
    if c.kind == "gpt2":
        found.append(_one("embedding", positions=(c.size("n_positions"), d)))
    if not tied:
        found.append(_one("head", output=(vocab, d)))
    networks = _networks(c, d)
    for layer, kind in enumerate(_kinds(c)):
        found += [(part, 1, 1) for part in _mixer(c, d, kind, layer)]
        if c.kind in NO_NETWORKS:
            continue
        if c.kind != "nemotron_h" or kind in ("moe", "mlp"):
            found += networks(layer if c.kind != "nemotron_h" else kind)
    found += _others(c, d, vocab)
    norm: Shapes = {"scale": (d,)}
    if c.does["layer_norm"]:
        norm["bias"] = (d,)
    return [*found, (Part("norm", norm), n_norms := c.does["norms"] * c.n_layers + 1 + (c.kind == "rwkv"), n_norms)]


def _one(kind: str, **shapes: tuple[int, ...]) -> tuple[Part, int, int]:
    return Part(kind, shapes), 1, 1


def _kinds(c: _Reader) -> list[str]:
    """What each layer looks with."""
    listed = c.types("layer_types") or c.types("layers_block_type")
    if listed:
        return listed
    if c.kind == "jamba":
        period, offset = c.size("attn_layer_period"), c.size("attn_layer_offset", least=0)
        return [FULL if n % period == offset else STATE for n in range(c.n_layers)]
    if c.kind in NO_NETWORKS:
        return [STATE] * c.n_layers
    if c.kind == "mistral":
        return [LOCAL if c.named("window", None) else FULL] * c.n_layers
    every = c.size("full_attention_interval", c.size("sliding_window_pattern", c.does["interval"]), least=0)
    other = STATE if c.does["gate"] == "query" else LOCAL
    return [FULL if not every or n % every == every - 1 else other for n in range(c.n_layers)]


def _mixer(c: _Reader, d: int, kind: str, layer: int) -> list[Part]:
    """What a layer looks at other positions with."""
    if kind in ("moe", "mlp"):
        return []
    if kind == "conv":
        return [layers.short_convolution(d, c.named("kernel"))]
    if kind in (STATE, "mamba"):
        return _state(c, d)
    if kind in ("compressed_sparse_attention", "heavily_compressed_attention"):
        return _compressed(c, d, kind)
    if kind == "indexed_attention" or c.size("kv_lora_rank", None):
        return _latent(c, d)
    if kind not in (FULL, LOCAL, "chunked_attention", SPARSE):
        raise ValueError(f"layer_types holds {kind!r}, which is not known here; give another model")
    return _grouped(c, d, kind, layer)


def _grouped(c: _Reader, d: int, kind: str, layer: int) -> list[Part]:
    does, heads, is_local = c.does, c.named("heads"), kind in (LOCAL, "chunked_attention")
    kv_heads, width = c.named("kv_heads", heads), c.named("width", None)
    if width is None:
        _divides("num_attention_heads", heads, "hidden_size", d)
        width = d // heads
    if is_local:
        kv_heads = c.size("swa_num_key_value_heads", kv_heads)
    elif c.size("global_head_dim", None):
        width, kv_heads = c.size("global_head_dim"), c.size("num_global_key_value_heads", kv_heads)
    _divides("num_key_value_heads", kv_heads, "num_attention_heads", heads)
    bias = bool(c.get("attention_bias", does["qkv_bias"]))
    norm = does["qk_norm"]
    if c.kind == "glm4_moe" and c.get("use_qk_norm", False):
        norm = "head"
    part = layers.attention(
        d, heads, kv_heads, width, c.size("v_head_dim", width),
        window=c.named("window") if is_local else None, qkv_bias=bias, o_bias=bias and does["o_bias"], norm=norm,
        gate="all" if does["gate"] == "query" else does["gate"],
        sinks=does["sinks"] == "all" or (does["sinks"] == "local" and is_local),
        keys_are_values=bool(c.get("attention_k_eq_v", False)) and not is_local,
        shares_cache=layer >= c.n_layers - c.size("num_kv_shared_layers", 0, least=0), sub_norm=does["sub_norms"],
    )  # fmt: skip
    if kind != SPARSE:
        return [part]
    part = Part(**{**vars(part), "chosen": c.size("index_topk_blocks") * c.size("index_block_size")})
    return [part, layers.indexer(d, c.size("index_n_heads"), c.size("index_head_dim"), d, is_block=True)]


def _latent(c: _Reader, d: int) -> list[Part]:
    q_rank, chosen = c.size("q_lora_rank", None), c.size("index_topk", None)
    part = layers.latent_attention(
        d, c.named("heads"), q_rank, c.size("kv_lora_rank"), c.size("qk_nope_head_dim"),
        c.size("qk_rope_head_dim", least=0), c.size("v_head_dim"), gate=c.does["gate"], chosen=chosen,
    )  # fmt: skip
    if not chosen:
        return [part]
    pooled = c.size("index_kpool", 0, least=0)
    return [part, layers.indexer(d, c.size("index_n_heads"), c.size("index_head_dim"), q_rank or d, pooled=pooled)]


def _compressed(c: _Reader, d: int, kind: str) -> list[Part]:
    rates = c.get("compress_rates", {})
    rate: Any = rates.get(kind) if isinstance(rates, Mapping) else None
    check_size("compress_rates", rate)
    index = {"index_heads": c.size("index_n_heads"), "index_width": c.size("index_head_dim"), "chosen": c.size("index_topk")}
    return layers.compressed_attention(
        d, c.named("heads"), c.named("width"), c.size("q_lora_rank"), c.size("o_groups"), c.size("o_lora_rank"),
        window=c.named("window"), rate=rate, **(index if kind == "compressed_sparse_attention" else {}),
    )  # fmt: skip


def _state(c: _Reader, d: int) -> list[Part]:
    kind = c.does["state"]
    if kind == "rwkv":
        return list(layers.rwkv(d, c.size("intermediate_size", 4 * d)))
    kernel = c.named("kernel", 4)
    if kind in ("mamba", "jamba"):
        e = c.size("expand", c.size("mamba_expand", 2)) * d
        rank = c.size("time_step_rank", c.size("mamba_dt_rank", -(-d // 16)))
        return [layers.mamba(d, e, c.named("state_n", 16), rank, kernel, has_norms=kind == "jamba")]
    if kind == "mamba-2":
        heads, width = c.size("mamba_num_heads", c.size("num_heads", None)), c.size("mamba_head_dim", c.size("head_dim", 64))
        if heads is None:
            _divides("head_dim", width, "2 · hidden_size", 2 * d)
        return [layers.mamba2(d, heads or 2 * d // width, width, c.named("state_n", 128), c.size("n_groups", 1), kernel)]
    if kind == "delta":
        k_heads, v_heads = c.size("linear_num_key_heads"), c.size("linear_num_value_heads")
        return [
            layers.delta_net(d, k_heads, v_heads, c.size("linear_key_head_dim"), c.size("linear_value_head_dim"), kernel)
        ]
    heads, width = c.size("linear_num_heads"), c.size("linear_head_dim")
    ranks = layers.KIMI_RANK if kind == "kimi" else None
    return [layers.delta_net(d, heads, heads, width, width, kernel, kind="kimi", ranks=ranks)]


def _networks(c: _Reader, d: int) -> Callable[[int | str], list[tuple[Part, int, int]]]:
    """What stands behind the mixer of a layer: a network, or experts."""
    n, gated = c.named("experts", None), c.does["gated"]
    bias = bool(c.get("mlp_bias", c.does["mlp_bias"]))
    f = c.named("f", 4 * d if c.kind == "gpt2" else ...) if _has_dense(c, n) else None
    dense = [(layers.feed_forward(d, f, is_gated=gated, has_bias=bias, sub_norm=c.does["sub_norms"]), 1, 1)] if f else []
    if not n:
        wide = layers.feed_forward(d, 2 * f) if f and c.get("use_double_wide_mlp", False) else None
        shares = c.n_layers - c.size("num_kv_shared_layers", 0, least=0)
        return lambda layer: [(wide, 1, 1)] if wide and layer != "mlp" and int(layer) >= shares else dense
    used, each = c.named("used"), c.named("expert_f") if c.kind != "minimax_m3_vl_text" else c.size("intermediate_size")
    if c.kind == "llama4_text":
        each = c.size("intermediate_size")
    if used > n:
        raise ValueError(f"{NAMES['used'][0]}={used} is more than the {n} experts; give at most that")
    shared = c.named("shared_f", 0, least=0) or c.named("shared", 0, least=0) * each
    if c.kind == "llama4_text":
        shared = each
    sparse = layers.experts(
        d, n, used, each, shared=shared, latent=c.named("latent", 0, least=0), is_gated=gated,
        has_bias=c.kind == "gpt_oss", router=c.does["router"] * n, gate_of_shared=c.does["shared_gate"],
        norms=c.does["latent_norms"],
    )  # fmt: skip
    if c.kind == "gemma4_text":  # experts beside the network, with norms and scales of their own
        beside = Part("experts", {"norms": (3, d), "router_scale": (d,), "expert_scales": (n,)})
        return lambda layer: [*dense, *sparse, (beside, 1, 1)]
    is_sparse = _sparse(c)
    return lambda layer: sparse if is_sparse(layer) else dense


def _has_dense(c: _Reader, n: int | None) -> bool:
    """Whether some layer has an ordinary network, so that its width must be there."""
    if c.kind in NO_NETWORKS:
        return False
    if not n or c.kind == "gemma4_text":
        return True
    if c.kind == "nemotron_h":
        return "mlp" in (c.types("layers_block_type") or [])
    return not all(map(_sparse(c), range(c.n_layers)))


def _sparse(c: _Reader) -> Callable[[int | str], bool]:
    """Which layers have experts."""
    if c.kind == "nemotron_h":
        return lambda layer: layer == "moe"
    listed = c.types("mlp_layer_types")
    if listed:
        return lambda layer: listed[int(layer)] != "dense"
    first = c.named("dense", 0, least=0)
    step = c.size("interleave_moe_layer_step", c.size("expert_layer_period", c.size("decoder_sparse_step", 1)))
    offset, plain = c.size("expert_layer_offset", step - 1, least=0), c.get("mlp_only_layers", [])
    if not isinstance(plain, list):
        raise ValueError(f"mlp_only_layers={plain!r} is no list; give the numbers of layers without experts")
    return lambda layer: int(layer) >= first and int(layer) % step == offset and layer not in plain


def _others(c: _Reader, d: int, vocab: int) -> list[tuple[Part, int, int]]:
    """What is in no other part: tables for each layer, streams beside the residual one, and a family's own numbers."""
    found: list[tuple[Part, int, int]] = []
    n, width = c.n_layers, c.size("hidden_size_per_layer_input", 0, least=0)
    if width:
        rows = c.size("vocab_size_per_layer_input", vocab)
        found.append(_one("embedding", tokens_by_layer=(rows, n * width)))
        found.append(_one("other", projection=(n * width, d), projection_norm=(width,)))
        found.append((Part("other", {"gate": (width, d), "back": (d, width), "norm": (d,)}), n, n))
    streams = c.size("hc_mult", 0, least=0)
    if streams:
        mixes = streams * (streams + 2)
        found.append((Part("other", {"streams": (mixes, streams * d), "base": (mixes,), "scale": (3,)}), 2 * n, 2 * n))
    if c.kind == "deepseek_v4":
        found.append(_one("other", streams_at_the_end=(streams, streams * d), base=(streams,), scale=(1,)))
    if c.does["extra"]:
        found.append((Part("other", {"numbers": (c.does["extra"],)}), n, n))
    return found


def _divides(name: str, value: int, whole_name: str, whole: int) -> None:
    if whole % value:
        raise ValueError(f"{name}={value} does not divide {whole_name}={whole}; give a divisor of {whole}")
