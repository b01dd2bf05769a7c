"""One of our models beside a library's: weights copied, logits and gradients compared, in parallel and in sequence."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from helpers.models.library import Named, renamed
from tests.small_models import run


def assert_equal(name: str, ours: nn.Module, theirs: nn.Module, seed: int, b: int, length: int) -> None:
    """Copy the library's weights, disturbed so that none is at a start that hides it; compare to a hundred-thousandth."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in theirs.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=generator)
    weights = renamed(name, {key: p.detach() for key, p in theirs.named_parameters()}, ours.config)
    assert weights.keys() == dict(ours.named_parameters()).keys()
    ours.load_state_dict(weights)
    ids = torch.randint(ours.config.vocab_size, (b, length + 1), generator=generator)
    wanted, gradients = _results(theirs, lambda ids: theirs(ids).logits, ids)
    gradients = renamed(name, gradients, ours.config)
    for view in (ours, lambda ids: run(ours, ids)[0]):
        logits, found = _results(ours, view, ids)
        torch.testing.assert_close(logits, wanted, atol=1e-5, rtol=1e-5)
        for key, gradient in found.items():
            largest = float(gradients[key].abs().max())
            assert largest > 0 or length == 1, f"{key} has no part in the loss"
            torch.testing.assert_close(
                gradient, gradients[key], atol=1e-5 * max(largest, 1), rtol=1e-4, msg=lambda m, n=key: f"{n}: {m}"
            )


def _results(model: nn.Module, logits_of: Callable[[Tensor], Tensor], ids: Tensor) -> tuple[Tensor, Named]:
    model.zero_grad()
    logits = logits_of(ids[:, :-1])
    cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).backward()
    return logits.detach(), {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in model.named_parameters()}
