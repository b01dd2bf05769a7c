"""Supervised fine-tuning: maximum likelihood of the answers, given their prompts."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from helpers.alignment.batches import Ids, check_mask, descend, make_batch, masked_sum, minibatches, token_log_probs
from helpers.training import schedule


def sft_loss(logits: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Mean negative log-likelihood of the answers' tokens; the prompts' are masked (Ouyang et al., 2022).

    Args:
        logits: (B, L, V), for ids.
        ids: (B, L), prompts, answers, padding.
        mask: (B, L - 1) of bool: whether ids[:, 1:] is of an answer.

    Returns:
        The loss in nats, a scalar: a mean over tokens, so that long answers count more.

    Raises:
        ValueError: if the mask leaves no token.
    """
    if ids.dim() != 2:
        raise ValueError(f"ids of shape {tuple(ids.shape)} are no batch; give (B, L)")
    check_mask(mask, like=ids[:, 1:])
    return -masked_sum(token_log_probs(logits, ids), mask).sum() / mask.sum()


def sft(
    model: nn.Module,
    prompts: Sequence[Ids],
    answers: Sequence[Ids],
    *,
    n_steps: int = 100,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> list[float]:
    """Fine-tune `model` in place on answers to prompts, with AdamW, warm-up and cosine.

    Args:
        model: of `helpers.models`.
        prompts: what is asked.
        answers: what is to be said, each with the token that ends it.
        n_steps: of AdamW.
        batch_size: pairs in a step.
        learning_rate: the highest. A tenth of that of pre-training: at more, small models learn who to decline by heart.
        seed: of the order of the pairs.

    Returns:
        The loss of each step, in nats a token.

    Raises:
        ValueError: if there are no pairs, or not as many answers as prompts.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, betas=(0.9, 0.95), weight_decay=0.01)
    losses = []
    for step, rows in enumerate(minibatches(len(prompts), batch_size, n_steps, seed)):
        batch = make_batch([prompts[i] for i in rows], [answers[i] for i in rows])
        optimizer.param_groups[0]["lr"] = learning_rate * schedule((step + 1) / n_steps, warmup=0.1)
        losses.append(descend(optimizer, sft_loss(model(batch.ids), batch.ids, batch.mask)))
    return losses
