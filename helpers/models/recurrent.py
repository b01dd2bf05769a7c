"""A recurrent language model: the long short-term memory (Hochreiter and Schmidhuber, 1997; Gers et al., 2000).

The state of a layer is two vectors of D numbers, the output h and the cell c, however long the text. At each position

    i, f, g, o = W_x x + b_x + W_h h + b_h      input, forget, candidate, output; each of D numbers
    c = sigmoid(f) c + sigmoid(i) tanh(g)
    h = sigmoid(o) tanh(c)
"""

import torch
from torch import Tensor, nn

from helpers.models import Config

State = tuple[Tensor, Tensor]  # h and c, each (n_layers, B, D)


class LSTM(nn.Module):
    """Embedding, LSTM layers, and the embedding again as output matrix (tied weights: Press and Wolf, 2017).

    The layers are torch's own; `cell` is one step of one layer written out, and a test holds the two equal.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.layers = nn.LSTM(config.d_model, config.d_model, config.n_layers, batch_first=True)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        nn.init.normal_(self.embedding.weight, std=config.d_model**-0.5)
        for name, weight in self.layers.named_parameters():
            if name.startswith("bias_ih"):  # a forget gate that starts open lets gradients through (Jozefowicz et al., 2015)
                nn.init.ones_(weight.data[config.d_model : 2 * config.d_model])

    def forward(self, ids: Tensor) -> Tensor:
        """Logits (B, L, V) of the token after each of ids (B, L)."""
        h, _ = self.layers(self.embedding(ids))  # (B, L, D)
        return h @ self.embedding.weight.T + self.bias

    def initial_state(self, batch_size: int) -> State:
        """The state before the first token: zeros."""
        shape = (self.config.n_layers, batch_size, self.config.d_model)
        return self.bias.new_zeros(shape), self.bias.new_zeros(shape)

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Logits (B, V) of the token after ids (B,), and the state that has seen them."""
        x = self.embedding(ids)  # (B, D)
        outputs, cells = [], []
        for layer in range(self.config.n_layers):
            weights = [getattr(self.layers, f"{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            x, c = cell(x, state[0][layer], state[1][layer], *weights)
            outputs.append(x)
            cells.append(c)
        return x @ self.embedding.weight.T + self.bias, (torch.stack(outputs), torch.stack(cells))


def cell(x: Tensor, h: Tensor, c: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor) -> tuple[Tensor, Tensor]:
    """One step of one layer: the new h and c, each (B, D), from x, h and c (B, D) and torch's weights (4D, D), (4D,)."""
    i, f, g, o = (x @ w_x.T + b_x + h @ w_h.T + b_h).chunk(4, dim=-1)  # (B, D) each
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c
