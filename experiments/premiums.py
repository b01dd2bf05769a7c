"""The premium of every vocabulary of the book in every language of the Declaration that can be compared.

python -m experiments premiums

Two minutes on two cores. Chapter 03 counts some of them again, and the selection of a model reads the table.
"""

import pandas as pd

from experiments import record
from helpers.corpora import comparable_declarations, most_spoken
from helpers.progress import progress
from helpers.tokens import VOCABULARIES, premiums


def run() -> None:
    """Count the thirty articles of every translation under every vocabulary, and record the premiums over English."""
    texts = comparable_declarations()
    articles = {code: list(item.articles.values()) for code, item in texts.items()}
    usual = {code: texts[code].bcp47.split("-")[0] for code in most_spoken(texts, len(texts))}
    tables = []
    for name in progress(VOCABULARIES, "vocabularies"):
        table = premiums(articles, name).rename_axis("language").reset_index()
        tables.append(table.assign(tag=table.language.map(usual)).assign(vocabulary=name))
    columns = ["vocabulary", "language", "tag", "tokens", "premium", "low", "high"]
    record(pd.concat(tables)[columns], "premiums")


if __name__ == "__main__":
    run()
