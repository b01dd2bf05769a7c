"""The layers of published models: the weights of each, what it keeps, and what it computes.

`d` is the width of the model, `k` and `v` are the widths of a head's keys and values, `f` is the inner width of a network.
"""

from dataclasses import replace
from typing import Any

from helpers.sizing.config import Part, Shapes, check_size
from helpers.sizing.published import NAMES, Reader, check_divides

FULL, LOCAL, STATE, SPARSE = "full_attention", "sliding_attention", "linear_attention", "minimax_m3_sparse"
KIMI_RANK = 128  # of Kimi's two gates, where they are thin


def mixer(c: Reader, kind: str, layer: int) -> list[Part]:
    """Return what a layer of a kind looks at other positions with."""
    if kind in ("moe", "mlp"):
        return []
    if kind == "conv":
        return [_short_convolution(c.d, c.named("kernel"))]
    if kind in (STATE, "mamba"):
        return _STATES[c.does["state"]](c)
    if kind in ("compressed_sparse_attention", "heavily_compressed_attention"):
        return _compressed_attention(c, kind)
    if kind == "indexed_attention" or c.size("kv_lora_rank", None):
        return _latent_attention(c)
    if kind not in (FULL, LOCAL, "chunked_attention", SPARSE):
        raise ValueError(f"layer_types holds {kind!r}, which is not known here; give another model")
    return _attention(c, kind, layer)


def _attention(c: Reader, kind: str, layer: int) -> list[Part]:
    """Grouped-query attention (Ainslie et al., 2023); with as many heads of keys as of queries, it is multi-head."""
    d, does, heads, is_local = c.d, c.does, c.named("heads"), kind in (LOCAL, "chunked_attention")
    kv_heads, k = c.named("kv_heads", heads), c.named("width", None)
    if k is None:
        check_divides("num_attention_heads", heads, "hidden_size", d)
        k = d // heads
    if is_local:
        kv_heads = c.size("swa_num_key_value_heads", kv_heads)
    elif c.size("global_head_dim", None):
        k, kv_heads = c.size("global_head_dim"), c.size("num_global_key_value_heads", kv_heads)
    check_divides("num_key_value_heads", kv_heads, "num_attention_heads", heads)
    v, window = c.size("v_head_dim", k), c.named("window") if is_local else None
    has_cache = layer < c.n_layers - c.size("num_kv_shared_layers", 0, least=0)  # else it looks at an earlier layer's
    has_values = is_local or not c.get("attention_k_eq_v", False)  # else keys are values too
    has_bias = c.get("attention_bias", does["qkv_bias"])
    norm = "head" if c.get(does["norm_switch"], False) else does["qk_norm"]
    q, keys, values = heads * k, kv_heads * k, kv_heads * v

    shapes: Shapes = {"query": (q, d), "output": (d, heads * v)}
    shapes |= _if(has_cache, key=(keys, d)) | _if(has_cache and has_values, value=(values, d))
    shapes |= _if(has_bias, query_bias=(q,), key_bias=(keys,), value_bias=(values,))
    shapes |= _if(has_bias and does["o_bias"], output_bias=(d,))
    shapes |= _if(norm, query_norm=(k if norm == "head" else q,))
    shapes |= _if(norm and has_cache, key_norm=(k if norm == "head" else keys,))
    shapes |= _if(does["gate"], gate=(heads if does["gate"] == "head" else heads * v, d))
    shapes |= _if(does["sinks"] == "all" or (does["sinks"] == "local" and is_local), sinks=(heads,))
    shapes |= _if(does["sub_norms"], output_norm=(heads * v,))
    kept, inner = (keys + values * has_values) * has_cache, q + keys + values + heads * v
    chosen = c.size("index_topk_blocks") * c.size("index_block_size") if kind == SPARSE else None
    part = Part("attention", shapes, kv=kept, window=window, chosen=chosen, heads=heads, look=2 * heads * (k + v),
                inner=inner, saved=2 * d + inner)  # fmt: skip
    return [part, _indexer(c, d, is_block=True)] if chosen else [part]


