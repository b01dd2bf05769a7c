"""The losses of post-training: hand-computed values, signs, and what must not change them."""

import copy
import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from helpers.alignment.batches import answer_log_probs, by_length, make_batch, masked_mean, token_log_probs
from helpers.alignment.best_of import best_of_n, best_of_n_kl, expected_best_of_n
from helpers.alignment.dpo import dpo, dpo_loss, reference_log_probs
from helpers.alignment.feedback import Preference, constitution_label, pair_batch, prefer
from helpers.alignment.grpo import group_advantages, grpo_loss
from helpers.alignment.policy import clipped_objective, kl_estimate, kl_to_reference
from helpers.alignment.ppo import gae, ppo_loss, token_rewards, value_loss
from helpers.alignment.reward import RewardModel, agreement, reward_loss, train_reward_model
from helpers.alignment.sft import sft, sft_loss
from helpers.models import Config
from helpers.models.transformer import transformer
from helpers.training import seeded
from tests.small_models import one_thread  # noqa: F401

PROMPTS, CHOSEN, REJECTED = [[1, 5, 6], [1, 7]], [[8, 9, 2], [4, 2]], [[3, 2], [9, 9, 9, 2]]
PAIRS = [Preference(*row) for row in zip(PROMPTS, CHOSEN, REJECTED, strict=True)]


def model(seed=0):
    return seeded(lambda: transformer(Config(vocab_size=12, d_model=16, n_layers=2, n_heads=2, context=64)), seed).double()


def log_odds(policy):
    """Of each pair, log p(chosen) - log p(rejected)."""
    with torch.no_grad():
        chosen, rejected = answer_log_probs(policy, pair_batch(PAIRS)).chunk(2)
    return chosen - rejected


def step(policy, loss, rate=1e-3):
    loss.backward()
    with torch.no_grad():
        for p in policy.parameters():
            p -= rate * p.grad
    return policy


def parts(policy, reference, batch):
    """Log-probabilities under both, and the mask."""
    with torch.no_grad():
        ref = token_log_probs(reference(batch.ids), batch.ids)
    return token_log_probs(policy(batch.ids), batch.ids), ref, batch.mask


# Batches


def test_a_batch_has_each_answer_after_its_prompt_and_masks_the_rest():
    batch = make_batch(PROMPTS, CHOSEN)
    assert batch.ids.tolist() == [[1, 5, 6, 8, 9, 2], [1, 7, 4, 2, 0, 0]]
    assert batch.mask.int().tolist() == [[0, 0, 1, 1, 1], [0, 1, 1, 0, 0]]
    assert batch.ends.tolist() == [5, 3]


def test_log_probabilities_of_answers_are_sums_over_their_tokens():
    policy, batch = model(), make_batch(PROMPTS, CHOSEN)
    for row, (prompt, answer) in enumerate(zip(PROMPTS, CHOSEN, strict=True)):
        logits = policy(torch.tensor([prompt + answer]))[0].log_softmax(-1)
        by_hand = sum(logits[len(prompt) - 1 + i, token] for i, token in enumerate(answer))
        assert answer_log_probs(policy, batch)[row].item() == pytest.approx(by_hand.item())


def test_what_is_outside_the_mask_never_counts():
    mask = torch.tensor([[True, False], [True, True]])
    assert masked_mean(torch.tensor([[1.0, math.inf], [2.0, 4.0]]), mask).tolist() == [1, 3]


# Losses by hand


def test_sft_is_the_cross_entropy_of_the_answers_tokens():
    policy, batch = model(), make_batch(PROMPTS, CHOSEN)
    labels = batch.ids[:, 1:].masked_fill(~batch.mask, -100)
    theirs = cross_entropy(policy(batch.ids)[:, :-1].flatten(0, 1), labels.flatten())
    assert sft_loss(policy(batch.ids), batch.ids, batch.mask).item() == pytest.approx(theirs.item())


