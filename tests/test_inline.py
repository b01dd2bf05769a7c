"""Inline expressions are recorded by the run, put on the page, and refused where they would mislead."""

import json

import pytest

from tools import inline


def notebook(*cells):
    kinds = {"m": "markdown", "c": "code"}
    book = {"cells": []}
    for n, (kind, source) in enumerate(cells):
        cell = {"cell_type": kinds[kind], "id": f"cell-{n}", "metadata": {}, "source": source}
        if kind == "c":
            cell |= {"outputs": [], "execution_count": None}
        book["cells"].append(cell)
    return book


def run(book, **names):
    """Fill a notebook as a kernel would: each code cell is executed, each recorder evaluates its expressions."""
    count = 0
    for cell in book["cells"]:
        if cell["cell_type"] != "code":
            continue
        count += 1
        cell["execution_count"] = count
        if inline.MARK in cell["metadata"]:
            asked = json.loads(cell["source"].partition("for e in ")[2].rpartition("})})")[0])
            cell["outputs"] = [
                {"output_type": "display_data", "metadata": {"expressions": {e: value(e, names) for e in asked}}}
            ]
        else:
            exec(cell["source"], names)
    inline.collect(book)


def value(expression, names):
    try:
        return {"status": "ok", "data": {"text/plain": repr(eval(expression, names))}, "metadata": {}}
    except Exception as error:
        return {"status": "error", "ename": type(error).__name__, "evalue": str(error)}


def test_values_are_recorded_where_they_stand_and_recorders_leave():
    book = notebook(("c", "n = 3"), ("m", "It has {eval}`n` of {eval}`f'{n + 1} cells'`, {eval}`n`."), ("c", "k = 4"))
    inline.inject(book)
    assert len(book["cells"]) == 5
    run(book)
    assert [cell["cell_type"] for cell in book["cells"]] == ["code", "markdown", "code"]
    assert [cell["execution_count"] for cell in book["cells"][::2]] == [1, 2]
    text = book["cells"][1]
    assert [kept["expression"] for kept in text["metadata"]["user_expressions"]] == ["n", "f'{n + 1} cells'"]
    assert inline.fill(text) == "It has 3 of 4 cells, 3."


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([("m", "{eval}`gone`")], "cell cell-0, {eval}`gone` failed: NameError: name 'gone' is not defined"),
        ([("c", "x = 2 / 3"), ("m", "{eval}`x`")], "is a bare float, 0.6666666666666666; write it"),
        (
            [("c", "x = 1"), ("m", "{eval}`x`"), ("c", "x = 2")],
            "is 1 there, but 2 at the notebook's end",
        ),
        ([("c", "x = 1"), ("m", "{eval}`x`"), ("c", "del x")], "a later cell changes it"),
    ],
)
def test_an_expression_that_misleads_is_an_error(cells, words):
    book = notebook(*cells)
    inline.inject(book)
    with pytest.raises(inline.ExpressionError) as said:
        run(book)
    assert words in str(said.value)


def test_findings_are_left_to_the_ledger():
    cell = {
        "source": 'It is {eval}`value_of("tokens-premium")`, from {eval}`value_of("tokens-premium", "low")`.',
        "metadata": {},
    }
    assert inline.fill(cell) == "It is {claim}`tokens-premium`, from {claim}`tokens-premium low`."


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("``{eval}`n` `` and\n\n```\n{eval}`n`\n```\n", []),
        ("```{mermaid}\na --> b\n```\n\n{eval}`n`\n\n```{exercise} One\n{eval}`k`\n```\n", ["n", "k"]),
        ("```python\n{eval}`n`\n```\nand {eval}`k`", ["k"]),
    ],
)
def test_code_that_only_quotes_an_expression_has_none(markdown, found):
    assert inline.expressions(markdown) == found


def test_a_notebook_without_expressions_stays_as_it_is():
    book = notebook(("c", "n = 3"), ("m", "Words."))
    inline.inject(book)
    assert len(book["cells"]) == 2
