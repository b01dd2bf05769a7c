"""Shares of languages that carry their uncertainty."""

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from helpers.estimates import proportion


def shares(labels: Iterable[str]) -> pd.DataFrame:
    """Count labels, and give each share its 95 % Wilson interval, most frequent first.

    Returns:
        One row a label, with `count`, and `share`, `low` and `high` in per cent.

    Raises:
        ValueError: if there are no labels.
    """
    counts = Counter(labels)
    if not counts:
        raise ValueError("labels=[] is an empty corpus; a share needs at least one document")
    rows = {}
    for label, count in counts.most_common():
        share = proportion(count, counts.total())
        rows[label] = (count, share.value, share.low, share.high)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["count", "share", "low", "high"])
