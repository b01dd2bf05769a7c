"""Memory, speed and cost from a config: by hand, as the papers have them, as the libraries have them."""

import math
from dataclasses import fields

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import sizing
from helpers.sizing import (
    BITS,
    Hardware,
    activation_bytes,
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
    largest_batch,
    largest_context,
    prefill,
    prefill_flops,
    published_config,
    read_bytes,
    read_config,
    training_flops,
    training_memory,
    training_seconds,
    weight_bytes,
)
from tests.test_sizing_parameters import library_model

LLAMA = {"model_type": "llama", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 4,
         "num_key_value_heads": 2, "intermediate_size": 24}  # fmt: skip
SMALL = read_config(LLAMA)
LOCAL = LLAMA | {"model_type": "gemma3_text", "sliding_window": 3, "head_dim": 4,
                 "layer_types": ["sliding_attention", "sliding_attention", "full_attention"]}  # fmt: skip
LATENT = LLAMA | {"model_type": "deepseek_v3", "num_key_value_heads": 4, "n_routed_experts": 4, "num_experts_per_tok": 2,
                  "moe_intermediate_size": 8, "n_shared_experts": 1, "first_k_dense_replace": 1, "q_lora_rank": 6,
                  "kv_lora_rank": 8,
                  "qk_nope_head_dim": 4, "qk_rope_head_dim": 2, "v_head_dim": 4, "n_group": 1, "topk_group": 1}  # fmt: skip
DELTA = LLAMA | {"model_type": "qwen3_5_text", "head_dim": 4, "linear_num_key_heads": 2, "linear_num_value_heads": 4,
                 "linear_key_head_dim": 4, "linear_value_head_dim": 4, "linear_conv_kernel_dim": 4,
                 "layer_types": ["linear_attention", "linear_attention", "full_attention"]}  # fmt: skip
MAMBA = {"model_type": "mamba", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 3, "state_size": 8}
MAMBA2 = {"model_type": "mamba2", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 3, "state_size": 8,
          "num_heads": 4, "head_dim": 8, "n_groups": 1}  # fmt: skip
JAMBA = LLAMA | {"model_type": "jamba", "num_hidden_layers": 4, "mamba_d_state": 8, "attn_layer_period": 4,
                 "attn_layer_offset": 2, "num_experts": 2, "num_experts_per_tok": 1, "expert_layer_period": 2,
                 "expert_layer_offset": 1}  # fmt: skip
RWKV = {"model_type": "rwkv", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 3, "attention_hidden_size": 16}
CONVOLUTION = LLAMA | {"model_type": "lfm2", "conv_L_cache": 3, "block_auto_adjust_ff_dim": False,
                       "layer_types": ["conv", "full_attention", "conv"]}  # fmt: skip
TINY = {"llama": LLAMA, "windows": LOCAL, "latent": LATENT, "delta": DELTA, "mamba": MAMBA, "mamba-2": MAMBA2,
        "jamba": JAMBA, "rwkv": RWKV, "convolution": CONVOLUTION}  # fmt: skip
DEVICE = Hardware("a device", memory_gb=80, bandwidth_gb_s=2000, tflops_bf16=300, tflops_fp32=20)


# Memory ---------------------------------------------------------------------------------------------------------------


def test_bytes_of_weights_by_precision():
    config = known_model("Llama-2-7B")
    n = count_parameters(config).total
    assert [weight_bytes(config, precision) / n for precision in ("fp32", "bf16", "fp8")] == [4, 2, 1]
    by_group = {"int8": (8, 16, 128), "int4": (4, 16, 128), "MXFP4": (4, 8, 32), "NVFP4": (4, 8, 16), "Q8_0": (8, 16, 32)}
    for precision, (bits, scale, group) in by_group.items():
        assert BITS[precision] == bits + scale / group


@pytest.mark.parametrize("name", ["Q8_0", "Q6_K", "Q5_K", "Q4_K", "Q4_0", "Q3_K", "Q2_K"])
def test_bits_of_gguf_are_those_of_its_own_reader(name):
    import gguf

    block, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
    assert BITS[name] == 8 * size / block


