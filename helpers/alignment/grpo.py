"""GRPO: several answers to each prompt, each judged against its group (Shao et al., 2024)."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from helpers.alignment.batches import (
    Ids,
    Watch,
    check_alike,
    check_beta,
    check_finite,
    check_mask,
    descend,
    masked_mean,
    masked_sum,
    minibatches,
    token_log_probs,
)
from helpers.alignment.policy import Score, clipped_objective, kl_estimate, play
from helpers.models.stack import LanguageModel


def group_advantages(rewards: Tensor) -> Tensor:
    """(reward - mean of the group) / (standard deviation of the group + 1e-4).

    Args:
        rewards: (P, G), G answers to each of P prompts.

    Returns:
        (P, G); 0 in a group whose rewards are all the same.

    Raises:
        ValueError: if a group has fewer than two answers, or a reward is not finite.
    """
    check_alike(rewards=rewards)
    if rewards.dim() != 2 or rewards.shape[1] < 2:
        raise ValueError(
            f"rewards of shape {tuple(rewards.shape)} are no groups; give (prompts, answers), 2 answers or more"
        )
    check_finite("rewards", rewards)
    centred = rewards - rewards.mean(dim=1, keepdim=True)
    centred = centred.masked_fill((rewards == rewards[:, :1]).all(dim=1, keepdim=True), 0)  # a mean of equals is rounded
    return centred / (rewards.std(dim=1, keepdim=True) + 1e-4)


def grpo_loss(
    log_probs: Tensor,
    old_log_probs: Tensor,
    ref_log_probs: Tensor,
    advantages: Tensor,
    mask: Tensor,
    beta: float,
    clip: float = 0.2,
) -> Tensor:
    """Minus the clipped objective, plus beta times the KL estimate: equation 3 of Shao et al. (2024).

    Args:
        log_probs: (B, T) of each token under the policy.
        old_log_probs: (B, T) under the policy that sampled, without gradient.
        ref_log_probs: (B, T) under the reference, without gradient.
        advantages: (B,).
        mask: (B, T) of bool: the answers' tokens.
        beta: weight of the KL; 0 for none.
        clip: how far the ratio may move and still gain.

    Returns:
        The loss, a scalar: the mean over answers of the mean over their tokens.

    Raises:
        ValueError: if `beta` is negative, the mask leaves no token, or an advantage is not finite.
    """
    if beta != 0:
        check_beta(beta)
    check_alike(log_probs=log_probs, old_log_probs=old_log_probs, ref_log_probs=ref_log_probs)
    check_mask(mask, like=log_probs)
    if advantages.shape != log_probs.shape[:1]:
        raise ValueError(f"advantages of shape {tuple(advantages.shape)} are not one a row of {tuple(log_probs.shape)}")
    check_finite("advantages", advantages)
    log_probs, old_log_probs, ref_log_probs = (x.masked_fill(~mask, 0) for x in (log_probs, old_log_probs, ref_log_probs))
    objective = clipped_objective(log_probs, old_log_probs, advantages[:, None], clip)
    return masked_mean(beta * kl_estimate(log_probs, ref_log_probs) - objective, mask).mean()


def grpo(
    model: LanguageModel,
    prompts: Sequence[Ids],
    score: Score,
    *,
    eos: int,
    beta: float = 0.3,
    n_rounds: int = 30,
    prompts_per_round: int = 16,
    group_size: int = 8,
    n_epochs: int = 2,
    learning_rate: float = 2e-4,
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
        prompts_per_round: P, different prompts in a round.
        group_size: G, answers to each.
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
    reference = copy.deepcopy(model).eval()
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.0)
    rows = []
    for turn, drawn in enumerate(minibatches(len(prompts), prompts_per_round, n_rounds, seed)):
        asked = [prompts[i] for i in drawn for _ in range(group_size)]
        played = play(model, reference, asked, score, eos=eos, max_new=max_new, seed=seed * 100_003 + turn)
        advantages = group_advantages(played.rewards.view(-1, group_size)).flatten()
        ids, mask = played.batch.ids, played.batch.mask
        kl = masked_sum(kl_estimate(played.log_probs, played.ref_log_probs), mask).mean()
        rows.append({"reward": float(played.rewards.mean()), "kl": float(kl)})
        for _ in range(n_epochs):
            log_probs = token_log_probs(model(ids), ids)
            descend(optimizer, grpo_loss(log_probs, played.log_probs, played.ref_log_probs, advantages, mask, beta))
        if watch and watch(turn + 1):
            break
    return rows
