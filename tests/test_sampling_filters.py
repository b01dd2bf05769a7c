"""Filters keep what transformers keeps, ties and −inf included, and the laws they obey."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers.generation import logits_process as theirs

from helpers.sampling import filters

SHAPES = [(3, 50), (1, 1), (2, 7), (2, 5000)]
PAIRS = [
    (filters.temperature, theirs.TemperatureLogitsWarper, [0.1, 0.7, 1.0, 1.5, 30.0]),
    (filters.top_k, theirs.TopKLogitsWarper, [1, 3, 50, 10_000]),
    (filters.top_p, theirs.TopPLogitsWarper, [1e-6, 0.1, 0.5, 0.9, 0.99, 0.999, 1 - 1e-7]),
    (filters.min_p, theirs.MinPLogitsWarper, [1e-6, 0.05, 0.3, 1.0]),
]
CASES = [pytest.param(ours, cls, value, id=f"{ours.__name__}-{value}") for ours, cls, values in PAIRS for value in values]
NUCLEUS = [
    (filters.top_p, 0.9),
    (filters.min_p, 0.1),
    (filters.top_k, 2),
    (filters.temperature, 0.5),
]


def logits_of(kind, shape, seed=0):
    """Random, tied, masked in part, or of 16 bits rounding: what a model may give."""
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 4
    if kind == "ties":
        return values.round()
    if kind == "equal":
        return torch.zeros(shape)
    if kind == "masked":
        values[..., 1::2] = -math.inf
    return values


@pytest.mark.parametrize("kind", ["random", "ties", "equal", "masked"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("ours", "cls", "value"), CASES)
def test_the_same_tokens_with_the_same_logits_as_transformers(ours, cls, value, shape, kind):
    logits = logits_of(kind, shape)
    assert torch.equal(ours(logits, value), cls(value)(None, logits))


@pytest.mark.parametrize(("ours", "cls", "value"), CASES)
def test_the_same_on_the_chat_model_s_logits(ours, cls, value, real_logits):
    assert torch.equal(ours(real_logits, value), cls(value)(None, real_logits))


@pytest.fixture(scope="module")
def real_logits():
    from helpers.chat import load

    model, tokenizer = load()
    ids = tokenizer("<|endoftext|>The capital of France is the city that", return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        return model(ids.to(model.device)).logits[0].float().cpu().clone()  # one row a place


@pytest.mark.parametrize("penalty", [0.5, 1.0, 1.3, 4.0])
@pytest.mark.parametrize("kind", ["random", "ties", "masked"])
def test_the_same_penalty_as_transformers(kind, penalty):
    logits, previous = logits_of(kind, (3, 50)), torch.tensor([[0, 4, 4, 9], [1, 2, 3, 49], [7, 7, 7, 7]])
    expected = theirs.RepetitionPenaltyLogitsProcessor(penalty)(previous, logits)
    assert torch.equal(filters.repetition_penalty(logits, previous, penalty), expected)


def test_by_hand():
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    kept = [filters.top_p(logits, p).isfinite().sum().item() for p in (0.4, 0.6, 0.9, 0.96)]
    assert kept == [1, 2, 3, 4]
    assert filters.min_p(logits, 0.2).isfinite().tolist() == [True, True, True, False]
    assert filters.top_k(logits, 2).isfinite().tolist() == [True, True, False, False]
    torch.testing.assert_close(
        filters.temperature(logits, 0.5).softmax(0), torch.tensor([0.25, 0.09, 0.0225, 0.0025]) / 0.365
    )
    penalised = filters.repetition_penalty(torch.tensor([2.0, -2.0, 1.0]), torch.tensor([0, 1]), 2.0)
    assert penalised.tolist() == [1.0, -4.0, 1.0]


def test_one_position_without_a_batch_and_any_leading_shape():
    logits = logits_of("random", (2, 3, 20))
    for name, value in NUCLEUS:
        every = name(logits, value)
        torch.testing.assert_close(name(logits[1, 2], value), every[1, 2])
    assert filters.top_p(logits.double(), 0.9).dtype == torch.float64


def test_inputs_are_left_as_they_were():
    logits = logits_of("random", (2, 20))
    before = logits.clone()
    for ours, value in NUCLEUS:
        ours(logits, value)
    filters.repetition_penalty(logits, torch.zeros(2, 1).long(), 2.0)
    assert torch.equal(logits, before)


rows = st.lists(st.integers(-40, 40), min_size=1, max_size=30).map(lambda v: torch.tensor(v, dtype=torch.float32) / 4)
parts = st.floats(0.001, 1)
kept = st.tuples(st.sampled_from([filters.top_p, filters.min_p]), parts)
any_filter = kept | st.tuples(st.just(filters.top_k), st.integers(1, 40))


@settings(deadline=None)
@given(rows, any_filter, any_filter)
def test_what_one_filter_drops_no_other_brings_back_and_the_rest_sum_to_one(logits, first, second):
    once = first[0](logits, first[1])
    twice = second[0](once, second[1])
    assert not (once.isinf() & twice.isfinite()).any()
    assert twice.softmax(0).sum().item() == pytest.approx(1, abs=1e-6)
    assert (twice.softmax(0)[twice.isinf()] == 0).all()
    assert torch.equal(once[once.isfinite()], logits[once.isfinite()]), "what is kept is left as it was"


@settings(deadline=None)
@given(rows, any_filter)
def test_a_likeliest_stays(logits, chosen):
    ours, value = chosen
    assert ours(logits, value).max() == logits.max()
