"""What every model keeps: each view gives the same logits, the future is unknown, the state is as large as said."""

import copy

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.models import Config
from helpers.models.stack import state_bytes
from tests.small_models import SMALL, close, every_model, made, one_thread, run, texts  # noqa: F401

properties = settings(max_examples=12, deadline=None, derandomize=True, database=None)


@st.composite
def configs(draw):
    n_kv_heads, group, half = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(2, 4))
    return Config(
        vocab_size=draw(st.integers(2, 40)), d_model=2 * half * group * n_kv_heads, n_layers=draw(st.integers(1, 3)),
        d_ff=draw(st.none() | st.integers(1, 30)), n_heads=group * n_kv_heads, n_kv_heads=n_kv_heads,
        context=draw(st.integers(30, 40)), d_state=draw(st.integers(1, 6)), d_conv=draw(st.integers(1, 5)),
        expand=draw(st.integers(1, 3)), head_dim=draw(st.sampled_from([1, half, 2 * half])), chunk=draw(st.integers(1, 40)),
        dt_rank=draw(st.none() | st.integers(1, 4)),
        attention_period=draw(st.integers(1, 3)),
    )  # fmt: skip


seeds = st.integers(0, 1000)
sizes = st.tuples(st.integers(1, 4), st.integers(1, 30))  # B, L


@every_model
@properties
@given(configs(), sizes, seeds)
@torch.no_grad()
def test_in_sequence_as_in_parallel(name, config, size, seed):
    model, ids = made(name, config, seed), texts(config, *size, seed)
    logits = model(ids)
    assert logits.shape == (*size, config.vocab_size)
    close(run(model, ids)[0], logits)


@every_model
@properties
@given(configs(), sizes, seeds)
@torch.no_grad()
def test_a_text_read_at_once_leaves_the_state_of_one_read_in_steps(name, config, size, seed):
    model, ids = made(name, config, seed), texts(config, *size, seed)
    logits, state = model.prefill(ids)
    stepped, wanted = run(model, ids)
    close(logits, stepped[:, -1])
    for one, other in zip(state, wanted, strict=True):
        for tensors in zip(one, other, strict=True):
            close(*tensors)
    if model.config.context > size[1]:
        close(model.step(ids[:, 0], state)[0], model.step(ids[:, 0], wanted)[0])


@every_model
@properties
@given(configs(), sizes, seeds, st.integers(0, 29))
@torch.no_grad()
def test_a_later_token_changes_no_earlier_logit(name, config, size, seed, at):
    model, ids = made(name, config, seed), texts(config, *size, seed)
    at %= ids.shape[1]
    changed = ids.clone()
    changed[:, at:] = (ids[:, at:] + 1) % config.vocab_size
    one, other = model(ids), model(changed)
    close(one[:, :at], other[:, :at], atol=1e-6)
    assert not torch.equal(one[:, at], other[:, at])


@every_model
@properties
@given(configs(), st.lists(st.integers(1, 30), min_size=2, max_size=4), seeds)
@torch.no_grad()
def test_texts_of_unequal_lengths_as_one_at_a_time(name, config, lengths, seed):
    model, ids = made(name, config, seed), texts(config, len(lengths), max(lengths), seed)
    together = model(ids)  # what stands after the end of a text is padding
    for row, length in enumerate(lengths):
        alone = ids[row : row + 1, :length]
        close(together[row, :length], model(alone)[0])
        close(together[row, :length], run(model, alone)[0][0])


@every_model
@torch.no_grad()
def test_a_state_can_be_gone_on_from_more_than_once(name):
    model, ids = made(name, SMALL), texts(SMALL, 2, 12)
    _, state = run(model, ids[:, :5])
    kept = copy.deepcopy(state)
    once, again = run(model, ids[:, 5:], state)[0], run(model, ids[:, 5:], state)[0]
    assert torch.equal(once, again)
    for parts in zip(state, kept, strict=True):
        assert all(torch.equal(*tensors) for tensors in zip(*parts, strict=True))


@every_model
@torch.no_grad()
def test_the_state_is_as_large_as_theory_says(name):
    model, ids = made(name, SMALL), texts(SMALL, 3, 20)
    attention = 2 * 3 * 8  # keys and values of one position in one layer: twice B texts, G = 1 head, P = 8
    recurrent = {
        "transformer": 0, "LSTM": 2 * 3 * 2 * 16, "Mamba": 2 * 3 * 32 * (3 + 4),
        "Mamba-2": 2 * 3 * (3 * (32 + 2 * 4) + 4 * 32), "RWKV": 2 * 3 * 5 * 16, "hybrid": 3 * 32 * (3 + 4),
        "hybrid of Mamba-2": 3 * (3 * (32 + 2 * 4) + 4 * 32),
    }[name]  # fmt: skip
    n_attention = {"transformer": 2, "hybrid": 1, "hybrid of Mamba-2": 1}.get(name, 0)
    for length in (1, 7, 20):
        assert state_bytes(run(model, ids[:, :length])[1]) == 4 * (recurrent + n_attention * attention * length)
        assert state_bytes(model.prefill(ids[:, :length])[1]) == 4 * (recurrent + n_attention * attention * length)
    assert state_bytes(model.initial_state(3)) == 4 * recurrent
