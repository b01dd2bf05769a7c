"""Tokens a second that the chat model writes: `helpers.chat.generate` beside transformers' own `generate`, greedily.

python -m benchmarks.chat
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

from torch import Tensor

from helpers.chat import generate, load
from helpers.chat.decoding import left_padded
from helpers.chat.prompts import text_ids

STARTS = [
    f"{topic} is a subject that, in {year},"
    for year in (1900, 1950, 2000, 2020)
    for topic in ("Rain", "Iron", "Chess", "Law")
]


def calls(batch_size: int, n_tokens: int) -> dict[str, Callable[[], list[list[int]]]]:
    """What is timed: both write greedily after each prompt, and return the ids."""
    model, tokenizer = load()
    write: Callable[..., Tensor] = model.generate  # type: ignore[assignment]  # the stub takes it for a weight
    prompts = STARTS[:batch_size]
    ids, mask = left_padded([text_ids(tokenizer, text) for text in prompts], model.device)
    options = {"max_new_tokens": n_tokens, "do_sample": False, "pad_token_id": 2}
    return {
        "ours": lambda: [list(answer.ids) for answer in generate(prompts, max_new_tokens=n_tokens)],
        "theirs": lambda: write(ids, attention_mask=mask.long(), **options)[:, ids.shape[1] :].tolist(),
    }


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Print one line a batch size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=48)
    options = parser.parse_args()
    print(f"{'batch':>5}{'ours, tokens/s':>16}{'theirs':>9}{'times as fast':>15}{'in rounds':>16}  same tokens")
    for batch_size in (1, 4, 16):
        ours, theirs = calls(batch_size, options.tokens).values()
        written = ours()  # a first call of each, which is slower
        same = written == theirs() and all(len(ids) == options.tokens for ids in written)
        rounds = [(timed(ours), timed(theirs)) for _ in range(options.repeats)]
        ratios = sorted(b / a for a, b in rounds)
        speeds = [batch_size * options.tokens / median(column) for column in zip(*rounds, strict=True)]
        spread = f"{ratios[0]:.2f}–{ratios[-1]:.2f}"
        print(f"{batch_size:5}{speeds[0]:16.1f}{speeds[1]:9.1f}{median(ratios):15.2f}{spread:>16}  {same}")


if __name__ == "__main__":
    main()
