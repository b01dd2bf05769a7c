"""Vocabularies trained on mixtures of languages, with the `tokenizers` library; chapter 03 writes the algorithm itself."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from helpers.tokens.vocabularies import encoding

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BYTES = 256  # the tokens that every byte-level vocabulary begins with


def mixture(texts: Mapping[str, str], shares: Mapping[str, float], n_bytes: int) -> list[str]:
    """Texts of several languages in given shares of `n_bytes` UTF-8 bytes; a text that is too short is repeated.

    Args:
        texts: a text a language.
        shares: of each language; they need not sum to 1, and a language with the share 0 is left out.
        n_bytes: in all, up to a broken character at the end of each part.

    Raises:
        ValueError: if a share is negative or all are 0, a text is missing or empty, or `n_bytes` is below 1.
    """
    if n_bytes < 1:
        raise ValueError(f"n_bytes={n_bytes} is no mixture; give at least 1")
    shares = dict(shares)  # a Series will do
    total = sum(shares.values())
    if not total > 0 or min(shares.values()) < 0:
        raise ValueError("shares must be 0 or more and not all 0")
    parts = []
    for language, share in shares.items():
        if not texts.get(language):
            raise ValueError(f"texts has nothing in {language!r}, which has a share; give it a text")
        raw, wanted = texts[language].encode(), round(n_bytes * share / total)
        parts.append((raw * (wanted // len(raw) + 1))[:wanted].decode(errors="ignore"))
    return [part for part in parts if part]


def train(texts: Iterable[str], size: int, *, words_of: str = "r50k_base") -> "Tokenizer":
    """A byte-level vocabulary trained by byte-pair encoding (Sennrich et al., 2016; Radford et al., 2019).

    Args:
        texts: to train on.
        size: most tokens it may hold, the 256 bytes included; it holds fewer where nothing is left to join.
        words_of: the vocabulary of tiktoken's whose pattern cuts texts into words, which no token crosses.

    Raises:
        ValueError: if `size` is below 256, or there is no such vocabulary.
    """
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    if size < BYTES:
        raise ValueError(f"size={size} is too small; a byte-level vocabulary has at least {BYTES} tokens")
    tokenizer = Tokenizer(models.BPE())
    words = pre_tokenizers.Split(Regex(encoding(words_of)._pat_str), "isolated")
    spelt = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, spelt])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, special_tokens=[], show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def joins(tokenizer: "Tokenizer") -> list[tuple[int, int]]:
    """The pairs of token ids that a trained vocabulary joins, in the order in which it learnt them."""
    model = json.loads(tokenizer.to_str())["model"]
    return [(model["vocab"][left], model["vocab"][right]) for left, right in model["merges"]]


def shortened(tokenizer: "Tokenizer", size: int) -> "Tokenizer":
    """The first `size` tokens of a trained vocabulary: what training to that size would have given, without training again.

    Raises:
        ValueError: if `size` is below 256.
    """
    from tokenizers import Tokenizer

    if size < BYTES:
        raise ValueError(f"size={size} is too small; a byte-level vocabulary has at least {BYTES} tokens")
    parts = json.loads(tokenizer.to_str())
    model = parts["model"]
    model["vocab"] = {token: id for token, id in model["vocab"].items() if id < size}
    model["merges"] = model["merges"][: size - BYTES]
    return Tokenizer.from_str(json.dumps(parts))


def count_with(tokenizer: "Tokenizer", texts: Iterable[str]) -> np.ndarray:
    """Tokens of each text under a trained vocabulary, of shape (number of texts,)."""
    return np.array([len(row.ids) for row in tokenizer.encode_batch_fast(list(texts))])
