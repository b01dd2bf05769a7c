"""Best of n: sample n answers, keep the one that a reward model likes best."""

import math

import torch
from torch import Tensor

from helpers.alignment.batches import check_alike, check_finite
from helpers.checks import check_whole


def best_of_n(proxy: Tensor, n: int) -> Tensor:
    """The place of the answer with the highest reward among the first n: (P, N) to (P,).

    Raises:
        ValueError: if there are not n answers, or a reward is not finite.
    """
    check_whole("n", n)
    check_alike(proxy=proxy)
    if proxy.dim() != 2 or not 1 <= n <= proxy.shape[1]:
        raise ValueError(f"n={n} of rewards of shape {tuple(proxy.shape)}; give (prompts, answers), and n from 1 to answers")
    check_finite("proxy", proxy)
    return proxy[:, :n].argmax(dim=1)


def expected_best_of_n(proxy: Tensor, values: Tensor, n: int) -> Tensor:
    """The mean, over all ways to take n of N answers, of the value of the one with the highest proxy (Gao et al., 2023).

    Args:
        proxy: (P, N) rewards by which one is chosen.
        values: (P, N) what the chosen one is worth, such as the true reward, or the proxy itself.
        n: how many are taken.

    Returns:
        (P,).

    Raises:
        ValueError: if the shapes differ, there are not n answers, or a reward or value is not finite.
    """
    best_of_n(proxy, n)
    if values.shape != proxy.shape:
        raise ValueError(f"values of shape {tuple(values.shape)} have no proxy; give {tuple(proxy.shape)}")
    check_finite("values", values)
    total = proxy.shape[1]
    ordered = values.double().gather(1, proxy.argsort(dim=1, stable=True))  # (P, N), worst proxy first
    # The answer of rank i is the best of those taken if the other n - 1 are among the i below it.
    weights = [math.comb(i, n - 1) / math.comb(total, n) for i in range(total)]
    return ordered @ torch.tensor(weights, dtype=torch.float64)


def best_of_n_kl(n: int) -> float:
    """log n - (n - 1) / n: the KL of best of n from sampling, in nats an answer; a bound where answers repeat.

    From Stiennon et al. (2020); Beirami et al. (2024) show that it is an upper bound.

    Raises:
        ValueError: if n is less than 1.
    """
    check_whole("n", n, least=1)
    return math.log(n) - (n - 1) / n
