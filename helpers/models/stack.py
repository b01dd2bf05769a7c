"""What the models share: tokens in, a stack of blocks, logits out; in parallel and in sequence."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from helpers.models import Config

PartState = tuple[Tensor, ...]  # each (B, ...)
State = list[PartState]  # one of each block


class Part(nn.Module, ABC):
    """A part of a model with a state: a block, or what positions meet in. x is (B, L, D), of one position (B, D)."""

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """All positions at once."""

    @abstractmethod
    def prefill(self, x: Tensor) -> tuple[Tensor, PartState]:
        """The same, and the state that has seen them."""

    @abstractmethod
    def initial_state(self, batch_size: int) -> PartState:
        """The state before the first position; a dimension that is 0 in it is one that grows with the text."""

    @abstractmethod
    def step(self, x: Tensor, state: PartState) -> tuple[Tensor, PartState]:
        """One position, x (B, D), and the state that has seen it too."""


class LanguageModel(nn.Module, ABC):
    """What every model here can do, as `helpers.models` says."""

    config: Config
    embedding: nn.Embedding

    @abstractmethod
    def forward(self, ids: Tensor) -> Tensor:
        """Logits (B, L, V) of the token after each of ids (B, L)."""

    @abstractmethod
    def prefill(self, ids: Tensor) -> tuple[Tensor, State]:
        """Logits (B, V) of the token after ids (B, L), and the state that has seen them all."""

    @abstractmethod
    def initial_state(self, batch_size: int) -> State:
        """The state before the first token."""

    @abstractmethod
    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (B, V) of the token after ids (B,), and the state that has seen them."""


class Stack(LanguageModel):
    """A language model: embedding, blocks, norm, and the embedding again as output matrix (Press and Wolf, 2017).

    Args:
        config: the shape of the model.
        blocks: what the tokens go through.
        norm: what they go through last, a module (..., D) -> (..., D).
    """

    def __init__(self, config: Config, blocks: Iterable[Part], norm: nn.Module) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.blocks = cast(list[Part], nn.ModuleList(blocks))
        self.norm = norm
        nn.init.normal_(self.embedding.weight, std=config.d_model**-0.5)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits (B, L, V) of the token after each of ids (B, L).

        Raises:
            TypeError: if the ids are no whole numbers.
            ValueError: if the texts are empty, of another shape, or out of the vocabulary.
        """
        check_ids(ids, self.config.vocab_size, ("B", "L"))
        x = self.embedding(ids)  # (B, L, D)
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.embedding.weight.T  # (B, L, V)

    @torch.no_grad()
    def prefill(self, ids: Tensor) -> tuple[Tensor, State]:
        """Logits (B, V) of the token after ids (B, L), and the state that has seen them all; without gradients.

        Raises:
            TypeError, ValueError: as `forward`.
        """
        check_ids(ids, self.config.vocab_size, ("B", "L"))
        x = self.embedding(ids)  # (B, L, D)
        state = []
        for block in self.blocks:
            x, new = block.prefill(x)
            state.append(new)
        return self.norm(x[:, -1]) @ self.embedding.weight.T, state

    def initial_state(self, batch_size: int) -> State:
        """The state before the first token."""
        return [block.initial_state(batch_size) for block in self.blocks]

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (B, V) of the token after ids (B,), and the state that has seen them; the state given is left as it is.

        Raises:
            TypeError, ValueError: as `forward`, and if the state belongs to another model or another batch.
        """
        check_ids(ids, self.config.vocab_size, ("B",))
        check_state(state, self.initial_state(len(ids)))
        x, after = self.embedding(ids), []  # (B, D)
        for block, before in zip(self.blocks, state, strict=True):
            x, new = block.step(x, before)
            after.append(new)
        return self.norm(x) @ self.embedding.weight.T, after


