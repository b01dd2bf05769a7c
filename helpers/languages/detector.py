"""Which language is a text in? langdetect with its traps removed, and shares of languages that carry their uncertainty.

langdetect (Nakatani, 2010) scores a text's character n-grams against profiles of 54 languages plus Chinese in two scripts,
on a random sample of the text: without a seed it answers differently from run to run.
"""

import unicodedata
from functools import cache

import pandas as pd
from langdetect.detector import Detector
from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
from langdetect.lang_detect_exception import LangDetectException
from langdetect.utils.ngram import NGram

from helpers.checks import check_text
from helpers.names import name_of

#: What `detect` answers when the honest answer is not a language.
EMPTY, UNDECODABLE, UNSUPPORTED, UNDECIDED = "empty", "undecodable", "unsupported", "undecided"
NOT_A_LANGUAGE = frozenset({EMPTY, UNDECODABLE, UNSUPPORTED, UNDECIDED})
REPLACEMENT = "\ufffd"  # what a decoder writes for bytes that it cannot read


def detect(text: str, *, seed: int = 0, at_least: float = 0.8) -> str:
    """The language of a text as langdetect's code ("en", "zh-cn"), or one of four values of their own.

    `EMPTY`: no letters outside of web and mail addresses. `UNDECODABLE`: more than a tenth of it is U+FFFD, so it was read
    in a wrong encoding. `UNSUPPORTED`: most of its letters are in no profile of langdetect. `UNDECIDED`: the best language
    has a probability below `at_least`. What little U+FFFD is left is dropped: some profiles hold it as if it were a letter.
    A text in capitals is read in small letters: langdetect skips a capital that follows a capital.

    Args:
        text: of any length; langdetect reads its first 10,000 characters.
        seed: of langdetect's sampling; the same text and seed give the same answer in any order.
        at_least: between 0 and 1.

    Raises:
        TypeError: if `text` is not a string.
        ValueError: if `at_least` is not between 0 and 1.
    """
    if not isinstance(text, str):
        raise TypeError(f"text={text!r} is not a string but {type(text).__name__}")
    if not 0 <= at_least <= 1:
        raise ValueError(f"at_least={at_least} is not between 0 and 1")
    if 10 * text.count(REPLACEMENT) > len(text):
        return UNDECODABLE
    text = plain_text(text)
    letters = [c for c in text if is_letter(c)]
    if not letters:
        return EMPTY
    known = _alphabet()
    if sum(NGram.normalize(c) in known for c in letters) * 2 < len(letters):
        return UNSUPPORTED
    detector = _factory().create()
    detector.seed = seed
    detector.append(text)
    try:
        probabilities = detector.get_probabilities()
    except LangDetectException:  # of letters among many symbols, it keeps none
        return EMPTY
    best = probabilities[0] if probabilities else None  # langdetect lists those above 0.1
    return best.lang if best and best.prob >= at_least else UNDECIDED


def plain_text(text: str) -> str:
    """Return what is judged of a text: no web or mail addresses, no U+FFFD, small letters if it is all in capitals.

    The tests before each step are there for speed: where they fail the step changes nothing.
    """
    if REPLACEMENT in text:
        text = text.replace(REPLACEMENT, "")
    if "http" in text:
        text = Detector.URL_RE.sub(" ", text)
    if "@" in text:
        text = Detector.MAIL_RE.sub(" ", text)
    return text.lower() if text.isupper() else text


def is_letter(character: str) -> bool:
    """Is a character a letter, in any script?"""
    return unicodedata.category(character).startswith("L")


def supported() -> list[str]:
    """The codes that langdetect has a profile for."""
    return sorted(_factory().langlist)


def label_of(bcp47: str) -> str | None:
    """langdetect's label for a language given by its BCP 47 tag, or None where it has no profile for it.

    A tag with a script of its own ("vi-Hani") has none, but for Chinese, whose two scripts are two labels.
    """
    language, *subtags = bcp47.split("-")
    script = next((subtag for subtag in subtags if len(subtag) == 4 and subtag.isalpha()), "")
    if language == "zh":
        return "zh-tw" if script == "Hant" else "zh-cn"
    label = {"nb": "no", "als": "sq"}.get(language, language)
    return label if label in _factory().langlist and not script else None


def label_name(label: str) -> str:
    """The English name of one of langdetect's labels; any other label as it is."""
    check_text("label", label)
    return name_of(label) if label in _factory().langlist else label


def profile_rates(gram: str) -> pd.Series:
    """How often a gram of one to three characters occurs in each profile of langdetect, as a part of all grams of its
    length, by English name, highest first; 0 where a profile does not hold it."""
    rates = _factory().word_lang_prob_map.get(gram, [0.0] * len(_factory().langlist))
    return pd.Series(rates, index=[label_name(label) for label in _factory().langlist]).sort_values(ascending=False)


@cache
def _factory() -> DetectorFactory:
    """langdetect's profiles, loaded once, apart from the module-wide ones whose seed anyone may change."""
    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    return factory


@cache
def _alphabet() -> frozenset[str]:
    """The characters that langdetect's profiles know: those that are more than 1 in 10,000 of some language's.

    Profiles hold strays from other alphabets (a few Georgian letters in the Estonian one), each below that rate; the
    thousands of Han and Hangul characters, from U+2E80 on, are rare one by one and count all the same.
    """
    rates = _factory().word_lang_prob_map.items()
    return frozenset(gram for gram, p in rates if len(gram) == 1 and (max(p) > 1e-4 or gram >= "\u2e80"))
