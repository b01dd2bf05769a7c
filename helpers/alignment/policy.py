"""What GRPO and PPO share: the clipped objective, the distance to the reference, and a round of samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from helpers.alignment.batches import Batch, Ids, check_alike, check_finite, make_batch, masked_sum, token_log_probs
from helpers.alignment.generate import sample
from helpers.checks import check_amount
from helpers.models.stack import LanguageModel

Score = Callable[[Sequence[Ids], Sequence[Ids]], Tensor]  # prompts and answers, B of each, to rewards (B,)


@dataclass(frozen=True)
class Round:
    """Answers that a policy gave, and what it and the reference thought of them when it gave them.

    Args:
        batch: prompts and answers, B rows.
        rewards: (B,).
        log_probs: (B, L - 1) of each next token under the policy that sampled.
        ref_log_probs: (B, L - 1) under the reference.
    """

    batch: Batch
    rewards: Tensor
    log_probs: Tensor
    ref_log_probs: Tensor


@torch.no_grad()
def play(
    model: LanguageModel,
    reference: LanguageModel,
    prompts: Sequence[Ids],
    score: Score,
    *,
    eos: int,
    max_new: int,
    seed: int,
) -> Round:
    """Sample an answer to each prompt at temperature 1, and score it.

    Raises:
        ValueError: if a reward is not finite, or there are not as many rewards as prompts.
    """
    answers = sample(model, prompts, eos=eos, max_new=max_new, seed=seed)
    rewards = score(prompts, answers)
    if rewards.shape != (len(prompts),):
        raise ValueError(f"score gave rewards of shape {tuple(rewards.shape)}; it has to give ({len(prompts)},)")
    check_finite("rewards", rewards)
    batch = make_batch(prompts, answers)
    log_probs, ref_log_probs = (token_log_probs(m(batch.ids), batch.ids) for m in (model, reference))
    return Round(batch, rewards, log_probs, ref_log_probs)


def clipped_objective(log_probs: Tensor, old_log_probs: Tensor, advantages: Tensor, clip: float) -> Tensor:
    """min(r A, clip(r, 1 - clip, 1 + clip) A), r = p / p_old: equation 7 of Schulman et al. (2017), token by token.

    Args:
        log_probs: (B, T) under the policy.
        old_log_probs: (B, T) under the policy that sampled, without gradient.
        advantages: (B, T) or (B, 1).
        clip: how far the ratio may move and still gain.

    Returns:
        (B, T), to be made large.

    Raises:
        ValueError: if the shapes do not go together, or `clip` is no number from 0 on.
    """
    check_alike(log_probs=log_probs, old_log_probs=old_log_probs)
    check_amount("clip", clip)
    if advantages.dim() != log_probs.dim() or advantages.shape not in (log_probs.shape, (*log_probs.shape[:-1], 1)):
        raise ValueError(
            f"advantages of shape {tuple(advantages.shape)} do not go with log_probs of {tuple(log_probs.shape)}"
        )
    change = log_probs - old_log_probs
    check_finite("log_probs or old_log_probs", change)
    ratio = change.exp()
    return torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages)


def kl_estimate(log_probs: Tensor, ref_log_probs: Tensor) -> Tensor:
    """Estimate KL(policy || ref) token by token as exp(d) - 1 - d, d = ref - log_probs: "k3" of Schulman (2020).

    Never negative, and unbiased as a *value*, on tokens that the policy sampled. Differentiated as a loss, as GRPO does, its
    gradient is in expectation that of KL(ref || policy), the other direction (Tang and Munos, 2025).

    Args:
        log_probs: (B, T) under the policy, of tokens that it sampled.
        ref_log_probs: (B, T) under the reference.

    Returns:
        (B, T), in nats.

    Raises:
        ValueError: if the shapes differ, or one is not finite.
    """
    check_alike(log_probs=log_probs, ref_log_probs=ref_log_probs)
    difference = ref_log_probs - log_probs
    check_finite("log_probs or ref_log_probs", difference)
    return torch.expm1(difference) - difference  # exp(d) - 1 rounds to less than d where d is small


@torch.no_grad()
def kl_to_reference(model: LanguageModel, reference: LanguageModel, batch: Batch) -> float:
    """KL(policy || reference) in nats an answer: the mean over answers of the sum over their places.

    At each place the two next-token distributions are compared in full, so the only chance is in the answers themselves.

    Args:
        model: the policy.
        reference: where it started.
        batch: answers that the policy sampled at temperature 1.
    """
    log_p = model(batch.ids)[:, :-1].log_softmax(dim=-1)  # (B, L - 1, V)
    log_q = reference(batch.ids)[:, :-1].log_softmax(dim=-1)
    return float(masked_sum((log_p.exp() * (log_p - log_q)).sum(dim=-1), batch.mask).mean())
