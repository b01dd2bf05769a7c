"""A progress bar for long steps, which leaves nothing behind, and stays away where nobody is watching."""

import os
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

BATCH_VARIABLE = "UFM_BATCH"  # set where notebooks run as tests
Item = TypeVar("Item")


def progress(items: Iterable[Item], label: str, total: int | None = None) -> Iterator[Item]:
    """Go through `items`, with a bar named `label` while it lasts; `total` says how many they are where they can't."""
    return iter(tqdm(items, desc=label, total=total, leave=False, disable=bool(os.environ.get(BATCH_VARIABLE))))
