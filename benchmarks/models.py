"""Our small models beside the libraries' of the same shape: tokens a second of a training step, on this machine.

python -m benchmarks.models [--repeats 3] [--batch-size 4] [--context 256] [--only Mamba]
"""

import argparse
import importlib.util
import statistics
import time

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from helpers.models import ARCHITECTURES, Config
from helpers.models.library import KINDS, library_model

CONFIG = Config(d_model=128, n_layers=4, n_heads=4, n_kv_heads=2)


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
        name: {"ours": ARCHITECTURES[name](CONFIG), f"transformers' {kind}": library_model(name, CONFIG)}
        for name, kind in KINDS.items()
    }
    rows["Mamba-2"]["transformers', its own chunk"] = library_model("Mamba-2", CONFIG, chunk_size=256)
    if importlib.util.find_spec("mambapy"):
        rows["Mamba"] |= {
            "mambapy": Mambapy(CONFIG),
            "transformers' Mamba with mambapy's scan": library_model("Mamba", CONFIG, use_mambapy=True),
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
    """Print one table."""
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
