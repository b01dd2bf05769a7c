"""Each notebook has run as it stands; its claims hold, its figures are named, its solutions are right."""

import re
from dataclasses import replace

import pytest

from helpers.claims import Claim, ledger
from tests.test_notebooks import cells, chapters, source
from tools.execute import EXECUTED, key, recorded

COMPARES = re.compile(
    r"""\b(?:more|fewer|less|higher|lower|greater|larger|smaller|bigger|better|worse|longer|shorter|faster|slower|cheaper|dearer
    |further|nearer|earlier|later|gain(?:s|ed)?|costs?|beats?|los(?:es|t|e)|falls?|fell|drop(?:s|ped)?|ris(?:es|e)|rose|grows?|grew
    |shrinks?|shrank|saves?|saved|improves?|improved|worsens?|exceeds?|increases?|decreases?|reduces?|reduced|raises?|raised
    |lowers|lowered|adds?|added|takes?\saway|ahead|behind|above|below|past|apart)\b""",
    re.VERBOSE | re.IGNORECASE,
)
# Findings that compare, and whose value may still be negative or, in "×", less than 1: why the sentence reads right.
SIGNED = {"post-no-facts": "it says that the share changes by a value, whose minus reads as a loss"}


def reads_backwards(claim: Claim) -> bool:
    """Whether a sentence that compares ("{value} fewer") has a value, or an end of its interval, that says the opposite."""
    even = 1 if claim.unit == "×" else 0
    ends = [claim.value, *(end for end in (claim.low, claim.high) if end is not None)]
    return bool(COMPARES.search(claim.sentence)) and min(ends) < even


@chapters
def test_it_has_run_as_it_stands_and_every_claim_holds(path):
    assert recorded(EXECUTED / path.name).get("key") == key(path), (
        f"{path.name} has changed since it ran: python -m tools.book"
    )
    outputs = [o for c in cells(EXECUTED / path.name, "code") for o in c["outputs"]]
    assert not [o for o in outputs if o["output_type"] == "error"]
    called = re.findall(r'^claim\(\s*"([^"]+)"', "\n".join(source(c) for c in cells(path, "code")), re.MULTILINE)
    claims = ledger([EXECUTED / path.name])
    assert [claim.id for claim in claims] == called
    assert all(claim.holds for claim in claims)


@chapters
def test_a_sentence_that_compares_has_a_value_on_the_side_it_says(path):
    if not (EXECUTED / path.name).exists():
        pytest.fail(f"{path.name} has not run: python -m tools.book")
    backwards = {claim.id: repr(claim) for claim in ledger([EXECUTED / path.name]) if reads_backwards(claim)}
    assert set(backwards) <= set(SIGNED), [backwards[id] for id in set(backwards) - set(SIGNED)]


def test_the_list_of_signed_sentences_has_nothing_that_reads_right_anyway():
    claims = ledger(sorted(EXECUTED.glob("*.ipynb")))
    assert all(SIGNED.values()) and not {claim.id for claim in claims if not reads_backwards(claim)} & set(SIGNED)


ONE = Claim(
    "a-b", "It needs {value} fewer tokens.", 12.0, "tokens", "12 tokens", None, None, "", "at least 9", "text", "x", True
)


@pytest.mark.parametrize(
    ("changes", "backwards"),
    [
        ({}, False),
        ({"value": -12.0}, True),
        ({"value": 3.0, "low": -0.5, "high": 6.0}, True),
        ({"value": 3.0, "low": 0.5, "high": 6.0}, False),
        ({"value": 0.8, "unit": "×", "sentence": "It takes {value} more."}, True),
        ({"value": 0.8, "unit": "×", "sentence": "It takes {value} the tokens."}, False),
        ({"value": 1.8, "unit": "×", "sentence": "It takes {value} more."}, False),
        ({"value": -3.0, "sentence": "Accuracy changes by {value}."}, False),
        ({"value": -3.0, "sentence": "Voting beats one answer by {value}."}, True),
    ],
)
def test_a_negative_value_in_a_sentence_that_compares_is_found(changes, backwards):
    assert reads_backwards(replace(ONE, **changes)) is backwards


@chapters
def test_its_figures_are_named_and_its_solutions_are_right(path):
    outputs = [o for c in cells(EXECUTED / path.name, "code") for o in c["outputs"] if "data" in o]
    pages = ["".join(o["data"].get("text/html", "")) for o in outputs]
    assert not [o for o in outputs if "image/png" in o["data"]], "figures go through plots.show, which gives them alt text"
    figures = [page for page in pages if "<svg" in page]
    assert len(figures) >= 2
    assert all(re.search(r'role="img" aria-label="[^"]{30,}"', page) for page in figures)
    checks = ["".join(o["data"]["text/plain"]) for o, page in zip(outputs, pages, strict=True) if 'class="check"' in page]
    assert len(checks) % 2 == 0
    assert all(words.startswith("… Not answered") for words in checks[::2])
    assert all(words.startswith("✓") for words in checks[1::2])


@chapters
def test_no_warning_of_ours_reaches_the_page(path):
    outputs = [o for c in cells(EXECUTED / path.name, "code") for o in c["outputs"]]
    assert not ["".join(o["text"]) for o in outputs if o.get("name") == "stderr"]
