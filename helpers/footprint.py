"""The memory that the chat model takes: measured at the peak, in a process of its own, beside what the sizes predict."""

import tempfile
from typing import Any

from helpers.machine import peak_bytes
from helpers.sizing import inference_memory
from helpers.sizing.config import ModelConfig, check_size

CHUNK = 2048  # tokens of a text that are read at once


def chat_model_memory(config: ModelConfig, context: int, batch: int = 1, chunk: int = CHUNK) -> dict[str, Any]:
    """Bytes at the peak of loading the chat model and reading texts with it, and the bytes predicted.

    Args:
        config: the chat model's sizes.
        context: tokens in each text.
        batch: texts at once.
        chunk: tokens of each text that are read in one pass.

    Returns:
        The arguments, and the bytes "predicted" and "measured".

    Raises:
        ValueError: if a number is no size.
    """
    for name, value in (("context", context), ("batch", batch), ("chunk", chunk)):
        check_size(name, value)
    measured, _ = peak_bytes(read_texts, context, batch, chunk, warm_up=read_with_a_tiny_model)
    predicted = inference_memory(config, "fp32", context, batch, chunk=chunk * batch).total
    return {"context": context, "batch": batch, "chunk": chunk, "predicted": predicted, "measured": measured}


def read_texts(context: int, batch: int, chunk: int) -> None:
    """Load the chat model from its file and read texts into its cache."""
    from helpers.assets import path

    _read(str(path("chat-model")), context, batch, chunk)


def read_with_a_tiny_model() -> None:
    """Do the same with a model of next to no size, so that what code and libraries take is in memory beforehand."""
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    sizes: dict[str, Any] = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "vocab_size": 16}
    with tempfile.TemporaryDirectory() as folder:
        LlamaForCausalLM(LlamaConfig(**sizes, num_attention_heads=2, num_key_value_heads=1)).save_pretrained(folder)
        _read(folder, context=16, batch=2, chunk=8)


def _read(folder: str, context: int, batch: int, chunk: int) -> None:
    import torch
    from transformers import LlamaForCausalLM

    torch.set_num_threads(1)
    model, cache = LlamaForCausalLM.from_pretrained(folder).eval(), None
    with torch.inference_mode():
        for part in torch.ones(batch, context, dtype=torch.long).split(chunk, dim=1):
            output = model(part, cache=cache, use_cache=True, logits_to_keep=1)
            cache = output.cache
