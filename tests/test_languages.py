"""The repaired detector: one text, one answer, and values of their own for what is not a language."""

import random

import langdetect
import pytest

from helpers.corpora import comparable_declarations, declaration
from helpers.languages import (
    EMPTY,
    UNDECIDED,
    UNDECODABLE,
    UNSUPPORTED,
    detect,
    detect_many,
    label_name,
    label_of,
    profile_rates,
    shares,
    supported,
)


def test_it_agrees_with_langdetect_on_supported_articles():
    langdetect.DetectorFactory.seed = 0
    for code in ("eng", "fra", "rus", "hin", "jpn", "kor", "vie", "tam"):
        text = declaration(code).articles[1]
        assert detect(text) == langdetect.detect(text) == label_of(declaration(code).bcp47)


def test_the_same_text_has_the_same_answer_in_any_order_and_whatever_others_do():
    words = ["alleged", "chargers", "lashed", "whale", "ok", "hello"] * 3
    first = {word: detect(word) for word in words}
    random.Random(1).shuffle(words)
    langdetect.DetectorFactory.seed = 99
    assert {word: detect(word) for word in words} == first


def test_capitals_change_no_answer():
    texts = [d.articles[n] for d in comparable_declarations().values() if label_of(d.bcp47) for n in (1, 7, 19)]
    small, capital = detect_many(texts), detect_many(text.upper() for text in texts)
    assert all(a in (b, UNDECIDED) for a, b in zip(capital, small, strict=True))
    assert [detect(text.upper()) for text in texts[::9]] == [detect(text) for text in texts[::9]]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", EMPTY),
        ("123 456", EMPTY),
        ("🙂 !?", EMPTY),
        ("https://example.org/a", EMPTY),
        ("\ufffd\ufffd \ufffd", UNDECODABLE),
        ("မြန်မာစာ", UNSUPPORTED),
        ("მოგესალმებით", UNSUPPORTED),
        ("Բարեւ", UNSUPPORTED),
        (declaration("amh").articles[1], UNSUPPORTED),
        ("def f(x): return x+1", UNDECIDED),
    ],
)
def test_what_is_not_a_language(text, answer):
    assert detect(text) == answer


def test_labels():
    assert len(supported()) == 55
    assert [label_of(tag) for tag in ("en", "nb", "als", "zh", "zh-Hans", "zh-Hant", "vi-Hani", "my", "de-1996")] == [
        "en", "no", "sq", "zh-cn", "zh-cn", "zh-tw", None, None, "de",
    ]  # fmt: skip


def test_names_and_rates_of_profiles():
    assert [label_name(label) for label in ("sw", "zh-cn", "pa", "unknown", EMPTY)] == [
        "Swahili", "Chinese", "Punjabi", "unknown", EMPTY,
    ]  # fmt: skip
    rates = profile_rates("\ufffd")
    assert rates.index[0] == "Bengali" and rates.is_monotonic_decreasing and len(rates) == 55
    assert profile_rates("မ").max() == 0


def test_shares_count_and_carry_intervals():
    table = shares(["en"] * 3 + ["fr"])
    assert table["count"].to_dict() == {"en": 3, "fr": 1}
    assert table.share["en"] == 75
    assert table.low["en"] < 75 < table.high["en"]
    with pytest.raises(ValueError, match=r"labels=\[\] is an empty corpus"):
        shares([])
