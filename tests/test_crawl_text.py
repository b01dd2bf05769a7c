"""Text is read in the right charset, junk is turned away, and the rules judge each language by its own measure."""

import random

import pytest
from datatrove.pipeline.filters import GopherQualityFilter

from helpers.corpora import declaration, prose
from helpers.crawl.extract import BAD_STATUS, BINARY, NO_PAGE, NO_TEXT, NOT_HTML, Extracted, extract, is_unreadable, repair
from helpers.crawl.profiles import UNKNOWN, WORDS, profile_of, profiles
from helpers.crawl.read import Record
from helpers.crawl.rules import REASONS, finished_lines, gopher_english, why_rejected
from helpers.languages import UNSUPPORTED

RUSSIAN = declaration("rus").text
ENGLISH = prose("addresses")[0][:3000]
ENGLISH = ENGLISH[: ENGLISH.rindex(".") + 1]


def response(body: bytes = b"", **changes: object) -> Record:
    about = {"kind": "response", "url": "https://example.org", "id": "1", "date": "", "status": 200, "charset": ""}
    return Record(**{**about, "content_type": "text/html", "body": body, "file": "x", "position": 0, **changes})


def html(text: str, charset: str = "utf-8", meta: str = "") -> bytes:
    tag = f'<meta charset="{meta}">' if meta else ""
    return f"<html><head>{tag}<title>t</title></head><body><nav>menu</nav><p>{text}</p></body></html>".encode(charset)


@pytest.mark.parametrize(
    ("real", "declared"),
    [
        ("utf-8", "utf-8"), ("utf-8", ""), ("utf-8", "iso-8859-1"), ("utf-8", "windows-1251"), ("utf-8", "nonsense"),
        ("windows-1251", "windows-1251"), ("windows-1251", "utf-8"), ("windows-1251", ""), ("koi8-r", "koi8-r"),
        ("koi8-r", "utf-8"), ("utf-8-sig", ""), ("utf-16", ""),
    ],
)  # fmt: skip
def test_text_is_read_in_the_charset_that_it_is_in(real, declared):
    text, charset, repaired = repair(RUSSIAN.encode(real), declared)
    assert text == RUSSIAN
    right = (
        (declared or "utf-8") == real or real in ("utf-8-sig", "utf-16") or declared in ("", "nonsense") and real == "utf-8"
    )
    assert repaired == (not right), charset


def test_text_that_was_written_twice_is_put_right():
    for text in ("Café, naïve, Übergrößenträger", RUSSIAN):
        for charset in ("cp1252", "latin-1"):
            try:
                twice = text.encode().decode(charset)
            except UnicodeDecodeError:
                continue
            assert repair(twice.encode())[0] == text
    for text in ("Café, naïve", "Ünïcödé", "plain", ENGLISH, RUSSIAN, "Â £5, Ã"):
        assert repair(text.encode())[0] == text


def test_a_charset_in_the_header_or_in_the_page_is_believed_where_it_can_be():
    body = html("Год за годом, слово за словом, и так далее.", "koi8-r", meta="koi8-r")
    assert "Год за годом" in extract(response(body)).text
    assert "Год за годом" in extract(response(html("Год за годом.", "koi8-r"), charset="koi8-r")).text


def test_what_no_charset_can_read_is_seen():
    broken = RUSSIAN.encode("koi8-r").decode("utf-8", "replace")
    assert is_unreadable(broken)
    assert not is_unreadable(RUSSIAN + "\ufffd")
    assert not is_unreadable("")


def test_a_page_gives_its_main_text():
    found = extract(response(html("All human beings are born free.")))
    assert found == Extracted("All human beings are born free.", "", "utf-8", False)
    text = response("Žemė".encode(), kind="conversion", status=0, content_type="text/plain")
    assert extract(text).text == "Žemė"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (response(kind="request"), NO_PAGE),
        (response(kind="warcinfo"), NO_PAGE),
        (response(html("x"), status=404), BAD_STATUS),
        (response(html("x"), status=0), BAD_STATUS),
        (response(b"{}", content_type="application/json"), NOT_HTML),
        (response(b""), NO_TEXT),
        (response(b" \n "), NO_TEXT),
        (response(b"<html><body><script>x()</script></body></html>"), NO_TEXT),
        (response(b"", kind="conversion"), NO_TEXT),
        (response(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + random.Random(0).randbytes(3000)), BINARY),
        (response(random.Random(1).randbytes(3000)), BINARY),
        (response(b"%PDF-1.7\n" + b"some text " * 100), BINARY),
    ],
)
def test_what_is_no_page_with_text_is_turned_away_and_says_why(record, reason):
    assert extract(record) == Extracted("", reason, *((extract(record).charset,) if reason == NO_TEXT else ()))


