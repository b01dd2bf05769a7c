"""A recurrent language model: the long short-term memory (Hochreiter and Schmidhuber, 1997; Gers et al., 2000).

    B  batch    L  length    D  d_model    V  vocab_size
    x, h, c     input, output and cell of a layer, each of D numbers
    i, f, g, o  input gate, forget gate, candidate, output gate, before their squashing functions

The state of a layer is h and c, however long the text. At each position

    i, f, g, o = W_x x + b_x + W_h h + b_h
    c = sigmoid(f) c + sigmoid(i) tanh(g)
    h = sigmoid(o) tanh(c)
"""

import torch
from torch import Tensor, nn

from helpers.models import Config
from helpers.models.stack import LanguageModel, State, check_ids, check_state


class LSTM(LanguageModel):
    """Embedding, LSTM layers, and the embedding again as output matrix (tied weights: Press and Wolf, 2017).

    The layers are torch's own; `cell` is one step of one layer written out, and a test holds the two equal. The embedding
    starts as torch has it, with numbers of size 1: there is no norm before the gates, and smaller inputs hardly move them.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.layers = nn.LSTM(config.d_model, config.d_model, config.n_layers, batch_first=True)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        for name, weight in self.layers.named_parameters():
            if name.startswith("bias_ih"):  # a forget gate that starts open lets gradients through (Jozefowicz et al., 2015)
                nn.init.ones_(weight.data[config.d_model : 2 * config.d_model])

    def forward(self, ids: Tensor) -> Tensor:
        """Logits (B, L, V) of the token after each of ids (B, L).

        Raises:
            TypeError: if the ids are no whole numbers.
            ValueError: if the texts are empty, of another shape, or out of the vocabulary.
        """
        check_ids(ids, self.config.vocab_size, ("B", "L"))
        h, _ = self.layers(self.embedding(ids))  # (B, L, D)
        return h @ self.embedding.weight.T + self.bias

    @torch.no_grad()
    def prefill(self, ids: Tensor) -> tuple[Tensor, State]:
        """Logits (B, V) of the token after ids (B, L), and the state that has seen them all; without gradients.

        Raises:
            TypeError, ValueError: as `forward`.
        """
        check_ids(ids, self.config.vocab_size, ("B", "L"))
        x, (h, c) = self.layers(self.embedding(ids))  # (B, L, D), (n_layers, B, D) twice
        state: State = list(zip(h, c, strict=True))
        return x[:, -1] @ self.embedding.weight.T + self.bias, state

    def initial_state(self, batch_size: int) -> State:
        """The state before the first token: h and c of each layer, zeros (B, D)."""
        zeros = self.bias.new_zeros(batch_size, self.config.d_model)
        return [(zeros, zeros)] * self.config.n_layers

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (B, V) of the token after ids (B,), and the state that has seen them; the state given is left as it is.

        Raises:
            TypeError, ValueError: as `forward`, and if the state belongs to another model or another batch.
        """
        check_ids(ids, self.config.vocab_size, ("B",))
        check_state(state, self.initial_state(len(ids)))
        x = self.embedding(ids)  # (B, D)
        after: State = []
        for (h, c), weights in zip(state, self.layers.all_weights, strict=True):
            x, c = cell(x, h, c, *weights)
            after.append((x, c))
        return x @ self.embedding.weight.T + self.bias, after


def cell(x: Tensor, h: Tensor, c: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor) -> tuple[Tensor, Tensor]:
    """One step of one layer: the new h and c, each (B, D), from x, h and c (B, D) and torch's weights (4D, D), (4D,)."""
    i, f, g, o = (x @ w_x.T + b_x + h @ w_h.T + b_h).chunk(4, dim=-1)  # (B, D) each
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c