def test_the_reward_loss_is_minus_the_log_of_the_preferences_probability():
    loss = reward_loss(torch.tensor([2.0, 0.0]), torch.tensor([1.0, 3.0]))
    assert loss.item() == pytest.approx(-(math.log(1 / (1 + math.exp(-1))) + math.log(1 / (1 + math.exp(3)))) / 2)


def test_dpo_by_hand_and_its_start():
    # beta (( -1 - -2) - (-3 - -2.5)) = 0.5 * 1.5
    loss = dpo_loss(*map(torch.tensor, ([-1.0], [-3.0], [-2.0], [-2.5])), beta=0.5)
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-0.75)))
    same = torch.tensor([-4.0, -5.0])
    assert dpo_loss(same, same, same, same, beta=0.1).item() == pytest.approx(math.log(2))


def test_dpo_is_the_bradley_terry_loss_of_its_implicit_reward():
    values = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    implicit = [0.3 * (values[i] - values[i + 2]) for i in (0, 1)]
    assert dpo_loss(*values, beta=0.3).item() == pytest.approx(reward_loss(*implicit).item())


def test_advantages_are_deviations_from_the_group_in_its_standard_deviations():
    advantages = group_advantages(torch.tensor([[1.0, 3.0], [5.0, 5.0]]))
    assert advantages[0].tolist() == pytest.approx([-1 / (2**0.5 + 1e-4), 1 / (2**0.5 + 1e-4)])
    assert advantages[1].tolist() == [0, 0]


@pytest.mark.parametrize("reward", [1234.567, 0.1, -3.3e7])
def test_equal_rewards_are_worth_nothing_however_their_mean_is_rounded(reward):
    rewards = torch.stack([torch.full((11,), reward), torch.arange(11.0)])
    advantages = group_advantages(rewards)
    assert advantages[0].tolist() == [0] * 11
    assert advantages[1].tolist() == group_advantages(rewards[1:])[0].tolist()


def test_grpo_by_hand():
    new, old, ref = (
        torch.tensor([[-1.0, -2.0, -9.0]]),
        torch.tensor([[-1.5, -2.0, -1.0]]),
        torch.tensor([[-2.0, -2.0, -3.0]]),
    )
    mask = torch.tensor([[True, True, False]])
    kl = math.exp(-1) + 1 - 1
    # First token: ratio e^.5 is cut at 1.2; second: ratio 1, no KL.
    by_hand = ((-1.2 * 2 + 0.1 * kl) + (-1.0 * 2)) / 2
    assert grpo_loss(new, old, ref, torch.tensor([2.0]), mask, beta=0.1).item() == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("ratio", "advantage", "objective", "moves"),
    [
        (1.5, 1.0, 1.2, False),
        (0.5, 1.0, 0.5, True),
        (1.5, -1.0, -1.5, True),
        (0.5, -1.0, -0.8, False),
        (1.1, 2.0, 2.2, True),
    ],
)
def test_clipping_ends_what_can_be_gained_and_never_what_can_be_lost(ratio, advantage, objective, moves):
    log_probs = torch.tensor([[math.log(ratio)]], requires_grad=True)
    value = clipped_objective(log_probs, torch.zeros(1, 1), torch.tensor([[advantage]]), clip=0.2)
    value.sum().backward()
    assert value.item() == pytest.approx(objective) and (log_probs.grad.item() != 0) == moves


