"""The model one token at a time, by transformers' forward pass and its cache of keys and values.

Rows are padded on the left: a mask hides the padding, and positions count from the first real token. So a row's logits do
not depend on the other rows of its batch, beyond rounding.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SHARED = 8  # tokens that all prompts must begin with before it pays to read these once


class Decoder:
    """A model and the cache of what it has read."""

    def __init__(self, model: "PreTrainedModel") -> None:
        self.model, self.mask = model, torch.empty(0)  # (B, T so far)
        self.cache: Any = None

    def prefill(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """Return logits (B, V) after each of B prompts; what all of them begin with is read once."""
        n_rows, n_shared = len(rows), _n_shared(rows)
        ids, mask = left_padded([row[n_shared:] for row in rows], self.model.device)
        self.cache, self.mask = None, mask.new_ones(1, n_shared)
        if n_shared:
            self._forward(torch.tensor([rows[0][:n_shared]], device=mask.device))
            self.cache.batch_repeat_interleave(n_rows)
        self.mask = torch.cat([self.mask.expand(n_rows, -1), mask], dim=1)
        return self._forward(ids)

    def step(self, tokens: Tensor, parents: Tensor) -> Tensor:
        """Return logits (B, V) once the rows `parents` (B,) are each gone on with one of `tokens` (B,)."""
        tokens, parents = tokens.to(self.model.device), parents.to(self.model.device)
        if not torch.equal(parents, torch.arange(len(self.mask), device=parents.device)):
            self.cache.reorder_cache(parents)
        mask = self.mask[parents]
        self.mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
        return self._forward(tokens[:, None])

    @torch.inference_mode()
    def _forward(self, ids: Tensor) -> Tensor:
        """Return logits (B, V) at the last of the places ids (B, L), which go to the end of the cache."""
        output = self.model(
            ids,
            attention_mask=self.mask.long(),
            position_ids=positions_of(self.mask)[:, -ids.shape[1] :],
            cache=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self.cache = output.cache
        return output.logits[:, -1]


def left_padded(rows: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Return rows of ids padded on the left, and where they are real: both (B, longest)."""
    longest = max(map(len, rows))
    ids = torch.tensor([[0] * (longest - len(row)) + list(row) for row in rows], device=device)
    return ids, torch.tensor([[False] * (longest - len(row)) + [True] * len(row) for row in rows], device=device)


def positions_of(mask: Tensor) -> Tensor:
    """Return each place's number, counted from the first real one; 0 at padding before it."""
    return (mask.long().cumsum(dim=1) - 1).clamp(min=0)


def _n_shared(rows: Sequence[Sequence[int]]) -> int:
    """Return how many tokens all rows begin with, leaving each at least one of its own; 0 if too few to read them apart."""
    first, room = rows[0], min(map(len, rows)) - 1
    shared = next((n for n in range(room) if any(row[n] != first[n] for row in rows)), room)
    return shared if len(rows) > 1 and shared >= SHARED else 0
