"""Hostile arguments for what counts, fits and estimates: sizing, scaling, estimates, claims, exercises, recipes."""

import math

import pytest
from hypothesis import strategies as st

from helpers import claims, compare, estimates, exercises, machine, presets, scaling, sizing, tables, training
from helpers.estimates import Estimate
from helpers.models import Config
from helpers.selection import needs
from helpers.sizing import compute, config, costs, memory, parameters
from helpers.sizing import training as training_memory
from helpers.tokens import counting
from tests import fuzz_faults
from tests.fuzzing import (
    NUMBERS,
    Argument,
    Case,
    any_of,
    count,
    fixed,
    hostile_types,
    hostile_values,
    is_part,
    number,
    numbers,
    params,
    size,
    text,
)

PRECISIONS = tuple(sizing.BITS)
POSITIVE = number(st.floats(0.01, 1e12))
AMOUNT = number(st.floats(0, 1e12))
MODEL = Argument(
    *[
        st.sampled_from(["Llama 3.2 1B", *sizing.known_models()[:6]]).map(
            lambda name: sizing.known_model(name if name in sizing.known_models() else sizing.known_models()[0])
        )
    ]
    * 2
)
DEVICE = fixed(sizing.known_device(sizing.known_devices()[0]))
LENGTH, BATCH, PRECISION = size(1, 1024), size(1, 64), any_of(*PRECISIONS)
RUNS = {
    "n_parameters": numbers(st.just([1e4, 1e5, 1e6, 1e4, 1e5, 1e6])),
    "n_tokens": numbers(st.just([1e6, 1e6, 1e6, 1e7, 1e7, 1e7])),
    "losses": numbers(st.lists(st.floats(1, 5), min_size=6, max_size=6)),
    "irreducible": number(st.none() | st.floats(0, 0.9)),
}
BOOLS = Argument(st.booleans(), st.sampled_from([0, 1, "yes", None]))


def not_negative(answer) -> bool:
    return answer >= 0


def spread(answer: Estimate) -> bool:
    return answer.low <= answer.high


def whole(answer) -> bool:
    """Every number in a breakdown is one of bytes, seconds or weights."""
    return all(value >= 0 for value in vars(answer).values() if isinstance(value, int | float))


