"""The benchmark of pages measures what it says: packed bytes, requests, third parties, when a page can be used."""

import gzip
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import page
from benchmarks.loading import Line, interactive, visit
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


@pytest.mark.parametrize(
    ("painted", "ready", "tasks", "expected"),
    [
        (1, 0.5, [], 1), (1, 2, [], 2), (1, 0, [(2, 1)], 3), (1, 0, [(0.1, 0.3)], 1),
        (1, 0, [(4, 1), (2, 0.5), (10.5, 1)], 5), (1, 0, [(6, 1)], 1), (1, 0, [(5.9, 1)], 6.9),
    ],
)  # fmt: skip
def test_time_to_interactive(painted: float, ready: float, tasks: list[tuple[float, float]], expected: float) -> None:
    assert interactive(painted, ready, tasks, quiet=5) == pytest.approx(expected)


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
