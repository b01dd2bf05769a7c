"""Findings are shown with their values, recorded and enforced; what is wrong with one is said."""

import json
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from helpers import claims
from helpers.claims import (
    ClaimFailedError,
    at_least,
    at_most,
    between,
    claim,
    exactly,
    headlines,
    ledger,
    number,
    number_range,
    value_of,
)
from helpers.estimates import Estimate


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    """Catch the cards that are shown, and forget the findings of other tests."""
    seen = []

    def display(card, display_id=False):
        seen.append(card)
        return SimpleNamespace(update=partial(seen.__setitem__, len(seen) - 1)) if display_id else None

    monkeypatch.setattr(claims, "_made", {})
    monkeypatch.setattr(claims, "_head", None)
    monkeypatch.setattr(claims, "display", display)
    return seen


def make(value=15.18, unit="×", **changed):
    if isinstance(value, Estimate) and unit == "×":
        unit = ""
    made = {"id": "tokens-premium", "sentence": "Burmese takes {value} the tokens.", "condition": at_least(8)}
    made |= {"scope": "text", "source": "a test"} | changed
    claim(made.pop("id"), made.pop("sentence"), value, unit, **made)


def test_a_card_leads_with_the_sentence_and_its_value(shown):
    make()
    (card,) = shown
    assert card.text() == "Burmese takes 15.2× the tokens." and card.holds
    data, metadata = card._repr_mimebundle_()
    assert "Burmese takes <strong>15.2×</strong> the tokens." in data["text/html"]
    assert "counted on real text · a test" in data["text/html"] and "checked: at least 8×" in data["text/html"]
    assert metadata["claim"]["id"] == "tokens-premium"
    json.dumps(metadata)


def test_an_estimate_brings_its_unit_and_spread(shown):
    make(Estimate(15.18, 14.1, 16.3, "×", "95 % bootstrap over articles"))
    assert shown[0].spread == "95 % bootstrap over articles: 14.1–16.3×"
    assert [value_of("tokens-premium", end) for end in ("value", "low", "high")] == ["15.2×", "14.1×", "16.3×"]


def test_few_seeds_are_all_shown(shown):
    make([9.0, 10.0, 14.5])
    assert (round(shown[0].value, 2), shown[0].low, shown[0].high) == (11.17, 9.0, 14.5)
    assert shown[0].spread == "3 seeds: 9, 10 and 14.5×"


def test_the_index_of_a_series_says_what_varies(shown):
    make(pd.Series(range(9, 15), index=pd.RangeIndex(6, name="world")))
    assert shown[0].spread == "6 worlds: 9–14×"


@pytest.mark.parametrize(
    "value", [7.9, [9.0, 9.0, 7.9], Estimate(9, 7.9, 10, "×", "an interval")], ids=["value", "one seed", "an end"]
)
def test_a_finding_that_does_not_hold_everywhere_is_shown_and_raises(shown, value):
    with pytest.raises(ClaimFailedError, match="tokens-premium"):
        make(value)
    assert "does not hold" in shown[0]._repr_mimebundle_()[0]["text/html"]


