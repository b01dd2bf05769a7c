"""A scaling law: how the loss of a model falls with its parameters and with the tokens that it is trained on.

L(N, D) = E + A · N^−α + B · D^−β (Hoffmann et al., 2022), fitted to runs. E is what no model of the kind gets below.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy.optimize import minimize

from helpers.checks import check_number, check_whole
from helpers.estimates import Estimate

HUBER = 1e-3  # residuals of log L beyond this count by their size, not its square (Hoffmann et al., 2022)
STARTS = [(0.1, 0.2, -2.0), (0.3, 0.3, 0.0)]  # α, β, log E
HELD_OUT = 40_000  # bytes at the end of the addresses, which no model is trained on


@dataclass(frozen=True)
class ScalingLaw:
    """L(N, D) = irreducible + a · N^−alpha + b · D^−beta."""

    irreducible: float
    a: float
    alpha: float
    b: float
    beta: float

    def loss(self, n_parameters: float | np.ndarray, n_tokens: float | np.ndarray) -> float | np.ndarray:
        """The loss at so many parameters and tokens."""
        return self.irreducible + self.a * n_parameters**-self.alpha + self.b * n_tokens**-self.beta

    def optimum(self, flops: float) -> tuple[float, float]:
        """Parameters and tokens of least loss for a budget of 6 N D operations (Hoffmann et al., 2022, equation 4).

        Raises:
            ValueError: if the budget is not above 0, or the loss does not fall with both.
        """
        if not flops > 0:
            raise ValueError(f"flops={flops!r} is no budget; give a number above 0")
        if not min(self.a, self.alpha, self.b, self.beta) > 0:
            raise ValueError(f"{self} does not fall with both parameters and tokens, so it has no optimum")
        both = self.alpha + self.beta
        ratio = (self.alpha * self.a / (self.beta * self.b)) ** (1 / both)
        n = ratio * (flops / 6) ** (self.beta / both)
        return n, flops / 6 / n


def fit_law(
    n_parameters: Sequence[float], n_tokens: Sequence[float], losses: Sequence[float], *, irreducible: float | None = None
) -> ScalingLaw:
    """The law that is nearest to the runs, by the Huber loss of log L, from several starts.

    Args:
        n_parameters: N of each run.
        n_tokens: D of each run.
        losses: L of each run, in any unit.
        irreducible: E, if it is to be held at a value, such as 0; None to fit it.

    Raises:
        ValueError: if lengths differ, a number is not above 0, there are fewer runs than numbers to fit, fewer than two
            sizes or budgets, or E is to be held at a value that is below 0 or not below all losses.
    """
    n, d, y = _checked(n_parameters, n_tokens, losses, irreducible)
    logs = np.log(n), np.log(d), np.log(y)
    middle = logs[0].mean(), logs[1].mean()  # terms at the middle of the runs hardly depend on their exponents
    centred = logs[0] - middle[0], logs[1] - middle[1], logs[2]
    best = min((_descend(start, centred, irreducible) for start in STARTS), key=lambda found: found.fun)
    alpha, beta = best.x[1], best.x[3]
    log_a, log_b = best.x[0] + alpha * middle[0], best.x[2] + beta * middle[1]
    floor = float(np.exp(best.x[4])) if irreducible is None else irreducible
    return ScalingLaw(floor, float(np.exp(log_a)), float(alpha), float(np.exp(log_b)), float(beta))


def resampled_laws(
    n_parameters: Sequence[float],
    n_tokens: Sequence[float],
    losses: Sequence[float],
    *,
    irreducible: float | None = None,
    n_resamples: int = 100,
    seed: int = 0,
) -> list[ScalingLaw]:
    """Laws fitted to the fitted values with residuals drawn anew, so that every resample has all sizes and budgets.

    A residual bootstrap (Efron, 1979), with residuals of log L made as large as those of points that were not fitted.

    Args:
        n_parameters, n_tokens, losses, irreducible: as in `fit_law`.
        n_resamples: how many laws.
        seed: of the draws.
    """
    check_whole("n_resamples", n_resamples, least=1)
    check_whole("seed", seed)
    n, d, y = (tuple(values.tolist()) for values in _checked(n_parameters, n_tokens, losses, irreducible))
    return list(_resampled_laws(n, d, y, irreducible, n_resamples, seed))


@lru_cache(maxsize=4)  # a hundred fits take seconds, and `predict` wants those that a reader asks for
def _resampled_laws(
    n_parameters: tuple[float, ...],
    n_tokens: tuple[float, ...],
    losses: tuple[float, ...],
    irreducible: float | None,
    n_resamples: int,
    seed: int,
) -> tuple[ScalingLaw, ...]:
    law = fit_law(n_parameters, n_tokens, losses, irreducible=irreducible)
    fitted, residuals = _residuals(law, n_parameters, n_tokens, losses, irreducible)
    rng = np.random.default_rng(seed)
    drawn = [fitted * np.exp(rng.choice(residuals, len(fitted))) for _ in range(n_resamples)]
    return tuple(fit_law(n_parameters, n_tokens, values.tolist(), irreducible=irreducible) for values in drawn)


def predict(
    n_parameters: Sequence[float],
    n_tokens: Sequence[float],
    losses: Sequence[float],
    at: tuple[float, float],
    *,
    unit: str,
    irreducible: float | None = None,
    n_resamples: int = 100,
    seed: int = 0,
) -> Estimate:
    """The loss of a run that is not among the runs, with an interval for that one run: of the law, and of its residual.

    Args:
        n_parameters, n_tokens, losses, irreducible, n_resamples, seed: as in `resampled_laws`.
        at: parameters and tokens of the new run.
        unit: of the losses.

    Raises:
        TypeError: if `at` holds what is no number.
        ValueError: as in `fit_law`, or if `at` is no pair of numbers above 0.
    """
    if not isinstance(at, Sequence) or len(at) != 2 or not all(0 < check_number("at", size) < np.inf for size in at):
        raise ValueError(f"at={at!r} is no run; give a pair of finite numbers above 0, its parameters and its tokens")
    check_whole("n_resamples", n_resamples, least=1)
    check_whole("seed", seed)
    law = fit_law(n_parameters, n_tokens, losses, irreducible=irreducible)
    _, residuals = _residuals(law, n_parameters, n_tokens, losses, irreducible)
    laws = resampled_laws(n_parameters, n_tokens, losses, irreducible=irreducible, n_resamples=n_resamples, seed=seed)
    noise = np.random.default_rng(seed + 1).choice(residuals, n_resamples)
    drawn = [one.loss(*at) * np.exp(e) for one, e in zip(laws, noise, strict=True)]
    middle = float(law.loss(*at))
    low, high = np.percentile([*drawn, middle], [2.5, 97.5])
    return Estimate(middle, min(float(low), middle), max(float(high), middle), unit, "95 % bootstrap over residuals")


def scaling_run(d_model: int, n_tokens: int, seed: int) -> dict[str, Any]:
    """Train a byte-level LSTM on the addresses, and measure it on the end of them.

    Args:
        d_model: its width.
        n_tokens: bytes that it is trained on; the schedule of the learning rate ends with them.
        seed: of the weights and of the data's order.

    Returns:
        d_model, seed, parameters, tokens, seconds of training, and bits_per_byte of text that it was not trained on.
    """
    from helpers.corpora import prose
    from helpers.mixtures import byte_ids
    from helpers.models.recurrent import LSTM, Config
    from helpers.training import Recipe, bits_per_byte, seeded, train

    ids = byte_ids("\n".join(prose("addresses")))
    recipe = Recipe(n_tokens=n_tokens, batch_size=16, context=64, learning_rate=1e-2, seed=seed)
    model = seeded(lambda: LSTM(Config(d_model=d_model)), seed)
    spent = train(model, ids[:-HELD_OUT], recipe)
    return {
        "d_model": d_model,
        "seed": seed,
        "parameters": sum(p.numel() for p in model.parameters()),
        "tokens": int(spent.tokens),
        "seconds": spent.seconds,
        "bits_per_byte": bits_per_byte(model, ids[-HELD_OUT:], context=recipe.context),
    }


def _descend(start: tuple[float, float, float], logs: tuple[np.ndarray, ...], irreducible: float | None) -> Any:
    (alpha, beta, log_e), (log_n, log_d, log_y) = start, logs
    x0 = [log_y.mean() - 1, alpha, log_y.mean() - 1, beta]
    x0 += [log_e] if irreducible is None else []
    fixed = np.log(irreducible) if irreducible else -np.inf

    def objective(x: np.ndarray) -> tuple[float, np.ndarray]:
        """The Huber loss, divided by its bend, and its gradient."""
        floor = x[4] if irreducible is None else fixed
        terms = np.stack([x[0] - x[1] * log_n, x[2] - x[3] * log_d, np.full_like(log_n, floor)])
        total = np.logaddexp.reduce(terms, axis=0)  # scipy's takes ten times as long for so few numbers
        error = total - log_y
        size = np.abs(error)
        value = np.where(size < HUBER, error**2 / (2 * HUBER), size - HUBER / 2).sum()
        pull, part = np.clip(error / HUBER, -1, 1), np.exp(terms - total)  # part: of each term in the loss
        slopes = [part[0], -part[0] * log_n, part[1], -part[1] * log_d, part[2]][: len(x)]
        return float(value), np.array([(pull * slope).sum() for slope in slopes])

    bounds = [(-20, 20), (0, 3), (-20, 20), (0, 3), (-10, 5)][: len(x0)]
    return minimize(objective, x0, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000})


def _residuals(
    law: ScalingLaw, n: Sequence[float], d: Sequence[float], losses: Sequence[float], irreducible: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Fitted losses, and residuals of log L around 0, widened for the numbers that were fitted."""
    fitted = np.asarray(law.loss(np.asarray(n, float), np.asarray(d, float)))
    residuals = np.log(np.asarray(losses, float)) - np.log(fitted)
    free = len(fitted) - (5 if irreducible is None else 4)
    return fitted, (residuals - residuals.mean()) * np.sqrt(len(fitted) / max(free, 1))