def test_words_and_sentences_of_any_script():
    assert WORDS.word_tokenize("Don't stop: 3.14, हिन्दी में!") == ["Don't", "stop", "3.14", "हिन्दी", "में"]
    assert WORDS.word_tokenize("你好世界。") == list("你好世界")
    assert WORDS.word_tokenize(" …!?") == []
    assert WORDS.sent_tokenize("He paid 3.14. “Why?” She left") == ["He paid 3.14.", "“Why?”", "She left"]
    assert WORDS.sent_tokenize("人人有权。我们！हम हैं।") == ["人人有权。", "我们！", "हम हैं।"]
    assert WORDS.sent_tokenize("") == []
    assert finished_lines("Home | About\nA sentence.\nऔर एक।\n又一个。”\nAnd so on...\n") == "A sentence.\nऔर एक।\n又一个。”"


def test_a_language_is_measured_by_the_declaration():
    table = profiles()
    assert table["en"].words == table["en"].characters == 1
    assert table["en"].stop_words[:3] == ("the", "be", "to")
    assert {"и", "в", "на"} <= set(table["ru"].stop_words)
    assert table["zh-cn"].words > 1.2 and table["zh-cn"].characters < 0.4 and not table["zh-cn"].has_spaces
    assert not table["th"].has_spaces and not table["th"].has_ends
    assert not table["Myanmar"].has_spaces and table["Georgian"].has_spaces
    assert table["ml"].word_length > 10  # beyond Gopher's limit for English
    assert profile_of("ყველა ადამიანი", UNSUPPORTED) == table["Georgian"]
    assert profile_of("word", UNSUPPORTED) is UNKNOWN


@pytest.mark.parametrize(
    "code",
    ["eng", "rus", "cmn_hans", "jpn", "tha", "vie", "arb", "hin", "tam", "mal", "fin", "kor", "mya", "kat", "amh", "khm"],
)
def test_good_text_passes_in_any_language_and_the_published_rules_reject_what_is_not_english(code):
    from helpers.languages import detect

    item = declaration(code)
    text = "\n".join(item.articles[n] for n in sorted(item.articles))
    assert why_rejected(text, detect(text)) is None
    assert (gopher_english(text) is None) == (code == "eng")


def test_english_prose_passes_both():
    assert why_rejected(ENGLISH, "en") is None
    assert gopher_english(ENGLISH) is None


def test_gopher_english_is_datatroves_filter():
    from datatrove.data import Document

    for text in (ENGLISH, RUSSIAN, "too short", declaration("cmn_hans").text, "# " * 80 + ENGLISH[:400]):
        verdict = GopherQualityFilter().filter(Document(text=text, id=""))
        assert (gopher_english(text) is None) == (verdict is True)


def test_bad_text_is_rejected_with_its_reason():
    line = ENGLISH[: ENGLISH.index(".") + 1]
    assert why_rejected("", "en") == "too few sentences"
    assert why_rejected("12 | 34 | 56\n" * 40, "en") == "too few sentences"
    assert why_rejected("buy cheap shoes online " * 100, "en") == "too few sentences"
    assert why_rejected("\n".join([line] * 30), "en") == "repeated lines"
    assert why_rejected(ENGLISH + "\nfunction() { return 1.", "en") == "curly bracket"
    assert why_rejected(ENGLISH + "\nLorem ipsum dolor sit amet.", "en") == "lorem ipsum"
    short = (
        "The house was cold that day. We had to walk with them. She sang of summer and bees. Rain fell. Nobody slept well."
    )
    assert why_rejected(short, "en") == "too few words"
    assert why_rejected(RUSSIAN, "en") == "no stop words"
    assert why_rejected("人人有权。" * 200, "zh-cn") is not None
    assert set(REASONS.values()) >= {"too few sentences", "repeated lines", "no stop words"}
