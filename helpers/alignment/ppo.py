"""PPO as RLHF has it: a reward at the end, a KL penalty at each token, a learned value as baseline (Ouyang et al., 2022)."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from helpers.alignment.batches import (
    Batch,
    Ids,
    Watch,
    check_alike,
    check_beta,
    check_finite,
    check_mask,
    descend,
    hidden_states,
    masked_sum,
    minibatches,
    token_log_probs,
)
from helpers.alignment.policy import Round, Score, clipped_objective, play
from helpers.models.stack import Stack
from helpers.training import seeded


class ValueModel(nn.Module):
    """The reward that is still to come, at each token: a copy of a language model with a linear head."""

    def __init__(self, model: Stack) -> None:
        super().__init__()
        self.body = copy.deepcopy(model)
        self.head = nn.Linear(model.config.d_model, 1)
        nn.init.zeros_(self.head.weight)

    def forward(self, batch: Batch) -> Tensor:
        """(B, L - 1): the value before each next token."""
        return self.head(hidden_states(self.body, batch.ids)).squeeze(-1)[:, :-1]


def token_rewards(rewards: Tensor, log_probs: Tensor, ref_log_probs: Tensor, mask: Tensor, beta: float) -> Tensor:
    """-beta (log p - log p_ref) at each token of an answer, and the answer's reward at its last.

    Args:
        rewards: (B,).
        log_probs: (B, T) under the policy that sampled.
        ref_log_probs: (B, T) under the reference.
        mask: (B, T) of bool: the answers' tokens.
        beta: weight of the KL; 0 for none.

    Returns:
        (B, T).

    Raises:
        ValueError: if `beta` is negative, the mask leaves no token, or a reward is not finite.
    """
    if beta != 0:
        check_beta(beta)
    check_alike(log_probs=log_probs, ref_log_probs=ref_log_probs)
    check_mask(mask, like=log_probs)
    if rewards.shape != log_probs.shape[:1]:
        raise ValueError(f"rewards of shape {tuple(rewards.shape)} are not one a row of {tuple(log_probs.shape)}")
    check_finite("rewards", rewards)
    check_finite("log_probs or ref_log_probs", (log_probs - ref_log_probs)[mask])
    at_tokens = (-beta * (log_probs - ref_log_probs)).masked_fill(~mask, 0)
    last = (mask * torch.arange(mask.shape[1])).argmax(dim=1)  # (B,)
    return at_tokens.scatter_add(1, last[:, None], rewards[:, None].to(at_tokens.dtype))


def gae(rewards: Tensor, values: Tensor, mask: Tensor, gamma: float = 1.0, lam: float = 0.95) -> Tensor:
    """Generalised advantages: A_t = d_t + gamma lam A_{t+1}, d_t = r_t + gamma V_{t+1} - V_t (Schulman et al., 2016).

    Args:
        rewards: (B, T).
        values: (B, T), before each token.
        mask: (B, T) of bool: the answers' tokens. A gap, such as a tool's result, is passed over.
        gamma: what a reward one token later is worth.
        lam: 0 trusts the values, 1 the rewards that came.

    Returns:
        (B, T), 0 outside the mask.
    """
    for name, part in (("gamma", gamma), ("lam", lam)):
        if not 0 <= part <= 1:
            raise ValueError(f"{name}={part!r} is not between 0 and 1")
    check_alike(rewards=rewards, values=values)
    check_mask(mask, like=values)
    check_finite("rewards", rewards)
    check_finite("values", values[mask])
    values = values.masked_fill(~mask, 0)
    advantage, later, columns = torch.zeros(len(rewards)), torch.zeros(len(rewards)), []
    for t in reversed(range(rewards.shape[1])):
        delta = rewards[:, t] + gamma * later - values[:, t]
        advantage = torch.where(mask[:, t], delta + gamma * lam * advantage, advantage)
        later = torch.where(mask[:, t], values[:, t], later)
        columns.append(advantage * mask[:, t])
    return torch.stack(columns[::-1], dim=1)


def ppo_loss(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, mask: Tensor, clip: float = 0.2) -> Tensor:
    """Minus the mean over all answers' tokens of the clipped objective: equation 7 of Schulman et al. (2017).

    Args:
        log_probs: (B, T) under the policy.
        old_log_probs: (B, T) under the policy that sampled, without gradient.
        advantages: (B, T).
        mask: (B, T) of bool: the answers' tokens.
        clip: how far the ratio may move and still gain.

    Returns:
        The loss, a scalar.

    Raises:
        ValueError: if the mask leaves no token, or an advantage in it is not finite.
    """
    check_alike(log_probs=log_probs, old_log_probs=old_log_probs, advantages=advantages)
    check_mask(mask, like=log_probs)
    check_finite("advantages", advantages[mask])
    log_probs, old_log_probs = log_probs.masked_fill(~mask, 0), old_log_probs.masked_fill(~mask, 0)
    return -masked_sum(clipped_objective(log_probs, old_log_probs, advantages, clip), mask).sum() / mask.sum()


def value_loss(values: Tensor, returns: Tensor, mask: Tensor) -> Tensor:
    """Half the mean squared error of the values over all answers' tokens; (B, T) each, a scalar."""
    check_alike(values=values, returns=returns)
    check_mask(mask, like=values)
    check_finite("values", values[mask])
    check_finite("returns", returns[mask])
    return 0.5 * masked_sum((values - returns) ** 2, mask).sum() / mask.sum()


