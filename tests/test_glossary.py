"""Every term of the glossary is a link where a chapter first uses it."""

import json

import pytest

from tests.terms import glossary, unlinked
from tools.execute import notebooks


def written(tmp_path, *cells):
    path = tmp_path / "a.ipynb"
    markdown = [{"cell_type": "markdown", "id": f"c{i}", "source": cell} for i, cell in enumerate(cells)]
    path.write_text(json.dumps({"cells": [*markdown, {"cell_type": "code", "id": "x", "source": "token = 1"}]}))
    return path


@pytest.mark.parametrize("notebook", notebooks(), ids=lambda path: path.stem)
def test_terms_are_linked_at_their_first_use(notebook):
    found = unlinked(notebook, glossary())
    assert not found, "\n".join(f"cell {use.cell}: link {use.words!r} to {{term}}`{use.term}`" for use in found)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["A token is read."], ["token"]),
        (["Two tokens.", "A {term}`token`."], ["token"]),
        (["A {term}`token`.", "Two tokens."], []),
        (["Two {term}`tokens <token>` and more tokens."], []),
        (["# The token\n\n`token` $token$\n\n```{exercise} A token\n:label: token\n```"], []),
        (["A state space model."], ["state space model"]),
        (["A {term}`state space model` has a state."], ["state"]),
        (["The State of the Union. State is kept."], ["state"]),
        (["Tokens, then a tokenless word and a sub-token."], []),
        (["One.\n\nTokens follow."], ["token"]),
        (["LoRA and lora"], ["LoRA"]),
    ],
)
def test_what_is_a_first_use(tmp_path, cells, expected):
    terms = sorted(["token", "state", "state space model", "LoRA"], key=len, reverse=True)
    assert [use.term for use in unlinked(written(tmp_path, *cells), terms)] == expected


def test_the_place_of_a_use_is_given(tmp_path):
    (use,) = unlinked(written(tmp_path, "One.", "Some tokens here."), ["token"])
    assert (use.cell, use.words, use.start, use.end) == ("c1", "tokens", 5, 11)


def test_the_glossary_is_read():
    assert {"token", "logits", "state space model", "UTF-8"} <= set(glossary())
