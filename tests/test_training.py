"""The training loop does what its recipe says, the same each time, and goes on where it was stopped."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import get_cosine_with_min_lr_schedule_with_warmup

from helpers.models.recurrent import LSTM, Config
from helpers.training import Recipe, _Run, bits_per_byte, schedule, seeded, train

IDS = torch.arange(600) * 7 % 32
RECIPE = Recipe(n_tokens=16 * 20, batch_size=2, context=8, learning_rate=1e-2, evaluate_every=16 * 5)


def small(seed=0):
    return seeded(lambda: LSTM(Config(vocab_size=32, d_model=8)), seed)


def value(model):
    return bits_per_byte(model, IDS[:100])


def curve(frame):
    return frame[["tokens", "loss", "value"]].values.tolist()


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


def test_the_first_loss_is_torchs_cross_entropy_of_the_crops():
    model = small()
    frame = train(model, IDS, replace(RECIPE, n_tokens=16, seed=3))
    generator = torch.Generator().manual_seed(3)
    starts = torch.randint(len(IDS) - 8, (2,), generator=generator)
    crops = torch.stack([IDS[s : s + 9] for s in starts])
    logits = small()(crops[:, :-1])
    by_hand = sum(cross_entropy(logits[b, t], crops[b, t + 1]) for b in range(2) for t in range(8)) / 16
    assert frame.loss[0] == pytest.approx(by_hand.item(), rel=1e-6)
    assert frame.tokens.tolist() == [16] and math.isnan(frame.value[0])


def test_the_same_run_twice_is_the_same_to_the_bit_and_learns():
    models = small(), small()
    one, other = (curve(train(model, IDS, RECIPE, evaluate=value)) for model in models)
    assert one == other and [row[0] for row in one] == [80, 160, 240, 320]
    assert all(torch.equal(a, b) for a, b in zip(models[0].parameters(), models[1].parameters(), strict=True))
    assert one[-1][1] < one[0][1], "the loss falls"
    assert curve(train(small(), IDS, replace(RECIPE, seed=1), evaluate=value)) != one


def test_a_run_that_was_stopped_goes_on_with_the_same_curve(tmp_path):
    whole = small()
    expected = curve(train(whole, IDS, RECIPE, evaluate=value))
    file, calls = tmp_path / "run.pt", []

    def stopped(model):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return value(model)

    with pytest.raises(KeyboardInterrupt):
        train(small(), IDS, RECIPE, evaluate=stopped, checkpoint=file)
    resumed = small(seed=9)  # its weights come from the checkpoint
    assert curve(train(resumed, IDS, RECIPE, evaluate=value, checkpoint=file)) == expected
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"], "nothing half written is left"
    again = train(resumed, IDS, RECIPE, evaluate=value, checkpoint=file)
    assert curve(again) == expected, "a run that is done is not done again"
    with pytest.raises(ValueError, match="belongs to another recipe"):
        train(small(), IDS, replace(RECIPE, learning_rate=1.0), checkpoint=file)


def test_a_budget_in_seconds_ends_the_run():
    frame = train(small(), IDS, replace(RECIPE, n_tokens=10**9, seconds=0.2, evaluate_every=None), evaluate=value)
    assert len(frame) == 1 and 0 < frame.tokens[0] < 10**9 and frame.seconds[0] >= 0.2


def test_a_budget_that_runs_out_between_two_looks_at_the_clock_loses_nothing(monkeypatch):
    for budget in range(5, 30):
        clock = iter(range(10**6))
        monkeypatch.setattr("helpers.training.time.perf_counter", lambda clock=clock: next(clock))
        frame = train(small(), IDS, replace(RECIPE, n_tokens=16 * 6, seconds=float(budget), evaluate_every=None))
        assert len(frame) == 1 and frame.tokens[0] > 0, budget


def test_patience_ends_a_run_that_no_longer_improves():
    values = iter([5.0, 4.0, 4.5, 4.1, 1.0])
    frame = train(small(), IDS, replace(RECIPE, n_tokens=16 * 50, patience=2), evaluate=lambda model: next(values))
    assert frame.value.tolist() == [5.0, 4.0, 4.5, 4.1]


def test_patience_without_anything_to_wait_for_is_refused():
    with pytest.raises(ValueError, match="patience=2 .* evaluate=None"):
        train(small(), IDS, replace(RECIPE, patience=2))


def test_the_gradient_is_clipped(monkeypatch):
    norms = []
    original = nn.utils.clip_grad_norm_

    def spy(parameters, limit):
        parameters = list(parameters)
        before = original(parameters, limit)
        norms.append((float(before), math.sqrt(sum(float((p.grad**2).sum()) for p in parameters)), limit))
        return before

    monkeypatch.setattr(nn.utils, "clip_grad_norm_", spy)
    train(small(), IDS, replace(RECIPE, n_tokens=16, clip=1e-3))
    ((before, after, limit),) = norms
    assert limit == 1e-3 and before > 1e-3 and after == pytest.approx(1e-3, rel=1e-3)


def test_only_matrices_decay():
    model = small()
    groups = _Run(model, replace(RECIPE, weight_decay=0.5), "cpu").optimizer.param_groups
    decays = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert all(decays[id(p)] == (0.5 if p.dim() >= 2 else 0) for p in model.parameters())


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


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA")
def test_it_trains_on_cuda():
    model = small()
    frame = train(model, IDS, RECIPE, evaluate=value, device="cuda")
    assert next(model.parameters()).is_cuda and frame.loss.iloc[-1] < frame.loss.iloc[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_tokens": 0}, "n_tokens=0 is not positive"),
        ({"learning_rate": -1}, "learning_rate=-1 is not positive"),
        ({"seconds": 0}, "seconds=0 is not positive"),
        ({"clip": math.nan}, "clip=nan is not positive"),
        ({"patience": 0}, "patience=0 is not positive"),
        ({"warmup": 1}, "warmup=1 is no part of the budget"),
    ],
)
def test_a_recipe_that_is_none_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(RECIPE, **change)


def test_too_little_text_is_refused():
    with pytest.raises(ValueError, match="too few; give one row of more than context=8"):
        train(small(), IDS[:8], RECIPE)
    with pytest.raises(ValueError, match="too few; give one row of at least 2"):
        bits_per_byte(small(), IDS[:1])
    with pytest.raises(ValueError, match="n_bytes=0 is not positive"):
        bits_per_byte(small(), IDS, n_bytes=0)


@pytest.mark.parametrize("decay", [-0.1, math.nan, math.inf])
def test_a_decay_that_is_no_amount_is_named(decay):
    with pytest.raises(ValueError, match="weight_decay="):
        Recipe(weight_decay=decay)
