"""Memory, speed and cost from a config: by hand, as the papers have them, as the libraries have them."""

import math
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import sizing
from helpers.sizing import (
    Hardware,
    ModelConfig,
    activation_bytes,
    bits_per_weight,
    cache_bytes,
    count_parameters,
    decode,
    deployment,
    flops_per_token,
    inference_memory,
    known_device,
    known_devices,
    known_model,
    known_models,
    prefill,
    prefill_flops,
    read_bytes,
    training_flops,
    training_memory,
    training_seconds,
    weight_bytes,
    working_bytes,
)
from tests.test_sizing_parameters import built, library_model

SMALL = ModelConfig("transformer", vocab_size=50, d_model=16, n_layers=3, n_heads=4, n_kv_heads=2, d_ff=24)
RECURRENT = {
    "Mamba": ModelConfig("mamba", vocab_size=50, d_model=16, n_layers=3, d_state=8, tied=True),
    "Mamba2": ModelConfig("mamba-2", vocab_size=50, d_model=16, n_layers=3, d_state=8, ssm_head_dim=8, tied=True),
    "Jamba": ModelConfig("hybrid", vocab_size=50, d_model=16, n_layers=4, n_heads=4, d_ff=24, d_state=8, attention_period=4),
    "Rwkv": ModelConfig("rwkv", vocab_size=50, d_model=16, n_layers=3, layer_norm=True),
}
DEVICE = Hardware("a device", memory_gb=80, bandwidth_gb_s=2000, tflops_bf16=300, tflops_fp32=20)


# Memory ---------------------------------------------------------------------------------------------------------------


def test_bytes_of_weights_by_precision():
    n = count_parameters(known_model("Llama-2-7B")).total
    config = known_model("Llama-2-7B")
    assert [weight_bytes(config, precision) / n for precision in ("fp32", "bf16", "fp16")] == [4, 2, 2]
    assert weight_bytes(config, "int8", group=64) == n * 1.03125 and weight_bytes(config, "int4", group=32) == n * 0.5625
    assert bits_per_weight("int4") == 4 + 16 / 128


def test_cache_of_a_known_model_by_hand():
    assert cache_bytes(known_model("Llama-2-7B"), 4096) == 2 * 32 * 4096 * 4096 * 2  # 0.5 MiB a token
    assert cache_bytes(known_model("Llama-2-70B"), 1, 3) == 3 * 2 * 80 * 8 * 128 * 2
    assert cache_bytes(known_model("Llama-3-8B"), 10, precision="int8") == 2 * 32 * 8 * 128 * 10
    mistral = known_model("Mistral-7B-v0.1")
    assert cache_bytes(mistral, 32_768) == cache_bytes(mistral, 4096), "the window bounds what is kept"


@pytest.mark.parametrize("kind", ["Llama", *RECURRENT])
def test_the_cache_is_as_large_as_the_librarys(kind):
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    config, batch, length = RECURRENT.get(kind, SMALL), 2, 7
    model = built(kind, config).to_empty(device="cpu").eval()
    for weight in model.parameters():
        torch.nn.init.normal_(weight)
    with torch.no_grad():
        out = model(torch.zeros(batch, length, dtype=torch.long), use_cache=True)
    kept = _tensors(next(out[name] for name in ("cache", "state") if out.get(name) is not None))
    assert sum(tensor.nbytes for tensor in kept) == cache_bytes(config, length, batch, "fp32")


def _tensors(kept: object) -> list:
    import torch

    if isinstance(kept, torch.Tensor):
        return [kept]
    if isinstance(kept, list | tuple):
        return [tensor for item in kept for tensor in _tensors(item)]
    inside = kept if isinstance(kept, dict) else getattr(kept, "__dict__", {})
    return _tensors(list(inside.values()))