def ppo(
    model: Stack,
    prompts: Sequence[Ids],
    score: Score,
    *,
    eos: int,
    beta: float = 0.1,
    n_rounds: int = 20,
    prompts_per_round: int = 128,
    n_epochs: int = 4,
    learning_rate: float = 3e-4,
    max_new: int = 24,
    seed: int = 0,
    watch: Watch | None = None,
) -> list[dict[str, float]]:
    """Train `model` in place to answer so that `score` is high; where it starts is its reference.

    Args:
        model: of `helpers.models`.
        prompts: what is asked.
        score: rewards of answers, such as a reward model's.
        eos: the id that ends an answer.
        beta: weight of the KL to the reference; 0 for none.
        n_rounds: of sampling and learning.
        prompts_per_round: answers in a round, one a prompt.
        n_epochs: steps on the answers of a round.
        learning_rate: of AdamW.
        max_new: tokens in an answer, at most.
        seed: of prompts and samples.
        watch: called with the number of rounds done after each; if it returns True, training ends, such as when a
            budget of KL is used up.

    Returns:
        A row a round: mean "reward" of the answers, and "kl" to the reference in nats an answer, before the round's steps.

    Raises:
        ValueError: if `beta` is negative, or a reward is not finite.
    """
    reference, critic = copy.deepcopy(model).eval(), seeded(lambda: ValueModel(model), seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.0)
    value_optimizer = torch.optim.AdamW(critic.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.0)
    rows = []
    for turn, drawn in enumerate(minibatches(len(prompts), prompts_per_round, n_rounds, seed)):
        asked = [prompts[i] for i in drawn]
        played = play(model, reference, asked, score, eos=eos, max_new=max_new, seed=seed * 100_003 + turn)
        advantages, returns = _targets(critic, played, beta)
        ids, mask = played.batch.ids, played.batch.mask
        kl = masked_sum(played.log_probs - played.ref_log_probs, mask).mean()
        rows.append({"reward": float(played.rewards.mean()), "kl": float(kl)})
        for _ in range(n_epochs):
            descend(optimizer, ppo_loss(token_log_probs(model(ids), ids), played.log_probs, advantages, mask))
            descend(value_optimizer, value_loss(critic(played.batch), returns, mask))
        if watch and watch(turn + 1):
            break
    return rows


@torch.no_grad()
def _targets(critic: ValueModel, played: Round, beta: float) -> tuple[Tensor, Tensor]:
    """Advantages, scaled over all tokens to mean 0 and deviation 1, and the returns that values should be: (B, T) each."""
    mask, values = played.batch.mask, critic(played.batch)
    rewards = token_rewards(played.rewards, played.log_probs, played.ref_log_probs, mask, beta)
    advantages = gae(rewards, values, mask)
    inside = advantages[mask]
    return (advantages - inside.mean()) / (inside.std() + 1e-8), advantages + values
