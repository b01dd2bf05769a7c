"""Counting tokens, and what they cost: premiums between languages, money, and room in the context window.

Texts are counted as given; the corpora of this book are in NFC (see `helpers.corpora`).
"""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd
import tiktoken

from helpers.assets import path
from helpers.estimates import Estimate

#: The vocabularies of GPT-2, GPT-4 and GPT-4o, oldest first, and the names that figures give them.
ENCODINGS = {"r50k_base": "GPT-2", "cl100k_base": "GPT-4", "o200k_base": "GPT-4o"}


@cache
def encoding(name: str) -> tiktoken.Encoding:
    """A vocabulary of OpenAI's, read from the book's cache.

    Raises:
        ValueError: if the book has no vocabulary of that name.
    """
    if name not in ENCODINGS:
        raise ValueError(f"name={name!r} is not a vocabulary of this book; there are {', '.join(ENCODINGS)}")
    path("openai-vocabularies")
    return tiktoken.get_encoding(name)


def count(texts: Sequence[str], name: str) -> np.ndarray:
    """Tokens of each text, special tokens read as plain text; shape (len(texts),).

    Raises:
        TypeError: if `texts` is one string, or holds something else than strings.
        ValueError: if there are no texts, or no such vocabulary.
    """
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise TypeError("texts must be a sequence of strings; put a single text in a list")
    if not texts:
        raise ValueError("texts=[] is an empty corpus; give at least one text")
    return np.array([len(ids) for ids in encoding(name).encode_ordinary_batch(list(texts))])


def premiums(
    texts: Mapping[str, Sequence[str]], name: str, *, reference: str = "eng", n_resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """How many times the tokens of the reference language each language needs for the same articles.

    The premium is the ratio of total tokens (Petrov et al., 2023). Its interval is a percentile bootstrap over articles:
    each resample draws articles with replacement, the same ones for every language.

    Args:
        texts: for each language its articles, aligned: article i says the same in every language.
        name: the vocabulary.
        reference: the key of `texts` that is 1.
        n_resamples: resamples of the bootstrap.
        seed: of the resampling.

    Returns:
        One row a language, with `tokens` in all, and `premium`, `low` and `high` (95 % interval). `premium_of` makes an
        estimate of a row.

    Raises:
        ValueError: if `reference` is not in `texts`, or two languages have different numbers of articles.
    """
    if reference not in texts:
        raise ValueError(f"reference={reference!r} is not among the {len(texts)} languages given")
    sizes = {len(articles) for articles in texts.values()}
    if len(sizes) != 1:
        raise ValueError(f"texts are not aligned: languages have {sorted(sizes)} articles; give each the same number")
    counts = {language: count(articles, name) for language, articles in texts.items()}
    drawn = np.random.default_rng(seed).integers(sizes.pop(), size=(n_resamples, len(counts[reference])))
    against = counts[reference][drawn].sum(axis=1)  # (n_resamples,)
    rows = {}
    for language, tokens in counts.items():
        low, high = np.percentile(tokens[drawn].sum(axis=1) / against, [2.5, 97.5])
        rows[language] = (int(tokens.sum()), tokens.sum() / counts[reference].sum(), low, high)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["tokens", "premium", "low", "high"])


def premium_of(row: pd.Series) -> Estimate:
    """One row of `premiums` as an estimate."""
    return Estimate(row["premium"], row["low"], row["high"], "×", "95 % bootstrap over articles")


def cost(tokens: float, price: float) -> float:
    """What tokens cost at `price` per million tokens, in the price's currency.

    Raises:
        ValueError: if either is negative.
    """
    return _not_negative("tokens", tokens) * _not_negative("price", price) / 1e6


def context_share(tokens: float, window: int) -> float:
    """The per cent of a context window of `window` tokens that `tokens` take; over 100 where they do not fit.

    Raises:
        ValueError: if `tokens` is negative or `window` less than 1.
    """
    if window < 1:
        raise ValueError(f"window={window} is not a context window; it holds at least 1 token")
    return 100 * _not_negative("tokens", tokens) / window


def _not_negative(name: str, value: float) -> float:
    if not value >= 0:
        raise ValueError(f"{name}={value} is negative or not a number; give 0 or more")
    return value
