"""Language identifiers side by side: speed as a multiple of langdetect's, agreement with it, accuracy, memory.

python -m benchmarks.languages [--repeats 5]
"""

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Iterable
from functools import cache

import pandas as pd
from lingua import LanguageDetector, LanguageDetectorBuilder

from helpers.corpora import comparable_declarations, passages
from helpers.languages import UNDECIDED, detect, detect_many, identify, label_of, supported
from helpers.languages import tools as compared

Labelled = tuple[str, str | None]  # a text and langdetect's label of its language


def tools() -> list[str]:
    """The identifiers that the book compares, and lingua, which takes too much memory for a chapter."""
    return [*compared(), "lingua"]


def labels(texts: list[str], tool: str, at_least: float = 0.0) -> list[str]:
    """What `identify` answers; lingua gives no probability that compares with the others', so each of its answers counts."""
    if tool != "lingua":
        return identify(texts, tool, at_least=at_least)
    found = _lingua().detect_languages_in_parallel_of(texts)
    codes = [language.iso_code_639_1.name.lower() if language else UNDECIDED for language in found]
    return [label_of(code) or code for code in codes]


@cache
def _lingua() -> LanguageDetector:
    return LanguageDetectorBuilder.from_all_languages().build()


def corpora() -> dict[str, tuple[list[str], list[str | None]]]:
    """Texts and truths by corpus: articles and four-word passages in languages langdetect knows, articles in others."""
    items = comparable_declarations().values()
    known: list[Labelled] = [(d.articles[n], label_of(d.bcp47)) for d in items if label_of(d.bcp47) for n in d.articles]
    short: list[Labelled] = [(passage, truth) for text, truth in known for passage in passages([text], 4)[:1]]
    foreign: list[Labelled] = [(d.articles[n], None) for d in items if not label_of(d.bcp47) for n in (1, 7, 12, 19)]
    rows = {
        "articles": known,
        "four words": short,
        "articles in other languages": foreign,
    }
    return {name: ([text for text, _ in pairs], [truth for _, truth in pairs]) for name, pairs in rows.items()}


def seconds(tool: str, texts: list[str]) -> float:
    """Of one identifier for all texts."""
    start = time.perf_counter()
    labels(texts, tool, at_least=0.8)
    return time.perf_counter() - start


def ratios(texts: list[str], repeats: int) -> pd.DataFrame:
    """Each round times every tool, so that a busy machine slows them alike; the ratio is the median over rounds."""
    rounds = [{tool: seconds(tool, texts) for tool in tools()} for _ in range(repeats)]
    rows = {}
    for tool in tools():
        times = [one["langdetect"] / one[tool] for one in rounds]
        rate = len(texts) / statistics.median(one[tool] for one in rounds)
        rows[tool] = {"docs/s": round(rate), "× langdetect": statistics.median(times), "least": min(times)}
    return pd.DataFrame(rows).T


def quality(texts: list[str], truth: list[str | None]) -> pd.DataFrame:
    """Per cent equal to `detect`, and right; of texts in other languages, those lost to one of its labels."""
    rows, reference = {}, [detect(text) for text in texts]
    for tool in tools():
        sure, plain = labels(texts, tool, at_least=0.8), labels(texts, tool)
        foreign = truth[0] is None
        rows[tool] = {
            "as detect": percent(a == b for a, b in zip(sure, reference, strict=True)),
            "lost" if foreign else "right": percent(
                a in supported() if foreign else a == b for a, b in zip(plain, truth, strict=True)
            ),
        }
    other = [detect(text, seed=1) for text in texts]
    rows["langdetect, another seed"] = {"as detect": percent(a == b for a, b in zip(other, reference, strict=True))}
    return pd.DataFrame(rows).T


def percent(hits: Iterable[bool]) -> float:
    """How many of a hundred are hits."""
    hits = list(hits)
    return 100 * sum(hits) / len(hits)


def peak(texts: list[str]) -> float:
    """Peak memory of `detect_many` in MB, of what Python and numpy allocate."""
    tracemalloc.start()
    detect_many(texts)
    size = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return size / 1e6


def main() -> None:
    """Print a table a corpus."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    for tool in tools():
        labels(["load the model"], tool)
    for name, (texts, truth) in corpora().items():
        print(f"\n{name}: {len(texts)} texts, {sum(map(len, texts)) / len(texts):.0f} characters each, {repeats} rounds")
        print(ratios(texts, repeats).join(quality(texts, truth), how="outer").round(2).to_string(na_rep=""))
    articles = corpora()["articles"][0]
    two, ten = peak(articles * 2), peak(articles * 10)
    print(f"\nmemory of detect_many: {two:.0f} MB for two copies of the articles, {ten:.0f} for ten")


if __name__ == "__main__":
    main()
