"""What is timed is what is said: as many tokens at each length, a step after the whole text, the fastest of several."""

import itertools

import pytest
import torch
from torch import nn

from helpers.models import costs
from helpers.models.costs import decode_seconds, training_seconds
from tests.small_models import SMALL, every_model, made, one_thread  # noqa: F401


class Recorder(nn.Module):
    """A model that notes the shapes it is given."""

    def __init__(self):
        super().__init__()
        self.config, self.weight, self.seen = SMALL, nn.Parameter(torch.ones(SMALL.vocab_size)), []

    def forward(self, ids):
        self.seen.append(tuple(ids.shape))
        return self.weight.expand(*ids.shape, -1)

    def initial_state(self, batch_size):
        return [("nothing", batch_size)]

    def prefill(self, ids):
        return None, [("read", *ids.shape)]

    def step(self, ids, state):
        self.seen.append((len(ids), state))


@pytest.fixture
def ticks(monkeypatch):
    """A clock by which the runs take 9, 5, 3 and 4 seconds, and so on."""
    times = itertools.accumulate(itertools.cycle([0, 9, 0, 5, 0, 3, 0, 4]))
    monkeypatch.setattr(costs.time, "perf_counter", lambda: next(times))


@pytest.mark.parametrize(("length", "b"), [(1, 60), (7, 8), (60, 1), (100, 1)])
def test_each_length_is_trained_on_as_many_tokens(ticks, length, b):
    model = Recorder()
    seconds = training_seconds(model, length, n_tokens=60, rounds=3)
    assert model.seen == [(b, length)] * 4, "one that is not counted, and three"
    assert seconds == 3 / (b * length)
    assert model.weight.grad is None


@pytest.mark.parametrize("context", [0, 1, 12])
def test_a_step_is_timed_from_the_state_of_the_whole_text(ticks, context):
    model = Recorder()
    assert decode_seconds(model, [context], batch_size=2, rounds=2) == {context: 3}
    state = [("read", 2, context)] if context else [("nothing", 2)]
    assert model.seen == [(2, state)] * 3


def test_contexts_take_turns(ticks):
    """Each of two states is stepped from in every round; the clock gives one 9 and 3 seconds, the other 5 and 4."""
    model = Recorder()
    assert decode_seconds(model, [3, 12], rounds=2) == {3: 3, 12: 4}
    assert model.seen == [(1, [("read", 1, 3)]), (1, [("read", 1, 12)])] * 3
    assert decode_seconds(model, []) == {}


@every_model
def test_every_model_has_costs(name):
    model = made(name)
    assert training_seconds(model, 8, n_tokens=16, rounds=1) > 0
    assert decode_seconds(model, [8], rounds=1)[8] > 0
    assert all(weight.grad is None for weight in model.parameters())


def test_more_than_the_context_of_the_model_is_refused():
    model = made("transformer")
    for cost, length in ((training_seconds, 31), (decode_seconds, [8, 31])):
        with pytest.raises(ValueError, match="31 positions are more than context=30"):
            cost(model, length)
