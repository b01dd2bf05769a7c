"""Counts equal each library's, premiums equal a hand-computed case, and time grows with the text."""

import json
import re
import time
import unicodedata
from itertools import pairwise

import pytest
import regex
from sentencepiece import SentencePieceProcessor
from tokenizers import Tokenizer

from helpers.assets import ASSETS
from helpers.corpora import comparable_declarations, declaration
from helpers.tables import read_table
from helpers.tokens import (
    NAMES,
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
from helpers.tokens.vocabularies import BY_TIKTOKEN, file_of

TEXTS = [
    "Hello, world",
    "မြန်မာစာ",
    "<s>[INST] a",
    declaration("hin").articles[1],
    "🙂\u200d🙂",
    " two  spaces\n\n",
    "2026: 1234567",
]
WORDS = {d.script: d.articles[1] for d in comparable_declarations().values()}  # a text in every script
FILES = [name for name, vocabulary in VOCABULARIES.items() if vocabulary.file == "tokenizer.json"]


@pytest.mark.parametrize("name", VOCABULARIES)
def test_the_registry_says_what_the_files_hold(name):
    vocabulary = VOCABULARIES[name]
    assert vocabulary_size(name) == vocabulary.size
    assert 2019 <= vocabulary.year <= 2026 and vocabulary.asset in ASSETS and NAMES[name] == vocabulary.name


@pytest.mark.parametrize("name", BY_TIKTOKEN)
def test_ids_equal_tiktokens_in_every_script(name):
    """Those of the join by rank that tiktoken documents, too: no other library reads Qwen's and Mistral's files."""
    direct, texts = encoding(name), [*TEXTS, *WORDS.values()]
    ids = encode(texts, name, form=None)
    assert [list(row) for row in ids] == direct.encode_ordinary_batch(texts)
    assert all(direct.decode(list(row)) == text for row, text in zip(ids, texts, strict=True))
    joined = [[id for word in regex.findall(direct._pat_str, text) for id in by_rank(word, direct)] for text in texts]
    assert [list(row) for row in ids] == joined


def by_rank(word, vocabulary):
    """Join the pair of lowest rank until no pair has one."""
    parts = [bytes([byte]) for byte in word.encode()]
    rank = vocabulary._mergeable_ranks.get
    if rank(word.encode()) is not None:
        return [rank(word.encode())]
    while known := [(rank(a + b), i) for i, (a, b) in enumerate(pairwise(parts)) if rank(a + b) is not None]:
        _, i = min(known)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
    return [rank(part) for part in parts]


@pytest.mark.parametrize("name", FILES)
def test_ids_equal_those_of_tokenizers_in_every_script(name):
    direct, texts = Tokenizer.from_file(file_of(name)), [*TEXTS, *WORDS.values()]
    ids = [direct.encode(text, add_special_tokens=False).ids for text in texts]
    assert [list(row) for row in encode(texts, name, form=None)] == ids


def test_ids_equal_sentencepieces_in_every_script():
    direct, texts = SentencePieceProcessor(model_file=file_of("mistral_v3")), [*TEXTS, *WORDS.values()]
    assert [list(ids) for ids in encode(texts, "mistral_v3", form=None)] == direct.encode(texts)


def test_tekken_has_the_tokens_that_its_file_states():
    with open(file_of("tekken"), encoding="utf-8") as content:
        file = json.load(content)
    first = file["config"]["default_num_special_tokens"]  # the ids before are those of special tokens
    for ids in encode(TEXTS, "tekken"):
        assert all(file["vocab"][i - first]["token_str"] in (None, encoding("tekken").decode([i])) for i in ids)


@pytest.mark.parametrize("name", VOCABULARIES)
@pytest.mark.parametrize("unit", [" ", "a"])
def test_a_megabyte_of_one_letter_takes_time_that_grows_with_it(name, unit):
    count(["warm"], name)
    seconds = []
    for n in (100_000, 1_000_000):
        start = time.process_time()
        assert 0 < count([unit * n + "x"], name)[0] <= n + 1
        seconds.append(time.process_time() - start)
    assert seconds[1] < 30 * max(seconds[0], 0.1)


@pytest.mark.parametrize(
    ("name", "special"),
    [
        ("r50k_base", "<|endoftext|>"), ("o200k_base", "<|endoftext|>"), ("smollm2", "<|im_start|>"),
        ("llama3", "<|eot_id|>"), ("qwen3", "<think>"), ("qwen3_6", "<|im_end|>"), ("deepseek", "<｜end▁of▁sentence｜>"),
        ("gemma3", "<bos>"),
    ],
)  # fmt: skip
def test_a_special_token_that_a_user_types_is_an_error_or_plain_text(name, special):
    texts = ["fine", f"not {special} fine"]
    with pytest.raises(ValueError, match=rf"texts\[1\] holds '{re.escape(special)}', a special token of .*special_as_text"):
        count(texts, name)
    assert count(texts, name, special_as_text=True)[1] > 4


def test_the_seed_snippet():
    assert len(encoding("cl100k_base").encode("မြန်မာစာ")) == 16


@pytest.mark.parametrize("name", VOCABULARIES)
def test_texts_are_counted_in_nfc_unless_asked_otherwise(name):
    apart = unicodedata.normalize("NFD", "Tiếng Việt được viết bằng chữ Quốc ngữ")
    whole = unicodedata.normalize("NFC", apart)
    assert count([apart], name) == count([whole], name) == count([whole], name, form=None)
    assert count([apart], name, form=None) == count([whole], name, form="NFD") > count([whole], name)


def test_premium_by_hand():
    texts = {"eng": ["one two", "three"], "deu": ["eins zwei eins zwei", "drei"]}
    tokens = {key: count(value, "o200k_base").sum() for key, value in texts.items()}
    table = premiums(texts, "o200k_base", n_resamples=200)
    assert table.tokens.to_dict() == tokens
    assert table.premium["deu"] == pytest.approx(tokens["deu"] / tokens["eng"])
    assert table.loc["eng", ["premium", "low", "high"]].tolist() == [1, 1, 1]
    assert table.low["deu"] <= table.premium["deu"] <= table.high["deu"]
    assert premium_of(table.loc["deu"]).value == table.premium["deu"]


def test_the_recorded_premiums_are_those_of_a_run():
    """Every vocabulary has every language, and some are counted again."""
    recorded = read_table("premiums")
    assert recorded.groupby("vocabulary").language.apply(set).to_dict() == dict.fromkeys(
        NAMES, set(comparable_declarations())
    )
    texts = {code: list(declaration(code).articles.values()) for code in ("eng", "mya", "fra")}
    for name in ("r50k_base", "llama3", "qwen3_6"):
        again = premiums(texts, name)
        rows = recorded[recorded.vocabulary == name].set_index("language").loc[again.index, again.columns]
        assert rows.to_numpy() == pytest.approx(again.to_numpy(), rel=1e-4)


def test_cost_time_and_context():
    assert cost(2_000_000, 2.5) == 5
    assert context_share(4096, 8192) == 50
    assert latency(100, 50) == 2
    assert latency(100, 50, prompt=3000, prompt_tokens_per_second=1000) == 5


def test_smollm2_takes_each_digit_for_a_piece_as_its_maker_does() -> None:
    (ids,) = encode(["\n\n1. a  5"], "smollm2", form=None)
    assert list(ids) == [1116, 33, 30, 253, 256, 37]  # two line breaks and two spaces are tokens, which no digit takes apart
