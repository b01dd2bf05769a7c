"""The model one token at a time, with a cache of keys and values.

Two decoders with one interface, that of `helpers.sampling.beams.Decoder`: `Fused` for models of Llama's shape, the chat
model among them, and `Library` for any other, by its own forward pass. Both pad on the left, where a mask hides the padding
and positions count from the first real token, so a row's logits do not depend on its batch. `Fused` reads once what all
prompts begin with: the cache then has that first, and the padding after it.

    B  rows      L  length      T  places in the cache      D  width of a head      K  heads of keys      G  queries a key
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from helpers.machine import is_amd
from helpers.sampling.beams import Decoder

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ROOM = 8  # places added to a cache that is full; more are copied for nothing when rows part
SHARED = 8  # tokens that all prompts must begin with before it pays to read these once
FEW = 32  # rows up to which the weight may be faster on the left


def decoder_of(model: "PreTrainedModel") -> Decoder:
    """The fastest decoder that computes what the model does."""
    config = model.config
    plain = config.model_type == "llama" and config.hidden_act == "silu" and config.rope_parameters["rope_type"] == "default"
    biased = any(getattr(config, name, False) for name in ("attention_bias", "mlp_bias"))
    return Fused(model) if plain and not biased else Library(model)


class Library:
    """Decode by the forward pass and the cache of transformers."""

    def __init__(self, model: "PreTrainedModel") -> None:
        self.model, self.mask = model, torch.empty(0)  # (B, T so far)
        self.cache: Any = None

    def prefill(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """Logits (B, V) after each of B prompts."""
        ids, self.mask = left_padded(rows, self.model.device)
        self.cache = None
        return self._forward(ids, positions_of(self.mask))

    def step(self, tokens: Tensor, parents: Tensor) -> Tensor:
        """Logits (B, V) once the rows `parents` (B,) are each gone on with one of `tokens` (B,)."""
        tokens, parents = tokens.to(self.model.device), parents.to(self.model.device)
        if not _same_rows(parents, len(self.mask)):
            self.cache.reorder_cache(parents)
        mask = self.mask[parents]
        self.mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
        return self._forward(tokens[:, None], self.mask.sum(dim=1, keepdim=True) - 1)

    @torch.inference_mode()
    def _forward(self, ids: Tensor, positions: Tensor) -> Tensor:
        output = self.model(
            ids,
            attention_mask=self.mask.long(),
            position_ids=positions,
            cache=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self.cache = output.cache
        return output.logits[:, -1]


class Fused:
    """Decode a model of Llama's shape with three products a layer fewer and one cache that is laid out beforehand.

    Queries, keys and values come from one matrix, gate and up projection from another; the model's own weights become views
    of these, so nothing is held twice. The G heads that share keys are treated as G places of one head, so no key is copied.
    """

    def __init__(self, model: "PreTrainedModel") -> None:
        config = model.config
        self.model, self.layers = model, _current_layers(model)
        self.n_keys = config.num_key_value_heads
        self.n_heads, self.width = config.num_attention_heads, model.model.layers[0].self_attn.head_dim
        self.eps = config.rms_norm_eps
        self.cache = self.mask = torch.empty(0)  # (layers, 2, B, K, T, D), (B, T so far)

    def prefill(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """Logits (B, V) after each of B prompts."""
        n_shared = _n_shared(rows)
        if n_shared >= SHARED:  # what all prompts begin with is read once
            self._read([rows[0][:n_shared]])
            past = self.cache[:, :, :, :, :n_shared].expand(-1, -1, len(rows), -1, -1, -1)
            return self._read([row[n_shared:] for row in rows], (past, self.mask.expand(len(rows), -1)))
        return self._read(rows)

    def _read(self, rows: Sequence[Sequence[int]], past: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """Logits (B, V) after rows that go on with what is past, a cache and its mask."""
        ids, mask = left_padded(rows, self.model.device)
        n_rows, length = ids.shape
        n_past = past[0].shape[4] if past else 0
        self.mask = torch.cat([past[1], mask], dim=1) if past else mask  # (B, T): before, padding, rows
        shape = (len(self.layers), 2, n_rows, self.n_keys, n_past + length + ROOM, self.width)
        self.cache = torch.empty(shape, dtype=self.model.dtype, device=ids.device)
        if past:
            self.cache[:, :, :, :, :n_past] = past[0]
        earlier = torch.ones(length, n_past + length, dtype=torch.bool, device=ids.device).tril(n_past)
        seen = earlier & self.mask[:, None]  # (B, L, T)
        # Padding sees itself: a softmax over nothing is NaN.
        seen |= torch.eye(length, n_past + length, dtype=torch.bool, device=ids.device).roll(n_past, dims=1)
        return self._forward(ids, positions_of(self.mask)[:, n_past:], seen)

    def step(self, tokens: Tensor, parents: Tensor) -> Tensor:
        """Logits (B, V) once the rows `parents` (B,) are each gone on with one of `tokens` (B,)."""
        tokens, parents = tokens.to(self.model.device), parents.to(self.model.device)
        n_seen = self.mask.shape[1]
        if not _same_rows(parents, len(self.mask)):
            self.cache, self.mask = self.cache.index_select(2, parents), self.mask[parents]
        if n_seen == self.cache.shape[4]:
            self.cache = F.pad(self.cache, (0, 0, 0, ROOM))
        self.mask = F.pad(self.mask, (0, 1), value=True)
        positions = self.mask.sum(dim=1, keepdim=True) - 1
        return self._forward(tokens[:, None], positions, None if self.mask.all() else self.mask[:, None])

    @torch.inference_mode()
    def _forward(self, ids: Tensor, positions: Tensor, seen: Tensor | None) -> Tensor:
        """Logits (B, V) at the last of the places ids (B, L), which go to the end of the cache; seen (B, L, T)."""
        llama, end = self.model.model, self.mask.shape[1]
        x = llama.embed_tokens(ids)  # (B, L, hidden)
        rotation = [part[:, :, None] for part in llama.rotary_emb(x, positions)]  # cos and sin, (B, L, 1, D)
        if seen is not None:
            seen = seen[:, None].repeat(1, 1, self.n_heads // self.n_keys, 1)  # (B, 1, G · L, T)
        for layer, cache in zip(self.layers, self.cache, strict=True):
            attended = self._attend(
                F.rms_norm(x, x.shape[-1:], layer.norm_1, self.eps), layer, cache[..., :end, :], rotation, seen
            )
            x = x + product(attended, layer.out)
            gate, up = product(F.rms_norm(x, x.shape[-1:], layer.norm_2, self.eps), layer.gate_up).chunk(2, dim=-1)
            x = x + product(F.silu(gate) * up, layer.down)
        return product(llama.norm(x[:, -1]), self.model.lm_head.weight)

    def _attend(self, x: Tensor, layer: "_Layer", cache: Tensor, rotation: list[Tensor], seen: Tensor | None) -> Tensor:
        """Self-attention of x (B, L, hidden) over a layer's cache (2, B, K, T, D), whose last L places it fills."""
        n_rows, length, _ = x.shape
        qkv = product(x, layer.qkv).view(n_rows, length, -1, self.width)  # (B, L, heads + 2 K, D)
        qk, v = qkv.split((self.n_heads + self.n_keys, self.n_keys), dim=2)
        cos, sin = rotation
        half = self.width // 2
        qk = qk * cos + torch.cat((-qk[..., half:], qk[..., :half]), dim=-1) * sin
        q, k = qk.split((self.n_heads, self.n_keys), dim=2)
        cache[0, ..., -length:, :] = k.transpose(1, 2)
        cache[1, ..., -length:, :] = v.transpose(1, 2)
        q = q.view(n_rows, length, self.n_keys, -1, self.width).permute(0, 2, 3, 1, 4).flatten(2, 3)  # (B, K, G · L, D)
        mixed = F.scaled_dot_product_attention(q, cache[0], cache[1], attn_mask=seen)
        return mixed.unflatten(2, (-1, length)).permute(0, 3, 1, 2, 4).reshape(n_rows, length, -1)  # (B, L, heads · D)


