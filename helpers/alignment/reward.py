"""A reward model: a language model whose last hidden state becomes a number."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from helpers.alignment.batches import Batch, by_length, check_alike, check_finite, descend, hidden_states, minibatches
from helpers.alignment.feedback import Preference, check_preferences, pair_batch
from helpers.models.stack import Stack
from helpers.training import schedule, seeded


class RewardModel(nn.Module):
    """A copy of a language model with a linear head in place of the vocabulary (Stiennon et al., 2020).

    Args:
        model: of `helpers.models`; it is copied.
    """

    def __init__(self, model: Stack) -> None:
        super().__init__()
        self.body = copy.deepcopy(model)
        self.head = nn.Linear(model.config.d_model, 1, bias=False)
        nn.init.zeros_(self.head.weight)

    def forward(self, batch: Batch) -> Tensor:
        """The reward of each answer, read at its last token: (B,)."""
        return by_length(self._rewards, batch)

    def _rewards(self, batch: Batch) -> Tensor:
        states = hidden_states(self.body, batch.ids)  # (B, L, D)
        last = states[torch.arange(len(states)), batch.ends]  # (B, D)
        return self.head(last).squeeze(-1)


def reward_loss(chosen: Tensor, rejected: Tensor) -> Tensor:
    """-log sigmoid(chosen - rejected): how unlikely the preferences are (Bradley and Terry, 1952).

    Args:
        chosen: (B,) rewards of the preferred answers.
        rejected: (B,) rewards of the others.

    Returns:
        The loss in nats a pair, a scalar.

    Raises:
        ValueError: if there are no pairs, or a reward is not finite.
    """
    if chosen.dim() != 1 or not len(chosen) or chosen.shape != rejected.shape:
        shapes = f"chosen of {tuple(chosen.shape)} and rejected of {tuple(rejected.shape)}"
        raise ValueError(f"{shapes} make no pairs; give (B,) rewards of both")
    check_alike(chosen=chosen, rejected=rejected)
    check_finite("rewards", torch.stack([chosen, rejected]))
    return -logsigmoid(chosen - rejected).mean()


def train_reward_model(
    model: Stack,
    preferences: Sequence[Preference],
    *,
    n_steps: int = 200,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> RewardModel:
    """A reward model that starts from `model` and learns from preferences, with AdamW, warm-up and cosine.

    Raises:
        ValueError: if there are no preferences.
    """
    check_preferences(preferences)
    reward_model = seeded(lambda: RewardModel(model), seed)
    optimizer = torch.optim.AdamW(reward_model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.01)
    for step, rows in enumerate(minibatches(len(preferences), batch_size, n_steps, seed)):
        chosen, rejected = reward_model(pair_batch([preferences[i] for i in rows])).chunk(2)
        optimizer.param_groups[0]["lr"] = learning_rate * schedule((step + 1) / n_steps, warmup=0.1)
        descend(optimizer, reward_loss(chosen, rejected))
    return reward_model.eval()


@torch.no_grad()
def agreement(reward_model: RewardModel, preferences: Sequence[Preference], batch_size: int = 256) -> float:
    """The share of preferences whose chosen answer has the higher reward; a tie is half.

    Raises:
        ValueError: if there are no preferences.
    """
    check_preferences(preferences)
    right = 0.0
    for start in range(0, len(preferences), batch_size):
        chosen, rejected = reward_model(pair_batch(preferences[start : start + batch_size])).chunk(2)
        right += float((chosen > rejected).sum() + (chosen == rejected).sum() / 2)
    return right / len(preferences)
