"""Counts equal each library's, premiums equal a hand-computed case."""

import json
import unicodedata

import pytest
import tiktoken
from sentencepiece import SentencePieceProcessor
from tokenizers import Tokenizer

from helpers.assets import path
from helpers.corpora import declaration
from helpers.tokens import (
    ENCODINGS,
    VOCABULARIES,
    context_share,
    cost,
    count,
    encode,
    encoding,
    latency,
    premium_of,
    premiums,
    vocabulary_size,
)
from helpers.tokens.vocabularies import SENTENCEPIECE, TEKKEN

TEXTS = ["Hello, world", "မြန်မာစာ", "<s>[INST] a", declaration("hin").articles[1], "🙂\u200d🙂", " two  spaces\n\n"]


@pytest.mark.parametrize("name", ENCODINGS)
def test_ids_equal_tiktokens(name):
    path("openai-vocabularies")
    direct = tiktoken.get_encoding(name)
    assert [list(ids) for ids in encode(TEXTS, name)] == direct.encode_ordinary_batch(TEXTS)
    assert count(TEXTS, name).tolist() == [len(direct.encode(text, disallowed_special=())) for text in TEXTS]
    assert all(direct.decode(direct.encode_ordinary(text)) == text for text in TEXTS)
    assert vocabulary_size(name) == direct.n_vocab


def test_ids_equal_sentencepieces():
    direct = SentencePieceProcessor(model_file=str(path("mistral-vocabularies") / SENTENCEPIECE))
    assert [list(ids) for ids in encode(TEXTS, "mistral_v3")] == direct.encode(TEXTS)
    assert vocabulary_size("mistral_v3") == 32_768


def test_tekken_has_the_size_and_the_tokens_that_its_file_states():
    file = json.loads((path("mistral-vocabularies") / TEKKEN).read_text())
    config = file["config"]
    assert vocabulary_size("tekken") == config["default_vocab_size"] - config["default_num_special_tokens"] == 130_072
    for ids, text in zip(encode(TEXTS, "tekken"), TEXTS, strict=True):
        assert encoding("tekken").decode(list(ids)) == text
        assert all(file["vocab"][i]["token_str"] in (None, encoding("tekken").decode([i])) for i in ids)


def test_ids_equal_those_of_the_chat_model_s_tokenizer():
    direct = Tokenizer.from_file(str(path("chat-model") / "tokenizer.json"))
    assert [list(ids) for ids in encode(TEXTS, "smollm2")] == [direct.encode(text).ids for text in TEXTS]
    assert vocabulary_size("smollm2") == 49_152


def test_the_seed_snippet():
    assert len(encoding("cl100k_base").encode("မြန်မာစာ")) == 16


@pytest.mark.parametrize("name", VOCABULARIES)
def test_texts_are_counted_in_nfc_unless_asked_otherwise(name):
    apart = unicodedata.normalize("NFD", "Tiếng Việt được viết bằng chữ Quốc ngữ")
    whole = unicodedata.normalize("NFC", apart)
    assert count([apart], name) == count([whole], name) == count([whole], name, form=None)
    assert count([apart], name, form=None) == count([whole], name, form="NFD") > count([whole], name)


@pytest.mark.parametrize("name", ["r50k_base", "cl100k_base", "o200k_base", "smollm2"])
def test_a_special_token_in_a_text_is_an_error_or_plain_text(name):
    texts = ["fine", "not <|endoftext|> fine"]
    with pytest.raises(ValueError, match=r"texts\[1\] holds '<\|endoftext\|>', a special token of .*special_as_text=True"):
        count(texts, name)
    assert count(texts, name, special_as_text=True)[1] > 5


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


def test_cost_time_and_context():
    assert cost(2_000_000, 2.5) == 5
    assert context_share(4096, 8192) == 50
    assert latency(100, 50) == 2
    assert latency(100, 50, prompt=3000, prompt_tokens_per_second=1000) == 5