def test_activations_are_those_of_the_paper():
    gpt3, s, b = known_model("GPT-3 175B"), 2048, 4
    h, a, layers, v = gpt3.d_model, gpt3.n_heads, gpt3.n_layers, gpt3.vocab_size
    outside = 4 * s * b * (h + v)
    found = [activation_bytes(gpt3, s, b, how, dropout=True) - outside for how in ("none", "selective", "full")]
    assert found == [s * b * h * layers * (34 + 5 * a * s / h), 34 * s * b * h * layers, 2 * s * b * h * layers]


@pytest.mark.parametrize("name", known_models())
def test_checkpointing_keeps_less(name):
    kept = [activation_bytes(known_model(name), 1024, 2, how) for how in ("none", "selective", "full")]
    assert kept[0] >= kept[1] > kept[2] > 0
    assert activation_bytes(known_model(name), 512, 2, precision="fp32") > activation_bytes(known_model(name), 512, 2)


def test_training_takes_sixteen_bytes_a_parameter():
    config = known_model("SmolLM2-135M")
    n = count_parameters(config).total
    for precision, parts in {"bf16": (2, 2, 12), "fp32": (4, 4, 8)}.items():
        memory = training_memory(config, 128, 1, precision=precision)
        assert (memory.weights / n, memory.gradients / n, memory.optimiser / n) == parts
        assert memory.total == 16 * n + memory.activations
    adapters = sizing.lora_parameters(config, 8)
    lora = training_memory(config, 128, 1, lora_rank=8, frozen_precision="int4")
    assert lora.total - lora.activations == pytest.approx(weight_bytes(config, "int4") + 16 * adapters)


# Compute --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Llama-2-7B", "Llama-3-8B", "Qwen2.5-0.5B", "GPT-2", "Gemma-2B", "Pythia-160M"])
def test_flops_are_those_that_torch_counts(name):
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    model, config, length = library_model(name), known_model(name), 256
    model.set_attn_implementation("eager")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        ids, mask = torch.zeros(1, length, dtype=torch.long, device="meta"), torch.zeros(1, 1, length, length, device="meta")
        model(ids, attention_mask=mask, use_cache=False)
    all_look_at_all = length * flops_per_token(config, length)  # the library computes what the mask then hides
    assert counter.get_total_flops() == pytest.approx(all_look_at_all, rel=1e-3), "norms and biases are in N"


def test_prefill_adds_up_what_each_token_looks_at():
    for config in (SMALL, replace(SMALL, window=3), *RECURRENT.values()):
        head = 2 * config.vocab_size * config.d_model
        each = [flops_per_token(config, position) - head for position in range(1, 11)]
        assert prefill_flops(config, 10) == sum(each) + head


