"""Shares of languages that carry their uncertainty, and the confusion matrix of a detector."""

from collections import Counter
from collections.abc import Iterable, Sequence

import pandas as pd

from helpers.checks import check_text
from helpers.estimates import proportion


def shares(labels: Iterable[str]) -> pd.DataFrame:
    """Count labels, and give each share its 95 % Wilson interval, most frequent first.

    Returns:
        One row a label, with `count`, and `share`, `low` and `high` in per cent.

    Raises:
        TypeError: if `labels` is one string, or holds anything but strings.
        ValueError: if there are no labels.
    """
    counts = counted(labels)
    rows = {}
    for label, count in counts.most_common():
        share = proportion(count, counts.total())
        rows[label] = (count, share.value, share.low, share.high)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["count", "share", "low", "high"])


def confusion(truth: Sequence[str], labels: Sequence[str]) -> pd.DataFrame:
    """Count how texts of each language were labelled.

    Args:
        truth: the language each text is in.
        labels: what the detector said of each, in the same order.

    Returns:
        Counts, with a row for each language of `truth` and a column for each label, both sorted.

    Raises:
        TypeError: if either is one string, or holds anything but strings.
        ValueError: if there are no texts, or `truth` and `labels` differ in length.
    """
    if len(truth) != len(labels):
        raise ValueError(f"truth has {len(truth)} texts and labels has {len(labels)}; give one label for each text")
    if not len(truth):
        raise ValueError("truth=[] is an empty corpus; a confusion matrix needs labelled texts")
    rows, columns = sorted(counted(truth, "truth")), sorted(counted(labels))
    counts = Counter(zip(truth, labels, strict=True))
    table = [[counts[row, column] for column in columns] for row in rows]
    return pd.DataFrame(table, index=pd.Index(rows, name="truth"), columns=pd.Index(columns, name="label"))


def counted(labels: Iterable[str], name: str = "labels") -> Counter[str]:
    """How many documents got each label.

    Raises:
        TypeError: if `labels` is one string, or holds anything but strings.
        ValueError: if there are no labels.
    """
    if isinstance(labels, str):
        raise TypeError(f"{name}={labels[:40]!r} is one string; give a list of labels")
    counts = Counter(labels)
    for label in counts:
        check_text(name, label)
    if not counts:
        raise ValueError(f"{name}=[] is an empty corpus; a share needs at least one document")
    return counts
