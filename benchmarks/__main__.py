"""All benchmarks in one run, into benchmarks/results.md and its figures: python -m benchmarks [PARTS ...] [--quick]"""

import argparse
import datetime
import os
import platform
import re
import sys
import traceback
from importlib.metadata import version
from pathlib import Path

import torch

from benchmarks.comparing import PARTS
from benchmarks.growing import growths
from benchmarks.page import section
from benchmarks.rounds import Comparison, Growth, slope, times_as_fast
from helpers.claims import number
from helpers.estimates import Estimate

HERE = Path(__file__).resolve().parent
SECTIONS = ("page", "growth")  # parts that are not timed in turns
NAMED = ("torch", "transformers", "tiktoken", "tokenizers", "langdetect")
HEAD = """# Results

`make bench` writes this page and its figures; nothing in it was typed. {about}

How many times as fast ours is: the median over rounds, with a 95 % bootstrap interval over rounds. Each round times both, in
turns. Where the interval lies below 1 we lose, and the table says why. A part that was measured on another day says when.
"""


def main(words: list[str]) -> int:
    """Run all parts and write the page, or those that are named and renew them in it; 1 if a part failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join([*PARTS, *SECTIONS])}; none for all")
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds, to try it")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--into", type=Path, default=HERE, help="folder of results.md and figures")
    options = parser.parse_args(words)
    if unknown := set(options.parts) - {*PARTS, *SECTIONS}:
        parser.error(f"unknown parts {', '.join(sorted(unknown))}; there are {', '.join([*PARTS, *SECTIONS])}")
    failed: list[str] = []
    said, made = about(options.quick), []
    for name in options.parts or [*PARTS, *SECTIONS]:
        print(f"{name} ...", flush=True)
        try:
            made.append(written(name, options))
        except Exception:  # the other parts go on, and the exit status says it
            failed.append(name)
            traceback.print_exc()
            made.append(f"## {name.capitalize()}\n\nThis part failed on this machine.\n")
    options.into.mkdir(parents=True, exist_ok=True)
    page = options.into / "results.md"
    if options.parts and page.exists():
        text = renewed(page.read_text(encoding="utf-8"), made, said)
    else:
        text = "\n".join([HEAD.format(about=said), *made])
    page.write_text(text, encoding="utf-8")
    print(page)
    return 1 if failed else 0


def renewed(page: str, made: list[str], said: str) -> str:
    """The page with parts in the place of those of the same heading, or after all; each says when it was measured."""
    head, *parts = re.split(r"(?m)^(?=## )", page)
    by_heading = {part.splitlines()[0]: part.strip() for part in parts}
    for part in made:
        heading, rest = part.split("\n", 1)
        by_heading[heading] = f"{heading}\n\nMeasured {said}\n{rest.rstrip()}"
    return "\n\n".join([head.strip(), *by_heading.values()]) + "\n"


def about(quick: bool) -> str:
    """The machine, the day and the versions, in a sentence."""
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    versions = ", ".join(f"{name} {version(name)}" for name in NAMED)
    sizes = " Small sizes and few rounds: a trial." if quick else ""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    vectors = torch.backends.cpu.get_cpu_capability()  # AVX2 or AVX512: what matrix products take depends on it
    machine = f"{platform.system()} on {platform.machine()}, {cores} cores ({vectors}), Python {platform.python_version()}"
    return f"{day}, {machine}, {versions}.{sizes}"


def written(name: str, options: argparse.Namespace) -> str:
    """What a part measures, as Markdown."""
    if name == "growth":
        return growth(options.quick, options.into)
    if name == "page":
        return f"## Page\n\n{section(options.quick)}"
    rounds = 2 if options.quick else options.rounds
    rows = [(one, times_as_fast(one, rounds)) for one in PARTS[name](options.quick)]
    return table(name, rows)


def table(name: str, rows: list[tuple[Comparison, Estimate]]) -> str:
    """Comparisons and what they came to, as Markdown."""
    head = "| what | beside | times as fast | 95 % over rounds | where we lose |"
    lines = [f"## {name.capitalize()}", "", head, "|---|---|---|---|---|"]
    for one, found in rows:
        lost = found.high < 1
        why = (one.because or "not explained yet") if lost else ""
        interval = f"{number(found.low)}–{number(found.high)}"
        lines.append(f"| {one.what} | {one.beside} | {number(found.value)} | {interval} | {why} |")
    return "\n".join([*lines, ""])


def growth(quick: bool, into: Path) -> str:
    """Figures and sentences of how costs grow."""
    lines = ["## Growth", ""]
    for one in growths(quick):
        seconds = [min(one.seconds(size) for _ in range(2)) for size in one.sizes]
        file = draw(one, seconds, into / "figures")
        power = slope(one.sizes, seconds)
        ends = f"From {one.sizes[0]:,} to {one.sizes[-1]:,} {one.unit}"
        said = f"{ends}, the time grows with the power {number(power)} of their number."
        picture = f"![Seconds against {one.unit}, both axes logarithmic](figures/{file.name})"
        lines += [f"**{one.what[0].upper()}{one.what[1:]}.** {said}", "", picture, ""]
    return "\n".join(lines)


def draw(growth: Growth, seconds: list[float], folder: Path) -> Path:
    """Write the figure of a growth, on logarithmic axes, with what is in proportion beside it."""
    import pandas as pd

    from helpers.plots import line_plot

    sizes = list(growth.sizes)
    straight = [seconds[0] * size / sizes[0] for size in sizes]
    curves = {"measured": pd.Series(seconds, sizes), "in proportion": pd.Series(straight, sizes)}
    figure = line_plot(curves, xlabel=growth.unit, ylabel="seconds", log="xy", ticks=sizes)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{'-'.join(growth.what.replace(',', '').split()[:6])}.svg"
    figure.savefig(file, metadata={"Date": None})
    return file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
