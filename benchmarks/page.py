"""What opening a page costs a reader with a slow line and a slow machine: bytes, requests, seconds to see it and to use it.

    python -m benchmarks.page [--pages chapters/08_sampling.html ...] [--site FOLDER] [--visits 3]

Each visit is by a new window with an empty cache, through a line and on a processor that Chromium slows down. The part
`page` of `python -m benchmarks` puts chapters beside the same made by stock Jupyter Book.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from benchmarks.loading import ADJUSTED, Line, Load, chromium, visit
from benchmarks.packing import serve_packed
from benchmarks.stock import build_stock, third_parties
from helpers.claims import number
from helpers.estimates import bootstrap

BUILT = Path(__file__).resolve().parents[1] / "_build"
SITE = BUILT / "html"
CHAPTERS = ("05_architectures", "08_sampling")  # one with many formulas, one with none
MEASURES = {  # what a visit costs: its name, and why a stock page may cost less
    "n_bytes": ("kB, packed", ""),
    "requests": ("requests", ""),
    "third_parties": ("of them to third parties", ""),
    "painted": ("seconds to the first contentful paint", ""),
    "interactive": ("seconds until it can be used", ""),
}
NOTE = """What opening a chapter costs: ours, and the same executed notebook built by stock Jupyter Book (its defaults and
sphinx-exercise, no extension of ours; other pages stubs). Medians of {n} visits each, in turns, by headless Chromium with
an empty cache, 150 ms of latency before each request, 1.6 Mbit/s down, 750 kbit/s up, a processor slowed four times, and
a server that packs with gzip. It can be used from the end of the last task of more than 50 ms before 5 s without one.
There is no network: MathJax, which stock pages fetch from a content network, comes from a copy that another origin on
this machine serves through the same slow line; what is asked of other third parties is counted and refused, so it costs
stock pages nothing.
"""
HEAD = """| page | what it costs | ours | stock | stock's by ours | 95 % over visits | where we lose |
|---|---|---|---|---|---|---|"""


def middle(loads: Sequence[Load]) -> Load:
    """The medians of some visits."""
    return Load(*(median(column) for column in zip(*map(astuple, loads), strict=True)))


def section(quick: bool) -> str:
    """Chapters of the built book beside stock ones, as Markdown; quickly, one chapter and two visits.

    Raises:
        RuntimeError: if the book is not built, or there is no browser.
    """
    chapters, n = (CHAPTERS[:1], 2) if quick else (CHAPTERS, 5)
    copies = [BUILT / "executed" / f"{name}.ipynb" for name in chapters]
    needed = [*copies, *(SITE / "chapters" / f"{name}.html" for name in chapters)]
    if missing := [file.name for file in needed if not file.exists()]:
        raise RuntimeError(f"the book is not built, {', '.join(missing)} are missing; run `make book` first")
    lines = [NOTE.format(n=n), HEAD]
    with tempfile.TemporaryDirectory() as folder:
        stock = build_stock(copies, Path(folder))
        with chromium() as browser, serve_packed(SITE) as ours, serve_packed(stock, third_parties()) as theirs:
            for name in chapters:
                loads = in_turns(browser, {"ours": ours, "stock": theirs}, f"chapters/{name}.html", n)
                lines += rows(name, loads["ours"], loads["stock"])
    return "\n".join([*lines, ""])


def in_turns(browser: Browser, addresses: Mapping[str, str], path: str, n: int, quiet: float = 5) -> dict[str, list[Load]]:
    """`n` visits to a page of each of some sites, whoever comes first changing; a first visit of each is not counted."""
    loads: dict[str, list[Load]] = {name: [] for name in addresses}
    for turn in range(n + 1):
        for name in list(addresses)[:: 1 if turn % 2 else -1]:
            load = visit(browser, addresses[name], path, quiet=quiet)
            if turn:
                loads[name].append(load)
    return loads


def rows(page: str, ours: Sequence[Load], stock: Sequence[Load]) -> list[str]:
    """Lines of the table: each measure's medians, and the median over visits of stock's by ours, where ours isn't 0."""
    lines = []
    for field, (name, because) in MEASURES.items():
        pairs = [(getattr(a, field), getattr(b, field)) for a, b in zip(ours, stock, strict=True)]
        scale = 1000 if field == "n_bytes" else 1
        medians = " | ".join(number(median(column) / scale) for column in zip(*pairs, strict=True))
        ratio, why = "– | –", ""
        if all(a for a, _ in pairs):
            found = bootstrap([b / a for a, b in pairs], lambda sample: median(sample.tolist()), "×", over="visits")
            ratio = f"{number(found.value)} | {number(found.low)}–{number(found.high)}"
            why = (because or "not explained yet") if found.high < 1 else ""
        lines.append(f"| {page} | {name} | {medians} | {ratio} | {why} |")
    return lines


def main(words: list[str]) -> int:
    """Print one line a page: the medians of its visits, and the least and the most seconds until it can be used."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pages", nargs="+", help="such as chapters/08_sampling.html; without, those of every chapter")
    parser.add_argument("--site", type=Path, default=SITE, help="folder of the built site")
    parser.add_argument("--visits", type=int, default=3)
    parser.add_argument("--quiet", type=float, default=5, help="seconds without a long task after which a page can be used")
    parser.add_argument("--adjusted", action="store_true", help="the latency and rates that Lighthouse gives to DevTools")
    options = parser.parse_args(words)
    pages = options.pages or sorted(f"chapters/{file.name}" for file in (options.site / "chapters").glob("*.html"))
    if missing := [page for page in pages if not (options.site / page).is_file()] or ([] if pages else ["chapters"]):
        print(f"error: {options.site} has no {', '.join(missing)}; run `make book` first", file=sys.stderr)
        return 1
    line = ADJUSTED if options.adjusted else Line()
    print(f"{'page':42}{'requests':>9}{'kB':>8}{'others':>8}{'painted, s':>12}{'usable, s':>11}  of {options.visits} visits")
    with chromium() as browser, serve_packed(options.site) as address:
        visit(browser, address, pages[0], line=line, quiet=0.5)  # a browser's first visit is slower, and asks for an icon
        for page in pages:
            loads = [visit(browser, address, page, line=line, quiet=options.quiet) for _ in range(options.visits)]
            one, seconds = middle(loads), [load.interactive for load in loads]
            counts = f"{one.requests:9.0f}{one.n_bytes / 1000:8.0f}{one.third_parties:8.0f}"
            spread = f"{min(seconds):.2f}–{max(seconds):.2f}"
            print(f"{page:42}{counts}{one.painted:12.2f}{one.interactive:11.2f}  {spread}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
