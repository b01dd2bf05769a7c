"""A model's parts from its published configuration, the `config.json` of a checkpoint with the names of transformers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from helpers.sizing.config import ModelConfig, Part, Shapes
from helpers.sizing.layers import FULL, LOCAL, STATE, mixer, networks
from helpers.sizing.published import Reader, published_config


def read_config(published: Mapping[str, Any]) -> ModelConfig:
    """Return the parts of a model from the contents of its `config.json`; of one that also sees or hears, its text part."""
    c = Reader(published)
    is_tied = bool(c.get("tie_word_embeddings", c.does["tied"]))
    counts: Counter[Part] = Counter()  # parts that are alike count as one
    used: Counter[Part] = Counter()
    for part in _parts(c, is_tied):
        one = replace(part, count=1, active=None)
        counts[one] += part.count
        used[one] += part.used
    parts = tuple(replace(one, count=n, active=None if used[one] == n else used[one]) for one, n in counts.items())
    return ModelConfig(c.vocab, c.d, c.n_layers, is_tied, parts, c.named("context", None))


@cache
def known_model(name: str) -> ModelConfig:
    """Return the parts of a published model."""
    return read_config(published_config(name))


def _parts(c: Reader, is_tied: bool) -> list[Part]:
    d, n, does = c.d, c.n_layers, c.does
    found = [Part("embedding", {"tokens": (c.vocab, d)})]
    if does["positions"]:
        found.append(Part("embedding", {"positions": (c.size(does["positions"]), d)}))
    if not is_tied:
        found.append(Part("head", {"output": (c.vocab, d)}))
    after = networks(c)
    for layer, kind in enumerate(_kinds(c)):
        found += mixer(c, kind, layer) + after[layer]
    width = c.size("hidden_size_per_layer_input", 0, least=0)
    if width:  # tables for each layer
        found += [
            Part("embedding", {"tokens_by_layer": (c.size("vocab_size_per_layer_input", c.vocab), n * width)}),
            Part("other", {"projection": (n * width, d), "projection_norm": (width,)}),
            Part("other", {"gate": (width, d), "back": (d, width), "norm": (d,)}, n),
        ]
    streams = c.size("hc_mult", 0, least=0)
    if streams:  # beside the residual one
        mixes = streams * (streams + 2)
        found.append(Part("other", {"streams": (mixes, streams * d), "base": (mixes,), "scale": (3,)}, 2 * n))
    if does["streams_end"]:
        found.append(Part("other", {"streams_at_the_end": (streams, streams * d), "base": (streams,), "scale": (1,)}))
    if does["extra"]:
        found.append(Part("other", {"numbers": (does["extra"],)}, n))
    norm: Shapes = dict.fromkeys(("scale", "bias") if does["layer_norm"] else ("scale",), (d,))
    return [*found, Part("norm", norm, does["norms"] * n + 1 + does["first_norm"])]


def _kinds(c: Reader) -> list[str]:
    """What each layer looks with."""
    if listed := c.kinds():
        return listed
    if c.does["behind"] == "nothing":
        return [STATE] * c.n_layers
    if c.does["layers"] == "alike":
        return [LOCAL if c.named("window", None) else FULL] * c.n_layers
    if c.does["layers"] == "by offset":
        every, at, other = c.size("attn_layer_period"), c.size("attn_layer_offset", least=0), STATE
    else:
        every = c.size("full_attention_interval", c.size("sliding_window_pattern", c.does["interval"]), least=0)
        at, other = every - 1, STATE if c.does["gate"] == "query" else LOCAL
    return [FULL if not every or n % every == at else other for n in range(c.n_layers)]
