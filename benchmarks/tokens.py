"""Seconds to count the tokens of 1,000 documents: `helpers.tokens.count` against each library's own batch call.

python benchmarks/tokens.py
"""

import time
from collections.abc import Callable
from functools import partial

from sentencepiece import SentencePieceProcessor
from tokenizers import Tokenizer

from helpers.corpora import declarations
from helpers.tokens import VOCABULARIES, count, encoding
from helpers.tokens.vocabularies import BY_TIKTOKEN, file_of

ROUNDS = 5


def best(call: Callable[[], object]) -> float:
    """The shortest of some runs, in seconds."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def library_calls(texts: list[str]) -> dict[str, Callable[[], object]]:
    """For each vocabulary what one would call without this book."""
    piece = SentencePieceProcessor(model_file=file_of("mistral_v3"))
    loaded = {n: Tokenizer.from_file(file_of(n)) for n, v in VOCABULARIES.items() if v.file == "tokenizer.json"}

    def by_tiktoken(name: str) -> list[int]:
        return [len(ids) for ids in encoding(name).encode_ordinary_batch(texts)]

    def by_tokenizers(name: str) -> list[int]:
        return [len(row.ids) for row in loaded[name].encode_batch(texts, add_special_tokens=False)]

    calls = {name: partial(by_tiktoken, name) for name in BY_TIKTOKEN}
    return (
        calls
        | {name: partial(by_tokenizers, name) for name in loaded}
        | {
            "mistral_v3": lambda: [len(ids) for ids in piece.encode(texts)],
        }
    )


def main() -> None:
    """Print one line a vocabulary."""
    texts = [item.text for item in declarations().values() if item.text]
    texts = (texts * 2)[:1000]
    calls = library_calls(texts)
    print(f"{len(texts):,} documents, {sum(map(len, texts)):,} characters, best of {ROUNDS}")
    print(f"{'vocabulary':14}{'ours, s':>10}{'library, s':>12}{'ratio':>8}")
    for name in VOCABULARIES:
        ours, theirs = best(partial(count, texts, name)), best(calls[name])
        print(f"{name:14}{ours:10.3f}{theirs:12.3f}{ours / theirs:8.2f}")


if __name__ == "__main__":
    main()