CASES = [
    Case(
        estimates.proportion,
        {"count": size(0, 50), "total": size(50, 100)},
        lambda e: 0 <= e.low <= e.value <= e.high <= 100.0001,
    ),
    Case(
        estimates.bootstrap,
        {
            "values": numbers(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=9)),
            "statistic": fixed(max),
            "unit": text(),
            "over": text(),
            "n_resamples": count(1, 50),
            "seed": count(0, 99),
        },
        spread,
    ),
    Case(counting.cost, {"tokens": AMOUNT, "price": AMOUNT}, not_negative),
    Case(
        counting.latency,
        {"answer": AMOUNT, "tokens_per_second": POSITIVE, "prompt": AMOUNT, "prompt_tokens_per_second": POSITIVE},
        not_negative,
    ),
    Case(counting.context_share, {"tokens": AMOUNT, "window": size(1, 10**6)}, not_negative),
    Case(scaling.fit_law, RUNS, lambda law: min(law.a, law.b, law.alpha, law.beta, law.irreducible) >= 0),
    Case(scaling.resampled_laws, RUNS | {"n_resamples": count(1, 2), "seed": count(0, 9)}, bool),
    Case(
        scaling.predict,
        RUNS | {"at": numbers(st.just((1e7, 1e8))), "unit": text(), "n_resamples": count(1, 2), "seed": count(0, 9)},
        spread,
    ),
    Case(claims.number, {"value": number(st.floats(-1e9, 1e9)), "unit": text(st.sampled_from(["", "×", "%", "s"]))}, bool),
    Case(claims.number_range, {"low": number(st.floats(0, 9)), "high": number(st.floats(9, 20)), "unit": text()}, bool),
    Case(
        claims.claim,
        {
            "id": text(st.just("fuzz-claim")),
            "sentence": text(st.just("It is {value}.")),
            "value": AMOUNT,
            "unit": text(st.just("s")),
            "condition": fixed(claims.at_least(-math.inf)),
            "scope": fixed("computed"),
            "source": text(st.just("a fuzz")),
        },
    ),
    Case(
        exercises.grade,
        {
            "answer": Argument(st.floats(-9, 9), st.sampled_from(NUMBERS)),
            "expected": fixed(2.5),
            "because": fixed("so"),
            "hints": fixed({3: "Not three."}),
            "rel": fixed(0.01),
        },
        lambda said: isinstance(said[0], bool) and bool(said[1]),
    ),
    Case(presets.preset, {"name": any_of(*presets.PRESETS)}),
    Case(tables.read_table, {"name": any_of("model_configs")}, lambda table: len(table) > 0, may_be_nan=True),
    Case(training.schedule, {"fraction": number(st.floats(0, 1)), "warmup": number(st.floats(0.01, 0.9))}, is_part),
    Case(
        training.Recipe,
        {
            "n_tokens": size(),
            "seconds": number(st.none() | st.floats(1, 9)),
            "batch_size": size(),
            "context": size(),
            "learning_rate": number(st.floats(1e-5, 1)),
            "warmup": number(st.floats(0, 0.9)),
            "weight_decay": number(st.floats(0, 1)),
            "clip": number(st.floats(0.1, 9)),
            "evaluate_every": size(),
            "patience": size(1, 9),
            "seed": size(0),
        },
    ),
    Case(
        Config,
        {
            "vocab_size": size(),
            "d_model": any_of(32, 64),
            "n_layers": size(1, 8),
            "n_heads": any_of(1, 2, 4),
            "n_experts": size(1, 4),
            "d_state": size(),
            "expand": size(1, 4),
        },
    ),
    Case(machine.fastest, {"run": fixed(int), "rounds": count(1, 3)}, not_negative),
    Case(
        machine.fastest_in_turns, {"runs": fixed({"one": int, "other": str}), "rounds": count(1, 3)}, lambda s: len(s) == 2
    ),
    Case(machine.read_bandwidth, {"n_bytes": count(2**16, 2**20), "rounds": count(1, 2)}, lambda rate: rate > 0),
    Case(machine.matmul_rate, {"size": count(1, 64), "rounds": count(1, 2)}, lambda rate: rate > 0),
    Case(compare.best_rates, {"task": any_of("text", "recall")}),
    Case(compare.recall_config, {"name": any_of("transformer", "mamba"), "target": size(10_000, 20_000)}),
    Case(
        needs.Needs,
        {
            "languages": Argument(st.just(["en"]), st.sampled_from([[], ["zz"], ["en", "en"], "en", ["\ud800"]])),
            "domain": any_of(needs.GENERAL),
            "context": size(),
            "users": size(1, 9),
            "devices": size(1, 9),
            "precision": PRECISION,
            "speed": AMOUNT,
            "price": AMOUNT,
            "budget": AMOUNT,
            "commercial": BOOLS,
            "answers": BOOLS,
        },
    ),
]