def test_cache_of_a_known_model_by_hand():
    assert cache_bytes(known_model("Llama-2-7B"), 4096) == 2 * 32 * 4096 * 4096 * 2  # 0.5 MiB a token
    assert cache_bytes(known_model("Llama-2-70B"), 1, 3) == 3 * 2 * 80 * 8 * 128 * 2
    assert cache_bytes(known_model("Llama-3-8B"), 10, precision="fp8") == 2 * 32 * 8 * 128 * 10
    mistral = known_model("Mistral-7B-v0.1")
    assert cache_bytes(mistral, 32_768) == cache_bytes(mistral, 4096), "the window bounds what is kept"
    # bytes of a first token as S. Raschka's gallery has them, in KiB
    published = {"gpt-oss-20b": 48, "Gemma-3-27B": 496, "Gemma-4-31B": 840, "Mistral-Small-4-119B": 22.5}
    for name, kib in published.items():
        assert cache_bytes(known_model(name), 1) == 1024 * kib
    assert cache_bytes(known_model("DeepSeek-V3"), 1) == 61 * (512 + 64) * 2  # 68.6 KiB
    nemotron = known_model("Nemotron-3-Nano-30B-A3B")
    assert cache_bytes(nemotron, 11) - cache_bytes(nemotron, 10) == 6 * 2 * 2 * 128 * 2, "six layers of attention"
    state = 23 * (64 * 64 * 128 + (64 * 64 + 2 * 8 * 128) * 4)
    assert cache_bytes(nemotron, 0) == 2 * state == cache_bytes(nemotron, 0, precision="Q4_0"), "a state stays in 16 bits"


@pytest.mark.parametrize("kind", [kind for kind in TINY if kind != "latent"])  # which the library keeps expanded
def test_the_cache_is_as_large_as_the_librarys(kind):
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    published = TINY[kind] | {"pad_token_id": None}
    model = transformers.AutoModelForCausalLM.from_config(
        transformers.AutoConfig.for_model(published.pop("model_type"), **published)
    ).eval()
    config, batch, length = read_config(TINY[kind]), 2, 7
    assert count_parameters(config).total == sum(weight.numel() for weight in model.parameters())
    with torch.no_grad():
        out = model(torch.zeros(batch, length, dtype=torch.long), use_cache=True)
    kept = _tensors(next(out[name] for name in ("past_key_values", "cache", "state") if out.get(name) is not None))
    if kind == "windows":  # the library keeps a position less: the next token brings its own
        config = read_config(LOCAL | {"sliding_window": LOCAL["sliding_window"] - 1})
    assert sum(tensor.nbytes for tensor in kept if tensor.ndim) == cache_bytes(config, length, batch, "fp32")


def _tensors(kept: object) -> list:
    import torch

    if isinstance(kept, torch.Tensor):
        return [kept]
    if isinstance(kept, list | tuple):
        return [tensor for item in kept for tensor in _tensors(item)]
    inside = kept if isinstance(kept, dict) else getattr(kept, "__dict__", {})
    return _tensors(list(inside.values()))


def test_memory_to_run():
    config = known_model("Llama-3-8B")
    memory = inference_memory(config, "int4", 8192, 2)
    assert memory.weights == weight_bytes(config, "int4") and memory.cache == cache_bytes(config, 8192, 2)
    assert memory.working == 2 * 2048 * (2 * 4096 + 3 * 14_336) + 4 * 2 * 128_256  # two texts, read 2,048 tokens at once
    assert memory.total == memory.weights + memory.cache + memory.working
    assert inference_memory(config, "fp32", 100).cache == cache_bytes(config, 100, precision="fp32")
    assert inference_memory(config, "bf16", 100, cache_precision="fp8").cache == cache_bytes(config, 100, precision="fp8")


@given(st.sampled_from(known_models()), st.sampled_from(sorted(BITS)), st.floats(1e8, 1e13), st.integers(1, 100))
@settings(max_examples=60, deadline=None)
def test_the_largest_fits_and_one_more_does_not(name, precision, room, n):
    config = known_model(name)
    context, batch = largest_context(config, room, precision, n), largest_batch(config, room, precision, n)

    def needed(context, batch):
        return inference_memory(config, precision, context, batch).total

    assert context == 0 or needed(context, n) <= room
    assert context == config.max_context or context == 2**30 or needed(context + 1, n) > room
    assert batch == 0 or needed(n, batch) <= room
    assert needed(n, batch + 1) > room


def test_activations_are_those_of_the_paper():
    gpt3, s, b = known_model("GPT-3 175B"), 2048, 4
    d, heads, layers, v = gpt3.d_model, 96, gpt3.n_layers, gpt3.vocab_size
    outside = 4 * s * b * (d + v)
    found = [activation_bytes(gpt3, s, b, how) - outside for how in ("none", "selective", "full")]
    assert found == [s * b * d * layers * (32 + 2 * heads * s / d), 32 * s * b * d * layers, 2 * s * b * d * layers]


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


