"""Direct preference optimisation: the reward model that a policy is, trained as one (Rafailov et al., 2023)."""

import copy
from collections.abc import Collection, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from helpers.alignment.batches import Watch, answer_log_probs, check_alike, check_beta, check_finite, descend, minibatches
from helpers.alignment.feedback import Preference, check_preferences, pair_batch
from helpers.training import schedule

BATCH = 128  # pairs that a reference reads at once


def dpo_loss(chosen: Tensor, rejected: Tensor, ref_chosen: Tensor, ref_rejected: Tensor, beta: float) -> Tensor:
    """-log sigmoid(beta ((chosen - ref_chosen) - (rejected - ref_rejected))), equation 7 of Rafailov et al. (2023).

    Args:
        chosen: (B,) log p(chosen answer | prompt) under the policy, summed over tokens.
        rejected: (B,) the same of the rejected answers.
        ref_chosen: (B,) under the reference, without gradient.
        ref_rejected: (B,) under the reference, without gradient.
        beta: weight of the distance to the reference, above 0.

    Returns:
        The loss in nats a pair, a scalar.

    Raises:
        ValueError: if `beta` is not above 0, there are no pairs, or a log-probability is not finite.
    """
    check_beta(beta)
    check_alike(chosen=chosen, rejected=rejected, ref_chosen=ref_chosen, ref_rejected=ref_rejected)
    if chosen.dim() != 1 or not len(chosen):
        raise ValueError(f"chosen of shape {tuple(chosen.shape)} has no pairs; give (B,), at least one")
    margin = (chosen - ref_chosen) - (rejected - ref_rejected)  # (B,)
    check_finite("log-probabilities", margin)
    return -logsigmoid(beta * margin).mean()


def dpo(
    model: nn.Module,
    preferences: Sequence[Preference],
    *,
    beta: float = 0.2,
    n_steps: int = 150,
    batch_size: int = 32,
    learning_rate: float = 5e-4,
    seed: int = 0,
    watch: Watch | None = None,
) -> list[float]:
    """Train `model` in place on preferences; where it starts is its reference.

    Args:
        model: of `helpers.models`.
        preferences: pairs of answers.
        beta: weight of the distance to the reference, above 0.
        n_steps: of AdamW, with warm-up and cosine.
        batch_size: pairs in a step.
        learning_rate: the highest.
        seed: of the order of the pairs.
        watch: called with the number of steps done after each; if it returns True, training ends, such as when a
            budget of KL is used up.

    Returns:
        The loss of each step, in nats a pair.

    Raises:
        ValueError: if there are no preferences, or `beta` is not above 0.
    """
    check_beta(beta)
    check_preferences(preferences)
    batches = list(minibatches(len(preferences), batch_size, n_steps, seed))
    ref = reference_log_probs(copy.deepcopy(model).eval(), preferences, {i for rows in batches for i in rows})
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.0)
    losses = []
    for step, rows in enumerate(batches):
        chosen, rejected = answer_log_probs(model, pair_batch([preferences[i] for i in rows])).chunk(2)
        optimizer.param_groups[0]["lr"] = learning_rate * schedule((step + 1) / n_steps, warmup=0.1)
        losses.append(descend(optimizer, dpo_loss(chosen, rejected, ref[rows, 0], ref[rows, 1], beta)))
        if watch and watch(step + 1):
            break
    return losses


@torch.no_grad()
def reference_log_probs(model: nn.Module, preferences: Sequence[Preference], rows: Collection[int]) -> Tensor:
    """log p(answer | prompt) of the chosen and the rejected answers, computed once: a reference does not learn.

    Args:
        model: the reference.
        preferences: N pairs of answers.
        rows: of which pairs it is asked.

    Returns:
        (N, 2), NaN where it is not asked.
    """
    found = next(model.parameters()).new_full((len(preferences), 2), torch.nan)
    shortest_first = sorted(rows, key=lambda i: len(preferences[i].prompt) + len(preferences[i].chosen))  # little padding
    for start in range(0, len(shortest_first), BATCH):
        part = shortest_first[start : start + BATCH]
        found[part] = answer_log_probs(model, pair_batch([preferences[i] for i in part])).reshape(2, -1).T
    return found
