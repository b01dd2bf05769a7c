"""Other identifiers behind one function: the same labels, the same rules for what is no language."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.corpora import comparable_declarations, declaration
from helpers.languages import EMPTY, UNDECIDED, UNDECODABLE, UNSUPPORTED, detect, detect_many, identify, tools


@pytest.fixture(params=tools())
def tool(request):
    return request.param


def test_every_tool_uses_the_same_labels(tool):
    codes = "eng deu_1996 rus jpn cmn_hans kor heb hin nob".split()
    texts = [declaration(code).text[:2000] for code in codes]
    assert identify(texts, tool) == "en de ru ja zh-cn ko he hi no".split()


def test_languages_that_langdetect_does_not_know_keep_the_tools_own_code():
    texts = [declaration(code).text[:2000] for code in ("mya", "kat", "hye")]
    for name in ("py3langid", "cld2", "fasttext"):
        assert identify(texts, name) == ["my", "ka", "hy"]
    for name in ("langdetect", "profiles"):
        assert identify(texts, name) == [UNSUPPORTED] * 3


def test_what_is_no_language_is_the_same_for_every_tool(tool):
    addresses = "https://example.org/a/b http://example.com me@example.org"
    assert identify(["", "123 🙂", addresses, "\ufffd\ufffd a"], tool) == [EMPTY, EMPTY, EMPTY, UNDECODABLE]


def test_what_cld2_and_fasttext_refuse_is_dropped_by_rule(tool):
    english = declaration("eng").articles[1]
    for refused in "\x00 \x1f \x85 \ufdd0 \ufffe \U0010ffff \ud800 \n \r".split(" "):
        assert identify([english.replace(". ", "." + refused)], tool) == ["en"]


def test_langdetect_and_profiles_are_the_functions_of_their_own():
    texts = [declaration(code).articles[2] for code in ("eng", "fra", "zul")]
    assert identify(texts, "langdetect", at_least=0.8) == [detect(text) for text in texts]
    assert identify(texts, "profiles", at_least=0.8) == detect_many(texts)


def test_a_threshold_turns_doubt_into_undecided(tool):
    texts = [d.articles[1] for d in comparable_declarations().values()][::6]
    certain, any_ = identify(texts, tool, at_least=1), identify(texts, tool)
    assert certain.count(UNDECIDED) > any_.count(UNDECIDED)
    assert all(a in (b, UNDECIDED) for a, b in zip(certain, any_, strict=True))


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=40))
def test_no_string_makes_a_tool_fail(text):
    for name in tools():
        assert identify([text], name)[0]
