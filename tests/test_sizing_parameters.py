"""Parameters counted from a config are those of the models that transformers builds of it, to the last one."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.sizing import ModelConfig, count_parameters, known_model, known_models, lora_parameters, weights
from helpers.sizing.library import built, library_model

BILLIONS = {"Llama-2-7B": 6.74, "Llama-2-13B": 13.02, "Llama-2-70B": 68.98}  # as published


@pytest.mark.parametrize("name", known_models())
def test_parameters_are_those_of_the_library(name):
    model = library_model(name)
    assert count_parameters(known_model(name)).total == model.num_parameters()


@pytest.mark.parametrize("name", [name for name in known_models() if known_model(name).n_experts > 1])
def test_active_parameters_are_those_of_the_library_without_the_experts_not_chosen(name):
    config, active = known_model(name), 0
    for where, tensor in library_model(name).named_parameters():
        is_expert = tensor.ndim == 3 and tensor.shape[0] == config.n_experts  # all experts of a layer in one tensor
        assert is_expert == (".experts." in where)
        active += tensor.numel() // config.n_experts * config.experts_per_token if is_expert else tensor.numel()
    assert count_parameters(config).active == active < count_parameters(config).total


@pytest.mark.parametrize("name", BILLIONS)
def test_published_totals_are_reproduced(name):
    assert round(count_parameters(known_model(name)).total / 1e9, 2) == BILLIONS[name]


def test_parameters_by_hand():
    config = ModelConfig("transformer", vocab_size=10, d_model=4, n_layers=2, n_heads=2, n_kv_heads=1, d_ff=3)
    layer = 4 * 4 + 2 * (2 * 4) + 4 * 4 + 3 * (3 * 4) + 2 * 4  # queries, keys and values, output, network, norms
    counted = count_parameters(config)
    assert (counted.total, counted.embedding) == (2 * 40 + 2 * layer + 4, 80)
    assert counted.active == counted.total and counted.multiplied == counted.total - 40
    tied = count_parameters(replace(config, tied=True))
    assert (tied.total, tied.embedding, tied.multiplied) == (counted.total - 40, 40, counted.total - 40)


@pytest.mark.parametrize("name", ["RWKV-4-169M", "RWKV-4-14B"])
def test_parameters_are_those_of_the_paper_on_rwkv(name):
    c = known_model(name)
    paper = 2 * c.vocab_size * c.d_model + 13 * c.d_model**2 * c.n_layers + c.d_model * (11 * c.n_layers + 4)
    assert count_parameters(c).total == paper


def test_every_weight_is_named_once():
    for name in known_models():
        rows = weights(known_model(name))
        assert len({(row.part, row.name) for row in rows}) == len(rows)
        assert sum(row.size * row.count for row in rows) == count_parameters(known_model(name)).total


def test_adapters_of_queries_and_values():
    config = known_model("Llama-2-7B")
    assert lora_parameters(config, 8) == 32 * 2 * 8 * (4096 + 4096)
    assert lora_parameters(config, 1, ("up",)) == 32 * (4096 + 11008)
    with pytest.raises(
        ValueError, match="targets holds 'queries', which the model has no matrix of; there are down, gate, key"
    ):
        lora_parameters(config, 8, ("queries",))
    with pytest.raises(ValueError, match="rank=0 is no size"):
        lora_parameters(config, 0)


SIZES = st.integers(1, 6)


@st.composite
def configs(draw, kind: str) -> ModelConfig:
    """A small config that the library can build too."""
    kv_heads, group, width = draw(SIZES), draw(SIZES), 2 * draw(SIZES)
    sizes = {name: draw(SIZES) for name in ("vocab_size", "n_layers", "d_ff", "d_state", "d_conv", "dt_rank")}
    sizes |= {
        "d_model": kv_heads * group * width,
        "n_heads": kv_heads * group,
        "n_kv_heads": kv_heads,
        "tied": draw(st.booleans()),
    }
    if kind != "Llama":
        sizes |= {"n_experts": (n := draw(st.integers(2, 5))), "experts_per_token": draw(st.integers(1, n))}
    if kind == "Jamba":
        sizes |= {"attention_period": draw(SIZES), "expert_period": draw(SIZES)}
    if kind == "Qwen2Moe":
        sizes |= {"shared_d_ff": draw(SIZES), "qkv_bias": True}
    return ModelConfig("hybrid" if kind == "Jamba" else "transformer", **sizes)


@pytest.mark.parametrize("kind", ["Llama", "Qwen2Moe", "Jamba"])
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_parameters_of_any_config_are_those_of_the_library(kind, data):
    config = data.draw(configs(kind))
    assert count_parameters(config).total == built(kind, config).num_parameters()
