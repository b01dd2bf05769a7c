"""Load a chat model."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.assets import path

if TYPE_CHECKING:  # torch and transformers take seconds to import, paid by those who load a model
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

    Loaded = tuple[PreTrainedModel, PreTrainedTokenizerFast]


def load(folder: str | Path | None = None, device: "str | torch.device | None" = None) -> "Loaded":
    """The model, ready for inference, and its tokenizer. The same objects each time; those loaded last are kept.

    Args:
        folder: of a causal model in transformers' format; without it, the chat model of this book.
        device: where it computes, such as "cpu" or "cuda:1"; without it, the best there is.

    Raises:
        ValueError: if `folder` holds no model, or there is no such device.
    """
    place = Path(folder) if folder else path("chat-model")
    if not (place / "config.json").is_file():
        raise ValueError(f"folder={str(folder)!r} holds no config.json; give the folder of a model in transformers' format")
    return _load(place, str(_device(device)))


@lru_cache(maxsize=1)
def _load(place: Path, device: str) -> "Loaded":
    from transformers.utils.logging import disable_progress_bar

    from helpers.quiet import transformers

    disable_progress_bar()
    model = transformers.AutoModelForCausalLM.from_pretrained(place).eval().requires_grad_(False)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(place)
    return model.to(device), tokenizer


def _device(device: "str | torch.device | None") -> "torch.device":
    import torch

    if device is None:
        best = "mps" if torch.backends.mps.is_available() else "cpu"
        return torch.device("cuda" if torch.cuda.is_available() else best)
    try:
        found = torch.device(device)
        torch.empty(0, device=found)
    except (RuntimeError, AssertionError) as error:  # no such name; built without it; none such in this machine
        raise ValueError(f"device={str(device)!r} is none of this machine; give one such as 'cpu', or None") from error
    return found
