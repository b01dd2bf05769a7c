"""A number with its uncertainty: what was measured, the interval around it, and what that interval is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from helpers.checks import check_whole

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value in some unit with the ends of its interval; `spread` says what the interval is."""

    value: float
    low: float
    high: float
    unit: str
    spread: str

    def __mul__(self, factor: float) -> "Estimate":
        """Return the estimate of `factor` times the quantity; `factor` is not negative."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor, self.unit, self.spread)

    def to(self, unit: str) -> "Estimate":
        """Return the same numbers under another unit."""
        return Estimate(self.value, self.low, self.high, unit, self.spread)


def proportion(count: int, total: int) -> Estimate:
    """Return `count` of `total` in per cent, with the 95 % Wilson (1927) interval.

    Raises:
        ValueError: unless 0 <= `count` <= `total` and 1 <= `total` <= 2**53.
    """
    if not 1 <= total <= 2**53:
        raise ValueError(f"total={total} must be between 1 and 2 to the 53")
    if not 0 <= count <= total:
        raise ValueError(f"count={count} must be between 0 and total={total}")
    ends = stats.binomtest(int(count), int(total)).proportion_ci(LEVEL, method="wilson")
    return Estimate(100 * count / total, 100 * ends.low, 100 * ends.high, "%", "95 % Wilson interval")


def bootstrap(
    values: Sequence[float] | np.ndarray,
    statistic: Callable,
    unit: str,
    *,
    over: str,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Return a statistic of a sample with its 95 % percentile bootstrap interval (Efron, 1979).

    Args:
        values: the sample, of shape (n,) or (n, k); its n entries or rows are drawn with replacement.
        statistic: from an array to a number, such as `numpy.median`.
        unit: of the statistic.
        over: what the values are, for the reader ("languages").

    Raises:
        ValueError: if there are fewer than two values, or one is NaN or infinite.
    """
    check_whole("n_resamples", n_resamples, least=1)
    check_whole("seed", seed)
    sample = np.asarray(values, dtype=float)
    if len(sample) < 2:
        raise ValueError(f"values has length {len(sample)}; a bootstrap needs at least 2")
    if n_lost := int((~np.isfinite(sample)).sum()):
        raise ValueError(f"values holds {n_lost} that are NaN or infinite; leave them out, and say how many")
    drawn = stats.bootstrap(
        (np.arange(len(sample)),),
        lambda rows: statistic(sample[rows]),
        n_resamples=n_resamples,
        vectorized=False,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(float(statistic(sample)), float(drawn.low), float(drawn.high), unit, f"95 % bootstrap over {over}")
