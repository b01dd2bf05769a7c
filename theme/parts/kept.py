"""What takes seconds to make for the site, kept in the book's cache: a second build reads it."""

import hashlib
import os
from collections.abc import Callable

from helpers.assets import cache_dir


def kept(kind: str, recipe: str, make: Callable[[], bytes]) -> bytes:
    """Return what `make` gives, from the cache folder `kind` if it was made there for this recipe before.

    Args:
        kind: name of a folder of the cache.
        recipe: all that the content depends on, as text.
        make: makes the content.
    """
    file = cache_dir() / kind / hashlib.sha256(recipe.encode()).hexdigest()[:16]
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
        partial.write_bytes(make())
        partial.replace(file)
    return file.read_bytes()
