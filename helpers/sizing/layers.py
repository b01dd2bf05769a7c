"""The layers of published models: the weights of each, what it keeps, and what it computes.

`d` is the width of the model, `k` and `v` the widths of a head's keys and values, `f` the inner width of a network. `norm`
is of queries and keys, by head ("head") or over all heads ("all"); `gate` is of the output, for each number ("all") or each
head ("head"). Shapes have rows (outputs) first.
"""

from helpers.sizing.config import Part, Shapes

KIMI_RANK = 128  # of Kimi's two gates, where they are thin


def attention(
    d: int, heads: int, kv_heads: int, k: int, v: int, *, window: int | None = None, qkv_bias: bool = False,
    o_bias: bool = False, norm: str = "", gate: str = "", sinks: bool = False, keys_are_values: bool = False,
    shares_cache: bool = False, sub_norm: bool = False,
) -> Part:  # fmt: skip
    """Return grouped-query attention (Ainslie et al., 2023); with as many heads of keys as of queries, it is multi-head."""
    q, keys, values = heads * k, kv_heads * k, kv_heads * v
    shapes: Shapes = {"query": (q, d), "output": (d, heads * v)}
    if not shares_cache:
        shapes |= {"key": (keys, d)} | _if(not keys_are_values, value=(values, d))
    shapes |= _if(qkv_bias, query_bias=(q,), key_bias=(keys,), value_bias=(values,)) | _if(o_bias, output_bias=(d,))
    if norm:
        shapes |= {"query_norm": (k if norm == "head" else q,)}
        shapes |= _if(not shares_cache, key_norm=(k if norm == "head" else keys,))
    shapes |= _if(gate, gate=(heads * v if gate == "all" else heads, d)) | _if(sinks, sinks=(heads,))
    shapes |= _if(sub_norm, output_norm=(heads * v,))
    kept = 0 if shares_cache else keys + values * (not keys_are_values)
    inner = q + keys + values + heads * v
    return Part("attention", shapes, kv=kept, window=window, heads=heads, look=2 * heads * (k + v), inner=inner,
                saved=2 * d + inner)  # fmt: skip


def latent_attention(
    d: int, heads: int, q_rank: int | None, kv_rank: int, nope: int, rope: int, v: int, *,
    gate: str = "", chosen: int | None = None,
) -> Part:  # fmt: skip
    """Return multi-head latent attention (DeepSeek-AI, 2024): one short vector a position makes keys and values.

    While it writes, a model multiplies the queries into that space and looks at the short vectors themselves."""
    q = heads * (nope + rope)
    shapes: Shapes = {"kv_down": (kv_rank + rope, d), "kv_norm": (kv_rank,), "kv_up": (heads * (nope + v), kv_rank)}
    if q_rank:
        shapes |= {"query_down": (q_rank, d), "query_norm": (q_rank,), "query": (q, q_rank)}
    else:
        shapes |= {"query": (q, d)}
    shapes |= {"output": (d, heads * v)} | _if(gate, gate=(heads * v if gate == "all" else heads, d))
    inner = 2 * q + 2 * heads * v + kv_rank + rope
    return Part("attention", shapes, kv=kv_rank + rope, chosen=chosen, heads=heads, look=2 * heads * (2 * kv_rank + rope),
                reading_look=2 * heads * (nope + rope + v), inner=inner, saved=2 * d + inner + (q_rank or 0))  # fmt: skip


def indexer(d: int, heads: int, width: int, queries: int, *, pooled: int = 0, is_block: bool = False) -> Part:
    """Return what chooses the positions to look at, in sparse attention (DeepSeek-AI, 2025): heads that only score."""
    shapes: Shapes = {"query": (heads * width, queries), "key": (width, d)}
    if is_block:
        shapes |= {"query_norm": (width,), "key_norm": (width,)}
    else:
        shapes |= {"key_norm": (width,), "key_norm_bias": (width,), "weights": (heads, d)}
    shapes |= _if(pooled, pool_positions=(pooled, width), pool_gate=(width, d))
    return Part("attention", shapes, kv=width // max(pooled, 1), look=2 * heads * width // max(pooled, 1),
                inner=heads * width, saved=heads * width)  # fmt: skip


