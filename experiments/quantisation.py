"""What fewer bits cost: a transformer that was never rounded, trained with three seeds, and the chat model.

python -m experiments quantisation

Some minutes on two cores. Each row is one way of rounding one model: bits, how many weights share a scale, symmetric or
with a zero point, to the nearest or with errors corrected; bytes stored; and the bits that 26 texts take, with a paired
bootstrap over the texts. Chapter 06 reads the table and runs one seed again.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor, nn

from experiments import record
from helpers import chat
from helpers.corpora import prose
from helpers.parallel import run_all
from helpers.quantisation import (
    SCHEMES,
    more_bits,
    quantised_weights,
    text_bits,
    training_bytes,
    unrounded_model,
    unseen_texts,
)

N_TOKENS = 60_000
SEEDS = (0, 1, 2)
CHAT_SCHEMES = tuple(one for one in SCHEMES if not one["corrected"] and one["bits"] in (4, 8) and one["share"] != "tensor")
CHARACTERS = 600


def small_model_rows(n_tokens: int, seed: int) -> list[dict[str, Any]]:
    """Train one small model and round it in every way."""
    model, texts = unrounded_model(n_tokens, seed), unseen_texts()
    about = {"model": "small transformer", "seed": seed, "tokens": n_tokens}
    n_bytes = sum(map(len, texts))
    return [about | row for row in rows(model, SCHEMES, lambda: text_bits(model, texts), n_bytes, training_bytes())]


def chat_model_rows() -> list[dict[str, Any]]:
    """Round the chat model, whose file has 4 bits, in every way that needs no inputs."""
    texts = [text[:CHARACTERS] for text in prose("addresses")[::9]]
    n_bytes = sum(len(text.encode()) for text in texts)
    return [{"model": "chat model"} | row for row in rows(chat.load()[0], CHAT_SCHEMES, lambda: chat.bits(texts), n_bytes)]


def rows(
    model: nn.Module, schemes: tuple[dict, ...], measure: Callable[[], np.ndarray], n_bytes: int, reads: Tensor | None = None
) -> list[dict[str, Any]]:
    """One row a scheme: bytes that it stores, and how many per cent more bits the texts take."""
    full, found = measure(), []
    for scheme in schemes:
        how = {"zero_point": scheme["zero_point"], "reads": reads if scheme["corrected"] else None}
        with quantised_weights(model, scheme["bits"], scheme["share"], **how) as stored:
            more = more_bits(measure(), full)
        found.append(
            scheme
            | {"megabytes": stored / 1e6, "full_bits_per_byte": full.sum() / n_bytes}
            | {"more_percent": more.value, "low": more.low, "high": more.high}
        )
    return found


def run() -> None:
    """Train and round every small model, then the chat model."""
    trained = run_all(small_model_rows, [(N_TOKENS, seed) for seed in SEEDS], "quantisation")
    table = pd.DataFrame([*(row for found in trained for row in found), *chat_model_rows()])
    record(table, "quantisation_runs")


if __name__ == "__main__":
    run()
