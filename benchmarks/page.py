"""What opening a page costs a reader with a slow line and a slow machine: bytes, requests, seconds to see it and to use it.

    python -m benchmarks.page [--pages chapters/08_sampling.html ...] [--site FOLDER] [--visits 3]

Each visit is by a new window with an empty cache, through a line and on a processor that Chromium slows down.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from statistics import median

from benchmarks.loading import ADJUSTED, Line, Load, chromium, visit
from benchmarks.packing import serve_packed

SITE = Path(__file__).resolve().parents[1] / "_build" / "html"


def middle(loads: Sequence[Load]) -> Load:
    """The medians of some visits."""
    return Load(*(median(column) for column in zip(*map(astuple, loads), strict=True)))


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
        for page in pages:
            loads = [visit(browser, address, page, line=line, quiet=options.quiet) for _ in range(options.visits)]
            one, seconds = middle(loads), [load.interactive for load in loads]
            counts = f"{one.requests:9.0f}{one.n_bytes / 1000:8.0f}{one.third_parties:8.0f}"
            spread = f"{min(seconds):.2f}–{max(seconds):.2f}"
            print(f"{page:42}{counts}{one.painted:12.2f}{one.interactive:11.2f}  {spread}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
