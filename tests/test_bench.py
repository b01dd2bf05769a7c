"""`make bench` compares, explains where we lose, and writes a page; no test asserts a time."""

from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks.rounds import Comparison, Growth, slope, times_as_fast


def test_a_ratio_is_theirs_by_ours_whoever_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    one = Comparison("work", "the other", lambda: order.append("ours"), lambda: order.append("theirs"))
    clock = iter(range(1000))
    monkeypatch.setattr("benchmarks.rounds.time.perf_counter", lambda: next(clock) if order[-1:] != ["x"] else 0)
    found = times_as_fast(one, 3)
    assert (found.value, found.low, found.high) == (1, 1, 1)
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs", "theirs", "ours"]
    monkeypatch.setattr("benchmarks.rounds.timed", lambda call: 3.0 if call is one.theirs else 1.5)
    assert times_as_fast(one, 4).value == 2


def test_slopes() -> None:
    assert slope([1, 10, 100], [2, 20, 200]) == pytest.approx(1)
    assert slope([1, 10], [1, 100]) == pytest.approx(2)
    with pytest.raises(ValueError, match="1 sizes and 2 seconds"):
        slope([1], [1, 2])


def test_the_page_and_its_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(quick: bool) -> list:
        raise RuntimeError("not here")

    made = {"languages": lambda quick: [Comparison("a", "b", list, list)], "tokens": broken}
    monkeypatch.setattr(bench, "PARTS", made)
    monkeypatch.setattr(bench, "section", lambda quick: "What opening a chapter costs.")
    monkeypatch.setattr(bench, "growths", lambda quick: [Growth("do it, again", "things", [1, 10], lambda n: n / 100)])
    assert bench.main(["--quick", "--into", str(tmp_path)]) == 1, "a part failed, and the others went on"
    text = (tmp_path / "results.md").read_text(encoding="utf-8")
    assert (
        "## Page\n\nWhat opening a chapter costs." in text
        and "## Languages" in text
        and "This part failed on this machine." in text
        and "Small sizes" in text
    )
    assert "From 1 to 10 things, the time grows with the power 1 of their number." in text
    (figure,) = (tmp_path / "figures").glob("*.svg")
    assert f"figures/{figure.name}" in text and figure.read_text().startswith("<?xml")
    with pytest.raises(SystemExit):
        bench.main(["nothing", "--into", str(tmp_path)])


def test_a_part_is_renewed_and_the_others_stay() -> None:
    page = "# Results\n\nHead.\n\n## Tokens\n\nold\n\n## Chat\n\nstays\n"
    text = bench.renewed(page, ["## Tokens\n\nnew\n", "## Page\n\nfirst\n"], "today, here.")
    assert text == (
        "# Results\n\nHead.\n\n## Tokens\n\nMeasured today, here.\n\nnew\n\n## Chat\n\nstays\n\n"
        "## Page\n\nMeasured today, here.\n\nfirst\n"
    )
    assert bench.renewed(text, ["## Tokens\n\nnew\n"], "today, here.") == text