class Block(Part):
    """Pre-norm and residual, x + mixer(norm(x)), then the same with a feed-forward layer if there is one.

    Args:
        d_model: D.
        mixer: a part with a state, where positions meet.
        feed_forward: a module that takes each position for itself, or None.
    """

    def __init__(self, d_model: int, mixer: Part, feed_forward: nn.Module | None = None) -> None:
        super().__init__()
        self.mixer, self.feed_forward = mixer, feed_forward
        self.norm = rms_norm(d_model)
        self.ff_norm = rms_norm(d_model) if feed_forward else None

    def forward(self, x: Tensor) -> Tensor:
        return self._feed(x + self.mixer(self.norm(x)))

    def prefill(self, x: Tensor) -> tuple[Tensor, PartState]:
        mixed, state = self.mixer.prefill(self.norm(x))
        return self._feed(x + mixed), state

    def initial_state(self, batch_size: int) -> PartState:
        return self.mixer.initial_state(batch_size)

    def step(self, x: Tensor, state: PartState) -> tuple[Tensor, PartState]:
        mixed, state = self.mixer.step(self.norm(x), state)
        return self._feed(x + mixed), state

    def _feed(self, x: Tensor) -> Tensor:
        return x + self.feed_forward(self.ff_norm(x)) if self.feed_forward and self.ff_norm else x


def rms_norm(size: int) -> nn.RMSNorm:
    """x / sqrt(mean(x²) + 1e-5), times a weight (Zhang and Sennrich, 2019)."""
    return nn.RMSNorm(size, eps=1e-5)


def linear(n_in: int, n_out: int, scale: float = 1.0) -> nn.Linear:
    """A matrix without bias whose outputs start as large as its inputs, times `scale`."""
    layer = nn.Linear(n_in, n_out, bias=False)
    nn.init.normal_(layer.weight, std=scale * n_in**-0.5)
    return layer


def residual_scale(config: Config) -> float:
    """Of matrices that write to the residual stream: two in a layer, so that the sum starts at the size of one (GPT-2)."""
    return 1 / math.sqrt(2 * config.n_layers)


def widened(x: Tensor) -> Tensor:
    """Return x in 32 bits if it has fewer, else as it is: sums over thousands of positions need them."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def state_bytes(state: Tensor | Iterable) -> int:
    """Bytes of all tensors of a model's state."""
    return state.nbytes if isinstance(state, Tensor) else sum(map(state_bytes, state))


def check_ids(ids: Tensor, vocab_size: int, shape: tuple[str, ...]) -> None:
    """Refuse what is no batch of token ids.

    Raises:
        TypeError: if the ids are no whole numbers.
        ValueError: if the texts are empty, of another shape, or out of the vocabulary.
    """
    if not isinstance(ids, Tensor):
        raise TypeError(f"ids of type {type(ids).__name__} are no tensor; give one of torch.int64 or torch.int32")
    if ids.dtype not in (torch.int64, torch.int32):
        raise TypeError(f"ids of dtype {ids.dtype} are no token ids; give torch.int64 or torch.int32")
    if ids.dim() != len(shape) or not all(ids.shape[1:]):
        raise ValueError(f"ids of shape {tuple(ids.shape)} do not fit; give ({', '.join(shape)}), with L at least 1")
    least, most = (int(end) for end in ids.aminmax()) if len(ids) else (0, 0)
    if least < 0 or most >= vocab_size:
        raise ValueError(f"ids from {least} to {most} are out of the vocabulary; give 0 to {vocab_size - 1}")


def check_state(state: State, initial: State) -> None:
    """Refuse a state whose shapes are not those of `initial`, but for dimensions that are 0 there: those grow.

    Raises:
        TypeError: if it is no state.
        ValueError: if it belongs to another model or another batch.
    """
    if not isinstance(state, list):
        raise TypeError(f"state of type {type(state).__name__} is none; give what initial_state, prefill or step returned")
    given, wanted = _shapes(state), _shapes(initial)
    fits = len(given) == len(wanted) and all(map(_fits, given, wanted))
    if not fits:
        raise ValueError(
            f"state of shapes {given} belongs to another model or batch; give one like {wanted}, with any size for 0"
        )


def _fits(given: list[tuple[int, ...]], wanted: list[tuple[int, ...]]) -> bool:
    return [len(shape) for shape in given] == [len(shape) for shape in wanted] and all(
        size == of or of == 0 for one, other in zip(given, wanted, strict=True) for size, of in zip(one, other, strict=True)
    )


def _shapes(state: State) -> list[list[tuple[int, ...]]]:
    return [[tuple(tensor.shape) for tensor in part] for part in state]
