"""A progress bar for long steps, which leaves nothing behind, and stays away where nobody is watching."""

import os
from collections.abc import Collection, Iterator
from typing import TypeVar

from tqdm import tqdm

BATCH_VARIABLE = "UFM_BATCH"  # set where notebooks run as tests
Item = TypeVar("Item")


def progress(items: Collection[Item], label: str) -> Iterator[Item]:
    """Go through `items`, with a bar named `label` while it lasts."""
    return iter(tqdm(items, desc=label, leave=False, disable=bool(os.environ.get(BATCH_VARIABLE))))
