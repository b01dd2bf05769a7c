"""The book's texts are whole, in NFC, and asked for by a name that exists."""

import unicodedata

import pytest

from helpers.corpora import (
    PROSE,
    alignment,
    clean,
    comparable_declarations,
    declaration,
    declarations,
    most_spoken,
    passages,
    prose,
    script_of,
)


def test_there_are_hundreds_of_translations_in_nfc():
    assert len(declarations()) == 532
    assert all(unicodedata.is_normalized("NFC", item.text) for item in declarations().values())


def test_no_translation_was_read_in_the_wrong_encoding():
    assert declaration("fra").articles[1].startswith("Tous les êtres humains")
    assert not any("Ã©" in item.text or "\ufffd" in item.text for item in declarations().values() if item.code != "und")


@pytest.mark.parametrize(
    ("code", "script", "direction", "bcp47"),
    [
        ("mya", "Myanmar", "ltr", "my"),
        ("arb", "Arabic", "rtl", "ar"),
        ("jpn", "Japanese", "ltr", "ja"),
        ("cmn_hans", "Han", "ltr", "zh"),
        ("rus", "Cyrillic", "ltr", "ru"),
        ("tha", "Thai", "ltr", "th"),
        ("kor", "Hangul", "ltr", "ko"),
    ],
)
def test_what_is_known_of_a_translation(code, script, direction, bcp47):
    item = declaration(code)
    assert (item.script, item.direction, item.bcp47.split("-")[0]) == (script, direction, bcp47)
    assert item.speakers > 1_000_000


@pytest.mark.parametrize(
    ("code", "region"),
    [("mya", "Asia"), ("arb", "Africa"), ("fra", "Europe"), ("swh", "Africa"), ("smo", "Oceania"), ("gug", "Americas")],
)
def test_a_language_has_the_region_where_it_is_most_at_home(code, region):
    assert declaration(code).region == region


def test_regions_are_known_for_nearly_every_comparable_translation():
    regions = [item.region for item in comparable_declarations().values()]
    assert set(regions) == {"Africa", "Americas", "Asia", "Europe", "Oceania", "unknown"}
    assert regions.count("unknown") < 10


def test_comparable_translations_are_whole_aligned_and_one_a_script():
    kept = comparable_declarations()
    assert len(kept) > 300
    assert all(sorted(item.articles) == list(range(1, 31)) and all(item.articles.values()) for item in kept.values())
    assert all(alignment(item, declaration("eng")) >= 0.9 for item in kept.values())
    assert len({(item.iso639_3, item.script) for item in kept.values()}) == len(kept)
    assert {"eng", "fra", "mya", "hin", "swh", "lao", "amh", "bod"} <= set(kept)
    assert "pnb" not in kept, "its articles are cut elsewhere"
    assert len(comparable_declarations(0.5)) > len(kept)


def test_most_spoken_has_one_translation_a_language_in_its_usual_script():
    codes = most_spoken(comparable_declarations(), 25)
    names = [declaration(code).short_name for code in codes]
    assert codes[0] == "eng" and len(set(names)) == 25
    assert {"Chinese", "Hindi", "Arabic", "Punjabi", "Persian"} <= set(names)
    assert declaration("pan").script == "Gurmukhi" and "jav_java" not in codes


def test_prose_is_long_and_passages_have_the_asked_length():
    for name in PROSE:
        assert len(prose(name)) > 100
    cut = passages(["one two three four five", "six"], 2)
    assert cut == ["one two", "three four"]
    assert prose("moby-dick")[0].startswith("CHAPTER 1.")
    assert sum("Call me Ishmael" in chapter for chapter in prose("moby-dick")) == 1, "the book is in it once"


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("", "none"),
        ("123 !?", "none"),
        ("Abc где", "Latin"),
        ("漢字かな", "Japanese"),
        ("漢字", "Han"),
        ("ᐃᓄᒃ", "Canadian syllabics"),
    ],
)
def test_script(text, script):
    assert script_of(text) == script


def test_clean_normalises_letters_and_space():
    assert clean(" e\u0302\u0323\n x ") == "ệ x"