def _latent_attention(c: Reader) -> list[Part]:
    """Multi-head latent attention (DeepSeek-AI, 2024): one short vector a position makes keys and values.

    While it writes, a model multiplies the queries into that space and looks at the short vectors themselves.
    """
    d, gate, q_rank, chosen = c.d, c.does["gate"], c.size("q_lora_rank", None), c.size("index_topk", None)
    heads, kv_rank, nope = c.named("heads"), c.size("kv_lora_rank"), c.size("qk_nope_head_dim")
    rope, v = c.size("qk_rope_head_dim", least=0), c.size("v_head_dim")
    q = heads * (nope + rope)
    shapes: Shapes = {"kv_down": (kv_rank + rope, d), "kv_norm": (kv_rank,), "kv_up": (heads * (nope + v), kv_rank)}
    shapes |= _if(q_rank, query_down=(q_rank, d), query_norm=(q_rank,))
    shapes |= {"query": (q, q_rank or d), "output": (d, heads * v)}
    shapes |= _if(gate, gate=(heads * v if gate == "all" else heads, d))
    inner = 2 * q + 2 * heads * v + kv_rank + rope
    part = Part("attention", shapes, kv=kv_rank + rope, chosen=chosen, heads=heads, look=2 * heads * (2 * kv_rank + rope),
                reading_look=2 * heads * (nope + rope + v), inner=inner, saved=2 * d + inner + (q_rank or 0))  # fmt: skip
    return [part, _indexer(c, q_rank or d, pooled=c.size("index_kpool", 0, least=0))] if chosen else [part]


def _indexer(c: Reader, queries: int, *, pooled: int = 0, is_block: bool = False) -> Part:
    """What chooses the positions to look at, in sparse attention (DeepSeek-AI, 2025): heads that only score."""
    d, heads, width, rate = c.d, c.size("index_n_heads"), c.size("index_head_dim"), max(pooled, 1)
    shapes: Shapes = {"query": (heads * width, queries), "key": (width, d), "key_norm": (width,)}
    shapes |= {"query_norm": (width,)} if is_block else {"key_norm_bias": (width,), "weights": (heads, d)}
    shapes |= _if(pooled, pool_positions=(pooled, width), pool_gate=(width, d))
    return Part("attention", shapes, kv=width // rate, look=2 * heads * width // rate, inner=heads * width,
                saved=heads * width)  # fmt: skip


