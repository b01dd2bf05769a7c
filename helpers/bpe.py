"""Vocabularies trained on mixtures of languages, with the `tokenizers` library; chapter 03 writes the algorithm itself."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from helpers.checks import check_amount, check_text, check_whole
from helpers.tokens.vocabularies import BY_TIKTOKEN, encoding

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
        ValueError: if a share is negative or endless or all are 0, a text is missing or empty, or `n_bytes` is below 1.
    """
    check_whole("n_bytes", n_bytes, least=1)
    shares = dict(shares)  # a Series will do
    for language, share in shares.items():
        check_amount(f"shares[{language!r}]", share)
    total = sum(shares.values())
    if not 0 < total < math.inf:
        raise ValueError(f"shares={shares!r} sum to {total}; give numbers from 0 on, not all 0")
    parts = []
    for language, share in shares.items():
        if not texts.get(language):
            raise ValueError(f"texts has nothing in {language!r}, which has a share; give it a text")
        check_text(f"texts[{language!r}]", texts[language])
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
        TypeError: if `texts` is one string, or holds anything but strings.
        ValueError: if `size` is below 256, a text holds half of a surrogate pair, or there is no such vocabulary.
    """
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

    check_whole("size", size, least=BYTES)
    if words_of not in BY_TIKTOKEN:
        raise ValueError(f"words_of={words_of!r} is not read by tiktoken; there are {', '.join(BY_TIKTOKEN)}")
    if isinstance(texts, str):
        raise TypeError(f"texts={texts[:40]!r} is one string; give a list of texts")
    tokenizer = Tokenizer(models.BPE())
    words = pre_tokenizers.Split(Regex(encoding(words_of)._pat_str), "isolated")
    spelt = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, spelt])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, special_tokens=[], show_progress=False)
    tokenizer.train_from_iterator(map(_checked, texts), trainer)
    return tokenizer


def _checked(text: str) -> str:
    check_text("texts", text)
    return text


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

    check_whole("size", size, least=BYTES)
    parts = json.loads(tokenizer.to_str())
    model = parts["model"]
    model["vocab"] = {token: id for token, id in model["vocab"].items() if id < size}
    model["merges"] = model["merges"][: size - BYTES]
    return Tokenizer.from_str(json.dumps(parts))


def count_with(tokenizer: "Tokenizer", texts: Iterable[str]) -> np.ndarray:
    """Tokens of each text under a trained vocabulary, of shape (number of texts,)."""
    return np.array([len(row.ids) for row in tokenizer.encode_batch_fast(list(texts))])
