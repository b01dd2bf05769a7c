"""Parameters counted from a configuration are those of the model that transformers builds of it, to the last one."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.sizing import (
    ModelConfig,
    count_parameters,
    known_model,
    known_models,
    lora_parameters,
    published_config,
    read_config,
)

BILLIONS = {
    "Llama-2-7B": 6.74,
    "Llama-2-13B": 13.02,
    "Llama-2-70B": 68.98,
    "Qwen3-8B": 8.19,
    "gpt-oss-20b": 20.91,
    "DeepSeek-V3": 671.03,
}  # as published; fmt: skip
NO_CLASS = {"Kimi-K3": 2800}  # that transformers cannot build: 10⁹ parameters as published
SMALLEST = {
    published_config(n)["model_type"]: n
    for n in sorted(known_models(), key=lambda n: -count_parameters(known_model(n)).total)
}


def library_model(name: str) -> Any:
    """The model that transformers builds of a configuration, on a device without memory."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    published = published_config(name) | {"pad_token_id": None}
    config = transformers.AutoConfig.for_model(published.pop("model_type"), **published)
    with torch.device("meta"):
        if type(config) in transformers.models.auto.modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING:
            return transformers.AutoModelForCausalLM.from_config(config)
        return transformers.AutoModel.from_config(config)


def every(names: list[str]) -> list[Any]:
    """The smallest model of each family, and all others where tests may take long."""
    return [name if name in SMALLEST.values() else pytest.param(name, marks=pytest.mark.long) for name in names]


@pytest.mark.parametrize("name", every([name for name in known_models() if name not in NO_CLASS]))
def test_parameters_are_those_of_the_library(name):
    model, config = library_model(name), known_model(name)
    head = 0 if type(model).__name__.endswith(("LM", "LMHeadModel")) else config.vocab_size * config.d_model
    assert count_parameters(config).total == sum(weight.numel() for weight in model.parameters()) + head


@pytest.mark.parametrize("name", NO_CLASS)
def test_parameters_are_near_those_published(name):
    assert count_parameters(known_model(name)).total == pytest.approx(1e9 * NO_CLASS[name], rel=0.02)


@pytest.mark.parametrize("name", ["Mixtral-8x7B", "gpt-oss-20b", "Qwen3.5-35B-A3B", "DeepSeek-V3", "Llama-4-Scout"])
def test_active_parameters_are_those_of_the_library_without_the_experts_not_chosen(name):
    published, active = published_config(name), 0
    n = next(published[key] for key in ("num_local_experts", "num_experts", "n_routed_experts") if key in published)
    for where, weight in library_model(name).named_parameters():
        is_of_all = re.search(r"\.experts\.", where) and weight.shape[0] == n  # all experts of a layer in one tensor
        active += weight.numel() // n * published["num_experts_per_tok"] if is_of_all else weight.numel()
    assert count_parameters(known_model(name)).active == active < count_parameters(known_model(name)).total


@pytest.mark.parametrize("name", BILLIONS)
def test_published_totals_are_reproduced(name):
    assert round(count_parameters(known_model(name)).total / 1e9, 2) == BILLIONS[name]


SMALL = {"model_type": "llama", "vocab_size": 10, "hidden_size": 4, "num_hidden_layers": 2, "num_attention_heads": 2,
         "num_key_value_heads": 1, "intermediate_size": 3}  # fmt: skip


def test_parameters_by_hand():
    layer = 4 * 4 + 2 * (2 * 4) + 4 * 4 + 3 * (3 * 4) + 2 * 4  # queries, keys and values, output, network, norms
    counted = count_parameters(read_config(SMALL))
    assert (counted.total, counted.embedding) == (2 * 40 + 2 * layer + 4, 80)
    assert counted.active == counted.total and counted.multiplied == counted.total - 40
    tied = count_parameters(read_config(SMALL | {"tie_word_embeddings": True}))
    assert (tied.total, tied.embedding, tied.multiplied) == (counted.total - 40, 40, counted.total - 40)