def _compressed_attention(c: Reader, kind: str) -> list[Part]:
    """DeepSeek-V4's attention: one head of keys that are values too, whole nearby and compressed farther back."""
    rates = c.get("compress_rates", {})
    rate: Any = rates.get(kind) if isinstance(rates, dict) else None
    check_size("compress_rates", rate)
    index_heads, i, chosen = c.size("index_n_heads"), c.size("index_head_dim"), c.size("index_topk")
    d, heads, width, q_rank = c.d, c.named("heads"), c.named("width"), c.size("q_lora_rank")
    groups, out_rank, window = c.size("o_groups"), c.size("o_lora_rank"), c.named("window")
    near: Shapes = {"query_down": (q_rank, d), "query_norm": (q_rank,), "query": (heads * width, q_rank), "key": (width, d),
                    "key_norm": (width,), "sinks": (heads,), "output": (d, groups * out_rank),
                    "output_down": (groups * out_rank, heads * width // groups)}  # fmt: skip
    is_sparse = kind == "compressed_sparse_attention"
    two = 2 if is_sparse else 1  # windows that overlap are compressed twice
    far: Shapes = {"positions": (rate, two * width), "key": (two * width, d), "gate": (two * width, d), "norm": (width,)}
    far |= _if(is_sparse, index_positions=(rate, 2 * i), index_key=(2 * i, d), index_gate=(2 * i, d), index_norm=(i,),
               index_query=(index_heads * i, q_rank), index_weights=(index_heads, d))  # fmt: skip
    look, inner = 4 * heads * width, 2 * heads * width + width
    return [
        Part("attention", near, kv=width, window=window, heads=heads, look=look, inner=inner, saved=2 * d + inner),
        Part("attention", far, kv=width // rate + i // rate * is_sparse, chosen=chosen * rate if is_sparse else None,
             heads=heads, look=look // rate, inner=2 * width, saved=4 * width),
    ]  # fmt: skip


def _delta_net(c: Reader) -> list[Part]:
    """Gated DeltaNet (Yang et al., 2025), or Kimi Delta Attention, whose state fades channel by channel."""
    d, kernel, kind = c.d, c.named("kernel", 4), c.does["state"]
    if kind == "delta":
        k_heads, v_heads = c.size("linear_num_key_heads"), c.size("linear_num_value_heads")
        k, v = c.size("linear_key_head_dim"), c.size("linear_value_head_dim")
    else:
        k_heads = v_heads = c.size("linear_num_heads")
        k = v = c.size("linear_head_dim")
    keys, values = k_heads * k, v_heads * v
    channels = 2 * keys + values
    shapes: Shapes = {"query": (keys, d), "key": (keys, d), "value": (values, d), "convolution": (channels, 1, kernel),
                      "beta": (v_heads, d), "A": (v_heads,), "norm": (v,), "output": (d, values)}  # fmt: skip
    if kind == "kimi":
        shapes |= {"decay_down": (KIMI_RANK, d), "decay_up": (keys, KIMI_RANK), "dt_bias": (keys,),
                   "gate_down": (KIMI_RANK, d), "gate_up": (values, KIMI_RANK)}  # fmt: skip
    else:
        fading = v_heads if kind == "delta" else keys
        shapes |= {"decay": (fading, d), "dt_bias": (fading,), "gate": (values, d)}
    state = v_heads * k * v + channels * kernel
    return [Part("state", shapes, state=state, inner=channels + 2 * values, saved=2 * d + 2 * channels + 2 * values)]


def _mamba(c: Reader) -> list[Part]:
    """A selective state space of E channels, each with N numbers (Gu and Dao, 2023)."""
    d, kernel = c.d, c.named("kernel", 4)
    e = c.size("expand", c.size("mamba_expand", 2)) * d
    rank, n = c.size("time_step_rank", c.size("mamba_dt_rank", -(-d // 16))), c.named("state_n", 16)
    shapes: Shapes = {"in": (2 * e, d), "convolution": (e, 1, kernel), "convolution_bias": (e,), "x": (rank + 2 * n, e),
                      "dt": (e, rank), "dt_bias": (e,), "A": (e, n), "D": (e,), "output": (d, e)}  # fmt: skip
    shapes |= _if(c.does["state"] == "jamba", dt_norm=(rank,), B_norm=(n,), C_norm=(n,))
    return [Part("state", shapes, state=e * (n + kernel), inner=4 * e, saved=2 * d + 7 * e + rank + 2 * n)]


def _mamba2(c: Reader) -> list[Part]:
    """A state space whose channels fade head by head (Dao and Gu, 2024)."""
    d, kernel, heads = c.d, c.named("kernel", 4), c.size("mamba_num_heads", c.size("num_heads", None))
    width = c.size("mamba_head_dim", c.size("head_dim", 64))
    if heads is None:
        check_divides("head_dim", width, "2 · hidden_size", 2 * d)
        heads = 2 * d // width
    n, groups, e = c.named("state_n", 128), c.size("n_groups", 1), heads * width
    channels = e + 2 * groups * n
    shapes: Shapes = {"in": (e + channels + heads, d), "convolution": (channels, 1, kernel),
                      "convolution_bias": (channels,), "dt_bias": (heads,), "A": (heads,), "D": (heads,),
                      "gate_norm": (e,), "output": (d, e)}  # fmt: skip
    state, saved = e * n + channels * kernel, 2 * d + 3 * e + 3 * channels + heads
    return [Part("state", shapes, state=state, inner=4 * e, saved=saved)]


def _rwkv(c: Reader) -> list[Part]:
    """The two halves of a layer of RWKV-4 (Peng et al., 2023): the time mix and the channel mix."""
    d, f = c.d, c.size("intermediate_size", 4 * c.d)
    time: Shapes = dict.fromkeys(("receptance", "key", "value", "output"), (d, d))
    time |= dict.fromkeys(("decay", "first", "mix_k", "mix_v", "mix_r"), (d,))
    channel: Shapes = {"channel_key": (f, d), "channel_value": (d, f), "channel_receptance": (d, d)}
    channel |= {"channel_mix_k": (d,), "channel_mix_r": (d,)}
    return [Part("state", time, state=4 * d, inner=4 * d, saved=10 * d),
            Part("state", channel, state=d, inner=2 * f, saved=6 * d + 2 * f)]  # fmt: skip


def _short_convolution(d: int, kernel: int) -> Part:
    """A gated convolution over a few positions, as in LFM2."""
    shapes: Shapes = {"in": (3 * d, d), "convolution": (d, 1, kernel), "output": (d, d)}
    return Part("state", shapes, state=d * kernel, inner=4 * d, saved=7 * d)


_STATES = {"delta": _delta_net, "kimi": _delta_net, "kimi-whole": _delta_net, "mamba": _mamba, "jamba": _mamba,
           "mamba-2": _mamba2, "rwkv": _rwkv}  # fmt: skip


def networks(c: Reader) -> list[list[Part]]:
    """Return what stands behind the mixer of each layer: a network, experts, both, or nothing."""
    how, n, d = c.does["behind"], c.named("experts", None), c.d
    has_network = how != "nothing" and (not n or how == "both" or "mlp" in _behind(c))
    f = c.named("f", c.does["f"] * d or ...) if has_network else 0
    bias = c.get("mlp_bias", c.does["mlp_bias"])
    dense = [_feed_forward(c, d, f, has_bias=bias, has_norm=c.does["sub_norms"])] if f else []
    sparse = _experts(c, n) if n else dense
    if how == "nothing":
        return [[]] * c.n_layers
    if how == "both" and n:
        return [dense + sparse] * c.n_layers
    if how == "listed" or n:
        kinds = c.kinds() if how == "listed" else _behind(c)
        return [sparse if kind == "moe" else dense if kind == "mlp" else [] for kind in kinds]
    wide = [_feed_forward(c, d, 2 * f)] if c.get("use_double_wide_mlp", False) else dense
    n_wide = min(c.n_layers, c.size("num_kv_shared_layers", 0, least=0))
    return [dense] * (c.n_layers - n_wide) + [wide] * n_wide


def _behind(c: Reader) -> list[str]:
    """What stands behind each mixer: "moe" for experts, "mlp" for a network, and whatever else a list of blocks has."""
    if c.does["behind"] == "listed":
        return c.types("layers_block_type")
    listed = c.types("mlp_layer_types")
    if listed:
        return ["mlp" if kind == "dense" else "moe" for kind in listed]
    first = c.named("dense", 0, least=0)
    step = c.size("interleave_moe_layer_step", c.size("expert_layer_period", c.size("decoder_sparse_step", 1)))
    offset, plain = c.size("expert_layer_offset", step - 1, least=0), c.get("mlp_only_layers", [])
    if not isinstance(plain, list):
        raise ValueError(f"mlp_only_layers={plain!r} is no list; give the numbers of layers without experts")
    return ["moe" if n >= first and n % step == offset and n not in plain else "mlp" for n in range(c.n_layers)]


def _feed_forward(c: Reader, d: int, f: int, *, has_bias: bool = False, has_norm: bool = False) -> Part:
    """A feed-forward network of inner width F: three matrices with a gate (SwiGLU), else two."""
    is_gated = c.does["gated"]
    shapes: Shapes = {"up": (f, d), "down": (d, f)} | _if(is_gated, gate=(f, d)) | _if(has_norm, norm=(f,))
    shapes |= _if(has_bias, up_bias=(f,), down_bias=(d,)) | _if(has_bias and is_gated, gate_bias=(f,))
    return Part("feed-forward", shapes, inner=(3 if is_gated else 2) * f, saved=2 * d + (4 if is_gated else 2) * f)


def _experts(c: Reader, n: int) -> list[Part]:
    """The parts of a layer of experts: what is there once, the experts, and one that all tokens go through."""
    d, does, used, f = c.d, c.does, c.named("used"), c.named("expert_f")
    if used > n:
        raise ValueError(f"{NAMES['used'][0]}={used} is more than the {n} experts; give at most that")
    shared = c.named("shared_f", 0, least=0) or c.named("shared", 0, least=0) * f
    latent = c.named("latent", 0, least=0)
    always: Shapes = {"router": (n, d)} | _if(does["expert_bias"], router_bias=(n,))
    always |= _if(does["router"], router_scales=(does["router"] * n,))
    always |= _if(latent, into_latent=(latent, d), from_latent=(d, latent)) | _if(does["latent_norms"], norms=(2, latent))
    each = _feed_forward(c, latent or d, f, has_bias=does["expert_bias"])
    parts = [
        Part("experts", always, saved=2 * d),
        replace(each, kind="experts", count=n, active=used, inner=used * each.inner, saved=each.saved - 2 * (latent or d)),
    ]
    if shared or does["one_shared"]:
        network = _feed_forward(c, d, f if does["one_shared"] else shared)
        shapes = {f"shared_{name}": shape for name, shape in network.shapes.items()} | _if(does["shared_gate"], gate=(1, d))
        parts.append(replace(network, kind="experts", shapes=shapes, saved=network.saved - 2 * d))
    if does["behind"] == "both":  # with norms and scales of their own
        parts.append(Part("experts", {"norms": (3, d), "router_scale": (d,), "expert_scales": (n,)}))
    return parts


def _if(condition: object, **shapes: tuple[int, ...]) -> Shapes:
    return shapes if condition else {}
