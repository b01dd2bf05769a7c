"""Counts equal tiktoken's, premiums equal a hand-computed case, bad input is named."""

import pytest
import tiktoken

from helpers.assets import path
from helpers.corpora import declaration
from helpers.tokens import ENCODINGS, context_share, cost, count, encoding, premium_of, premiums


@pytest.mark.parametrize("name", ENCODINGS)
def test_counts_equal_tiktokens(name):
    texts = ["", "Hello, world", "မြန်မာစာ", "<|endoftext|>", declaration("hin").articles[1], "🙂\u200d🙂"]
    path("openai-vocabularies")
    direct = tiktoken.get_encoding(name)
    assert count(texts, name).tolist() == [len(direct.encode(text, disallowed_special=())) for text in texts]
    assert all(direct.decode(direct.encode_ordinary(text)) == text for text in texts)


def test_the_seed_snippet():
    assert len(encoding("cl100k_base").encode("မြန်မာစာ")) == 16


def test_premium_by_hand():
    texts = {"eng": ["one two", "three"], "deu": ["eins zwei eins zwei", "drei"]}
    tokens = {key: count(value, "o200k_base").sum() for key, value in texts.items()}
    table = premiums(texts, "o200k_base", n_resamples=200)
    assert table.tokens.to_dict() == tokens
    assert table.premium["deu"] == pytest.approx(tokens["deu"] / tokens["eng"])
    assert table.loc["eng", ["premium", "low", "high"]].tolist() == [1, 1, 1]
    assert table.low["deu"] <= table.premium["deu"] <= table.high["deu"]
    assert premium_of(table.loc["deu"]).value == table.premium["deu"]


def test_premiums_are_the_same_on_every_run():
    texts = {code: list(declaration(code).articles.values()) for code in ("eng", "mya", "fra")}
    assert premiums(texts, "r50k_base").equals(premiums(texts, "r50k_base"))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: encoding("gpt-4"), ValueError, "name='gpt-4' is not a vocabulary .* r50k_base, cl100k_base, o200k_base"),
        (lambda: count([], "r50k_base"), ValueError, r"texts=\[\] is an empty corpus"),
        (lambda: count("text", "r50k_base"), TypeError, "put a single text in a list"),
        (lambda: count([b"text"], "r50k_base"), TypeError, "sequence of strings"),
        (lambda: premiums({"deu": ["a"]}, "r50k_base"), ValueError, "reference='eng'"),
        (lambda: premiums({"eng": ["a"], "deu": ["a", "b"]}, "r50k_base"), ValueError, r"\[1, 2\] articles"),
        (lambda: premiums({"eng": []}, "r50k_base"), ValueError, "empty corpus"),
        (lambda: cost(10, -1), ValueError, "price=-1 is negative"),
        (lambda: cost(float("nan"), 1), ValueError, "tokens=nan"),
        (lambda: context_share(10, 0), ValueError, "window=0"),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_cost_and_context():
    assert cost(2_000_000, 2.5) == 5
    assert context_share(4096, 8192) == 50
