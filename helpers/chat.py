"""The chat model of this book, SmolLM2-135M-Instruct: load it, and ask how many bits and seconds a text costs it.

Any other causal model in transformers' format can be read instead: give `load` its folder.
"""

import time
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.assets import path

if TYPE_CHECKING:  # torch and transformers take seconds to import, paid by those who load a model
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

START = "<|endoftext|>"  # stood before each document in pre-training (Allal et al., 2025)
TOKENS_AT_ONCE = 1024  # in one forward pass, padding included
LOGITS_AT_ONCE = 512  # positions whose logits are in memory together: 100 MB at 49,152 tokens


@lru_cache(maxsize=1)
def load(folder: str | Path | None = None) -> "tuple[PreTrainedModel, PreTrainedTokenizerFast]":
    """The model, ready for inference on the best device there is, and its tokenizer. The same objects each time.

    Args:
        folder: of a causal model in transformers' format; without it, the chat model of this book.

    Raises:
        ValueError: if `folder` holds no model.
    """
    from tqdm import TqdmWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TqdmWarning)  # in a notebook it asks for ipywidgets, for a bar that is off
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

    place = Path(folder) if folder else path("chat-model")
    if not (place / "config.json").is_file():
        raise ValueError(f"folder={str(folder)!r} holds no config.json; give the folder of a model in transformers' format")
    disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(place).eval().requires_grad_(False)
    return model.to(_device()), AutoTokenizer.from_pretrained(place)


def bits(texts: Sequence[str], *, max_tokens: int | None = None) -> np.ndarray:
    """The bits that the chat model needs for each text: the sum of −log2 p over its tokens.

    Each text is a document of its own: its first token is predicted from the token that stood before each document in
    pre-training, and special tokens in it are read as plain text. Texts are batched by length, padded on the right, where
    a causal model cannot see the padding.

    Args:
        texts: the texts; none of them empty.
        max_tokens: of each text, score the first so many tokens only. Texts cut so are not the same content in two
            languages.

    Returns:
        Bits, of shape (len(texts),).

    Raises:
        TypeError: if `texts` is one string, or holds something else than strings.
        ValueError: if there are no texts, one is empty or does not fit the model's context, or `max_tokens` is below 1.
    """
    import torch

    ids = _token_ids(texts, max_tokens)
    model, _ = load()
    total = np.zeros(len(ids))
    with torch.inference_mode():
        for batch in _batches([len(row) for row in ids]):
            total[batch] = _bits_of_batch(model, [ids[i] for i in batch])
    return total


def seconds(text: str, n_tokens: int) -> tuple[float, np.ndarray]:
    """How long the chat model takes to read the first tokens of a text, and to write them.

    Reading is one pass over all of them. Writing is one pass a token over what a cache holds of those before, as in
    decoding; the tokens are given, so that the time does not depend on what the model would say.

    Returns:
        Seconds to read all `n_tokens`, and seconds until each of them was written, of shape (n_tokens,).

    Raises:
        TypeError: if `text` is not a string.
        ValueError: if the text has fewer tokens than `n_tokens`, or that is below 1.
    """
    import torch

    if not isinstance(text, str):
        raise TypeError(f"text must be a string, not {type(text).__name__}")
    if n_tokens < 1:
        raise ValueError(f"n_tokens={n_tokens} is too few; time at least 1 token")
    (row,) = _token_ids([text], n_tokens)
    if len(row) - 1 < n_tokens:
        raise ValueError(f"text has {len(row) - 1} tokens, fewer than n_tokens={n_tokens}; give a longer text")
    model, _ = load()
    ids = torch.tensor([row[:-1]], device=model.device)  # (1, n_tokens): each is what the model sees before the next
    with torch.inference_mode():
        start = time.perf_counter()
        model(ids, use_cache=False, logits_to_keep=1).logits.cpu()
        read = time.perf_counter() - start
        cache, written, start = None, [], time.perf_counter()
        for token in ids.split(1, dim=1):
            output = model(token, past_key_values=cache, use_cache=True)
            cache, _ = output.past_key_values, output.logits.cpu()
            written.append(time.perf_counter() - start)
    return read, np.array(written)


def _token_ids(texts: Sequence[str], max_tokens: int | None) -> list[list[int]]:
    """The start token and then the tokens of each text, once the texts are what they must be."""
    if isinstance(texts, str) or not all(isinstance(text, str) for text in texts):
        raise TypeError("texts must be a sequence of strings; put a single text in a list")
    if not len(texts):
        raise ValueError("texts=[] is an empty corpus; give at least one text")
    if empty := [i for i, text in enumerate(texts) if not text]:
        raise ValueError(f"texts[{empty[0]}] is empty; a text has at least one token to predict")
    if max_tokens is not None and max_tokens < 1:
        raise ValueError(f"max_tokens={max_tokens} is too few; score at least 1 token of each text, or None for all")
    model, tokenizer = load()
    start = tokenizer.convert_tokens_to_ids(START)
    rows = tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True)["input_ids"]
    ids = [[start, *row[:max_tokens]] for row in rows]
    room = model.config.max_position_embeddings
    if long := [i for i, row in enumerate(ids) if len(row) > room]:
        n = len(ids[long[0]]) - 1
        raise ValueError(
            f"texts[{long[0]}] has {n:,} tokens; the model's context holds {room - 1:,}: split it, or set max_tokens"
        )
    return ids


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of texts of like length, as many as fit `TOKENS_AT_ONCE` when padded to the longest; at least one."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batch and (len(batch) + 1) * lengths[index] > TOKENS_AT_ONCE:
            yield batch
            batch = []
        batch.append(index)
    yield batch


def _bits_of_batch(model: "PreTrainedModel", ids: Sequence[Sequence[int]]) -> np.ndarray:
    """Bits of each row of ids after its first token; shape (len(ids),)."""
    import torch

    rows = [torch.tensor(row, device=model.device) for row in ids]
    padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)  # (batch, longest)
    counted = torch.arange(1, padded.shape[1], device=model.device) < torch.tensor(
        [[len(row)] for row in ids], device=model.device
    )  # (batch, longest - 1): True at tokens to predict
    hidden = model.model(padded[:, :-1], use_cache=False).last_hidden_state[counted]  # (n, hidden)
    targets = padded[:, 1:][counted]  # (n,)
    losses = [
        torch.nn.functional.cross_entropy(model.lm_head(h).float(), t, reduction="none")
        for h, t in zip(hidden.split(LOGITS_AT_ONCE), targets.split(LOGITS_AT_ONCE), strict=True)
    ]
    nats = torch.zeros(counted.shape, dtype=torch.float64)
    nats[counted.cpu()] = torch.cat(losses).double().cpu()
    return (nats.sum(dim=1) / np.log(2)).numpy()


def _device() -> "torch.device":
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
