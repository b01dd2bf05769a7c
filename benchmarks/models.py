"""Our small models beside the libraries' of the same shape: tokens a second of a training step, on this machine.

python -m benchmarks.models [--repeats 3] [--batch-size 4] [--context 256] [--only Mamba]
"""

import argparse
import importlib.util
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from helpers.models import Config
from helpers.models.hybrid import hybrid
from helpers.models.mamba import mamba
from helpers.models.mamba2 import mamba2
from helpers.models.rwkv import rwkv
from helpers.models.stack import Stack
from helpers.models.transformer import transformer

CONFIG = Config(d_model=128, n_layers=4, n_heads=4, n_kv_heads=2)
EXPERTS = Config(d_model=128, n_layers=4, n_heads=4, n_kv_heads=2, n_experts=4, experts_per_token=2)


def transformers_model(ours: Callable[[Config], Stack], config: Config, **changes: bool) -> nn.Module:
    """The model of transformers that computes the same as `ours(config)`, with weights of its own."""
    import transformers

    norm = {"rms_norm_eps": 1e-5, "pad_token_id": None}
    attention = {
        "num_attention_heads": config.n_heads, "num_key_value_heads": config.n_kv_heads or config.n_heads,
        "intermediate_size": config.d_ff or -(-8 * config.d_model // 48) * 16,
    }  # fmt: skip
    kind, settings = {
        transformer: ("Llama", norm | attention),
        mamba: ("Mamba", {
            "state_size": config.d_state, "conv_kernel": config.d_conv, "expand": config.expand,
            "time_step_rank": config.dt_rank or "auto",
        }),
        mamba2: ("Mamba2", {
            "state_size": config.d_state, "conv_kernel": config.d_conv, "expand": config.expand, "n_groups": 1,
            "head_dim": config.head_dim, "num_heads": config.expand * config.d_model // config.head_dim,
            "chunk_size": config.chunk,
        }),
        rwkv: ("Rwkv", {"intermediate_size": config.d_ff, "rescale_every": 0}),
        hybrid: ("Jamba", norm | attention | {
            "mamba_d_state": config.d_state, "mamba_d_conv": config.d_conv, "mamba_expand": config.expand,
            "mamba_dt_rank": config.dt_rank or "auto",
            "attn_layer_period": config.attention_period, "attn_layer_offset": config.attention_period // 2,
            "num_experts": config.n_experts, "num_experts_per_tok": config.experts_per_token,
            "expert_layer_period": config.expert_period, "expert_layer_offset": config.expert_period // 2,
        }),
    }[ours]  # fmt: skip
    sizes = {"vocab_size": config.vocab_size, "hidden_size": config.d_model, "num_hidden_layers": config.n_layers}
    make = getattr(transformers, f"{kind}Config")
    return getattr(transformers, f"{kind}ForCausalLM")(
        make(**sizes, **settings, tie_word_embeddings=True, **changes)
    ).train()


class Mambapy(nn.Module):
    """mambapy's Mamba between an embedding and the same as output matrix; only where mambapy is installed."""

    def __init__(self, config: Config) -> None:
        from mambapy.mamba import Mamba, MambaConfig

        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.layers = Mamba(MambaConfig(config.d_model, config.n_layers, d_state=config.d_state, d_conv=config.d_conv))
        self.norm = nn.RMSNorm(config.d_model)

    def forward(self, ids: Tensor) -> Tensor:
        return self.norm(self.layers(self.embedding(ids))) @ self.embedding.weight.T


def candidates() -> dict[str, dict[str, nn.Module]]:
    """By architecture: ours, and the libraries'."""
    rows = {
        "transformer": {"ours": transformer(CONFIG), "transformers' Llama": transformers_model(transformer, CONFIG)},
        "Mamba": {"ours": mamba(CONFIG), "transformers' Mamba": transformers_model(mamba, CONFIG)},
        "Mamba-2": {
            "ours": mamba2(CONFIG),
            "transformers' Mamba-2": transformers_model(mamba2, CONFIG),
            "transformers' Mamba-2, its own chunk": transformers_model(mamba2, replace(CONFIG, chunk=256)),
        },
        "RWKV": {"ours": rwkv(CONFIG), "transformers' RWKV": transformers_model(rwkv, CONFIG)},
        "hybrid": {"ours": hybrid(CONFIG), "transformers' Jamba": transformers_model(hybrid, CONFIG)},
        "hybrid with experts": {"ours": hybrid(EXPERTS), "transformers' Jamba": transformers_model(hybrid, EXPERTS)},
    }
    if importlib.util.find_spec("mambapy"):
        rows["Mamba"] |= {
            "mambapy": Mambapy(CONFIG),
            "transformers' Mamba with mambapy's scan": transformers_model(mamba, CONFIG, use_mambapy=True),
        }
    return rows


def seconds(model: nn.Module, ids: Tensor) -> float:
    """Of the forward and the backward pass."""
    model.zero_grad()
    start = time.perf_counter()
    logits = model(ids[:, :-1])
    logits = logits if isinstance(logits, Tensor) else logits.logits
    cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).backward()
    return time.perf_counter() - start


def ratios(models: dict[str, nn.Module], ids: Tensor, repeats: int) -> pd.DataFrame:
    """Each round times every model, so that a busy machine slows them alike.

    The ratio is the median over rounds, with the least of them; beside it that of the fastest rounds, which other work on
    the machine changes least.
    """
    for model in models.values():
        seconds(model, ids[:1, :9])
    rounds = [{name: seconds(model, ids) for name, model in models.items()} for _ in range(repeats)]
    rows = {}
    for name, model in models.items():
        times = [one[name] / one["ours"] for one in rounds]
        fastest, ours = min(one[name] for one in rounds), min(one["ours"] for one in rounds)
        n_parameters = sum(p.numel() for p in model.parameters())
        rows[name] = {
            "parameters": n_parameters,
            "tokens/s": ids[:, 1:].numel() / fastest,
            "ours is × faster": statistics.median(times),
            "least": min(times),
            "fastest to fastest": fastest / ours,
        }
    return pd.DataFrame(rows).T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--only", help="one of the architectures")
    options = parser.parse_args()
    ids = torch.randint(CONFIG.vocab_size, (options.batch_size, options.context + 1))
    for name, models in candidates().items():
        if options.only in (None, name):
            print(f"\n{name}: {options.batch_size} texts of {options.context} tokens, {options.repeats} rounds")
            print(ratios(models, ids, options.repeats).round(2).to_string(float_format="{:,.2f}".format))


if __name__ == "__main__":
    main()
