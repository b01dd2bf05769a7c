"""The benchmark runs and measures what it says; no test asserts a time."""

from benchmarks.languages import corpora, quality, ratios, tools


def test_ratios_are_to_langdetect():
    table = ratios(["This is English text.", "Ceci est un texte en français."], repeats=1)
    assert list(table.index) == tools()
    assert table["× langdetect"]["langdetect"] == 1


def test_quality_counts_agreement_and_what_is_right_or_lost():
    texts, truth = corpora()["articles"]
    table = quality(texts[:30], truth[:30])
    assert table["as detect"]["langdetect"] == 100
    assert table["right"].dropna().between(0, 100).all()
    foreign, none = corpora()["articles in other languages"]
    assert set(none) == {None} and "lost" in quality(foreign[:10], none[:10])