def test_a_card_escapes_what_it_shows(shown):
    make(sentence="<script>alert(1)</script> {value}", source="<img src=x>", unit="<i>")
    code = shown[0]._repr_mimebundle_()[0]["text/html"]
    assert "<script>" not in code and "<img" not in code and "<i>" not in code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"value": float("nan")}, "value=nan is not a finite number"),
        ({"value": float("inf")}, "value=inf is not a finite number"),
        ({"value": [1.0, float("nan")]}, "value=nan is not a finite number"),
        ({"value": "15"}, "value='15' is not a number but str"),
        ({"value": True}, "value=True is not a number but bool"),
        ({"value": []}, "give at least 2"),
        ({"value": pd.Series([9.0])}, "give at least 2"),
        ({"unit": "  "}, "unit='  ' is empty"),
        ({"id": ""}, "id='' is not words"),
        ({"id": 'a"><b'}, "is not words of small letters"),
        ({"sentence": "It is large."}, "has no place for its value"),
        ({"sentence": "{value} or {value}"}, "has no place for its value"),
        ({"scope": "everything"}, "scope='everything' is unknown; it is one of text, chat model"),
        ({"source": ""}, "source='' is empty"),
        ({"value": Estimate(5, 6, 7, "×", "i")}, "does not contain it"),
        ({"value": Estimate(5, 4, 7, "×", "i"), "unit": "%"}, "given twice"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        make(**arguments)


def test_an_id_is_taken_once_but_a_cell_can_run_again(shown):
    make()
    make()
    with pytest.raises(ValueError, match="id='tokens-premium' is taken by another finding: 'Burmese takes {value}"):
        make(sentence="{value} of something else.")
    assert len(shown) == 2


@pytest.mark.parametrize(
    ("condition", "good", "bad", "words"),
    [
        (at_least(8), 8, 7.99, "at least 8×"),
        (at_most(1.05), 1.05, 1.06, "at most 1.05×"),
        (between(-1.25, 20000), 1.5, -2, "between −1.25× and 20,000×"),
        (exactly(16), 16, 15, "exactly 16×"),
    ],
)
def test_bounds_print_exactly_as_they_are_enforced(condition, good, bad, words):
    assert condition.holds(good) and not condition.holds(bad)
    assert condition.text("×") == words


@pytest.mark.parametrize(
    ("value", "condition", "measured"),
    [
        (1.06, at_most(1.1), "1.06×"),
        (99.99, at_least(99), "99.99\u202f%"),
        (10.04, at_least(10), "10.04×"),
        (10, at_least(10), "10×"),
        (9.996, at_most(10), "9.996×"),
        (-0.501, at_most(-0.5), "−0.501×"),
    ],
)
def test_a_value_does_not_print_as_a_bound_that_it_does_not_equal(shown, value, condition, measured):
    make(value, "%" if "%" in measured else "×", condition=condition)
    assert shown[0].measured == measured


@pytest.mark.parametrize(
    ("value", "unit", "text"),
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
        (99.96, "%", "99.96\u202f%"),
        (99.94, "%", "99.9\u202f%"),
        (0, "%", "0\u202f%"),
        (33658, "pages", "33,658\u00a0pages"),
        (np.float64(2.5), "", "2.5"),
        (np.int64(3), "tokens", "3\u00a0tokens"),
    ],
)
def test_one_number_format(value, unit, text):
    assert number(value, unit) == repr(number(value, unit)) == text


def test_a_range_has_one_unit():
    assert number_range(14.1, 16.33, "×") == "14.1–16.3×"
    assert number_range(-5.7, -3.0, "points") == "−5.7 to −3\u00a0points"


def notebook(folder, name, *records):
    outputs = [{"output_type": "display_data", "data": {}, "metadata": {"claim": record}} for record in records]
    cells = [{"cell_type": "markdown", "source": "x"}, {"cell_type": "code", "source": "", "outputs": outputs}]
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    return path


def record_of(shown, **changed):
    make(**changed)
    claims._made.clear()
    return shown[-1]._repr_mimebundle_()[1]["claim"]


def test_the_ledger_is_read_from_outputs_and_ids_are_unique_in_the_book(tmp_path, shown):
    record = record_of(shown)
    one, other = notebook(tmp_path, "02_a", record), notebook(tmp_path, "03_b", record)
    (read,) = ledger([one])
    assert (read.id, read.chapter, read.measured) == ("tokens-premium", "02_a", "15.2×")
    with pytest.raises(ValueError, match="id='tokens-premium' is claimed twice, in 02_a and 03_b"):
        ledger([one, other])


def test_a_value_of_another_chapter_comes_from_its_executed_copy_or_says_which_chapter_to_run(tmp_path, shown, monkeypatch):
    record = record_of(shown)
    monkeypatch.setattr(claims, "EXECUTED", tmp_path)
    assert repr(value_of("tokens-premium")) == "(run chapter 3)"
    notebook(tmp_path, "03_multilingual_tokens", record)
    assert value_of("tokens-premium") == "15.2×"
    with pytest.raises(ValueError, match="end='low': the finding 'tokens-premium' has no spread"):
        value_of("tokens-premium", "low")
    with pytest.raises(ValueError, match="id='no-such' is claimed by no chapter"):
        value_of("no-such")
    with pytest.raises(ValueError, match="end='middle'"):
        value_of("tokens-premium", "middle")


def test_headlines_are_those_of_the_executed_copy_until_this_run_makes_its_own(tmp_path, shown, monkeypatch):
    record = record_of(shown, headline=True)
    monkeypatch.setattr(claims, "EXECUTED", tmp_path)
    shown.clear()
    headlines("03")
    assert "Run the chapter" in repr(shown[0])
    notebook(tmp_path, "03_multilingual_tokens", record)
    headlines("03")
    assert shown[1]._repr_html_() == "<ul><li>Burmese takes <strong>15.2×</strong> the tokens.</li></ul>"
    make(12.0, headline=True)
    assert repr(shown[1]) == "- Burmese takes 12× the tokens."
    make(9.5, id="tokens-other", sentence="Lao takes {value} the tokens.", headline=True)
    assert repr(shown[1]) == "- Burmese takes 12× the tokens.\n- Lao takes 9.5× the tokens."
