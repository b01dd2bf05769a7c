"""The benchmark of pages measures what it says: packed bytes, requests, third parties, when a page can be used."""

import gzip
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import page, stock
from benchmarks.loading import Line, Load, interactive, visit
from benchmarks.packing import serve_packed

QUICK = Line(latency=20, down=8_000, up=8_000, slower=1)
BUSY = """<!DOCTYPE html><html><head><title>Busy</title><link rel="stylesheet" href="a.css">
<script async src="https://cdn.example.org/x.js"></script></head><body><p>Words</p><script>
addEventListener("load", () => setTimeout(() => {
  const until = performance.now() + 400;
  while (performance.now() < until);
  document.title = performance.now();
}, 300));
</script></body></html>"""
PLAIN = "<!DOCTYPE html><html><head><title>Plain</title></head><body><p>Words</p></body></html>"
COPIED = PLAIN.replace("</head>", '<script src="https://cdn.example.org/lib/y.js"></script></head>')


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site of three pages, and a library of another host of which there is a copy."""
    folder, copy = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("copy")
    for name, text in {"busy": BUSY, "plain": PLAIN, "copied": COPIED}.items():
        (folder / f"{name}.html").write_text(text)
    (folder / "a.css").write_text("p { color: red; }\n" * 3000)
    (folder / "a.png").write_bytes(bytes(range(256)))
    (copy / "y.js").write_text("document.title = 'from the copy';")
    with serve_packed(folder, {"https://cdn.example.org/lib/": copy}) as address:
        yield address


def fetched(url: str, *, packed: bool = True):
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"} if packed else {})
    with urllib.request.urlopen(request) as answer:
        return answer.read(), answer.headers


def test_the_server_packs_text_and_nothing_else(address: str) -> None:
    body, head = fetched(f"{address}a.css?v=1")
    assert head["Content-Encoding"] == "gzip" and head["Content-Type"] == "text/css"
    assert int(head["Content-Length"]) == len(body) < 2_000 and gzip.decompress(body) == b"p { color: red; }\n" * 3000
    body, head = fetched(f"{address}a.css", packed=False)
    assert "Content-Encoding" not in head and len(body) == 54_000
    body, head = fetched(f"{address}a.png")
    assert "Content-Encoding" not in head and body == bytes(range(256))
    for missing in ("none.html", "../copy0/y.js", "elsewhere-0/../y.js", "elsewhere-1/y.js"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            fetched(address + missing)


def test_a_page_that_is_busy_cannot_be_used_before_it_is_done(browser, address: str) -> None:
    load = visit(browser, address, "busy.html", line=QUICK, quiet=1)
    assert load.interactive > load.painted + 0.4 and load.interactive > 0.7
    still = visit(browser, address, "plain.html", line=QUICK, quiet=1)
    assert 0 < still.painted <= still.interactive < load.interactive


@pytest.mark.long
def test_what_comes_and_what_is_asked_of_others_is_counted(browser, address: str) -> None:
    visit(browser, address, "plain.html", line=QUICK, quiet=0.2)  # a browser's first asks for an icon
    plain, busy, copied = (
        visit(browser, address, f"{name}.html", line=QUICK, quiet=1) for name in ("plain", "busy", "copied")
    )
    assert (plain.requests, plain.third_parties) == (1, 0)
    assert (busy.requests, busy.third_parties) == (3, 1), "refused, and counted"
    assert (copied.requests, copied.third_parties) == (2, 1), "answered by a copy, and counted"
    assert copied.n_bytes > plain.n_bytes > 0 and busy.n_bytes < 5_000, "packed"


@pytest.mark.long
def test_a_slow_line_is_slow(browser, address: str) -> None:
    fast, slow = (visit(browser, address, "busy.html", line=Line(n, 8_000, 8_000, 1), quiet=1) for n in (0, 500))
    assert slow.painted > fast.painted + 0.5, "the page and its style wait half a second each"


def test_a_page_that_is_not_there(browser, address: str) -> None:
    with pytest.raises(ValueError, match="path='none.html' is no page of the site: 404"):
        visit(browser, address, "none.html", line=QUICK)


@pytest.mark.parametrize(
    ("painted", "ready", "tasks", "expected"),
    [
        (1, 0.5, [], 1), (1, 2, [], 2), (1, 0, [(2, 1)], 3), (1, 0, [(0.1, 0.3)], 1),
        (1, 0, [(4, 1), (2, 0.5), (10.5, 1)], 5), (1, 0, [(6, 1)], 1), (1, 0, [(5.9, 1)], 6.9),
    ],
)  # fmt: skip
def test_time_to_interactive(painted: float, ready: float, tasks: list[tuple[float, float]], expected: float) -> None:
    assert interactive(painted, ready, tasks, quiet=5) == pytest.approx(expected)


def test_the_table_says_where_we_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = [Load(10, 2_000, 0, 1.0, 3.0)] * 2, [Load(20, 3_000, 2, 2.0, 1.5)] * 2
    bytes_, requests, others, painted, used = page.rows("a", ours, theirs)
    assert "| 2 | 3 | 1.5 | 1.5–1.5 |  |" in bytes_ and "| 10 | 20 | 2 | 2–2 |  |" in requests
    assert (
        "| 0 | 2 | – | – |  |" in others
        and "| 1 | 2 | 2 |" in painted
        and "| 0.50 | 0.50–0.50 | not explained yet |" in used
    )


def test_visits_are_in_turns_and_the_first_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(page, "visit", lambda browser, address, path, quiet: seen.append(address) or len(seen))
    assert page.in_turns(None, {"ours": "a", "stock": "b"}, "x.html", 2) == {"ours": [3, 6], "stock": [4, 5]}  # type: ignore[arg-type]
    assert "".join(seen) == "baabba"


def test_without_a_built_book_the_part_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(page, "BUILT", tmp_path)
    monkeypatch.setattr(page, "SITE", tmp_path / "html")
    with pytest.raises(RuntimeError, match="run `make book` first"):
        page.section(quick=True)
    assert page.main(["--site", str(tmp_path)]) == 1 and "run `make book` first" in capsys.readouterr().err


def test_a_stock_page_has_the_words_and_outputs_of_the_notebook(tmp_path: Path) -> None:
    root = tmp_path / "checkout"
    (root / "chapters").mkdir(parents=True)
    (root / "_toc.yml").write_text(
        "format: jb-book\nroot: chapters/index\nchapters:\n"
        + "".join(f"- file: chapters/{name}\n" for name in ("one", "glossary", "bibliography"))
    )
    (root / "references.bib").write_text("")
    for name in ("glossary", "bibliography"):
        (root / "chapters" / f"{name}.md").write_text(f"# {name}\n")
    output = {"output_type": "stream", "name": "stdout", "text": "forty-two"}
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# One\n\nWords and $x^2$.\n\n```{exercise}\nDo it.\n```"},
        {"cell_type": "code", "metadata": {}, "source": "1 / 0", "execution_count": 1, "outputs": [output]},
    ]
    copy = tmp_path / "one.ipynb"
    copy.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    text = (stock.build_stock([copy], tmp_path / "stock", root) / "chapters" / "one.html").read_text()
    assert "Words and" in text and "forty-two" in text and "ZeroDivisionError" not in text, "shown, not executed"
    assert "Do it." in text and stock.MATHJAX_ADDRESS in text
