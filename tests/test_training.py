"""The training loop does what its recipe says, the same each time; bits per byte are the cross-entropy of the stretches."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import get_cosine_with_min_lr_schedule_with_warmup

from helpers.models.recurrent import LSTM, Config
from helpers.training import Recipe, bits_per_byte, schedule, seeded, train

IDS = torch.arange(600) * 7 % 32
RECIPE = Recipe(n_tokens=16 * 20, batch_size=2, context=8, learning_rate=1e-2)


def small(seed=0):
    return seeded(lambda: LSTM(Config(vocab_size=32, d_model=8)), seed)


def test_the_schedule_rises_in_a_line_and_falls_along_a_cosine():
    at = {0.0: 0, 0.05: 0.5, 0.1: 1, 0.55: 0.55, 1.0: 0.1, 1.2: 0.1}
    for fraction, rate in at.items():
        assert schedule(fraction, 0.1) == pytest.approx(rate)
    assert schedule(0.5, 0.0) == pytest.approx(0.55)


def test_the_schedule_is_transformers():
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = get_cosine_with_min_lr_schedule_with_warmup(optimizer, 10, 100, min_lr_rate=0.1)
    for step in range(100):
        assert schedule(step / 100, 0.1) == pytest.approx(theirs.get_last_lr()[0], abs=1e-9)
        optimizer.step()
        theirs.step()


@pytest.mark.parametrize("clip", [1.0, 1e-2])
def test_steps_are_those_of_a_loop_by_hand(clip):
    """Crops in the order of the seed, matrices alone decay, the gradient is clipped, the rate follows the schedule."""
    ours, theirs = small(), small()
    train(ours, IDS, replace(RECIPE, n_tokens=16 * 4, seed=3, clip=clip, weight_decay=0.5))
    generator = torch.Generator().manual_seed(3)
    moments = {name: (0.0, 0.0) for name, _ in theirs.named_parameters()}
    for step in range(1, 5):
        starts = torch.randint(len(IDS) - 8, (2,), generator=generator)
        crops = torch.stack([IDS[s : s + 9] for s in starts])
        loss = sum(cross_entropy(theirs(c[None, :-1])[0], c[1:]) for c in crops) / 2
        gradients = torch.autograd.grad(loss, list(theirs.parameters()))
        norm = math.sqrt(sum(float((g**2).sum()) for g in gradients))
        rate = 1e-2 * schedule(step / 4, 0.1)
        for (name, weight), gradient in zip(theirs.named_parameters(), gradients, strict=True):
            g = gradient * min(1, clip / (norm + 1e-6))
            m, v = (b * old + (1 - b) * new for b, old, new in zip((0.9, 0.95), moments[name], (g, g**2), strict=True))
            moments[name] = (m, v)
            with torch.no_grad():
                weight *= 1 - rate * 0.5 * (weight.dim() >= 2)
                weight -= rate * m / (1 - 0.9**step) / ((v / (1 - 0.95**step)).sqrt() + 1e-8)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other, atol=2e-6, rtol=1e-4)


def test_the_same_run_twice_is_the_same_to_the_bit_and_learns():
    models = small(), small(), small()
    seeds = 0, 0, 1
    spent = [train(model, IDS, replace(RECIPE, seed=seed)) for model, seed in zip(models, seeds, strict=True)]
    assert [one.tokens for one in spent] == [320] * 3 and not models[0].training
    bits = [bits_per_byte(model, IDS[:100]) for model in models]
    assert bits[0] == bits[1] != bits[2]
    assert bits[0] < bits_per_byte(small(), IDS[:100])


def test_a_budget_in_seconds_ends_the_run():
    spent = train(small(), IDS, replace(RECIPE, n_tokens=10**9, seconds=0.2))
    assert 0 < spent.tokens < 10**9 and spent.seconds >= 0.2


class Uniform(nn.Module):
    """Knows nothing: the same logits everywhere."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(256))

    def forward(self, ids):
        return self.logits.expand(*ids.shape, 256)


@pytest.mark.parametrize("length", [2, 256, 257, 258, 1000])
def test_a_model_that_knows_nothing_needs_eight_bits(length):
    ids = torch.arange(length) % 256
    assert bits_per_byte(Uniform(), ids) == pytest.approx(8)
    assert bits_per_byte(Uniform(), ids, n_bytes=2 * (length - 1)) == pytest.approx(4)


def test_bits_per_byte_is_the_cross_entropy_of_each_stretch():
    model, ids = small().eval(), IDS[:23]
    stretches = [ids[0:11], ids[10:21], ids[20:23]]  # of 10 tokens each, and the rest
    nats = sum(cross_entropy(model(s[None, :-1])[0], s[1:], reduction="sum").item() for s in stretches)
    assert bits_per_byte(model, ids, context=10, batch_size=1) == pytest.approx(nats / math.log(2) / 22, rel=1e-5)
    assert bits_per_byte(model, ids, context=10) == pytest.approx(bits_per_byte(model, ids, context=10, batch_size=1))


def test_a_seed_gives_the_same_model_and_leaves_the_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, same, other = small(0), small(0), small(1)
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(one.embedding.weight, same.embedding.weight)
    assert not torch.equal(one.embedding.weight, other.embedding.weight)


def test_too_little_text_is_refused():
    with pytest.raises(ValueError, match="too few; give one row of more than context=8"):
        train(small(), IDS[:8], RECIPE)
    with pytest.raises(ValueError, match="too few; give one row of at least 2"):
        bits_per_byte(small(), IDS[:1])