def product(x: Tensor, weight: Tensor) -> Tensor:
    """`F.linear` without bias, laid out as the processor at hand reads the weight fastest where there are few rows.

    Args:
        x: (..., n_in).
        weight: (n_out, n_in).

    Returns:
        (..., n_out), contiguous.
    """
    rows = x.flatten(0, -2)
    if len(rows) > FEW or rows.device.type != "cpu" or not _weight_on_the_left():
        return F.linear(x, weight)
    several = rows.expand(2, -1).contiguous() if len(rows) == 1 else rows
    return (weight @ several.t()).t()[: len(rows)].contiguous().view(*x.shape[:-1], -1)


@lru_cache(maxsize=1)
def _weight_on_the_left() -> bool:
    """Whether a weight is read faster on the left, by a product of matrices: MKL's way with AMD's processors.

    There MKL was measured to read it at half of that speed or less on the right, or with a single row; with Intel's, the
    other way round. The maker decides and not a timing, so that a machine writes the same on every run.
    """
    return torch.backends.mkl.is_available() and is_amd()


@dataclass(frozen=True)
class _Layer:
    qkv: Tensor
    out: Tensor
    gate_up: Tensor
    down: Tensor
    norm_1: Tensor
    norm_2: Tensor


def _current_layers(model: "PreTrainedModel") -> list[_Layer]:
    """Return the fused layers, made anew if the model was given other weights since."""
    layers = _fused_layers(model, model.device, model.dtype)
    if not all(map(_is_current, layers, model.model.layers)):
        _fused_layers.cache_clear()
        layers = _fused_layers(model, model.device, model.dtype)
    return layers


