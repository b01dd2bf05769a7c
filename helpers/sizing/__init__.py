"""What a model's size means: parameters, memory, speed and cost, all from its published configuration.

`reading`: a `config.json` into the parts of a model, which `layers` builds and `config` counts. `memory`: what running it
needs. `compute`: FLOPs and rooflines on the devices of `hardware`. `training`, `costs`: what training and serving need.

An argument means the same in all functions, and what it does not accept is a ValueError that names it:

    config            of the model, from `read_config` or `known_model`
    hardware          one device, from `known_device` or one's own `Hardware`; `n_devices` of them share the work
    context, length   tokens in each text, prompt and answer together; no more than the model reads
    batch             texts at once
    precision         of the weights, a name of `BITS`; what is computed has 32 bits in fp32, else 16
    cache_precision   of the KV cache, a name of `BITS`; None for that of what is computed
"""

from helpers.sizing.compute import (
    Roofline,
    decode,
    flops_per_token,
    prefill,
    prefill_flops,
    read_bytes,
    training_flops,
)
from helpers.sizing.config import ModelConfig, Parameters, Part, count_parameters, lora_parameters
from helpers.sizing.costs import Deployment, cost_per_million, deployment, devices_needed
from helpers.sizing.hardware import Hardware, known_device, known_devices
from helpers.sizing.memory import (
    BITS,
    Memory,
    cache_bytes,
    inference_memory,
    largest_batch,
    largest_context,
    weight_bytes,
    working_bytes,
)
from helpers.sizing.reading import known_model, known_models, published_config, read_config, released
from helpers.sizing.training import TrainingMemory, activation_bytes, training_memory, training_seconds

__all__ = [
    "BITS", "Deployment", "Hardware", "Memory", "ModelConfig", "Parameters", "Part", "Roofline", "TrainingMemory",
    "activation_bytes", "cache_bytes", "cost_per_million", "count_parameters", "decode", "deployment", "devices_needed",
    "flops_per_token", "inference_memory", "known_device", "known_devices", "known_model", "known_models",
    "largest_batch", "largest_context", "lora_parameters", "prefill", "prefill_flops", "published_config", "read_bytes",
    "read_config", "released", "training_flops", "training_memory", "training_seconds", "weight_bytes", "working_bytes",
]  # fmt: skip
