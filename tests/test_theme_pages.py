"""What is taken out of a page, and what must stay as it was."""

from pathlib import Path

from theme.pages import clean, round_drawings

HEAD = (
    '<head><meta charset="utf-8"><script src="../_static/documentation_options.js"></script>'
    '<script src="../_static/doctools.js?v=1"></script><script src="../_static/searchtools.js"></script>'
    '<script src="../_static/language_data.js"></script><script src="../searchindex.js"></script></head>'
)


def test_scripts_of_the_search_are_on_its_page_alone(tmp_path: Path) -> None:
    for name in ("search.html", "one.html"):
        (tmp_path / name).write_text(f"<html>{HEAD}<body></body></html>")
        clean(tmp_path / name)
    search, one = ((tmp_path / name).read_text() for name in ("search.html", "one.html"))
    assert search.count("<script src=") == 5 and "defer" not in search, "its scripts need those before them at once"
    assert one.count("<script") == 2 and '<script defer src="../_static/doctools.js?v=1">' in one
    assert '<script src="../_static/documentation_options.js">' in one, "words in the page need it at once"


def test_places_are_rounded_and_words_are_not() -> None:
    figure = (
        '<p>0.12345</p><svg aria-label="from 0.12345"><path d="M 1.23456 7.5\nL 10.00001 2"/>'
        '<text x="3.14159" transform="rotate(45.6789)">2.71828</text></svg><p>x="1.2345"</p>'
    )
    assert round_drawings(figure) == (
        '<p>0.12345</p><svg aria-label="from 0.12345"><path d="M 1.23 7.5\nL 10.00 2"/>'
        '<text x="3.14" transform="rotate(45.67)">2.71828</text></svg><p>x="1.2345"</p>'
    )