def test_training_is_six_operations_a_parameter_and_token():
    config = known_model("Llama-2-7B")
    n = count_parameters(config).multiplied
    assert training_flops(config, 1e9) == 6e9 * n
    with_attention = training_flops(config, 4096, 4096)
    assert with_attention == 6 * 4096 * n + 3 * 4 * 32 * 4096 * (4096 * 4097 // 2)
    day = training_seconds(config, 1e12, DEVICE, 100, mfu=0.5) / 86_400
    assert day == pytest.approx(6e12 * n / (0.5 * 100 * 3e14) / 86_400)


def test_decode_of_one_text_reads_the_weights_and_its_cache():
    config = known_model("Llama-2-7B")
    step = decode(config, DEVICE, 1000)
    lookup = 2 * (32_000 - 1) * 4096  # the rows of the table that are not looked up
    assert step.bytes == weight_bytes(config) - lookup + cache_bytes(config, 1000)
    assert step.seconds == step.bytes / 2e12 and step.bound == "bandwidth" and step.tokens_per_second == 1 / step.seconds
    assert decode(config, DEVICE, 1, 100_000).bound == "compute"
    assert prefill(config, DEVICE, 2048).bound == "compute" and prefill(config, DEVICE, 1).bound == "bandwidth"


def test_fp32_computes_at_its_own_rate():
    assert prefill(SMALL, DEVICE, 9, precision="fp32").compute_seconds == prefill_flops(SMALL, 9) / 20e12
    assert Hardware("x", 1, 1, 1).flops("fp32") == 1e12


def test_a_state_is_read_and_written():
    config = RECURRENT["Mamba"]
    moved = [decode(config, DEVICE, context, 5).bytes for context in (1, 1_000_000)]
    assert moved[0] == moved[1] == weight_bytes(config) + 2 * cache_bytes(config, 1, 5)


def test_experts_are_read_when_some_token_chose_them():
    import numpy as np

    config, rng = known_model("Mixtral-8x7B"), np.random.default_rng(0)
    expert = 3 * 4096 * 14_336
    for tokens in (1, 4, 16):
        chosen = [len(np.unique([rng.choice(8, 2, replace=False) for _ in range(tokens)])) for _ in range(4_000)]
        rest = read_bytes(config, tokens) / 2 - (
            tokens * 4096 + 32_000 * 4096 + 32 * (2 * 4096**2 * 1.25 + 8 * 4096) + 65 * 4096
        )
        assert rest / (32 * expert) == pytest.approx(np.mean(chosen), abs=4 * np.std(chosen) / 4_000**0.5 + 1e-9)
    one = count_parameters(config).active - 31_999 * 4096
    assert read_bytes(config, 1) == 2 * one


def test_several_devices_are_one_that_is_larger():
    config, device = known_model("Llama-2-70B"), known_device("NVIDIA H100 80 GB")
    one, four = (deployment(config, device, context=2048, price_per_hour=3, n_devices=n) for n in (1, 4))
    assert not one.fits and four.fits and four.decode.seconds == pytest.approx(one.decode.seconds / 4)
    assert four.output_cost == pytest.approx(one.output_cost), "four times as fast, four times as dear"
    assert sizing.devices_needed(one.memory.total, device) == 2
    assert four.output_cost == pytest.approx(1e6 * four.decode.seconds / 3600 * 12)


def test_memory_of_a_deployment():
    config = known_model("Llama-3-8B")
    memory = inference_memory(config, "int4", 8192, 2)
    assert memory.weights == weight_bytes(config, "int4") and memory.cache == cache_bytes(config, 8192, 2, "bf16")
    assert memory.working == working_bytes(config, 2048, 2, "int4")
    assert memory.total == memory.weights + memory.cache + memory.working
    assert inference_memory(config, "fp32", 100).cache == cache_bytes(config, 100, precision="fp32")
    assert inference_memory(config, "bf16", 100, cache_precision="int8").cache == cache_bytes(config, 100, precision="int8")


# Of any model ---------------------------------------------------------------------------------------------------------


@given(
    context=st.integers(1, 100_000),
    batch=st.integers(1, 500),
    name=st.sampled_from(["Llama-3-8B", "Mamba-2.8B", "Jamba-v0.1"]),
)
@settings(max_examples=40, deadline=None)
def test_longer_and_more_texts_take_more_of_all(context, batch, name):
    config = known_model(name)
    base, longer, more = (
        deployment(config, DEVICE, context=c, batch=b, price_per_hour=1.0)
        for c, b in ((context, batch), (context + 1, batch), (context, batch + 1))
    )
    for other in (longer, more):
        assert other.memory.total >= base.memory.total and other.decode.seconds >= base.decode.seconds
        assert other.prefill.flops > base.prefill.flops
    assert more.output_cost <= base.output_cost * (1 + 1e-12), "a batch shares the weights"


@pytest.mark.parametrize("name", known_devices())
def test_devices_are_plain_numbers(name):
    device = known_device(name)
    values = [getattr(device, field.name) for field in fields(Hardware)[1:]]
    assert all(isinstance(value, float) and math.isfinite(value) for value in values)
    assert device.tflops_fp32 <= device.tflops_bf16
