"""Hostile arguments for what takes tensors: sampling, the losses of post-training, quantisation, models."""

import functools
import math

import pytest
import torch
from hypothesis import strategies as st

from helpers import quantisation, recall
from helpers.alignment import batches, best_of, dpo, feedback, grpo, policy, ppo, reward, sft
from helpers.models import Config, recurrent, stack
from helpers.sampling import beams, draws, filters
from helpers.training import bits_per_byte
from tests import fuzz_faults
from tests.fuzzing import (
    Argument,
    Case,
    count,
    fixed,
    hostile_types,
    hostile_values,
    number,
    params,
    size,
    tensor,
)
from tests.test_sampling_beams import Table

V = 4
PENALTY = "repetition_penalty"


def floats(*shape: int):
    """Tensors of a shape, from a seed."""
    return st.integers(0, 99).map(lambda seed: torch.randn(shape, generator=torch.Generator().manual_seed(seed)))


LOGITS, ROW = tensor(floats(3, V)), tensor(floats(5))
LOG_PROBS = tensor(floats(3, V).map(lambda x: -x.abs()))
MASK = tensor(st.just(torch.tensor([[1, 1, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]]).bool()))
IDS = tensor(st.just(torch.tensor([[0, 1], [2, 3], [1, 1]])))
PART = number(st.floats(0.01, 1))
BETA, SEED = number(st.floats(0.01, 2)), count(0, 99)
ROWS = Argument(
    st.just([[1, 2], [3], [1, 2, 3]]), st.sampled_from([[], [[]], [[1], []], [[-1]], [[1.5]], [[10**30]], [1, 2], "ab"])
)
ALLOWED = Argument(st.just([0, 2]), st.sampled_from([[], [-1], [99], [0, 0], [0.5], torch.ones(V) > 2, torch.ones(2) > 0]))
SETTINGS = fixed(draws.Settings(top_k=3))
PAIRS = fixed([feedback.Preference([1, 2], [3], [1]), feedback.Preference([1], [2, 3], [3])])
DECODER = fixed(Table(lambda ids: torch.arange(float(V))))
BEAMS = {
    "decoder": DECODER,
    "num_beams": count(1, 2),
    "max_new_tokens": count(1, 4),
    "eos": count(0, V - 1),
}
PROMPT = Argument(st.just([1, 2]), st.sampled_from([[], [-1], [99], [0.5], "ab", [10**30]]))
SHARE = Argument(st.sampled_from(["tensor", "channel", 2]), st.sampled_from(["none-such", 0, -1, 3, 2.0, 10**30]))


@functools.cache
def model():
    torch.manual_seed(0)
    return recurrent.LSTM(Config(vocab_size=V, d_model=8)).eval()


@functools.wraps(bits_per_byte)
def bits_per_byte_of_a_model(**given):
    return bits_per_byte(model(), **given)


def is_distribution(logits: torch.Tensor) -> bool:
    """Whether each row leaves a token."""
    return bool((logits.softmax(-1).sum(-1) - 1).abs().max() < 1e-2)


def are_ids(ids: torch.Tensor) -> bool:
    return not ids.is_floating_point() and bool((ids >= 0).all())


