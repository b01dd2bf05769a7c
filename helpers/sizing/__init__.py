"""What a model's size means: parameters, memory, speed and cost, all from its config.

`config`: the sizes of a model. `parameters`: every weight, counted. `memory`: what running it needs. `training`: what
training it needs. `hardware`: devices. `compute`: FLOPs and rooflines. `costs`: time and money.
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
from helpers.sizing.config import FAMILIES, ModelConfig, known_model, known_models
from helpers.sizing.costs import (
    Deployment,
    cost_per_million,
    deployment,
    devices_needed,
    training_seconds,
)
from helpers.sizing.hardware import Hardware, known_device, known_devices
from helpers.sizing.memory import (
    BITS,
    Memory,
    bits_per_weight,
    cache_bytes,
    inference_memory,
    weight_bytes,
    working_bytes,
)
from helpers.sizing.parameters import Parameters, Weight, count_parameters, lora_parameters, weights
from helpers.sizing.training import TrainingMemory, activation_bytes, training_memory

__all__ = [
    "BITS", "FAMILIES", "Deployment", "Hardware", "Memory", "ModelConfig", "Parameters", "Roofline", "TrainingMemory",
    "Weight", "activation_bytes", "bits_per_weight", "cache_bytes", "cost_per_million", "count_parameters", "decode",
    "deployment", "devices_needed", "flops_per_token", "inference_memory", "known_device", "known_devices", "known_model",
    "known_models", "lora_parameters", "prefill", "prefill_flops", "read_bytes", "training_flops",
    "training_memory", "training_seconds", "weight_bytes", "weights", "working_bytes",
]  # fmt: skip
