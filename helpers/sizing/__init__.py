"""What a model's size means: parameters, memory, speed and cost, all from its published configuration.

An argument means the same in all functions, and what it does not accept is a ValueError that names it:

    config            of the model, from `read_config` or `known_model`
    hardware          one device, from `known_device` or one's own `Hardware`; `n_devices` of them share the work
    context, length   tokens in each text, prompt and answer together; no more than the model reads
    batch             texts at once
    precision         of the weights, a name of `BITS`; what is computed has 32 bits in fp32, else 16
    cache_precision   of the KV cache, a name of `BITS`; None for that of what is computed
"""

from helpers.sizing.compute import Roofline, decode, flops_per_token, prefill, prefill_flops, read_bytes, training_flops
from helpers.sizing.config import Hardware, ModelConfig, count_parameters, known_device, known_devices
from helpers.sizing.costs import Deployment, deployment, devices_needed
from helpers.sizing.memory import BITS, cache_bytes, inference_memory, largest_batch, largest_context, weight_bytes
from helpers.sizing.published import known_models, published_config, released
from helpers.sizing.reading import known_model, read_config
from helpers.sizing.training import activation_bytes, lora_parameters, training_memory, training_seconds

__all__ = [
    "BITS", "Deployment", "Hardware", "ModelConfig", "Roofline", "activation_bytes", "cache_bytes", "count_parameters",
    "decode", "deployment", "devices_needed", "flops_per_token", "inference_memory", "known_device", "known_devices",
    "known_model", "known_models", "largest_batch", "largest_context", "lora_parameters", "prefill", "prefill_flops",
    "published_config", "read_bytes", "read_config", "released", "training_flops", "training_memory", "training_seconds",
    "weight_bytes",
]  # fmt: skip
