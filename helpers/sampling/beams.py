"""Beam search: the likeliest sequences that are found by keeping a few at each step."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from helpers.checks import check_whole


class Decoder(Protocol):
    """A model that goes on from rows of its own memory."""

    def prefill(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """Logits (B, V) after each of B prompts."""

    def step(self, tokens: Tensor, parents: Tensor) -> Tensor:
        """Logits (B, V) once the rows `parents` (B,) are each gone on with one of `tokens` (B,)."""


@dataclass(frozen=True)
class Beam:
    """A continuation.

    Args:
        ids: of its tokens, with the one that ends it if it ended.
        log_prob: of all of them together, in nats.
        score: the log-probability divided by the length.
    """

    ids: tuple[int, ...]
    log_prob: float
    score: float


def beam_searches(
    decoder: Decoder,
    prompts: Sequence[Sequence[int]],
    *,
    num_beams: int,
    max_new_tokens: int,
    eos: int | None = None,
) -> list[list[Beam]]:
    """Return the best continuations of each prompt, best first: at each step keep the `num_beams` likeliest unfinished ones.

    It stops when no unfinished one could, at its present length, come among the finished. These are the rules of
    transformers' `generate(num_beams=…)`, its `early_stopping=False` included. The beams of all prompts are one batch.

    Args:
        decoder: the model.
        prompts: rows of ids, each at least one.
        num_beams: kept at each step, and returned; 1 is greedy.
        max_new_tokens: of a continuation, at most.
        eos: the id that ends one; None for none.

    Raises:
        ValueError: if there are no prompts, one is empty, a count is below 1, or the vocabulary is too small.
    """
    check_whole("num_beams", num_beams, least=1)
    check_whole("max_new_tokens", max_new_tokens, least=1)
    if eos is not None:
        check_whole("eos", eos)
    if isinstance(prompts, str) or not all(isinstance(prompt, Sequence) for prompt in prompts):
        raise TypeError(f"prompts={prompts!r:.60} is no list of lists of ids")
    if not min(map(len, prompts), default=0):
        raise ValueError("prompts are none, or a prompt is empty; give at least one id of each")
    logits = decoder.prefill(prompts)  # (B, V)
    if 2 * num_beams > logits.shape[-1]:
        raise ValueError(f"num_beams={num_beams} is too many for {logits.shape[-1]} tokens; give at most half as many")
    searches = [_search(num_beams, max_new_tokens, eos) for _ in prompts]
    found: list[list[Beam]] = [[] for _ in prompts]
    for search in searches:
        next(search)
    rows = dict(enumerate(logits.split(1)))  # of each search that is going on
    while rows:
        tokens: list[Tensor] = []
        parents: list[Tensor] = []
        lengths, first = {}, 0
        for i, mine in rows.items():
            try:
                drawn, of = searches[i].send(mine)
            except StopIteration as end:
                found[i] = end.value
            else:
                tokens.append(drawn)
                parents.append(of + first)
                lengths[i] = len(drawn)
            first += len(mine)
        if not lengths:
            break
        logits = decoder.step(torch.cat(tokens), torch.cat(parents))
        rows = dict(zip(lengths, logits.split(list(lengths.values())), strict=True))
    return found


def _search(num_beams: int, max_new_tokens: int, eos: int | None) -> Generator[tuple[Tensor, Tensor], Tensor, list[Beam]]:
    """One search: it is sent logits, and asks for those after tokens (rows,) that go on from its rows `parents` (rows,)."""
    logits = yield torch.empty(0), torch.empty(0)  # which asks for the first
    scores, beams, finished = torch.zeros(1), [()], []
    for length in range(1, max_new_tokens + 1):
        total, parents, tokens = _candidates(logits, scores, num_beams)
        grown = [(*beams[i], t) for i, t in zip(parents.tolist(), tokens.tolist(), strict=True)]
        over = [length == max_new_tokens or ids[-1] == eos for ids in grown]
        normal = total / length
        # One that ends must be among the best now; the others are there to fill the places of those that ended.
        finished += [Beam(grown[i], float(total[i]), float(normal[i])) for i in range(num_beams) if over[i]]
        finished = sorted(finished, key=lambda beam: -beam.score)[:num_beams]
        kept = [i for i, done in enumerate(over) if not done][:num_beams]
        if not kept or (len(finished) == num_beams and float(normal[kept[0]]) <= finished[-1].score):
            break
        beams, scores = [grown[i] for i in kept], total[kept]
        logits = yield tokens[kept], parents[kept]
    return finished


def _candidates(logits: Tensor, scores: Tensor, num_beams: int) -> tuple[Tensor, Tensor, Tensor]:
    """The twice `num_beams` likeliest ways to go on, best first: their log-probabilities, rows and tokens."""
    log_probs = logits.float().log_softmax(dim=-1).cpu() + scores[:, None]  # (rows, V)
    total, places = log_probs.flatten().topk(2 * num_beams)
    return total, places // logits.shape[-1], places % logits.shape[-1]
