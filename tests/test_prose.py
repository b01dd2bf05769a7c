"""No number stands in the prose that no code computed, and the check that says so catches what it should."""

import re

import pytest

from tests.prose import Allowed, allowed, markdown_of_chapters, published, typed_numbers, unused


def test_every_column_of_a_table_has_a_heading():
    """Who has a table read aloud hears the heading of each cell."""
    found = [
        f"{where}: {heading}"
        for where, text in markdown_of_chapters().items()
        for heading in re.findall(r"^(\|.*\|)\s*\n\|\s*:?-", text, re.MULTILINE)
        if not all(column.strip() for column in heading.strip().strip("|").split("|"))
    ]
    assert not found, "\n".join(found)


def test_no_number_is_typed_into_the_chapters():
    figures, may_stand = published(), allowed()
    texts = markdown_of_chapters()
    found = [typed for where, text in texts.items() for typed in typed_numbers(text, where, figures, may_stand)]
    assert not found, "\n".join(f"{t.where}: {t.number!r} in “{t.line}”" for t in found)


def test_the_list_of_what_may_be_typed_is_short_and_has_nothing_that_is_gone():
    may_stand = allowed()
    assert len(may_stand) <= 40 and all(entry.reason and re.search(r"\w+ \w+", entry.words) for entry in may_stand)
    assert not unused(markdown_of_chapters(), may_stand)


def test_an_entry_allows_its_words_on_its_page_only():
    entry = Allowed("05_x", "a fifth of the bytes", "how it is set up")
    assert not typed_numbers("Here a fifth\nof the bytes stays.", "05_x.ipynb, cell a", set(), [entry])
    assert typed_numbers("Here a fifth of the bytes stays.", "06_y.ipynb, cell a", set(), [entry])
    assert typed_numbers("Here a fifth of the words stays.", "05_x.ipynb, cell a", set(), [entry])
    assert unused({"05_x.ipynb": "Nothing."}, [entry]) == [entry] and not unused(
        {"05_x.ipynb": "A fifth of the bytes."}, [entry]
    )


@pytest.mark.parametrize("code", ["3.5", "'3.5 ×'", "number(3.5, '×')", 'f"{12} seconds"', "round(3.52, 1)", "-3", "2 * 3"])
def test_an_expression_that_is_a_typed_number_is_found(code):
    assert typed_numbers(f"It is {{eval}}`{code}` here.", "here", set())


@pytest.mark.parametrize(
    "code", ["number(gain, '×')", "len(rows)", 'value_of("tokens-premium")', "gain_of('x', 0.8)", "Noise().bad"]
)
def test_an_expression_of_a_value_passes(code):
    assert not typed_numbers(f"It is {{eval}}`{code}` here.", "here", set())


@pytest.mark.parametrize(
    "text",
    [
        "It is 3.5 here.",
        "About 46 % of it.",
        "46\u202f% of it",
        "It costs 10 times as much.",
        "It is 2× dearer.",
        "It is 2x dearer.",
        "A tenfold rise, four times over.",
        "Sixty-two, or fifty per cent.",
        "```{exercise} Title\nTake 0.5 of it.\n```",
        "It fell by .07 points.",
        "It is twice as dear, by a factor of 12, by a factor of three.",
        "Forty times over.",
        "Ninety-nine in a hundred of them, 95 in a hundred.",
        "Five percentage points, 5 percentage points.",
        "From $2.50 to more.",
        "It is $2.50 or $3.50 there.",
        "17 of the 20 are right, or 17 of 20.",
        "Nine out of ten are right.",
        "A third of them, a tenth, one third. A half as many.",
        "It takes 12 seconds, 90 s, twelve minutes.",
        "It takes about 60 MB, or 7 GB.",
        "Thrice that.",
        "It is right in 1 in 3, one in ten.",
        "A factor 4, a factor of ten.",
        r"It is $3.4\times$ as much, $46\%$ of it, $\approx 12\times$.",
        "| model | share |\n|---|---|\n| ours | 17 |",
        "| model | share |\n|---|---|\n| ours | 17 MB | \n",
        "Twice the price. Half of the bytes. The price doubled, it halves.",
        "It loses 2 points, or 0.3 nats a token; 3 bits per byte.",
    ],
)
def test_typed_numbers_are_found(text):
    assert typed_numbers(text, "here", set())


@pytest.mark.parametrize(
    "text",
    [
        "In 2023 there were 30 articles on 8,192 tokens.",
        'It costs {eval}`value_of("tokens-premium")` as much.',
        "Where $p = 0.05$, or $0.05$, and $$x = 1.96$$",
        "Set `price = 2.50`.",
        "```python\nx = 0.5\n```",
        "See {doc}`02_training_data` and https://example.org/1.2.3 there.",
        "Many times, at times, sometimes.",
        "Three sections, four influences, the two models, one of the pages of 2026, in one of 2024.",
        "A third way. We ask twice. It is measured twice: once a day.",
        "It is in 16 bits, with 4,096 tokens, on Python 3 and in chapter 12.",
        "A 32-bit number of 8 bits; x2, GPT-4o, Llama-2-7B, UTF-8.",
        "| model | seen in |\n|---|---|\n| GPT-2 | chapter 3 |",
    ],
)
def test_what_is_no_typed_number_passes(text):
    assert not typed_numbers(text, "here", set())


def test_a_published_figure_needs_its_key_in_the_paragraph():
    allowed = {("46 %", "huyen2025")}
    assert not typed_numbers("About 46 % {cite:p}`huyen2025`.", "here", allowed)
    assert typed_numbers("About 46 %.\n\n{cite:p}`huyen2025`", "here", allowed)
    assert typed_numbers("About 47 % {cite:p}`huyen2025`.", "here", allowed)
