"""The byte-pair encoding that chapter 03 writes is the library's, id for id; mixtures have the shares that were asked."""

import json
from collections import Counter
from itertools import pairwise

import pytest
import regex

from helpers.bpe import count_with, joins, mixture, shortened, train
from helpers.corpora import declaration
from tools.execute import ROOT

CHAPTER = ROOT / "chapters" / "03_multilingual_tokens.ipynb"


@pytest.fixture(scope="module")
def chapter():
    """The functions of the chapter's cells whose ids begin with "bpe-code"."""
    cells = json.loads(CHAPTER.read_text(encoding="utf-8"))["cells"]
    made = {"regex": regex, "Counter": Counter, "pairwise": pairwise}
    for cell in cells:
        if cell["id"].startswith("bpe-code"):
            exec("".join(cell["source"]), made)
    return made


@pytest.mark.parametrize("code", ["eng", "rus", "mya", "hin", "cmn_hans", "arb"])
def test_the_chapter_s_own_code_gives_the_library_s_ids(chapter, code):
    articles = declaration(code).articles
    seen, unseen = (" ".join(articles[i] for i in numbers) for numbers in (range(1, 21), range(21, 31)))
    ours, library = chapter["train"](seen, 300), train([seen], 256 + 300)
    assert list(ours) == joins(library)
    assert list(ours.values()) == list(range(256, 256 + len(ours)))
    for text in (seen, unseen, "🙂 aaaa\n\n  12,3 don't", declaration("kat").articles[1]):
        assert chapter["encode"](text, ours) == library.encode(text).ids


def test_a_shortened_vocabulary_is_the_one_that_training_would_have_given():
    text = declaration("fra").text
    long, short = train([text], 600, words_of="o200k_base"), train([text], 400, words_of="o200k_base")
    assert shortened(long, 400).to_str() == short.to_str()
    assert shortened(long, 10_000).to_str() == long.to_str()
    assert count_with(long, [text])[0] < count_with(short, [text])[0] < len(text.encode())


def test_a_mixture_has_the_shares_that_were_asked():
    parts = mixture({"a": "xyz", "b": "အ", "c": "none"}, {"a": 3, "b": 1, "c": 0}, 1000)
    assert [len(part.encode()) for part in parts] == [750, 249]  # 250 bytes end inside a character
