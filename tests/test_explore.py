"""The interactive figure: what it refuses, what it displays everywhere, and what the site's script makes of it."""

import gzip

import numpy as np
import pandas as pd
import pytest
from lxml import etree, html

from helpers import explore as module
from helpers.claims import number
from helpers.explore import explore
from helpers.plots import new

WORDS = {"title": "Burmese pays most", "alt": "One dot a language."}


def small() -> pd.DataFrame:
    rows = {
        "English": ("Latin", "Europe", 1_600_000_000, 1.0, 1.0),
        "Burmese": ("Myanmar", "Asia", 43_000_000, 15.18, 4.06),
        'Evil <b>&"': ("Latin", "Europe", 0, 2.0, 0.995),
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["script", "region", "speakers", "GPT-4", "GPT-4o"])


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch):
    """Call `explore`, and return what it displays."""
    said = []
    monkeypatch.setattr(module, "display", lambda data, raw: said.append(data))

    def call(table: pd.DataFrame, **words: str) -> dict[str, str]:
        explore(table, new(height=1)[0], **(WORDS | words))
        return said.pop()

    return call


def test_figure_and_table_are_displayed_with_every_value(shown) -> None:
    table, data = small(), shown(small())
    assert data["text/plain"] == "Burmese pays most\n[figure: One dot a language.]"
    figure = html.fragment_fromstring(data["text/html"])
    assert figure.get("class") == "plot explore"
    assert figure.xpath(".//*[local-name()='svg']/@aria-label") == ["One dot a language."]
    rows = figure.xpath(".//table[@class='explore-data']/tbody/tr")
    assert [row.findtext("th") for row in rows] == list(table.index), "names are text, whatever they hold"
    for row, (_, wanted) in zip(rows, table.iterrows(), strict=True):
        script, region, speakers, *values = row.findall("td")
        assert (script.text, region.text) == (wanted["script"], wanted["region"])
        assert int(speakers.get("data-value")) == wanted["speakers"]
        assert speakers.text == (f"{wanted['speakers']:,}" if wanted["speakers"] else "unknown")
        for cell, name in zip(values, ("GPT-4", "GPT-4o"), strict=True):
            assert float(cell.get("data-value")) == wanted[name]
            assert cell.text == number(wanted[name], "×")
    assert figure.xpath(".//thead//th/text()") == ["language", "script", "region", "speakers", "GPT-4", "GPT-4o"]


def test_there_is_no_script_and_no_handler_in_what_is_displayed(shown) -> None:
    code = shown(small())["text/html"]
    etree.fromstring(code.encode())  # well formed
    root = html.fragment_fromstring(code)
    assert not root.xpath("//script | //@*[starts-with(name(), 'on')]")
    assert not root.xpath("//b"), "a name became markup"


@pytest.mark.parametrize("name", ["title", "alt", "label"])
def test_empty_words_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}=' ' is empty"):
        explore(small(), new()[0], **(WORDS | {name: " "}))


@pytest.mark.parametrize(
    ("spoilt", "error", "says"),
    [
        (lambda t: t.to_dict(), TypeError, "must be a pandas DataFrame .* not dict"),
        (lambda t: t.drop(columns="region"), ValueError, "no column 'region'; it needs script, region, speakers"),
        (lambda t: t[["script", "region", "speakers"]], ValueError, "3 languages and 0 vocabularies"),
        (lambda t: t.iloc[:0], ValueError, "0 languages and 2 vocabularies"),
        (lambda t: pd.concat([t, t.iloc[:1]]), ValueError, "'English' more than once"),
        (lambda t: t.rename(index={"English": " "}), ValueError, "index holds ' '"),
        (lambda t: t.assign(script=["Latin", None, "Latin"]), ValueError, "script holds (None|nan)"),
        (lambda t: t.assign(region=["Asia", "", "Asia"]), ValueError, "region holds ''"),
        (lambda t: t.assign(speakers=[1, -2, 3]), ValueError, "speakers=-2 for 'Burmese'; .* 0 .unknown. or more"),
        (lambda t: t.assign(speakers=list("abc")), TypeError, "'speakers' holds .*; it must hold numbers"),
        (lambda t: t.assign(speakers=[1, np.nan, 3]), ValueError, "speakers=nan for 'Burmese'"),
        (lambda t: t.assign(**{"GPT-4": [1, 0, 2]}), ValueError, "GPT-4=0 for 'Burmese'; .* more than 0"),
        (lambda t: t.assign(**{"GPT-4": [1, np.inf, 2]}), ValueError, "GPT-4=inf for 'Burmese'"),
        (lambda t: t.assign(**{"GPT-4": [True, True, True]}), TypeError, "'GPT-4' holds bool"),
    ],
)
def test_a_table_that_is_not_what_it_must_be_is_refused(spoilt, error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        explore(spoilt(small()), new()[0], **WORDS)


def test_five_hundred_languages_weigh_little(shown) -> None:
    rng = np.random.default_rng(0)
    about = {"script": "Devanagari", "region": "Southern Asia", "speakers": rng.integers(10**9, size=500)}
    names = [f"Language number {i}" for i in range(500)]
    table = pd.DataFrame(about | {f"vocabulary {i}": rng.lognormal(size=500) for i in range(6)}, index=names)
    assert len(gzip.compress(shown(table)["text/html"].encode())) < 60_000