@pytest.mark.parametrize("name", ["Llama-2-7B", "Llama-3-8B", "Qwen2.5-0.5B", "GPT-2", "Gemma-2B", "Pythia-160M", "Phi-4"])
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


@pytest.mark.parametrize("kind", [kind for kind in TINY if kind != "latent"])
def test_prefill_adds_up_what_each_token_looks_at(kind):
    config = read_config(TINY[kind])
    head = 2 * config.vocab_size * config.d_model
    each = [flops_per_token(config, position) - head for position in range(1, 11)]
    assert prefill_flops(config, 10) == sum(each) + head


def test_latent_attention_looks_at_keys_while_it_reads_and_at_the_latent_while_it_writes():
    config, layers, heads = read_config(LATENT), 3, 4
    assert flops_per_token(config, 5) - flops_per_token(config) == 5 * layers * heads * 2 * (2 * 8 + 2)
    longer = prefill_flops(config, 2) - 2 * flops_per_token(config) + 2 * config.vocab_size * config.d_model
    assert longer == 3 * layers * heads * 2 * (4 + 2 + 4)


def test_positions_that_are_not_chosen_are_kept_but_not_read():
    config = known_model("DeepSeek-V3.2")
    near, far = (decode(config, DEVICE, context) for context in (2048, 100_000))
    index = 61 * 128 * (100_000 - 2048)
    assert far.bytes - near.bytes == 2 * index, "only the indexer's keys grow in what is read"
    assert cache_bytes(config, 100_000) - cache_bytes(config, 2048) == 2 * (index + 61 * 576 * (100_000 - 2048))


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
    assert step.bytes - decode(config, DEVICE, 1000, cache_precision="fp8").bytes == cache_bytes(config, 1000) / 2


def test_fp32_computes_at_its_own_rate():
    assert prefill(SMALL, DEVICE, 9, precision="fp32").compute_seconds == prefill_flops(SMALL, 9) / 20e12
    assert Hardware("x", 1, 1, 1).flops("fp32") == 1e12


def test_a_state_is_read_and_written():
    config = read_config(MAMBA | {"tie_word_embeddings": True})
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
    half = deployment(config, device, context=2048, price_per_hour=3, efficiency=0.5)
    assert half.output_cost == pytest.approx(2 * one.output_cost) and half.speed == one.speed / 2


# Of any model ---------------------------------------------------------------------------------------------------------


@given(context=st.integers(1, 8_000), batch=st.integers(1, 500), name=st.sampled_from(known_models()))
@settings(max_examples=80, deadline=None)
def test_longer_and_more_texts_take_more_of_all(context, batch, name):
    config = known_model(name)
    context = min(context, (config.max_context or 8_000) - 1)
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


def test_models_are_of_today():
    new = [name for name in known_models() if (sizing.released(name) or "") >= "2025-06"]
    assert len(known_models()) >= 90 and len(new) >= 50
    assert published_config("Llama-2-7B")["hidden_size"] == 4096


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: known_model("GPT-5"), "name='GPT-5' is not in data/model_configs.json"),
        (lambda: known_device("GPU"), "name='GPU' is not in data/hardware.csv"),
        (lambda: cache_bytes(known_model("GPT-2"), 1025), "context=1025 is more than the model's max_context=1024"),
        (lambda: deployment(SMALL, DEVICE, context=0), "context=0 is no size"),
        (lambda: deployment(SMALL, DEVICE, batch=-1), "batch=-1 is no size"),
        (lambda: deployment(SMALL, DEVICE, "int3"), "precision='int3' is not known; there are fp32, bf16"),
        (lambda: deployment(SMALL, DEVICE, cache_precision="int3"), "cache_precision='int3' is not known"),
        (lambda: deployment(SMALL, DEVICE, efficiency=0), "efficiency=0 is not accepted"),
        (lambda: deployment(SMALL, DEVICE, efficiency=1.5), "efficiency=1.5 is more than the bound"),
        (lambda: deployment(SMALL, DEVICE, price_per_hour=math.nan), "price_per_hour=nan is not accepted"),
        (lambda: largest_context(SMALL, math.nan), "memory_bytes=nan is not accepted"),
        (lambda: Hardware("x", 0, 1, 1), "memory_gb=0 is not accepted"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
