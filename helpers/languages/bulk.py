"""langdetect's answer for many texts at once: its profiles and its text clean-up, scored on arrays of characters.

langdetect draws n-grams of a text at random, adds their log probabilities up until one language is 0.99999 likely, and
averages seven such trials. That is a sequential probability ratio test (Wald, 1945), whose outcome can be computed from
the mean and the variance of a draw. So nothing here is sampled, and there is no seed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from langdetect.detector import Detector
from langdetect.utils.ngram import NGram
from langdetect.utils.unicode_block import unicode_block
from scipy import sparse

from helpers.languages.detector import (
    EMPTY,
    REPLACEMENT,
    UNDECIDED,
    UNDECODABLE,
    UNSUPPORTED,
    _alphabet,
    _factory,
    is_letter,
    plain_text,
)

CHUNK = 500_000  # characters at a time, which bounds the memory at about 150 bytes each
TEXT_LIMIT = 10_000  # characters that langdetect reads of a text
SURE = np.log(Detector.CONV_THRESHOLD / (1 - Detector.CONV_THRESHOLD))  # log odds that end a trial
OVERSHOOT = 0.5826 * 5**0.5  # a walk passes its end by so many standard deviations (Siegmund, 1985), seen every 5th step
POINTS = 0x40000  # code points to tell apart: no letters are beyond, and the last of these is none
BITS = 12  # of a character's id; the profiles hold 3,160 characters
SPACE, NONE = 0, (1 << BITS) - 1  # ids: what separates words; no character at all, in grams of one or two


def detect_many(texts: Iterable[str], *, at_least: float = 0.8) -> list[str]:
    """`detect` for each of `texts`, many times as fast: a language's label, or one of the same four values.

    It differs from `detect` where chance does: on texts that two seeds of langdetect may call by different names.

    Args:
        texts: of any length and number; they are read in portions, so memory does not grow with them.
        at_least: between 0 and 1; the probability below which the answer is `UNDECIDED`.

    Raises:
        TypeError: if `texts` is one string, or holds anything but strings.
        ValueError: if `at_least` is not between 0 and 1.
    """
    if isinstance(texts, str):
        raise TypeError(f"texts={texts[:40]!r} is one string; give a list of texts")
    if not 0 <= at_least <= 1:
        raise ValueError(f"at_least={at_least} is not between 0 and 1")
    return [label for chunk in _chunks(texts) for label in _labels(chunk, at_least)]


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    chunk, size = [], 0
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"texts[{position}]={text!r} is not a string but {type(text).__name__}")
        chunk.append(text)
        size += len(text)
        if size >= CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _labels(texts: list[str], at_least: float) -> list[str]:
    undecodable = np.array([10 * text.count(REPLACEMENT) > len(text) for text in texts])
    texts = [plain_text(text) for text in texts]
    letters, known = _count_letters(texts)
    grams, documents = _grams([_prepared(text) for text in texts])
    best, probability = _score(grams, documents, len(texts))
    labels = np.array(_factory().langlist, dtype=object)[best]
    labels[probability < at_least] = UNDECIDED
    labels[np.bincount(documents, minlength=len(texts)) == 0] = EMPTY
    labels[2 * known < letters] = UNSUPPORTED
    labels[letters == 0] = EMPTY
    labels[undecodable] = UNDECODABLE
    return labels.tolist()


def _prepared(text: str) -> str:
    """Return a text with Vietnamese accents joined, cut: what `Detector.append` does to one without addresses."""
    if any(mark in text for mark in NGram.DMARK_CLASS):
        text = NGram.normalize_vi(text)
    return text[:TEXT_LIMIT]


class Characters(NamedTuple):
    """What there is to know of each character, by code point."""

    ids: np.ndarray  # of the character that langdetect makes of it; characters in no profile share two ids
    upper: np.ndarray  # is that an upper-case letter?
    letter: np.ndarray
    known: np.ndarray  # is it a letter of a language that langdetect knows?
    foreign: np.ndarray  # does it count against the Latin alphabet in `Detector.cleaning_text`?


@cache
def _characters() -> Characters:
    points = [chr(point) for point in range(POINTS)]
    normal = [NGram.normalize(c) for c in points]
    in_profiles = sorted({c for gram in _factory().word_lang_prob_map for c in gram} - {" "})
    ids = {" ": SPACE} | {c: number for number, c in enumerate(in_profiles, 3)}
    upper = [c.isupper() for c in normal]
    letter = [is_letter(c) for c in points]
    alphabet = _alphabet()
    return Characters(
        ids=np.array([ids.get(c, 1 + is_upper) for c, is_upper in zip(normal, upper, strict=True)], dtype=np.int64),
        upper=np.array(upper),
        letter=np.array(letter),
        known=np.array([is_ and c in alphabet for is_, c in zip(letter, normal, strict=True)]),
        foreign=np.array([c >= "\u0300" and unicode_block(c) != "Latin Extended Additional" for c in points]),
    )


def _codes(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The code points of all texts one after the other, and the text each is of."""
    sizes = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return np.minimum(codes, POINTS - 1), np.repeat(np.arange(len(texts)), sizes)