SIZING = [
    Case(compute.flops_per_token, {"config": MODEL, "context": size(0, 1024)}, not_negative),
    Case(compute.prefill_flops, {"config": MODEL, "length": LENGTH}, not_negative),
    Case(compute.training_flops, {"config": MODEL, "n_tokens": POSITIVE, "context": size(0, 1024)}, not_negative),
    Case(
        compute.prefill,
        {
            "config": MODEL,
            "hardware": DEVICE,
            "length": LENGTH,
            "batch": BATCH,
            "precision": PRECISION,
            "group": size(1, 128),
        },
        whole,
    ),
    Case(
        compute.decode,
        {
            "config": MODEL,
            "hardware": DEVICE,
            "context": LENGTH,
            "batch": BATCH,
            "precision": PRECISION,
            "group": size(1, 128),
        },
        whole,
    ),
    Case(
        compute.read_bytes, {"config": MODEL, "tokens": LENGTH, "precision": PRECISION, "group": size(1, 128)}, not_negative
    ),
    Case(config.known_model, {"name": any_of(*sizing.known_models())}),
    Case(config.n_middle, {"n_layers": count(1, 99), "period": size(1, 9)}, not_negative),
    Case(config.check_size, {"name": fixed("value"), "value": size(), "least": fixed(1)}),
    Case(config.check_context, {"config": MODEL, "context": LENGTH}),
    Case(config.check_positive, {"name": fixed("value"), "value": POSITIVE, "unit": fixed("s"), "or_zero": BOOLS}),
    Case(
        config.ModelConfig,
        {
            "family": any_of(*sizing.FAMILIES),
            "vocab_size": size(),
            "d_model": any_of(64, 128),
            "n_layers": size(1, 99),
            "n_heads": any_of(1, 2, 4),
            "n_kv_heads": any_of(1, 2),
            "d_ff": size(),
            "tied": BOOLS,
            "n_experts": size(1, 8),
            "experts_per_token": size(1, 2),
            "window": size(),
            "expand": any_of(2),
        },
    ),
    Case(
        costs.deployment,
        {
            "config": MODEL,
            "hardware": DEVICE,
            "precision": PRECISION,
            "context": LENGTH,
            "batch": BATCH,
            "price_per_hour": AMOUNT,
            "n_devices": size(1, 9),
            "group": size(1, 128),
        },
        whole,
    ),
    Case(costs.cost_per_million, {"tokens_per_second": POSITIVE, "price_per_hour": AMOUNT}, not_negative),
    Case(
        costs.training_seconds,
        {
            "config": MODEL,
            "n_tokens": POSITIVE,
            "hardware": DEVICE,
            "n_devices": size(1, 9),
            "mfu": number(st.floats(0.01, 1)),
            "context": size(0, 1024),
            "precision": PRECISION,
        },
        not_negative,
    ),
    Case(costs.devices_needed, {"needed_bytes": POSITIVE, "hardware": DEVICE}, lambda n: n >= 1),
    Case(sizing.known_device, {"name": any_of(*sizing.known_devices())}),
    Case(
        sizing.Hardware,
        {
            "name": text(),
            "memory_gb": POSITIVE,
            "bandwidth_gb_s": POSITIVE,
            "tflops_bf16": POSITIVE,
            "tflops_fp32": POSITIVE,
        },
    ),
    Case(memory.bits_per_weight, {"precision": PRECISION, "group": size(1, 128)}, lambda bits: bits > 0),
    Case(memory.number_bytes, {"precision": PRECISION}, lambda n: n > 0),
    Case(memory.weight_bytes, {"config": MODEL, "precision": PRECISION, "group": size(1, 128)}, not_negative),
    Case(memory.cache_numbers, {"config": MODEL, "context": size(0, 1024)}, not_negative),
    Case(memory.kv_numbers, {"config": MODEL, "context": size(0, 1024)}, not_negative),
    Case(memory.state_numbers, {"config": MODEL}, not_negative),
    Case(memory.cache_bytes, {"config": MODEL, "context": LENGTH, "batch": BATCH, "precision": PRECISION}, not_negative),
    Case(memory.working_bytes, {"config": MODEL, "tokens": LENGTH, "batch": BATCH, "precision": PRECISION}, not_negative),
    Case(
        memory.inference_memory,
        {
            "config": MODEL,
            "precision": PRECISION,
            "context": LENGTH,
            "batch": BATCH,
            "group": size(1, 128),
            "chunk": size(1, 512),
        },
        whole,
    ),
    Case(parameters.count_parameters, {"config": MODEL}, whole),
    Case(parameters.weights, {"config": MODEL}, bool),
    Case(
        parameters.lora_parameters,
        {
            "config": MODEL,
            "rank": size(1, 64),
            "targets": Argument(
                st.just(("query", "value")), st.sampled_from([(), ("none-such",), "query", ("query", "query")])
            ),
        },
        not_negative,
    ),
    Case(
        training_memory.training_memory,
        {
            "config": MODEL,
            "context": LENGTH,
            "batch": BATCH,
            "precision": PRECISION,
            "checkpointing": any_of("none", "full"),
            "dropout": BOOLS,
            "lora_rank": size(1, 64),
        },
        whole,
    ),
    Case(
        training_memory.activation_bytes,
        {
            "config": MODEL,
            "context": LENGTH,
            "batch": BATCH,
            "checkpointing": any_of("none", "full"),
            "dropout": BOOLS,
            "precision": PRECISION,
        },
        not_negative,
    ),
]
CASES += SIZING


@pytest.mark.parametrize("case", params(CASES, fuzz_faults.OF_VALUES))
def test_hostile_values(case):
    hostile_values(case)


@pytest.mark.parametrize("case", params(CASES, fuzz_faults.OF_TYPES))
def test_hostile_types(case):
    hostile_types(case)
