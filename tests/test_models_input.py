"""What no model can take is refused, in words that name it and say what can be given."""

import pytest
import torch

from helpers.models import Config
from tests.small_models import MODELS, SMALL, every_model, made, one_thread, texts  # noqa: F401


@every_model
@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        (torch.tensor([[3, 20]]), ValueError, "ids from 3 to 20 are out of the vocabulary; give 0 to 19"),
        (torch.tensor([[-1, 3]]), ValueError, "ids from -1 to 3 are out of the vocabulary"),
        (torch.zeros(2, 0, dtype=torch.long), ValueError, r"ids of shape \(2, 0\) do not fit; give \(B, L\)"),
        (torch.zeros(5, dtype=torch.long), ValueError, r"ids of shape \(5,\) do not fit"),
        (torch.zeros(2, 3), TypeError, "ids of dtype torch.float32 are no token ids; give torch.int64 or torch.int32"),
        ([[3, 4]], TypeError, "ids of type list are no tensor; give one of torch.int64 or torch.int32"),
    ],
)
def test_what_is_no_text_is_refused(name, ids, error, message):
    model = made(name)
    for view in (model, model.prefill):
        with pytest.raises(error, match=message):
            view(ids)


@every_model
def test_a_batch_of_no_texts_gives_no_logits(name):
    model, none = made(name), torch.zeros(0, 5, dtype=torch.long)
    assert model(none).shape == (0, 5, 20)
    assert model.prefill(none)[0].shape == model.step(none[:, 0], model.initial_state(0))[0].shape == (0, 20)


@every_model
def test_a_step_takes_one_id_of_each_text(name):
    model = made(name)
    with pytest.raises(ValueError, match=r"ids of shape \(1, 2\) do not fit; give \(B\)"):
        model.step(torch.zeros(1, 2, dtype=torch.long), model.initial_state(1))
    with pytest.raises(ValueError, match="out of the vocabulary"):
        model.step(torch.tensor([20]), model.initial_state(1))
    with pytest.raises(TypeError, match="ids of dtype torch.float32 are no token ids"):
        model.step(torch.zeros(1), model.initial_state(1))


@every_model
@torch.no_grad()
def test_the_state_of_another_model_or_batch_is_refused(name):
    model, ids = made(name), torch.zeros(2, dtype=torch.long)
    others = [made(other) for other in MODELS if other != name] + [made(name, Config(20, 16, 3, n_heads=2, head_dim=8))]
    for state in [*(other.initial_state(2) for other in others), model.initial_state(3)]:
        with pytest.raises(ValueError, match="belongs to another model or batch"):
            model.step(ids, state)
    with pytest.raises(TypeError, match="state of type Tensor is none; give what initial_state, prefill or step returned"):
        model.step(ids, torch.zeros(2, 16))


def test_a_text_longer_than_the_transformers_context_is_refused():
    model, long = made("transformer"), texts(SMALL, 1, 31)
    with pytest.raises(ValueError, match="31 positions are more than context=30; give fewer ids"):
        model(long)
    with pytest.raises(ValueError, match="31 positions are more than context=30"):
        model.prefill(long)
    _, state = model.prefill(long[:, :30])
    with pytest.raises(ValueError, match="31 positions are more than context=30"):
        model.step(long[:, 30], state)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "transformer"])
@torch.no_grad()
def test_models_without_positions_take_any_length(name):
    assert torch.isfinite(made(name)(texts(SMALL, 1, 2000))).all()


@pytest.mark.parametrize("name", ["transformer", "hybrid"])
@pytest.mark.parametrize("wrong", [{"n_heads": 3}, {"n_heads": 4, "n_kv_heads": 3}])
def test_heads_have_to_divide_the_width_and_each_other(name, wrong):
    with pytest.raises(ValueError, match="n_heads=. has to divide d_model=16, and n_kv_heads=. n_heads"):
        MODELS[name](Config(d_model=16, n_layers=4, **wrong))


def test_heads_of_odd_width_cannot_be_turned():
    with pytest.raises(ValueError, match="d_model=12 over n_heads=4 is odd"):
        MODELS["transformer"](Config(d_model=12, n_heads=4))


@pytest.mark.parametrize("name", ["Mamba-2", "hybrid of Mamba-2"])
def test_the_heads_of_mamba_2_have_to_divide_its_width(name):
    with pytest.raises(ValueError, match=r"head_dim=5 has to divide expand \* d_model=32, the width inside of Mamba-2"):
        MODELS[name](Config(d_model=16, n_layers=2, head_dim=5))


@pytest.mark.parametrize(
    "wrong",
    [
        {"vocab_size": 0},
        {"d_model": -1},
        {"n_layers": 1.5},
        {"d_ff": 0},
        {"n_kv_heads": 0.5},
        {"d_state": None},
        {"context": True},
    ],
)
def test_a_size_that_is_none_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name}=.* is no size; give a whole number from 1 on"):
        Config(**wrong)
