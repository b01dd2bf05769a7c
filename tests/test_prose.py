"""No number stands in the prose that no code computed, and the check that says so catches what it should."""

import re

import pytest

from tools.prose import markdown_of_chapters, published, typed_numbers


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
    allowed = published()
    found = [typed for where, text in markdown_of_chapters().items() for typed in typed_numbers(text, where, allowed)]
    assert not found, "\n".join(f"{t.where}: {t.number!r} in “{t.line}”" for t in found)


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
    ],
)
def test_typed_numbers_are_found(text):
    assert typed_numbers(text, "here", set())


@pytest.mark.parametrize(
    "text",
    [
        "In 2023 there were 30 articles on 8,192 tokens.",
        "It costs {glue:text}`tokens-premium` as much.",
        "Where $p = 0.05$, or $0.05$, and $$x = 1.96$$",
        "Set `price = 2.50`.",
        "```python\nx = 0.5\n```",
        "See {doc}`02_training_data` and https://example.org/1.2.3 there.",
        "Many times, at times, sometimes.",
    ],
)
def test_what_is_no_typed_number_passes(text):
    assert not typed_numbers(text, "here", set())


def test_a_published_figure_needs_its_key_in_the_paragraph():
    allowed = {("46 %", "huyen2025")}
    assert not typed_numbers("About 46 % {cite:p}`huyen2025`.", "here", allowed)
    assert typed_numbers("About 46 %.\n\n{cite:p}`huyen2025`", "here", allowed)
    assert typed_numbers("About 47 % {cite:p}`huyen2025`.", "here", allowed)
