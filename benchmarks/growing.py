"""How costs grow: with documents, with languages, with notebooks, with the length of a text."""

from collections.abc import Iterator
from functools import partial
from itertools import cycle, islice

from benchmarks.notebooks import cold_seconds
from benchmarks.rounds import Growth, timed
from helpers.corpora import comparable_declarations
from helpers.languages import detect_many
from helpers.models import ARCHITECTURES, Config
from helpers.models.costs import training_seconds
from helpers.tokens import premiums

MODEL = Config(d_model=128, n_layers=4, n_heads=4, n_kv_heads=2)


def growths(quick: bool) -> Iterator[Growth]:
    """What is measured by size; quickly, with sizes a tenth as large."""
    items = list(comparable_declarations().values())
    articles = [text for item in items for text in item.articles.values()]

    def documents(n: int) -> float:
        texts = [f"{i} {text}" for i, text in enumerate(islice(cycle(articles), n))]
        return timed(partial(detect_many, texts))

    yield Growth("detect the language of each document", "documents", sizes(1_000, quick), documents)

    def languages(n: int) -> float:
        some = enumerate(islice(cycle(items), n))
        texts = {str(i): [f"{i} {text}" for text in item.articles.values()] for i, item in some}
        return timed(partial(premiums, texts, "cl100k_base", reference="0"))

    yield Growth(
        "tokens and premiums, with intervals", "languages", [10, 50, *([] if quick else [100, 250, 500])], languages
    )
    yield Growth("run small notebooks from nothing", "notebooks", [1, 3, *([] if quick else [9])], cold_seconds)
    lengths = [128, 512, *([] if quick else [2_048, 8_192])]
    for name in ("transformer", "Mamba", "RWKV"):
        model = ARCHITECTURES[name](MODEL)
        each = partial(training_seconds, model, rounds=1)
        yield Growth(f"a training step of our {name}, a token", "tokens in a text", lengths, each)


def sizes(least: int, quick: bool) -> list[int]:
    """From `least` to a hundred times as many; quickly, to three times."""
    return [least, 3 * least, *([] if quick else [10 * least, 30 * least, 100 * least])]