CASES = [
    Case(filters.temperature, {"logits": LOGITS, "value": PART}, is_distribution, ("temperature",)),
    Case(filters.top_k, {"logits": LOGITS, "k": size()}, is_distribution, ("top_k",)),
    Case(filters.top_p, {"logits": LOGITS, "p": PART}, is_distribution, ("top_p",)),
    Case(filters.min_p, {"logits": LOGITS, "p": PART}, is_distribution, ("min_p",)),
    Case(filters.typical, {"logits": LOGITS, "mass": PART}, is_distribution, ("typical",)),
    Case(
        filters.repetition_penalty,
        {"logits": LOGITS, "previous": IDS, "penalty": PART},
        is_distribution,
        ("repetition_penalty",),
    ),
    Case(filters.mask_to, {"logits": LOGITS, "allowed": ALLOWED}, is_distribution),
    Case(draws.apply, {"logits": LOGITS, "settings": SETTINGS, "previous": IDS, "allowed": ALLOWED}, is_distribution),
    Case(draws.sample, {"logits": LOGITS, "settings": SETTINGS, "previous": IDS, "allowed": ALLOWED}, are_ids),
    Case(draws.pick, {"logits": LOGITS, "uniforms": tensor(floats(3, 2).map(torch.sigmoid))}, are_ids),
    Case(draws.greedy, {"logits": LOGITS}, are_ids),
    Case(
        draws.Settings,
        {
            "temperature": PART,
            "top_k": size(),
            "top_p": PART,
            "min_p": PART,
            "typical": PART,
            "repetition_penalty": PART,
            "order": Argument(st.just(draws.ORDER), st.sampled_from([(), draws.ORDER[:2], draws.ORDER[::-1], ("x",) * 5])),
        },
        may_be_nan=True,  # what a filter does not take, it refuses when it is used
    ),
    Case(
        beams.beam_searches,
        BEAMS | {"prompts": Argument(st.just([[1], [2, 3]]), st.sampled_from([[], [[]], [[1], []], "ab", [1, 2]]))},
        bool,
    ),
    Case(batches.make_batch, {"prompts": ROWS, "answers": ROWS, "pad": count(0, 3)}),
    Case(
        batches.token_log_probs,
        {"logits": tensor(floats(2, 3, V)), "ids": tensor(st.just(torch.tensor([[0, 1, 2], [3, 3, 0]])))},
        lambda found: bool((found <= 0).all()),
    ),
    Case(batches.masked_sum, {"values": LOG_PROBS, "mask": MASK}, may_be_nan=True),  # as NaN and infinities add up
    Case(batches.masked_mean, {"values": LOG_PROBS, "mask": MASK}, may_be_nan=True),
    Case(batches.minibatches, {"n": count(1, 9), "batch_size": count(1, 9), "n_steps": count(1, 3), "seed": SEED}, bool),
    Case(batches.check_mask, {"mask": MASK}),
    Case(batches.check_beta, {"beta": BETA}),
    Case(best_of.best_of_n, {"proxy": tensor(floats(3, V)), "n": count(1, V)}),
    Case(best_of.expected_best_of_n, {"proxy": tensor(floats(3, V)), "values": tensor(floats(3, V)), "n": count(1, V)}),
    Case(best_of.best_of_n_kl, {"n": size()}, lambda kl: kl >= 0),
    Case(
        dpo.dpo_loss,
        {"chosen": ROW, "rejected": ROW, "ref_chosen": ROW, "ref_rejected": ROW, "beta": BETA},
        lambda loss: loss.ndim == 0,
        ("log-probability", "pairs"),
    ),
    Case(feedback.Preference, {"prompt": PROMPT, "chosen": PROMPT, "rejected": PROMPT}),
    Case(feedback.pair_batch, {"preferences": PAIRS}),
    Case(grpo.group_advantages, {"rewards": LOGITS}),
    Case(
        grpo.grpo_loss,
        {
            "log_probs": LOG_PROBS,
            "old_log_probs": LOG_PROBS,
            "ref_log_probs": LOG_PROBS,
            "advantages": tensor(floats(3)),
            "mask": MASK,
            "beta": BETA,
            "clip": PART,
        },
        lambda loss: loss.ndim == 0,
    ),
    Case(policy.clipped_objective, {"log_probs": LOG_PROBS, "old_log_probs": LOG_PROBS, "advantages": LOGITS, "clip": PART}),
    Case(policy.kl_estimate, {"log_probs": LOG_PROBS, "ref_log_probs": LOG_PROBS}, lambda kl: bool((kl > -1e-5).all())),
    Case(
        ppo.token_rewards,
        {"rewards": tensor(floats(3)), "log_probs": LOG_PROBS, "ref_log_probs": LOG_PROBS, "mask": MASK, "beta": BETA},
    ),
    Case(ppo.gae, {"rewards": LOGITS, "values": LOGITS, "mask": MASK, "gamma": PART, "lam": PART}),
    Case(
        ppo.ppo_loss,
        {"log_probs": LOG_PROBS, "old_log_probs": LOG_PROBS, "advantages": LOGITS, "mask": MASK, "clip": PART},
        lambda loss: loss.ndim == 0,
    ),
    Case(ppo.value_loss, {"values": LOGITS, "returns": LOGITS, "mask": MASK}, lambda loss: loss.ndim == 0),
    Case(reward.reward_loss, {"chosen": ROW, "rejected": ROW}, lambda loss: loss.ndim == 0, ("pairs", "reward")),
    Case(
        sft.sft_loss,
        {"logits": tensor(floats(3, 5, V)), "ids": tensor(st.just(torch.zeros(3, 5, dtype=torch.long))), "mask": MASK},
        lambda loss: loss.ndim == 0,
    ),
    Case(quantisation.quantise, {"weight": LOGITS, "bits": size(2, 8), "share": SHARE}),
    Case(quantisation.relative_error, {"weight": LOGITS, "bits": size(2, 8), "share": SHARE}, lambda error: error >= 0),
    Case(stack.check_ids, {"ids": IDS, "vocab_size": fixed(V), "shape": fixed(("B", "L"))}, names=("texts", "id")),
    Case(recall.Task, {"n_keys": size(), "n_values": size()}),
    Case(
        bits_per_byte_of_a_model,
        {
            "ids": tensor(st.just(torch.tensor([0, 1, 2, 3, 0, 1]))),
            "n_bytes": size(),
            "context": count(1, 9),
            "batch_size": count(1, 9),
        },
        lambda bits: bits >= 0 and math.isfinite(bits),
    ),
    Case(recurrent.LSTM, {"config": fixed(Config(vocab_size=V, d_model=8))}),
]


@pytest.mark.parametrize("case", params(CASES, fuzz_faults.OF_VALUES))
def test_hostile_values(case):
    hostile_values(case)


@pytest.mark.parametrize("case", params(CASES, fuzz_faults.OF_TYPES))
def test_hostile_types(case):
    hostile_types(case)
