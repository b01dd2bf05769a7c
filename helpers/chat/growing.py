"""Answers as they grow: rows of one batch that split where the draws of their members part.

Answers to one prompt that are the same so far are one row. That is for speed alone and exact, since a row's logits depend on
its own tokens: of the 7,665 tokens of chapter 08's answers to short questions the model computes 3,287.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from helpers.chat.decoding import Decoder
from helpers.sampling.draws import Settings, apply, pick

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from helpers.chat.loading import Loaded

Allowed = Callable[[tuple[int, ...]], Tensor | Sequence[int] | None]


@dataclass
class Row:
    """One row of the decoder's batch: what several answers have in common so far."""

    prompt: tuple[int, ...]
    members: list[int]  # places of the answers in the batch
    ids: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()
    finished: bool = False


def grow(
    prompts: list[tuple[int, ...]],
    uniforms: Tensor,
    samplers: Sequence[Settings | None],
    stop: str | None,
    allowed: Allowed | None,
    model: "Loaded",
) -> Iterator[list[Row]]:
    """After each step all rows, those that have finished for the last time; equal prompts share a row from the start."""
    loaded, tokenizer = model
    decoder, ends = Decoder(loaded), end_ids(loaded)
    members: dict[tuple[int, ...], list[int]] = {}
    for i, prompt in enumerate(prompts):
        members.setdefault(prompt, []).append(i)
    rows = [Row(prompt, found) for prompt, found in members.items()]
    logits = decoder.prefill([row.prompt for row in rows])  # (rows, V)
    for place in range(uniforms.shape[1]):
        rows, parents = _next(rows, logits.float(), uniforms[:, place], samplers, allowed)
        for row in rows:
            row.finished = row.ids[-1] in ends or bool(stop and stop in str(tokenizer.decode(list(row.ids))))
        yield rows
        going = [i for i, row in enumerate(rows) if not row.finished]
        if not going or place == uniforms.shape[1] - 1:
            return
        rows = [rows[i] for i in going]
        logits = decoder.step(torch.tensor([row.ids[-1] for row in rows]), torch.tensor([parents[i] for i in going]))


def _next(
    rows: list[Row], logits: Tensor, uniforms: Tensor, samplers: Sequence[Settings | None], allowed: Allowed | None
) -> tuple[list[Row], list[int]]:
    """The rows after one more token, each split by what its members drew, and the row that each comes from."""
    grown: dict[tuple[int, int], list[int]] = {}
    of_rows = [member for row in rows for member in row.members]
    for sampler in dict.fromkeys(samplers[member] for member in of_rows):
        mine = [[member for member in row.members if samplers[member] == sampler] for row in rows]
        places = [i for i, members in enumerate(mine) if members]
        chosen = [replace(rows[i], members=mine[i]) for i in places]
        tokens = _drawn(chosen, logits[places] if len(places) < len(rows) else logits, uniforms, sampler, allowed)
        for i, row, drawn in zip(places, chosen, tokens, strict=True):
            for member, token in zip(row.members, drawn, strict=False):
                grown.setdefault((i, token), []).append(member)
    parents = [i for i, _ in grown]
    log_probs = (logits[parents, [token for _, token in grown]] - logits.logsumexp(dim=-1)[parents]).tolist()
    return [
        Row(rows[i].prompt, members, (*rows[i].ids, token), (*rows[i].log_probs, log_prob))
        for ((i, token), members), log_prob in zip(grown.items(), log_probs, strict=True)
    ], parents


def _drawn(
    rows: list[Row], logits: Tensor, uniforms: Tensor, sampler: Settings | None, allowed: Allowed | None
) -> list[list[int]]:
    """For each row a token for each of its members, and then padding."""
    if allowed or (sampler and sampler.repetition_penalty is not None):
        logits = torch.stack([
            apply(
                one,
                Settings(repetition_penalty=sampler.repetition_penalty if sampler else None),
                previous=torch.tensor([*row.prompt, *row.ids]),
                allowed=allowed(row.ids) if allowed else None,
            )
            for one, row in zip(logits, rows, strict=True)
        ])  # fmt: skip
    if sampler is None:
        return [[token] * len(row.members) for token, row in zip(logits.argmax(dim=-1).tolist(), rows, strict=True)]
    kept = apply(logits, replace(sampler, repetition_penalty=None))
    numbers = torch.nn.utils.rnn.pad_sequence([uniforms[row.members] for row in rows], batch_first=True)  # (rows, most)
    return pick(kept, numbers).tolist()


def end_ids(model: "PreTrainedModel") -> set[int]:
    """The ids that end an answer."""
    ends = model.generation_config.eos_token_id
    return set(ends) if isinstance(ends, list) else {ends} - {None}