def _count_letters(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """How many letters each text has, and how many of them langdetect knows."""
    codes, documents = _codes(texts)
    table = _characters()
    letters, known = (np.bincount(documents[flag[codes]], minlength=len(texts)) for flag in (table.letter, table.known))
    return letters, known


def _grams(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """The grams of one to three characters that langdetect would draw from, as rows of `_profiles`, and their texts.

    A word's grams begin with the space before it and end with the one after; a capital that follows a capital ends none.
    """
    codes, documents = _without_latin(*_codes([" " + text for text in texts]), len(texts))
    table = _characters()
    third = table.ids[codes]
    second, first = _shifted(third, 1), _shifted(third, 2)
    ends_gram = (third != SPACE) | (second != SPACE)
    ends_gram &= ~(table.upper[codes] & _shifted(table.upper[codes], 1))
    ends_gram[1:] &= documents[1:] == documents[:-1]
    ends_gram[:1] = False  # the space that stands before each text ends nothing
    one = ends_gram & (third != SPACE)
    three = ends_gram & (second != SPACE)
    keys = np.concatenate([
        _key(NONE, NONE, third[one]),
        _key(NONE, second[ends_gram], third[ends_gram]),
        _key(first[three], second[three], third[three]),
    ])  # fmt: skip
    rows = _profiles().index.get_indexer(keys)
    documents = np.concatenate([documents[one], documents[ends_gram], documents[three]])
    return rows[rows >= 0], documents[rows >= 0]


def _without_latin(codes: np.ndarray, documents: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Drop A to z from texts that are mostly in another alphabet, as `Detector.cleaning_text` does."""
    latin = (codes >= ord("A")) & (codes <= ord("z"))
    n_latin, n_foreign = (np.bincount(documents[is_], minlength=n) for is_ in (latin, _characters().foreign[codes]))
    keep = ~(latin & (2 * n_latin < n_foreign)[documents])
    return codes[keep], documents[keep]


def _shifted(values: np.ndarray, by: int) -> np.ndarray:
    """Each place's value from `by` places before; the first places have none, and are zero."""
    return np.concatenate([np.zeros(by, dtype=values.dtype), values])[: len(values)]


def _key(first: np.ndarray | int, second: np.ndarray | int, third: np.ndarray) -> np.ndarray:
    first, second = (np.asarray(part, dtype=np.int64) for part in (first, second))
    return (first << 2 * BITS) + (second << BITS) + third


@dataclass(frozen=True)
class Profiles:
    """langdetect's profiles as a matrix: `index` finds a gram's row by its key, `log` has its log rate by language."""

    index: pd.Index
    log: np.ndarray


@cache
def _profiles() -> Profiles:
    points = {c: ord(c) for gram in _factory().word_lang_prob_map for c in gram}
    ids = {c: int(_characters().ids[point]) for c, point in points.items()}
    reached = [gram for gram in _factory().word_lang_prob_map if all(NGram.normalize(c) == c for c in gram)]
    keys = [sum(k << BITS * (2 - i) for i, k in enumerate([NONE] * (3 - len(g)) + [ids[c] for c in g])) for g in reached]
    rates = np.array([_factory().word_lang_prob_map[gram] for gram in reached], dtype=np.float32)
    return Profiles(pd.Index(keys, dtype=np.int64), np.log(rates + Detector.ALPHA_DEFAULT / Detector.BASE_FREQ))


def _score(rows: np.ndarray, documents: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Each text's best language, as a column of `_profiles().log`, and the part of langdetect's trials that it would win.

    A trial is a random walk whose steps are the difference of two languages' log rates, the best and the second, of mean
    m and variance v. It ends at log odds of a in either direction: the better language loses with odds of exp(-2ma/v).
    """
    log = _profiles().log
    order = np.argsort(documents, kind="stable")
    rows, documents = rows[order], documents[order]
    size = np.bincount(documents, minlength=n)
    starts = np.concatenate([[0], np.cumsum(size)])
    counts = sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), rows, starts), shape=(n, len(log)))
    size = np.maximum(size, 1)
    mean = (counts @ log) / size[:, None]
    best = mean.argmax(axis=1)
    np.put_along_axis(others := mean.copy(), best[:, None], -np.inf, axis=1)
    step = log[rows, best[documents]] - log[rows, others.argmax(axis=1)[documents]]
    m = np.bincount(documents, step, minlength=n) / size
    v = np.maximum(np.bincount(documents, step.astype(float) ** 2, minlength=n) / size - m**2, 1e-9)
    lead = 2 * m * (SURE + OVERSHOOT * np.sqrt(v)) / v
    return best, 1 / (1 + np.exp(-np.minimum(lead, Detector.ITERATION_LIMIT * m)))