def test_ppo_by_hand():
    mask = torch.tensor([[False, True, True]])
    log_probs, ref = torch.tensor([[-5.0, -1.0, -2.0]]), torch.tensor([[-1.0, -1.5, -1.8]])
    rewards = token_rewards(torch.tensor([3.0]), log_probs, ref, mask, beta=0.1)
    assert rewards[0].tolist() == pytest.approx([0, -0.05, 3.02])
    # d_2 = 3.02 - 0.4, d_1 = -0.05 + 0.9 * 0.4 - 0.7; A_1 = d_1 + 0.9 * 0.5 * d_2
    advantages = gae(rewards, torch.tensor([[9.0, 0.7, 0.4]]), mask, gamma=0.9, lam=0.5)
    assert advantages[0].tolist() == pytest.approx([0, -0.39 + 0.45 * 2.62, 2.62])
    new = log_probs + torch.tensor([[7.0, math.log(1.5), math.log(0.9)]])
    loss = ppo_loss(new, log_probs, torch.tensor([[9.0, -1.0, 2.0]]), mask)
    assert loss.item() == pytest.approx(-(-1.5 + 0.9 * 2) / 2)
    assert value_loss(torch.tensor([[9.0, 1.0, 2.0]]), torch.tensor([[0.0, 0.0, 4.0]]), mask).item() == pytest.approx(1.25)


def test_gae_with_lambda_1_is_the_return_less_the_value_and_with_0_the_one_step_error():
    generator = torch.Generator().manual_seed(0)
    rewards, values = (torch.randn(3, 5, generator=generator) for _ in range(2))
    mask = torch.ones(3, 5, dtype=torch.bool)
    returns = rewards.flip(1).cumsum(1).flip(1)
    torch.testing.assert_close(gae(rewards, values, mask, lam=1.0), returns - values)
    after = torch.cat([values[:, 1:], torch.zeros(3, 1)], dim=1)
    torch.testing.assert_close(gae(rewards, values, mask, lam=0.0), rewards + after - values)


def test_gae_passes_over_a_gap_as_if_it_were_not_there():
    rewards, values = (torch.randn(2, 6, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    mask = torch.tensor(
        [[0, 1, 0, 0, 1, 1], [1, 1, 0, 1, 0, 0]], dtype=torch.bool
    )  # a tool's result between an answer's tokens
    found = gae(rewards, values, mask, gamma=0.9, lam=0.5)
    for row in range(2):
        kept = mask[row]
        alone = gae(rewards[row, kept][None], values[row, kept][None], kept[kept][None], gamma=0.9, lam=0.5)
        torch.testing.assert_close(found[row, kept], alone[0])
    assert (found[~mask] == 0).all()


def test_the_ppo_gradient_at_the_start_is_the_policy_gradient():
    """Where new = old, d ppo_loss = -mean(A d log p): Sutton et al. (2000)."""
    policy, batch = model(), make_batch(PROMPTS, CHOSEN)
    log_probs, _, mask = parts(policy, policy, batch)
    advantages = torch.randn(mask.shape, generator=torch.Generator().manual_seed(1)).double()
    ours = torch.autograd.grad(ppo_loss(log_probs, log_probs.detach(), advantages, mask), log_probs, retain_graph=True)[0]
    torch.testing.assert_close(ours, -advantages * mask / mask.sum())


def test_the_kl_estimate_is_unbiased_and_never_negative():
    p, q = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.2, 0.5, 0.3])
    estimates = kl_estimate(p.log(), q.log())
    assert (estimates >= 0).all() and (p * estimates).sum().item() == pytest.approx((p * (p / q).log()).sum().item())


def test_the_kl_estimate_of_policies_that_hardly_differ_is_half_the_square():
    generator = torch.Generator().manual_seed(0)
    for size in (1e-2, 1e-4, 1e-6, 1e-8):
        log_probs, difference = torch.zeros(20_000), size * torch.randn(20_000, generator=generator)
        estimates = kl_estimate(log_probs, difference)
        assert (estimates >= 0).all(), size
        torch.testing.assert_close(estimates, difference**2 / 2, rtol=0.1, atol=1e-7 * size)