def compressed_attention(
    d: int, heads: int, width: int, q_rank: int, out_groups: int, out_rank: int, *, window: int, rate: int,
    index_heads: int = 0, index_width: int = 0, chosen: int | None = None,
) -> list[Part]:  # fmt: skip
    """Return DeepSeek-V4's attention: one head of keys that are values too, whole nearby and compressed farther back."""
    look = 4 * heads * width
    near: Shapes = {"query_down": (q_rank, d), "query_norm": (q_rank,), "query": (heads * width, q_rank), "key": (width, d),
                    "key_norm": (width,), "sinks": (heads,), "output": (d, out_groups * out_rank),
                    "output_down": (out_groups * out_rank, heads * width // out_groups)}  # fmt: skip
    two = 2 if index_heads else 1  # windows that overlap are compressed twice
    far: Shapes = {"positions": (rate, two * width), "key": (two * width, d), "gate": (two * width, d), "norm": (width,)}
    kept = width // rate
    if index_heads:
        i = index_width
        far |= {"index_positions": (rate, 2 * i), "index_key": (2 * i, d), "index_gate": (2 * i, d), "index_norm": (i,),
                "index_query": (index_heads * i, q_rank), "index_weights": (index_heads, d)}  # fmt: skip
        kept += i // rate
    inner = 2 * heads * width + width
    return [Part("attention", near, kv=width, window=window, heads=heads, look=look, inner=inner, saved=2 * d + inner),
            Part("attention", far, kv=kept, chosen=chosen and chosen * rate, heads=heads, look=look // rate,
                 inner=2 * width, saved=4 * width)]  # fmt: skip


def delta_net(
    d: int, k_heads: int, v_heads: int, k: int, v: int, kernel: int, *, kind: str = "delta", ranks: int | None = None
) -> Part:
    """Return Gated DeltaNet (Yang et al., 2025), or Kimi Delta Attention, whose state fades channel by channel."""
    keys, values = k_heads * k, v_heads * v
    channels = 2 * keys + values
    shapes: Shapes = {"query": (keys, d), "key": (keys, d), "value": (values, d), "convolution": (channels, 1, kernel),
                      "beta": (v_heads, d), "A": (v_heads,), "norm": (v,), "output": (d, values)}  # fmt: skip
    if kind == "delta":
        shapes |= {"decay": (v_heads, d), "dt_bias": (v_heads,), "gate": (values, d)}
    elif ranks:
        shapes |= {"decay_down": (ranks, d), "decay_up": (keys, ranks), "dt_bias": (keys,)}
        shapes |= {"gate_down": (ranks, d), "gate_up": (values, ranks)}
    else:
        shapes |= {"decay": (keys, d), "dt_bias": (keys,), "gate": (values, d)}
    state = v_heads * k * v + channels * kernel
    return Part("state", shapes, state=state, inner=channels + 2 * values, saved=2 * d + 2 * channels + 2 * values)


def mamba(d: int, e: int, n: int, rank: int, kernel: int, *, has_norms: bool = False) -> Part:
    """Return a selective state space of E channels, each with N numbers (Gu and Dao, 2023)."""
    shapes: Shapes = {"in": (2 * e, d), "convolution": (e, 1, kernel), "convolution_bias": (e,), "x": (rank + 2 * n, e),
                      "dt": (e, rank), "dt_bias": (e,), "A": (e, n), "D": (e,), "output": (d, e)}  # fmt: skip
    shapes |= _if(has_norms, dt_norm=(rank,), B_norm=(n,), C_norm=(n,))
    return Part("state", shapes, state=e * (n + kernel), inner=4 * e, saved=2 * d + 7 * e + rank + 2 * n)


def mamba2(d: int, heads: int, width: int, n: int, groups: int, kernel: int) -> Part:
    """Return a state space whose channels fade head by head (Dao and Gu, 2024)."""
    e = heads * width
    channels = e + 2 * groups * n
    shapes: Shapes = {"in": (e + channels + heads, d), "convolution": (channels, 1, kernel),
                      "convolution_bias": (channels,), "dt_bias": (heads,), "A": (heads,), "D": (heads,),
                      "gate_norm": (e,), "output": (d, e)}  # fmt: skip
    return Part(
        "state", shapes, state=e * n + channels * kernel, inner=4 * e, saved=2 * d + 4 * e + 3 * channels - e + heads
    )


def rwkv(d: int, f: int) -> tuple[Part, Part]:
    """Return the two halves of a layer of RWKV-4 (Peng et al., 2023): the time mix and the channel mix."""
    time: Shapes = dict.fromkeys(("receptance", "key", "value", "output"), (d, d))
    time |= dict.fromkeys(("decay", "first", "mix_k", "mix_v", "mix_r"), (d,))
    channel: Shapes = {"channel_key": (f, d), "channel_value": (d, f), "channel_receptance": (d, d)}
    channel |= {"channel_mix_k": (d,), "channel_mix_r": (d,)}
    return (Part("state", time, state=4 * d, inner=4 * d, saved=10 * d),
            Part("state", channel, state=d, inner=2 * f, saved=6 * d + 2 * f))  # fmt: skip


def short_convolution(d: int, kernel: int) -> Part:
    """Return a gated convolution over a few positions, as in LFM2."""
    shapes: Shapes = {"in": (3 * d, d), "convolution": (d, 1, kernel), "output": (d, d)}
    return Part("state", shapes, state=d * kernel, inner=4 * d, saved=7 * d)


def feed_forward(d: int, f: int, *, is_gated: bool = True, has_bias: bool = False, sub_norm: bool = False) -> Part:
    """Return a feed-forward network of inner width F: three matrices with a gate (SwiGLU), else two."""
    shapes: Shapes = {"up": (f, d), "down": (d, f)} | _if(is_gated, gate=(f, d)) | _if(sub_norm, norm=(f,))
    shapes |= _if(has_bias, up_bias=(f,), down_bias=(d,)) | _if(has_bias and is_gated, gate_bias=(f,))
    return Part("feed-forward", shapes, inner=(3 if is_gated else 2) * f, saved=2 * d + (4 if is_gated else 2) * f)


def experts(
    d: int, n: int, used: int, f: int, *, shared: int = 0, latent: int = 0, is_gated: bool = True, has_bias: bool = False,
    router: int = 0, gate_of_shared: bool = False, norms: bool = False,
) -> list[tuple[Part, int, int]]:  # fmt: skip
    """Return the parts of a layer of experts, how many of each there are, and through how many a token goes."""
    always: Shapes = {"router": (n, d)} | _if(has_bias, router_bias=(n,)) | _if(router, router_scales=(router,))
    always |= _if(latent, into_latent=(latent, d), from_latent=(d, latent)) | _if(norms, norms=(2, latent))
    each = feed_forward(latent or d, f, is_gated=is_gated, has_bias=has_bias)
    factor = 3 if is_gated else 2
    chosen = Part("experts", each.shapes, inner=factor * used * f, saved=(4 if is_gated else 2) * f)
    rows = [(Part("experts", always, saved=2 * d), 1, 1), (chosen, n, used)]
    if shared:
        network = feed_forward(d, shared, is_gated=is_gated)
        shapes = {f"shared_{name}": shape for name, shape in network.shapes.items()} | _if(gate_of_shared, gate=(1, d))
        rows.append((Part("experts", shapes, inner=network.inner, saved=(4 if is_gated else 2) * shared), 1, 1))
    return rows


def _if(condition: object, **shapes: tuple[int, ...]) -> Shapes:
    return shapes if condition else {}
