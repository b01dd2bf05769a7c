"""One of our models beside a library's: weights copied, logits and gradients compared, in parallel and in sequence."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from tests.small_models import run

Named = dict[str, Tensor]


def assert_equal(
    ours: nn.Module, theirs: nn.Module, renamed: Callable[[Named], Named], seed: int, b: int, length: int
) -> None:
    """Copy the library's weights, disturbed so that none is at a start that hides it, and compare to a hundred-thousandth.

    `renamed` takes the library's tensors by name and gives ours; it has to be linear, for it serves weights and gradients.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in theirs.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=generator)
    weights = renamed({name: p.detach() for name, p in theirs.named_parameters()})
    assert weights.keys() == dict(ours.named_parameters()).keys()
    ours.load_state_dict(weights)
    ids = torch.randint(ours.config.vocab_size, (b, length + 1), generator=generator)
    wanted, gradients = _results(theirs, lambda ids: theirs(ids).logits, ids)
    gradients = renamed(gradients)
    for view in (ours, lambda ids: run(ours, ids)[0]):
        logits, found = _results(ours, view, ids)
        torch.testing.assert_close(logits, wanted, atol=1e-5, rtol=1e-5)
        for name, gradient in found.items():
            largest = float(gradients[name].abs().max())
            assert largest > 0 or length == 1, f"{name} has no part in the loss"
            torch.testing.assert_close(
                gradient, gradients[name], atol=1e-5 * max(largest, 1), rtol=1e-4, msg=lambda m, n=name: f"{n}: {m}"
            )


def _results(model: nn.Module, logits_of: Callable[[Tensor], Tensor], ids: Tensor) -> tuple[Tensor, Named]:
    model.zero_grad()
    logits = logits_of(ids[:, :-1])
    cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).backward()
    return logits.detach(), {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in model.named_parameters()}


def by_layer(tensors: Named, prefix: str) -> list[Named]:
    """The tensors of each layer, their names without "prefix.number."."""
    layers: dict[int, Named] = {}
    for name, tensor in tensors.items():
        if name.startswith(prefix + "."):
            number, rest = name.removeprefix(prefix + ".").split(".", 1)
            layers.setdefault(int(number), {})[rest] = tensor
    return [layers[number] for number in sorted(layers)]


def attention(layer: Named) -> Named:
    """Our names of transformers' attention."""
    return {"qkv.weight": torch.cat([layer[f"{x}_proj.weight"] for x in "qkv"]), "out.weight": layer["o_proj.weight"]}


def feed_forward(layer: Named) -> Named:
    """Our names of transformers' gated feed-forward layer."""
    gate_up = torch.cat([layer["gate_proj.weight"], layer["up_proj.weight"]])
    return {"gate_up.weight": gate_up, "down.weight": layer["down_proj.weight"]}


def mamba_mixer(layer: Named) -> Named:
    """Our names of transformers' Mamba mixer, with Jamba's norms if it has them."""
    names = {
        "in_proj.weight": "inner.weight", "conv1d.bias": "conv_bias", "x_proj.weight": "select.weight",
        "dt_proj.weight": "dt.weight", "dt_proj.bias": "dt.bias", "D": "skip", "out_proj.weight": "out.weight",
        "dt_layernorm.weight": "norms.0.weight", "b_layernorm.weight": "norms.1.weight",
        "c_layernorm.weight": "norms.2.weight",
    }  # fmt: skip
    ours = {names[name]: tensor for name, tensor in layer.items() if name in names}
    return ours | {"conv": layer["conv1d.weight"][:, 0].T.contiguous(), "log_a": layer["A_log"].T.contiguous()}


def mamba2_mixer(layer: Named) -> Named:
    """Our names of transformers' Mamba-2 mixer."""
    names = {
        "in_proj.weight": "inner.weight", "conv1d.bias": "conv_bias", "dt_bias": "dt_bias", "A_log": "log_a", "D": "skip",
        "norm.weight": "norm.weight", "out_proj.weight": "out.weight",
    }  # fmt: skip
    ours = {names[name]: tensor for name, tensor in layer.items() if name in names}
    return ours | {"conv": layer["conv1d.weight"][:, 0].T.contiguous()}


def under(prefix: str, tensors: Named) -> Named:
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def part(tensors: Named, prefix: str) -> Named:
    return {name.removeprefix(prefix + "."): tensor for name, tensor in tensors.items() if name.startswith(prefix + ".")}
