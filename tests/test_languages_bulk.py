"""The bulk detector reads what langdetect reads and agrees with it."""

import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from langdetect.utils.ngram import NGram

from helpers.corpora import comparable_declarations, declaration, passages, prose
from helpers.languages import EMPTY, NOT_A_LANGUAGE, UNDECODABLE, UNSUPPORTED, detect, detect_many, label_of, supported
from helpers.languages import bulk as many
from helpers.languages.detector import _factory, plain_text

TRICKY = [
    "", " ", "a", "A", "AB", "ABC Abc aBC", "Hello WORLD hello", "see http://x.org/a?b=1 or me@example.org, please",
    "https://example.org", "naïve café ÀÉÎ", "ệ", "Tất cả mọi người", "Tâ\u0301t ca\u0309 mo\u0323i ngươ\u0300i",
    "Привет world мир", "Ж" * 5 + "abc" * 3, "日本語のテキスト ABC", "漢字[]\\^_`漢字", "ﬁne ǅ ǄǄ ⅣⅣ", "Ωmega ΩΩ",
    "\ud800 abc", "𐐀𐐀 𝐀𝐁 😀 abc", "x" * 9_999 + " yz", ("word " * 3_000) + "last",
    "Ⓐⓑ ŞșȚț", "ab  cd\n\tef", "\U00020000\U0002ffff中",
]  # fmt: skip


def grams_of_langdetect(text):
    detector = _factory().create()
    detector.append(plain_text(text))
    detector.cleaning_text()
    return sorted(detector._extract_ngrams())


def grams_of_ours(texts):
    rows, documents = many._grams([many._prepared(plain_text(text)) for text in texts])
    return [np.sort(rows[documents == number]).tolist() for number in range(len(texts))]


def row_of(gram):
    ids = [int(many._characters().ids[ord(c)]) for c in gram]
    padded = [many.NONE] * (3 - len(ids)) + ids
    return many._profiles().index.get_loc(int(many._key(padded[0], padded[1], np.int64(padded[2]))))


def expected_rows(text):
    return sorted(row_of(gram) for gram in grams_of_langdetect(text))


def test_its_grams_are_those_that_langdetect_draws_from():
    texts = TRICKY + [d.articles[1] for d in list(comparable_declarations().values())[::7]]
    assert grams_of_ours(texts) == [expected_rows(text) for text in texts]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from("aAbBßéÉ șșệe\u0323\u0302жЖ漢かカ한ا،ی @.-_[\n😀ǅ\ud800"), max_size=40))
def test_its_grams_are_the_same_on_any_mixture(text):
    assert grams_of_ours([text, text]) == [expected_rows(text)] * 2


def test_characters_are_normalised_as_langdetect_does():
    table, chosen = many._characters(), random.Random(0).sample(range(many.POINTS), 20_000)
    for point in [*range(0x3000), *chosen]:
        normal = NGram.normalize(chr(point))
        assert table.upper[point] == normal.isupper()
        assert table.ids[point] == table.ids[ord(normal)]
    assert table.ids.max() < many.NONE


def test_agreement_on_supported_articles():
    known = [d for d in comparable_declarations().values() if label_of(d.bcp47)]
    texts = [d.articles[n] for d in known for n in range(1, 31, 3)]
    agree = np.mean(np.array(detect_many(texts)) == [detect(text) for text in texts])
    assert len(texts) > 500 and agree >= 0.994


def test_probability_is_that_of_langdetect_over_many_seeds():
    texts = passages([declaration("eng").text, declaration("por_PT").text, declaration("nob").text], 2)[::12]
    rows, documents = many._grams(texts)
    best, probability = many._score(rows, documents, len(texts))
    wins = np.zeros((len(texts), len(supported())))
    for number, text in enumerate(texts):
        for seed in range(10):
            detector = _factory().create()
            detector.seed = seed
            detector.append(text)
            detector.get_probabilities()
            wins[number] += np.array(detector.langprob) / 10
    of_best = wins[np.arange(len(texts)), best]
    assert np.mean(best == wins.argmax(axis=1)) > 0.9
    assert abs(np.mean(probability - of_best)) < 0.05
    assert np.corrcoef(probability, of_best)[0, 1] > 0.8


@pytest.mark.parametrize("chunk", [1, 50, 10**6])
def test_neither_order_nor_company_nor_portions_matter(chunk, monkeypatch):
    texts = TRICKY + passages(prose("moby-dick")[:2], 5)
    alone = [detect_many([text])[0] for text in texts]
    monkeypatch.setattr(many, "CHUNK", chunk)
    assert detect_many(texts) == alone
    assert detect_many(iter(texts[::-1])) == alone[::-1]


def test_memory_does_not_grow_with_the_number_of_texts():
    texts = [declaration("deu_1996").text] * 20

    def peak(n):
        tracemalloc.start()
        detect_many(texts[i % 20] for i in range(n))
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    detect_many(texts)
    assert peak(400) < 1.2 * peak(100)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=60), st.floats(0, 1))
@example("\ufffd" * 2 + "x" * 18, 0.5)
@example("\ud800", 0.0)
@example("\U0010ffff", 1.0)
def test_any_string_has_an_answer_and_both_agree_on_what_is_no_language(text, at_least):
    one, (other,) = detect(text, at_least=at_least), detect_many([text], at_least=at_least)
    values = {EMPTY, UNDECODABLE, UNSUPPORTED}
    assert {one, other} <= NOT_A_LANGUAGE | set(supported())
    assert one == other or not {one, other} & values


def test_nothing_gives_nothing():
    assert detect_many([]) == []
