"""Two ways to do the same, timed in turns, and how a cost grows with a size: what every benchmark measures."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from helpers.estimates import Estimate, bootstrap


@dataclass(frozen=True)
class Comparison:
    """Ours beside what a reader would otherwise use.

    Args:
        what: what both do, with its size.
        beside: the other way.
        ours: does it our way.
        theirs: does it the other way.
        because: why ours is slower, where it is.
    """

    what: str
    beside: str
    ours: Callable[[], object]
    theirs: Callable[[], object]
    because: str = ""


@dataclass(frozen=True)
class Growth:
    """How long something takes, by its size.

    Args:
        what: what is done.
        unit: of the sizes.
        sizes: in rising order.
        seconds: of a size.
    """

    what: str
    unit: str
    sizes: Sequence[int]
    seconds: Callable[[int], float]


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def times_as_fast(comparison: Comparison, n_rounds: int) -> Estimate:
    """The median over rounds of their seconds by ours, with a bootstrap interval over rounds.

    Each round times both, the one that comes first changing from round to round, so that a busy machine slows both alike.
    A first call of each is not counted.

    Raises:
        ValueError: if there are fewer than two rounds.
    """
    comparison.ours()
    comparison.theirs()
    ratios = []
    for turn in range(n_rounds):
        calls = [comparison.ours, comparison.theirs]
        seconds = [timed(call) for call in (calls if turn % 2 else calls[::-1])]
        ours, theirs = seconds if turn % 2 else seconds[::-1]
        ratios.append(theirs / ours)
    return bootstrap(ratios, lambda sample: median(sample.tolist()), "×", over="rounds")


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The power of the size by which a cost grows, from the first to the last: 1 is in proportion.

    Raises:
        ValueError: if there are fewer than two sizes, or as many seconds.
    """
    if len(sizes) < 2 or len(sizes) != len(seconds):
        raise ValueError(f"{len(sizes)} sizes and {len(seconds)} seconds; give as many of both, at least 2")
    return math.log(seconds[-1] / seconds[0]) / math.log(sizes[-1] / sizes[0])