def _is_current(fused: _Layer, layer: Any) -> bool:
    """Whether a layer's weights are still the fused ones, and not others, as after `load_state_dict(…, assign=True)`."""
    attention, mlp = layer.self_attn, layer.mlp
    joined = {
        fused.qkv: (attention.q_proj, attention.k_proj, attention.v_proj),
        fused.gate_up: (mlp.gate_proj, mlp.up_proj),
    }
    kept = {
        fused.out: attention.o_proj,
        fused.down: mlp.down_proj,
        fused.norm_1: layer.input_layernorm,
        fused.norm_2: layer.post_attention_layernorm,
    }
    return all(
        part.weight.untyped_storage().data_ptr() == whole.untyped_storage().data_ptr()
        for whole, parts in joined.items()
        for part in parts
    ) and all(part.weight is weight for weight, part in kept.items())


@lru_cache(maxsize=1)
def _fused_layers(model: "PreTrainedModel", device: torch.device, dtype: torch.dtype) -> list[_Layer]:
    """Fused once for a model, and again after it was moved to another device or type."""
    layers = []
    for layer in model.model.layers:
        attention, mlp = layer.self_attn, layer.mlp
        layers.append(
            _Layer(
                qkv=_joined(attention.q_proj, attention.k_proj, attention.v_proj),
                out=attention.o_proj.weight,
                gate_up=_joined(mlp.gate_proj, mlp.up_proj),
                down=mlp.down_proj.weight,
                norm_1=layer.input_layernorm.weight,
                norm_2=layer.post_attention_layernorm.weight,
            )
        )
    return layers


def _joined(*parts: nn.Linear) -> Tensor:
    """One matrix of the rows of all parts, whose weights are views of it from now on."""
    whole = torch.cat([part.weight.data for part in parts])
    for part, rows in zip(parts, whole.split([part.out_features for part in parts]), strict=True):
        part.weight.data = rows
    return whole


def left_padded(rows: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Rows of ids padded on the left, and where they are real: both (B, longest)."""
    longest = max(map(len, rows))
    ids = torch.tensor([[0] * (longest - len(row)) + list(row) for row in rows], device=device)
    return ids, torch.tensor([[False] * (longest - len(row)) + [True] * len(row) for row in rows], device=device)


def positions_of(mask: Tensor) -> Tensor:
    """Each place's number, counted from the first real one; 0 at padding."""
    return (mask.long().cumsum(dim=1) - 1).clamp(min=0)


def _n_shared(rows: Sequence[Sequence[int]]) -> int:
    """How many tokens all rows begin with, leaving each at least one of its own; 0 for a single row."""
    if len(rows) < 2:
        return 0
    first, room = rows[0], min(map(len, rows)) - 1
    return next((n for n in range(room) if any(row[n] != first[n] for row in rows)), room)


def _same_rows(parents: Tensor, n_rows: int) -> bool:
    return len(parents) == n_rows and torch.equal(parents, torch.arange(n_rows, device=parents.device))
