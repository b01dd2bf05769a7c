"""What models take: no texts, any length or their context, heads that divide, a state of their own."""

import pytest
import torch

from helpers.models import Config
from tests.small_models import MODELS, SMALL, every_model, made, one_thread, texts  # noqa: F401


@every_model
def test_a_batch_of_no_texts_gives_no_logits(name):
    model, none = made(name), torch.zeros(0, 5, dtype=torch.long)
    assert model(none).shape == (0, 5, 20)
    assert model.prefill(none)[0].shape == model.step(none[:, 0], model.initial_state(0))[0].shape == (0, 20)


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
