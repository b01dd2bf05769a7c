"""What a model costs at a length of text: seconds of training a token, and seconds of generating one.

Other work on a machine only ever makes a run longer, so the shortest of several is the cost of the model itself.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from helpers.models.stack import LanguageModel


def training_seconds(model: LanguageModel, length: int, *, n_tokens: int = 8192, rounds: int = 3) -> float:
    """Seconds a token of the forward and the backward pass over random texts of one length.

    Args:
        model: one of `helpers.models`, on the device where it is to be timed.
        length: L, tokens in a text.
        n_tokens: of all texts of a pass together, rounded down to whole texts, at least one: with the same number at
            each length, what is left to differ is the length.
        rounds: passes, of which the fastest counts.

    Returns:
        Seconds a token. The gradients of the model are gone afterwards.

    Raises:
        ValueError: if a number is not a whole one from 1 on, or the length is more than the model's context.
    """
    _check(length=length, n_tokens=n_tokens, rounds=rounds)
    ids = _random_ids(model, max(1, n_tokens // length), length + 1)

    def one_pass() -> None:
        logits = model(ids[:, :-1])  # (B, L, V)
        cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten()).backward()

    seconds = min([_seconds(one_pass, ids.device) for _ in range(rounds + 1)][1:])  # the first compiles kernels
    model.zero_grad(set_to_none=True)
    return seconds / ids[:, 1:].numel()


@torch.no_grad()
def decode_seconds(
    model: LanguageModel, contexts: Sequence[int], *, batch_size: int = 1, rounds: int = 50
) -> dict[int, float]:
    """Seconds of one step of a model that has seen some random tokens, which are read at once beforehand.

    The contexts take turns, so that a slow moment of the machine meets all of them alike.

    Args:
        model: one of `helpers.models`, on the device where it is to be timed.
        contexts: tokens that the state has seen; 0 for the initial state.
        batch_size: B, texts that are continued together.
        rounds: steps from each state, of which the fastest counts.

    Returns:
        Seconds by context.

    Raises:
        ValueError: if a number is not a whole one from 1 on (0 for a context), or it is more than the model's context.
    """
    for context in contexts:
        _check(0, context=context)
    _check(batch_size=batch_size, rounds=rounds)
    ids = _random_ids(model, batch_size, max(contexts, default=0) + 1)
    states = {c: model.prefill(ids[:, :c])[1] if c else model.initial_state(batch_size) for c in contexts}
    seconds: dict[int, list[float]] = {c: [] for c in contexts}
    for _ in range(rounds + 1):  # the first is not counted: it finds memory and compiles kernels
        for context, state in states.items():
            seconds[context].append(_seconds(partial(model.step, ids[:, -1], state), ids.device))
    return {context: min(taken[1:]) for context, taken in seconds.items()}


def _seconds(run: Callable[[], object], device: torch.device) -> float:
    _wait_for(device)
    start = time.perf_counter()
    run()
    _wait_for(device)
    return time.perf_counter() - start


def _wait_for(device: torch.device) -> None:
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def _random_ids(model: LanguageModel, b: int, length: int) -> Tensor:
    ids = torch.randint(model.config.vocab_size, (b, length), generator=torch.Generator().manual_seed(0))
    return ids.to(next(model.parameters()).device)


def _check(least: int = 1, **sizes: int) -> None:
    for name, size in sizes.items():
        if not isinstance(size, int) or isinstance(size, bool) or size < least:
            raise ValueError(f"{name}={size!r} is no size; give a whole number from {least} on")