def test_the_gradient_of_the_kl_estimate_is_that_of_the_other_direction():
    """In expectation over the policy's samples: of KL(ref || policy), not of KL(policy || ref) (Tang and Munos, 2025)."""
    logits, ref = torch.tensor([0.3, -0.2, 0.5], requires_grad=True), torch.tensor([-0.4, 0.6, 0.1]).log_softmax(0)
    log_p = logits.log_softmax(0)
    as_loss = (log_p.exp().detach() * kl_estimate(log_p, ref)).sum()
    forward, reverse = (ref.exp() * (ref - log_p)).sum(), (log_p.exp() * (log_p - ref)).sum()
    found, other, named = (torch.autograd.grad(x, logits, retain_graph=True)[0] for x in (as_loss, forward, reverse))
    torch.testing.assert_close(found, other)
    assert (found - named).abs().max() > 0.01


def test_the_kl_to_the_reference_is_nothing_at_the_start_and_a_sum_over_places():
    policy, other, batch = model(), model(1), make_batch(PROMPTS[:1], CHOSEN[:1])
    assert kl_to_reference(policy, policy, batch) == pytest.approx(0)
    log_p, log_q = (m(batch.ids)[0].log_softmax(-1) for m in (policy, other))
    by_hand = sum((log_p[t].exp() * (log_p[t] - log_q[t])).sum() for t in (2, 3, 4))
    assert kl_to_reference(policy, other, batch) == pytest.approx(by_hand.item())


def test_the_kl_penalty_pulls_back_to_the_reference():
    policy, reference, batch = model(), model(1), pair_batch(PAIRS)
    log_probs, ref, mask = parts(policy, reference, batch)
    before = masked_mean(kl_estimate(log_probs, ref), mask).mean().item()
    step(policy, grpo_loss(log_probs, log_probs.detach(), ref, torch.zeros(4), mask, beta=1.0))
    assert masked_mean(kl_estimate(*parts(policy, reference, batch)[:2]), mask).mean().item() < before


# What must not change a loss


def widened(batch, by=5):
    """The same batch with more padding, of another id."""
    ids = torch.cat([batch.ids, torch.full((len(batch.ids), by), 11)], dim=1)
    mask = torch.cat([batch.mask, torch.zeros(len(batch.ids), by, dtype=torch.bool)], dim=1)
    return type(batch)(ids, mask)


def losses(batch):
    policy, reference = model(), model(1)
    log_probs, ref, mask = parts(policy, reference, batch)
    old = log_probs.detach() - 0.1
    advantages = torch.tensor([1.0, 0.5, -1, -0.5])
    chosen, rejected = answer_log_probs(policy, batch).chunk(2)
    rewards = RewardModel(policy).double()
    torch.nn.init.normal_(rewards.head.weight, generator=torch.Generator().manual_seed(0))
    at_tokens = token_rewards(advantages.double(), old, ref, mask, 0.1)
    return {
        "sft": sft_loss(policy(batch.ids), batch.ids, mask),
        "dpo": dpo_loss(chosen, rejected, *answer_log_probs(reference, batch).detach().chunk(2), beta=0.2),
        "reward": reward_loss(*rewards(batch).chunk(2)),
        "grpo": grpo_loss(log_probs, old, ref, advantages, mask, beta=0.1),
        "ppo": ppo_loss(log_probs, old, gae(at_tokens, torch.zeros_like(at_tokens), mask), mask),
    }


def test_padding_changes_no_loss():
    batch = pair_batch(PAIRS)
    for name, loss in losses(batch).items():
        assert losses(widened(batch))[name].item() == pytest.approx(loss.item(), abs=1e-12), name


def test_reading_in_parts_of_like_length_changes_no_number():
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 9, (13, 2), generator=generator).tolist()
    rows = [[torch.randint(1, 12, (n,), generator=generator).tolist() for n in pair] for pair in lengths]
    policy, batch = model(), make_batch(*zip(*rows, strict=True))
    whole = (token_log_probs(policy(batch.ids), batch.ids) * batch.mask).sum(dim=1)
    assert torch.allclose(answer_log_probs(policy, batch), whole, atol=1e-12)
    widths = []
    places = by_length(lambda part: widths.append(part.ids.shape[1]) or part.ends, batch, n_parts=4)
    assert torch.equal(places, batch.ends) and widths == sorted(widths) and widths[0] < batch.ids.shape[1] == widths[-1]


