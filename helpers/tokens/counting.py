"""Counting tokens, and what they cost: premiums between languages, money, time, and room in the context window."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd

from helpers.checks import check_number, check_text, check_whole
from helpers.estimates import Estimate
from helpers.tokens.vocabularies import Ids, reader

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]
FORMS: tuple[Form, ...] = get_args(Form)


def encode(texts: Sequence[str], name: str, *, form: Form | None = "NFC", special_as_text: bool = False) -> list[Ids]:
    """The token ids of each text under a vocabulary.

    Args:
        texts: the texts; none of them empty.
        name: a key of `VOCABULARIES`.
        form: the Unicode normal form that texts are put into first; None takes them as they are.
        special_as_text: read "<|endoftext|>" and the like as plain text; else a text that holds one is an error.

    Returns:
        One sequence of ids a text; beginning and end of a text are not marked.

    Raises:
        TypeError: if `texts` is one string, or holds something else than strings.
        ValueError: if there are no texts, one is empty, holds a special token or half a surrogate pair, or there is no such
            vocabulary or form.
    """
    read = reader(name)
    texts = _checked(texts, form)
    if not special_as_text:
        starts = {token[:2] for token in read.special}  # few: a text without one need not be searched for each token
        for i, text in enumerate(texts):
            if any(start in text for start in starts) and (found := min((t for t in read.special if t in text), default="")):
                raise ValueError(
                    f"texts[{i}] holds {found!r}, a special token of {name}: remove it, "
                    "or pass special_as_text=True to count it as plain text"
                )
    return read.encode(texts)


def count(texts: Sequence[str], name: str, *, form: Form | None = "NFC", special_as_text: bool = False) -> np.ndarray:
    """Tokens of each text, of shape (len(texts),); arguments and errors are those of `encode`."""
    return np.array([len(ids) for ids in encode(texts, name, form=form, special_as_text=special_as_text)])


def _checked(texts: Sequence[str], form: Form | None) -> list[str]:
    """The texts in their normal form, once they are what they must be."""
    if form is not None and form not in FORMS:
        raise ValueError(f"form={form!r} is not a normal form; there are {', '.join(FORMS)}, or None to count as given")
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise TypeError("texts must be a sequence of strings; put a single text in a list")
    if not len(texts):
        raise ValueError("texts=[] is an empty corpus; give at least one text")
    for i, text in enumerate(texts):
        if not text:
            raise ValueError(f"texts[{i}] is empty; leave empty texts out, they have no tokens")
        check_text(f"texts[{i}]", text)
    return [unicodedata.normalize(form, text) for text in texts] if form else list(texts)


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
        n_resamples: resamples of the bootstrap, drawn from `seed`.

    Returns:
        One row a language, with `tokens` in all, and `premium`, `low` and `high` (95 % interval). `premium_of` makes an
        estimate of a row.

    Raises:
        ValueError: if `reference` is not in `texts`, languages differ in number of articles, or `n_resamples` is below 1.
    """
    check_whole("n_resamples", n_resamples, least=1)
    check_whole("seed", seed)
    if reference not in texts:
        raise ValueError(f"reference={reference!r} is not among the {len(texts)} languages given")
    sizes = {len(articles) for articles in texts.values()}
    if len(sizes) != 1:
        raise ValueError(f"texts are not aligned: languages have {sorted(sizes)} articles; give each the same number")
    n_articles = sizes.pop()
    flat = [article for articles in texts.values() for article in articles]
    counts = dict(zip(texts, count(flat, name).reshape(len(texts), n_articles), strict=True))
    drawn = np.random.default_rng(seed).integers(n_articles, size=(n_resamples, n_articles))
    against = counts[reference][drawn].sum(axis=1)  # (n_resamples,)
    rows = {}
    for language, tokens in counts.items():
        low, high = np.percentile(tokens[drawn].sum(axis=1) / against, [2.5, 97.5])
        n_tokens = int(tokens.sum())
        rows[language] = (n_tokens, n_tokens / int(counts[reference].sum()), low, high)
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


def latency(
    answer: float, tokens_per_second: float, *, prompt: float = 0, prompt_tokens_per_second: float = np.inf
) -> float:
    """Seconds until an answer is complete: the prompt is read in parallel, the answer written token by token.

    Args:
        answer: tokens of the answer, and `prompt` of the prompt.
        tokens_per_second: at which the model writes, and `prompt_tokens_per_second` reads.

    Raises:
        ValueError: if a number of tokens is negative or a speed is not positive.
    """
    for name, speed in (("tokens_per_second", tokens_per_second), ("prompt_tokens_per_second", prompt_tokens_per_second)):
        if not speed > 0:
            raise ValueError(f"{name}={speed} is not a speed; give more than 0 tokens a second")
    return _not_negative("answer", answer) / tokens_per_second + _not_negative("prompt", prompt) / prompt_tokens_per_second


def context_share(tokens: float, window: int) -> float:
    """The per cent of a context window of `window` tokens that `tokens` take; over 100 where they do not fit.

    Raises:
        ValueError: if `tokens` is negative or `window` less than 1.
    """
    if not 1 <= check_number("window", window) < np.inf:
        raise ValueError(f"window={window} is not a context window; it holds at least 1 token")
    return 100 * _not_negative("tokens", tokens) / window


def _not_negative(name: str, value: float) -> float:
    if not 0 <= check_number(name, value) < np.inf:
        raise ValueError(f"{name}={value} is negative, endless or not a number; give 0 or more")
    return value
