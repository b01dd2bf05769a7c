"""What every model keeps: each view gives the same logits, the future is unknown, the state is as large as said."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.models import Config
from helpers.models.hybrid import hybrid
from helpers.models.mamba import mamba
from helpers.models.mamba2 import mamba2
from helpers.models.rwkv import rwkv
from helpers.models.stack import state_bytes
from helpers.models.transformer import transformer
from helpers.training import seeded

MODELS = {"transformer": transformer, "mamba": mamba, "mamba2": mamba2, "rwkv": rwkv, "hybrid": hybrid}
SMALL = Config(20, 16, 2, n_heads=2, n_kv_heads=1, d_state=4, head_dim=8, chunk=6, attention_period=2, context=30)
every_model = pytest.mark.parametrize("name", MODELS)
properties = settings(max_examples=12, deadline=None, derandomize=True, database=None)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Two threads on models this small, beside other work, take many times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@st.composite
def configs(draw):
    n_kv_heads, group, half = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.integers(2, 4))
    n_experts = draw(st.sampled_from([1, 3]))
    return Config(
        vocab_size=draw(st.integers(2, 40)), d_model=2 * half * group * n_kv_heads, n_layers=draw(st.integers(1, 3)),
        d_ff=draw(st.none() | st.integers(1, 30)), n_heads=group * n_kv_heads, n_kv_heads=n_kv_heads,
        context=draw(st.integers(30, 40)), d_state=draw(st.integers(1, 6)), d_conv=draw(st.integers(1, 5)),
        expand=draw(st.integers(1, 3)), head_dim=draw(st.sampled_from([1, half, 2 * half])), chunk=draw(st.integers(1, 40)),
        dt_rank=draw(st.none() | st.integers(1, 4)),
        attention_period=draw(st.integers(1, 3)), n_experts=n_experts, experts_per_token=draw(st.integers(1, n_experts)),
    )  # fmt: skip


seeds = st.integers(0, 1000)
sizes = st.tuples(st.integers(1, 4), st.integers(1, 30))  # B, L


def made(name, config, seed=0):
    """A model whose weights are all away from where they start."""

    def make():
        model = MODELS[name](config)
        with torch.no_grad():
            for weight in model.parameters():
                weight += 0.1 * torch.randn_like(weight)
        return model

    return seeded(make, seed)


def texts(config, b, length, seed=0):
    return torch.randint(config.vocab_size, (b, length), generator=torch.Generator().manual_seed(seed))


def run(model, ids, state=None):
    """Logits (B, L, V) by steps, and the state at the end."""
    state, logits = state or model.initial_state(len(ids)), []
    for t in range(ids.shape[1]):
        now, state = model.step(ids[:, t], state)
        logits.append(now)
    return torch.stack(logits, dim=1), state


def close(one, other, atol=1e-5):
    torch.testing.assert_close(one, other, atol=atol, rtol=1e-4)


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
        "transformer": 0, "mamba": 2 * 3 * 32 * (3 + 4), "mamba2": 2 * 3 * (3 * (32 + 2 * 4) + 4 * 32),
        "rwkv": 2 * 3 * 5 * 16, "hybrid": 3 * 32 * (3 + 4),
    }[name]  # fmt: skip
    n_attention = {"transformer": 2, "hybrid": 1}.get(name, 0)
    for length in (1, 7, 20):
        assert state_bytes(run(model, ids[:, :length])[1]) == 4 * (recurrent + n_attention * attention * length)
    assert state_bytes(model.initial_state(3)) == 4 * recurrent


@every_model
def test_the_same_under_autocast_within_its_precision(name):
    model, ids = made(name, SMALL), texts(SMALL, 2, 16)
    exact = model(ids)
    with torch.autocast("cpu", torch.bfloat16):
        rough = model(ids)
        stepped = run(model, ids)[0]
    assert torch.isfinite(rough).all()
    scale = float(exact.detach().abs().max())
    close(rough.float(), exact, atol=0.1 * scale)
    close(stepped.float(), exact, atol=0.1 * scale)
    rough.float().square().sum().backward()
    assert all(torch.isfinite(weight.grad).all() for weight in model.parameters())


@pytest.mark.skipif(not torch.cuda.is_available() and not torch.backends.mps.is_available(), reason="no accelerator")
@every_model
@torch.no_grad()
def test_the_same_on_an_accelerator(name):
    device = "cuda" if torch.cuda.is_available() else "mps"
    model, ids = made(name, SMALL), texts(SMALL, 2, 16)
    exact = model(ids)
    model.to(device)
    close(model(ids.to(device)).cpu(), exact, atol=1e-3)
    close(run(model, ids.to(device))[0].cpu(), exact, atol=1e-3)


@every_model
@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        (torch.tensor([[3, 20]]), ValueError, "ids from 3 to 20 are out of the vocabulary; give 0 to 19"),
        (torch.tensor([[-1, 3]]), ValueError, "ids from -1 to 3 are out of the vocabulary"),
        (torch.zeros(2, 0, dtype=torch.long), ValueError, r"ids of shape \(2, 0\) do not fit; give \(B, L\)"),
        (torch.zeros(5, dtype=torch.long), ValueError, r"ids of shape \(5,\) do not fit"),
        (torch.zeros(2, 3), TypeError, "ids of dtype torch.float32 are no token ids; give torch.int64 or torch.int32"),
    ],
)
def test_what_is_no_text_is_refused(name, ids, error, message):
    with pytest.raises(error, match=message):
        made(name, SMALL)(ids)


@every_model
def test_a_step_takes_one_id_of_each_text(name):
    model = made(name, SMALL)
    with pytest.raises(ValueError, match=r"ids of shape \(1, 2\) do not fit; give \(B\)"):
        model.step(torch.zeros(1, 2, dtype=torch.long), model.initial_state(1))
    with pytest.raises(ValueError, match="out of the vocabulary"):
        model.step(torch.tensor([20]), model.initial_state(1))


@every_model
@torch.no_grad()
def test_the_state_of_another_model_or_batch_is_refused(name):
    model, ids = made(name, SMALL), torch.zeros(2, dtype=torch.long)
    others = [made(other, SMALL) for other in MODELS if other != name] + [
        made(name, Config(20, 16, 3, n_heads=2, head_dim=8))
    ]
    for state in [*(other.initial_state(2) for other in others), model.initial_state(3)]:
        with pytest.raises(ValueError, match="belongs to another model or batch"):
            model.step(ids, state)


def test_a_text_longer_than_the_transformers_context_is_refused():
    model, long = made("transformer", SMALL), texts(SMALL, 1, 31)
    with pytest.raises(ValueError, match="31 positions are more than context=30; give fewer ids"):
        model(long)
    with torch.no_grad():
        _, state = run(model, long[:, :30])
    with pytest.raises(ValueError, match="31 positions are more than context=30"):
        model.step(long[:, 30], state)


@pytest.mark.parametrize("name", ["mamba", "mamba2", "rwkv", "hybrid"])
@torch.no_grad()
def test_models_without_positions_take_any_length(name):
    assert torch.isfinite(made(name, SMALL)(texts(SMALL, 1, 2000))).all()


@pytest.mark.parametrize("name", ["transformer", "hybrid"])
@pytest.mark.parametrize("wrong", [{"n_heads": 3}, {"n_heads": 4, "n_kv_heads": 3}])
def test_heads_have_to_divide_the_width_and_each_other(name, wrong):
    with pytest.raises(ValueError, match="n_heads=. has to divide d_model=16, and n_kv_heads=. n_heads"):
        MODELS[name](Config(d_model=16, n_layers=4, **wrong))


def test_heads_of_odd_width_cannot_be_turned():
    with pytest.raises(ValueError, match="d_model=12 over n_heads=4 is odd"):
        transformer(Config(d_model=12, n_heads=4))


@pytest.mark.parametrize("wrong", [{"d_ff": 0}, {"n_kv_heads": 0.5}, {"d_state": None}, {"context": True}])
def test_a_size_that_is_none_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name}=.* is no size; give a whole number from 1 on"):
        Config(**wrong)


def test_more_experts_than_there_are_cannot_be_used():
    with pytest.raises(ValueError, match="experts_per_token=3 is more than n_experts=2; give at most that"):
        Config(n_experts=2, experts_per_token=3)