def test_a_reference_is_asked_once_about_what_is_needed():
    policy = model()
    found = reference_log_probs(policy, PAIRS, {1})
    chosen, rejected = answer_log_probs(policy, pair_batch(PAIRS[1:]))
    assert found[0].isnan().all() and torch.allclose(found[1], torch.stack([chosen, rejected]).detach())


def test_what_is_impossible_outside_the_mask_leaves_the_gradient_finite():
    log_probs = torch.tensor([[-1.0, -200.0]], requires_grad=True)
    old, ref, mask = torch.tensor([[-1.0, -1.0]]), torch.tensor([[-1.5, 0.0]]), torch.tensor([[True, False]])
    for loss in (
        grpo_loss(log_probs, old, ref, torch.ones(1), mask, beta=0.1),
        ppo_loss(log_probs, old, torch.ones(1, 2), mask),
    ):
        (gradient,) = torch.autograd.grad(loss, log_probs)
        assert gradient.isfinite().all() and gradient[0, 1] == 0 != gradient[0, 0]


# Training


def test_training_does_what_its_loss_says():
    policy = model()
    curve = sft(policy, PROMPTS, CHOSEN, n_steps=40, batch_size=2, learning_rate=1e-2)
    assert curve[-1] < 0.2 * curve[0]
    assert len(dpo(model(), PAIRS, n_steps=30, batch_size=2, watch=lambda n: n == 4)) == 4
    policy = model()
    before = log_odds(policy)
    curve = dpo(policy, PAIRS, n_steps=30, batch_size=2, learning_rate=1e-3)
    assert curve[0] == pytest.approx(math.log(2)) and (log_odds(policy) > before).all()
    reward_model = train_reward_model(model().float(), PAIRS, n_steps=30, batch_size=2, learning_rate=1e-2)
    assert agreement(reward_model, PAIRS) == 1


def test_a_reward_model_starts_without_opinion_and_leaves_its_model_alone():
    policy = model()
    before = copy.deepcopy(policy.state_dict())
    assert agreement(RewardModel(policy).double(), PAIRS) == 0.5
    train_reward_model(policy.float(), PAIRS, n_steps=2)
    assert all(torch.equal(before[name].float(), value) for name, value in policy.state_dict().items())


# Best of n, preferences


def test_best_of_n_by_hand_and_by_counting():
    proxy, values = torch.tensor([[0.1, 0.9, 0.5]]), torch.tensor([[10.0, 20.0, 60.0]])
    assert best_of_n(proxy, 1).tolist() == [0] and best_of_n(proxy, 3).tolist() == [1]
    # Pairs of places: (0, 1) takes 20, (0, 2) takes 60, (1, 2) takes 20.
    for n, mean in {1: 30, 2: 100 / 3, 3: 20}.items():
        assert expected_best_of_n(proxy, values, n).item() == pytest.approx(mean)
    assert expected_best_of_n(torch.randn(2, 256), torch.ones(2, 256), 100).tolist() == pytest.approx([1, 1])
    assert best_of_n_kl(1) == 0 and best_of_n_kl(4) == pytest.approx(math.log(4) - 0.75)


def test_preferences_are_what_the_judge_says_and_equal_answers_are_left_out():
    made = prefer([[1]] * 4, [[2], [3], [4], [5]], [[6], [3], [7], [8]], [True, True, False, None].__getitem__)
    assert made == [Preference([1], [2], [6]), Preference([1], [7], [4])]
    assert constitution_label(lambda q, a: len(a), "?", "yes", "no") is True
    assert constitution_label(lambda q, a: len(a), "?", "no", "yes") is False
    assert constitution_label(lambda q, a: 0.0, "?", "no", "yes") is None