def test_adapters_of_queries_and_values():
    config = known_model("Llama-2-7B")
    assert lora_parameters(config, 8) == 32 * 2 * 8 * (4096 + 4096)
    assert lora_parameters(read_config(SMALL), 2, ("up",)) == 2 * 2 * (4 + 3)
    with pytest.raises(ValueError, match="targets=.*name no matrix"):
        lora_parameters(known_model("Mamba-130M"), 8)


def test_a_model_that_also_sees_is_read_by_its_text_part():
    text = published_config("Gemma-3-4B")
    assert read_config({"model_type": "gemma3", "text_config": text}) == known_model("Gemma-3-4B")
    nameless = {key: value for key, value in text.items() if key != "model_type"}
    assert read_config({"model_type": "gemma3", "text_config": nameless}) == known_model("Gemma-3-4B")


@pytest.mark.parametrize("name", ["Gemma-3-4B", "Qwen3-Next-80B-A3B", "Llama-4-Scout", "Tiny-Aya", "gpt-oss-20b"])
def test_layers_that_no_list_names_follow_the_familys_interval(name):
    published = published_config(name)
    del published["layer_types"]
    assert read_config(published) == known_model(name)


def test_a_pattern_of_letters_names_the_layers():
    published = published_config("Nemotron-Nano-9B-v2")
    letters = {"linear_attention": "M", "mlp": "-", "full_attention": "*"}
    published["hybrid_override_pattern"] = "".join(letters[kind] for kind in published.pop("layers_block_type"))
    assert read_config(published) == known_model("Nemotron-Nano-9B-v2")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_type": "bert"}, "model_type='bert' is no family that is known here; there are apertus, "),
        ({"model_type": None}, "model_type=None is no family"),
        ({"hidden_size": None}, "hidden_size=None is no size"),
        ({"hidden_size": "4096"}, "hidden_size='4096' is no size; give a whole number from 1 on"),
        ({"hidden_size": 4.5}, "hidden_size=4.5 is no size"),
        ({"num_hidden_layers": 0}, "num_hidden_layers=0 is no size"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers=1000000000 is more than 10,000"),
        ({"num_attention_heads": 3}, "num_attention_heads=3 does not divide hidden_size=4"),
        ({"num_key_value_heads": 3}, "num_key_value_heads=3 does not divide num_attention_heads=2"),
        ({"intermediate_size": None}, "intermediate_size=None is no size"),
        ({"layer_types": ["full_attention"]}, "layer_types is no list of 2 kinds"),
        ({"model_type": "lfm2"}, "layer_types is no list of 2 kinds"),
        ({"model_type": "nemotron_h"}, "layers_block_type is no list of 2 kinds"),
        ({"layer_types": ["full_attention", "fourier"]}, "layer_types holds 'fourier'"),
        ({"num_experts": 4, "num_experts_per_tok": 5}, "num_experts_per_tok=5 is more than the 4 experts"),
        ({"num_experts": 4}, "num_experts_per_tok=None is no size"),
    ],
)
def test_what_is_no_configuration_is_named(change, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        read_config(SMALL | change)


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10), st.floats(), st.text(max_size=5), st.lists(st.integers(0, 2), max_size=3)
)


@given(st.sampled_from(sorted(SMALLEST.values())), st.data())
@settings(max_examples=200, deadline=None)
def test_any_change_of_a_configuration_is_read_or_refused_by_name(name, data):
    published = published_config(name)
    key = data.draw(st.sampled_from(sorted(published)))
    published[key] = data.draw(JUNK)
    try:
        assert isinstance(read_config(published), ModelConfig)
    except ValueError as error:
        assert "=" in str(error) or "layer" in str(error)


@pytest.mark.parametrize("published", [None, [], "llama", 3])
def test_what_is_no_mapping_is_refused(published):
    with pytest.raises(ValueError, match="published=.* is no configuration"):
        read_config(published)