def _checked(
    n: Sequence[float], d: Sequence[float], losses: Sequence[float], irreducible: float | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    least = 5 if irreducible is None else 4
    given = {"n_parameters": n, "n_tokens": d, "losses": losses}
    try:
        arrays = {name: np.asarray(values, dtype=float) for name, values in given.items()}
    except (TypeError, ValueError) as error:
        raise ValueError(f"n_parameters, n_tokens or losses hold what is no number: {error}") from None
    if arrays["losses"].ndim != 1:
        raise ValueError(f"losses has shape {arrays['losses'].shape}; give one number a run")
    for name, values in arrays.items():
        if values.ndim != 1 or len(values) != len(arrays["losses"]):
            raise ValueError(f"{name} has shape {values.shape}; give one number a run, as many as there are losses")
        if not (np.isfinite(values) & (values > 0)).all():
            raise ValueError(f"{name} holds a number that is not finite and above 0; give sizes, budgets and losses")
    if len(arrays["losses"]) < least:
        raise ValueError(f"losses has length {len(arrays['losses'])}; to fit {least} numbers give at least as many runs")
    for name in ("n_parameters", "n_tokens"):
        if len(np.unique(arrays[name])) < 2:
            raise ValueError(f"{name} has one value in all runs; give runs of at least 2, or its exponent can't be told")
    lowest = arrays["losses"].min()
    if irreducible is not None and not 0 <= check_number("irreducible", irreducible) < lowest:
        raise ValueError(f"irreducible={irreducible!r} is not accepted; give a number from 0 to below {lowest:.4g}")
    return arrays["n_parameters"], arrays["n_tokens"], arrays["losses"]
