"""A number with its uncertainty: what was measured, the interval around it, and what that interval is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from helpers.checks import check_amount, check_number, check_whole


@dataclass(frozen=True)
class Estimate:
    """A value in some unit with the ends of its interval; `spread` says what the interval is."""

    value: float
    low: float
    high: float
    unit: str
    spread: str

    def __mul__(self, factor: float) -> "Estimate":
        """The estimate of `factor` times the quantity; `factor` is not negative."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor, self.unit, self.spread)

    def to(self, unit: str) -> "Estimate":
        """The same numbers under another unit."""
        return Estimate(self.value, self.low, self.high, unit, self.spread)


def proportion(count: int, total: int) -> Estimate:
    """`count` of `total`, in per cent, with the Wilson (1927) interval.

    Raises:
        ValueError: if `total` is less than 1 or `count` not between 0 and `total`.
    """
    check_number("count", count)
    if check_amount("total", total) < 1 or total > 2**53:
        raise ValueError(f"total={total} is no sample; a proportion needs at least 1 observation, and at most 2 to the 53")
    if not 0 <= count <= total:
        raise ValueError(f"count={count} is not between 0 and total={total}")
    ends = stats.binomtest(int(count), int(total)).proportion_ci(0.95, method="wilson")
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
    """A statistic of a sample with its percentile bootstrap interval (Efron, 1979).

    Args:
        values: the sample, of shape (n,) or (n, k); its n entries or rows are drawn with replacement.
        statistic: from an array to a number, such as `numpy.median`.
        unit: of the statistic.
        over: what the values are, for the reader ("languages").

    Raises:
        ValueError: if there are fewer than two values, or one is NaN or infinite.
    """
    if len(values) < 2:
        raise ValueError(f"values has length {len(values)}; a bootstrap needs at least 2")
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, int) or n_resamples < 1:
        raise ValueError(f"n_resamples={n_resamples!r} is no number of resamples; give a whole number from 1 on")
    check_whole("seed", seed)
    sample = np.asarray(values, dtype=float)
    if n_lost := int((~np.isfinite(sample)).sum()):
        raise ValueError(f"values hold {n_lost} that are NaN or infinite; leave them out, and say how many")
    drawn = np.random.default_rng(seed).integers(len(sample), size=(n_resamples, len(sample)))
    low, high = np.percentile([statistic(sample[rows]) for rows in drawn], [2.5, 97.5])
    return Estimate(float(statistic(sample)), float(low), float(high), unit, f"95 % bootstrap over {over}")
