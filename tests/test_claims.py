"""Claims are shown, recorded, glued and enforced; what is wrong with one is said."""

import json

import numpy as np
import pytest

from helpers import claims
from helpers.claims import ClaimFailedError, at_least, at_most, between, claim, exactly, ledger, number, number_range
from helpers.estimates import Estimate


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    """Catch what a claim shows and glues, and forget the ids of other tests."""
    seen, glued = [], {}
    monkeypatch.setattr(claims, "_sentences", {})
    monkeypatch.setattr(claims, "display", seen.append)
    monkeypatch.setattr("myst_nb.glue", lambda name, value, display: glued.update({name: value}))
    return seen, glued


def make(value=15.18, unit="×", id="tokens-premium", sentence="It is {condition}.", condition=None, source="a test"):
    claim(id, sentence, value, unit, condition=condition or at_least(8), source=source)


def test_a_claim_is_shown_recorded_and_glued(shown):
    make()
    (card,), glued = shown
    assert (card.id, card.value, card.measured, card.holds) == ("tokens-premium", 15.18, "15.2×", True)
    assert card.sentence == "It is at least 8×."
    assert glued == {"tokens-premium": "15.2×"}
    data, metadata = card._repr_mimebundle_()
    assert 'id="claim-tokens-premium"' in data["text/html"] and "holds" in data["text/html"]
    assert metadata["claim"]["id"] == "tokens-premium"
    json.dumps(metadata)


def test_an_estimate_brings_its_unit_and_spread(shown):
    make(Estimate(15.18, 14.1, 16.3, "×", "95 % interval"), "")
    (card,), glued = shown
    assert card.evidence() == "15.2× (14.1–16.3×, 95 % interval)"
    assert glued == {"tokens-premium": "15.2×", "tokens-premium-low": "14.1×", "tokens-premium-high": "16.3×"}


def test_values_for_seeds_become_a_mean_with_their_range(shown):
    make([9.0, 10.0, 14.0])
    (card,), _ = shown
    assert (card.value, card.low, card.high) == (11.0, 9.0, 14.0)
    assert "3 seeds" in card.spread


@pytest.mark.parametrize(
    "value", [7.9, [9.0, 9.0, 7.9], Estimate(9, 7.9, 10, "×", "an interval")], ids=["value", "one seed", "an end"]
)
def test_a_claim_that_does_not_hold_everywhere_is_shown_and_raises(shown, value):
    with pytest.raises(ClaimFailedError, match="tokens-premium"):
        make(value, "" if isinstance(value, Estimate) else "×")
    assert "does not hold" in shown[0][0]._repr_mimebundle_()[0]["text/html"]


def test_card_escapes_what_it_shows(shown):
    make(sentence="<script>alert(1)</script>", source="<img src=x>", unit="<i>")
    code = shown[0][0]._repr_mimebundle_()[0]["text/html"]
    assert "<script>" not in code and "<img" not in code and "<i>" not in code


def test_braces_in_a_sentence_stay():
    make(sentence="The set {x} is {condition}.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"value": float("nan")}, "value=nan is not finite"),
        ({"value": float("inf")}, "value=inf is not finite"),
        ({"value": [1.0, float("nan")]}, "value=nan is not finite"),
        ({"value": "15"}, "value='15' is not a number"),
        ({"value": True}, "value=True is not a number"),
        ({"value": []}, "give at least 2"),
        ({"value": [9.0]}, "give at least 2"),
        ({"unit": ""}, "unit='' is empty"),
        ({"unit": "  "}, "unit='  ' is empty"),
        ({"id": ""}, "id='' is empty"),
        ({"id": 'a"><b'}, "is not words of small letters"),
        ({"id": "Tokens Premium"}, "id='Tokens Premium' is not words of small letters"),
        ({"sentence": ""}, "sentence='' is empty"),
        ({"source": ""}, "source='' is empty"),
        ({"value": Estimate(5, 6, 7, "×", "i"), "unit": ""}, "does not contain it"),
        ({"value": Estimate(5, 4, 7, "×", "i"), "unit": "%"}, "given twice"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        make(**arguments)


def test_an_id_is_taken_once_but_a_cell_can_run_again(shown):
    make()
    make()
    with pytest.raises(ValueError, match="id='tokens-premium' is taken by another claim: 'It is {condition}.'"):
        make(sentence="Something else.")
    assert len(shown[0]) == 2


@pytest.mark.parametrize(
    ("condition", "good", "bad", "words"),
    [
        (at_least(8), 8, 7.99, "at least 8×"),
        (at_most(8), 8, 8.01, "at most 8×"),
        (between(1, 2), 1.5, 2.5, "between 1× and 2×"),
        (exactly(16), 16, 15, "exactly 16×"),
    ],
)
def test_conditions(condition, good, bad, words):
    assert condition.holds(good) and not condition.holds(bad)
    assert condition.text("×") == words


@pytest.mark.parametrize(
    ("value", "unit", "shown_as"),
    [
        (15.18, "×", "15.2×"),
        (8.0, "×", "8×"),
        (8.04, "×", "8.0×"),
        (41.696, "%", "41.7\u202f%"),
        (1234.5, "tokens", "1,234\u00a0tokens"),
        (0.0126, "%", "0.013\u202f%"),
        (0.5, "", "0.50"),
        (-0.5, "", "−0.50"),
        (-0.0, "", "0"),
        (0.0000126, "", "0.000013"),
        (99.96, "", "100"),
        (99.94, "", "99.9"),
        (0, "%", "0\u202f%"),
        (33658, "pages", "33,658\u00a0pages"),
        (np.float64(2.5), "", "2.5"),
        (np.int64(3), "tokens", "3\u00a0tokens"),
    ],
)
def test_one_number_format(value, unit, shown_as):
    assert number(value, unit) == shown_as


def test_a_range_has_one_unit():
    assert number_range(14.1, 16.33, "×") == "14.1–16.3×"


def notebook(tmp_path, name, *records):
    outputs = [{"output_type": "display_data", "data": {}, "metadata": {"claim": record}} for record in records]
    cells = [{"cell_type": "markdown", "source": "x"}, {"cell_type": "code", "outputs": outputs}]
    path = tmp_path / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_the_ledger_is_read_from_outputs_and_ids_are_unique_in_the_book(tmp_path, shown):
    make()
    record = shown[0][0]._repr_mimebundle_()[1]["claim"]
    one, other = notebook(tmp_path, "02_a", record), notebook(tmp_path, "03_b", record)
    (read,) = ledger([one])
    assert (read.id, read.chapter, read.measured) == ("tokens-premium", "02_a", "15.2×")
    with pytest.raises(ValueError, match="id='tokens-premium' is claimed twice, in 02_a and 03_b"):
        ledger([one, other])
