"""What the model makes of text that is given: bits, log-probabilities, and the seconds it takes."""

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from helpers.chat.loading import load
from helpers.chat.prompts import check_room, check_texts, continuation_ids, prompt_rows, text_ids

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from helpers.chat.loading import Loaded

TOKENS_AT_ONCE = 1024  # in one forward pass, padding included
LOGITS_AT_ONCE = 512  # positions whose logits are in memory together: 100 MB at 49,152 tokens


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
    rows = _token_ids(texts, max_tokens)
    return np.array([-log_probs.sum() / np.log(2) for log_probs in _log_probs(load()[0], rows)])


def score(
    prompts: Sequence[str | Sequence[int]], continuations: Sequence[str], *, model: "Loaded | None" = None
) -> list[np.ndarray]:
    """The log-probabilities that a model gives to continuations of prompts.

    Prompt and continuation are turned into tokens apart, so a continuation that is a new word begins with its space.

    Args:
        prompts: texts, each begun as a document in pre-training, or rows of ids such as `asked` gives.
        continuations: as many texts; none of them empty.
        model: from `load`; None for the chat model.

    Returns:
        For each pair, nats of the continuation's tokens, of shape (tokens,).

    Raises:
        TypeError: if the prompts are one string, or the continuations not strings.
        ValueError: if there are none, not as many of both, one is empty, or a pair does not fit the model's context.
    """
    check_texts("continuations", continuations)
    loaded, tokenizer = model or load()
    before = prompt_rows(prompts, tokenizer)
    if len(before) != len(continuations):
        raise ValueError(f"{len(before)} prompts and {len(continuations)} continuations; give as many of both")
    rows = [[*ids, *continuation_ids(tokenizer, text)] for ids, text in zip(before, continuations, strict=True)]
    check_room(loaded, rows, "prompt and continuation")
    found = _log_probs(loaded, rows)
    return [log_probs[len(ids) - 1 :] for log_probs, ids in zip(found, before, strict=True)]


def seconds(text: str, n_tokens: int) -> tuple[float, np.ndarray]:
    """How long the chat model takes to read the first tokens of a text, and to write them.

    Reading is one pass over all of them. Writing is one pass a token over what a cache holds of those before, by the
    decoder that writes answers; the tokens are given, so that the time does not depend on what the model would say.

    Returns:
        Seconds to read all `n_tokens`, and seconds until each of them was written, of shape (n_tokens,).

    Raises:
        TypeError: if `text` is not a string.
        ValueError: if the text has fewer tokens than `n_tokens`, or that is below 1.
    """
    import torch

    from helpers.chat.decoding import Decoder

    if not isinstance(text, str):
        raise TypeError(f"text must be a string, not {type(text).__name__}")
    if n_tokens < 1:
        raise ValueError(f"n_tokens={n_tokens} is too few; time at least 1 token")
    (row,) = _token_ids([text], n_tokens)
    if len(row) - 1 < n_tokens:
        raise ValueError(f"text has {len(row) - 1} tokens, fewer than n_tokens={n_tokens}; give a longer text")
    ids, decoder = row[:-1], Decoder(load()[0])  # each is what the model sees before the next
    start = time.perf_counter()
    decoder.prefill([ids]).cpu()
    read = time.perf_counter() - start
    written, start = [], time.perf_counter()
    decoder.prefill([ids[:1]]).cpu()
    written.append(time.perf_counter() - start)
    for token in ids[1:]:
        decoder.step(torch.tensor([token]), torch.tensor([0])).cpu()
        written.append(time.perf_counter() - start)
    return read, np.array(written)


def _token_ids(texts: Sequence[str], max_tokens: int | None) -> list[list[int]]:
    """The start token and then the tokens of each text, once the texts are what they must be."""
    check_texts("texts", texts)
    if max_tokens is not None and max_tokens < 1:
        raise ValueError(f"max_tokens={max_tokens} is too few; score at least 1 token of each text, or None for all")
    model, tokenizer = load()
    ids = [row if max_tokens is None else row[: max_tokens + 1] for row in (text_ids(tokenizer, text) for text in texts)]
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


def _log_probs(model: "PreTrainedModel", rows: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """Nats of each row's tokens after its first."""
    import torch

    found: list[np.ndarray] = [np.empty(0)] * len(rows)
    with torch.inference_mode():
        for batch in _batches([len(row) for row in rows]):
            for i, log_probs in zip(batch, _log_probs_of_batch(model, [rows[i] for i in batch]), strict=True):
                found[i] = log_probs
    return found


def _log_probs_of_batch(model: "PreTrainedModel", rows: Sequence[Sequence[int]]) -> list[np.ndarray]:
    """Nats of each row's tokens after its first; padded on the right, where a causal model cannot see it."""
    import torch

    lengths = [len(row) - 1 for row in rows]
    ids = [torch.tensor(row, device=model.device) for row in rows]
    padded = torch.nn.utils.rnn.pad_sequence(ids, batch_first=True)  # (batch, longest)
    places = torch.arange(padded.shape[1] - 1, device=model.device)
    counted = places < torch.tensor(lengths, device=model.device)[:, None]  # (batch, longest - 1): True at what to predict
    hidden = model.base_model(padded[:, :-1], use_cache=False).last_hidden_state[counted]  # (n, hidden)
    targets = padded[:, 1:][counted]  # (n,)
    nats = [
        -torch.nn.functional.cross_entropy(model.get_output_embeddings()(h).float(), t, reduction="none")
        for h, t in zip(hidden.split(LOGITS_AT_ONCE), targets.split(LOGITS_AT_ONCE), strict=True)
    ]
    return [part.numpy() for part in torch.cat(nats).double().cpu().split(lengths)]
