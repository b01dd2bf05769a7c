# %% [markdown] text title
# # Post-training
#
# After chapter 07 of *Understanding Foundation Models*. Twenty points: sixteen by tests, four by a person.
#
# Write your code where it says so. Below each task are tests that you can run as often as you like; when it is
# marked, more tests run that you can't see, and each cell may take some seconds only. A test that prints nothing
# has passed. You need no network and no GPU, and all of it runs in seconds. Before you hand it in: *Kernel,
# Restart and Run All*.
#
# Write the functions yourself. PyTorch, NumPy and Python's own library are there for you; a call of the function
# in `helpers` that does the task is not an answer.
# %% given setup
import math
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

warnings.simplefilter("ignore")  # a warning in a test would count as a failure


def random(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers, the same for the same seed."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# %% [markdown] text sft-task
# ## 1. Learn from the answer only (3 points)
#
# Return the loss of supervised fine-tuning: the mean negative log-probability, in nats, of the tokens of the
# answers. `logits` of shape (B, L, V) are what a model says after each of the tokens `ids`, of shape (B, L): those
# at place *t* are about the token at *t* + 1. `mask`, of shape (B, L - 1), is True where `ids[:, 1:]` is part of
# an answer. Prompts and padding do not count, and every token of an answer counts the same.
# %% answer sft
def sft_loss(logits: Tensor, ids: Tensor, mask: Tensor) -> Tensor:
    """Mean negative log-likelihood of the answers' tokens, a scalar."""
    # BEGIN SOLUTION
    log_probs = logits[:, :-1].log_softmax(dim=-1)
    of_token = log_probs.gather(-1, ids[:, 1:, None])[..., 0]
    return -of_token[mask].mean()
    # END SOLUTION


# %% test sft-uniform 1
ids = torch.tensor([[3, 1, 4, 1], [2, 0, 0, 0]])
mask = torch.tensor([[False, True, True], [True, False, False]])
loss = sft_loss(torch.zeros(2, 4, 5), ids, mask)
assert loss.shape == (), f"the loss is one number, and not of shape {tuple(loss.shape)}"
assert math.isclose(loss, math.log(5), rel_tol=1e-5), f"five tokens, all as likely: log 5 = 1.609, and not {loss:.3f}"
# %% test sft-shift 1
logits = torch.zeros(1, 3, 4)
logits[0, 0, 2] = 50.0  # after the first token the model is sure of a 2
loss = sft_loss(logits, torch.tensor([[0, 2, 1]]), torch.tensor([[True, False]]))
assert loss < 1e-3, (
    f"the model is sure of the right token, so the loss is near 0, and not {loss:.2f}: are they shifted by one?"
)
# BEGIN HIDDEN TESTS
logits, ids = random(3, 7, 11), torch.arange(21).reshape(3, 7) % 11
everywhere = torch.ones(3, 6, dtype=torch.bool)
due = torch.nn.functional.cross_entropy(logits[:, :-1].reshape(-1, 11), ids[:, 1:].reshape(-1))
assert torch.isclose(sft_loss(logits, ids, everywhere), due), "wrong where all tokens count"
# END HIDDEN TESTS
# %% test sft-mask 1
logits = random(2, 4, 5)
ids = torch.tensor([[3, 1, 4, 1], [2, 0, 0, 0]])
other = logits.clone()
other[1, 2:] += random(2, 5, seed=1)  # about padding only
one, two = sft_loss(logits, ids, mask), sft_loss(other, ids, mask)
assert torch.isclose(one, two), "the loss changes with what the model says about padding"
# BEGIN HIDDEN TESTS
rows = torch.stack([logits.log_softmax(-1)[b, t, ids[b, t + 1]] for b, t in ((0, 1), (0, 2), (1, 0))])
assert torch.isclose(one, -rows.mean()), "each token of an answer counts the same, in a short answer and in a long one"


# END HIDDEN TESTS
# %% [markdown] text dpo-task
# ## 2. Learn from comparisons (4 points)
#
# Return the loss of direct preference optimisation. All arguments are of shape (B,): log-probabilities of the
# chosen and of the rejected answers under the model and under its reference, summed over tokens.
#
# $$
# -\frac{1}{B} \sum \log \sigma\big(\beta\,[(\text{chosen} - \text{ref\_chosen})
# - (\text{rejected} - \text{ref\_rejected})]\big)
# $$
#
# It has to be a number for margins of hundreds of nats, too.
# %% answer dpo
def dpo_loss(chosen: Tensor, rejected: Tensor, ref_chosen: Tensor, ref_rejected: Tensor, beta: float) -> Tensor:
    """The loss of DPO in nats a pair, a scalar."""
    # BEGIN SOLUTION
    margin = (chosen - ref_chosen) - (rejected - ref_rejected)
    return -torch.nn.functional.logsigmoid(beta * margin).mean()
    # END SOLUTION


# %% test dpo-start 1
logs = random(4) - 20, random(4, seed=1) - 20
loss = dpo_loss(*logs, *logs, beta=0.3)
assert math.isclose(loss, math.log(2), rel_tol=1e-5), f"where training starts the loss is log 2 = 0.693, and not {loss:.3f}"
# %% test dpo-direction 1
start = torch.zeros(1)
better = dpo_loss(start + 1, start, start, start, beta=1.0)
assert math.isclose(better, 0.3133, abs_tol=1e-3), f"a margin of 1 has the loss 0.313, and not {better:.3f}: check each sign"
# BEGIN HIDDEN TESTS
reference = dpo_loss(start, start, start + 1, start, beta=1.0)
assert math.isclose(reference, 1.3133, abs_tol=1e-3), "wrong where the reference prefers the chosen answer"
# END HIDDEN TESTS
# %% test dpo-beta 1
strong, weak = (dpo_loss(start + 1, start, start, start, beta=b) for b in (2.0, 0.1))
assert strong < weak, "the same margin weighs more with a larger beta"
# BEGIN HIDDEN TESTS
from_library = torch.nn.functional.binary_cross_entropy_with_logits
a, b, c, d = (random(6, seed=s) for s in range(4))
due = from_library(0.7 * ((a - c) - (b - d)), torch.ones(6))
assert torch.isclose(dpo_loss(a, b, c, d, beta=0.7), due), "wrong for several pairs"
# END HIDDEN TESTS
# %% test dpo-far 1
wrong = torch.tensor([-400.0], requires_grad=True)
loss = dpo_loss(wrong, start, start, start, beta=1.0)
assert torch.isfinite(loss), "for a margin of -400 the loss is 400: take the logarithm of the sigmoid in one step"
# BEGIN HIDDEN TESTS
loss.sum().backward()
assert wrong.grad is not None and torch.isclose(wrong.grad, torch.tensor([-1.0])), "its gradient there is -1"


# END HIDDEN TESTS
# %% [markdown] text kl-task
# ## 3. How far from the reference? (3 points)
#
# Return the KL divergence of the policy from its reference in nats, for each row: $\sum_v p_v (\log p_v - \log
# q_v)$, where $p$ is the policy. Both are given as **logits** of shape (B, V). A token may be impossible, with a
# logit of $-\infty$; where the policy never says it, it adds nothing.
# %% answer kl
def kl(policy: Tensor, reference: Tensor) -> Tensor:
    """KL(policy || reference), of shape (B,)."""
    # BEGIN SOLUTION
    log_p, log_q = policy.log_softmax(dim=-1), reference.log_softmax(dim=-1)
    terms = log_p.exp() * (log_p - log_q)
    return torch.where(log_p == -torch.inf, 0.0, terms).sum(dim=-1)
    # END SOLUTION


# %% test kl-direction 1
policy, reference = torch.tensor([[0.9, 0.1]]).log(), torch.tensor([[0.5, 0.5]]).log()
found = kl(policy, reference)
assert found.shape == (1,), f"one number a row, and not shape {tuple(found.shape)}"
assert math.isclose(found, 0.3681, abs_tol=1e-3), (
    f"for (0.9, 0.1) against (0.5, 0.5) it is 0.368 nats, and not {found.item():.3f}"
)
# %% test kl-logits 1
shifted = kl(policy + 3, reference - 5)
assert torch.isclose(shifted, found, atol=1e-5), "logits plus a constant are the same distribution, so it must not change"
# BEGIN HIDDEN TESTS
policy, reference = random(5, 30), random(5, 30, seed=1)
due = torch.nn.functional.kl_div(reference.log_softmax(-1), policy.softmax(-1), reduction="none").sum(-1)
assert torch.allclose(kl(policy, reference), due, atol=1e-5), "wrong for random logits"
# END HIDDEN TESTS
# %% test kl-impossible 1
never = torch.tensor([[0.0, 0.0, -torch.inf]])
found = kl(never, torch.zeros(1, 3))
assert math.isclose(found, math.log(1.5), abs_tol=1e-5), (
    f"the policy never says one of three: log 1.5, and not {found.item()}"
)
# BEGIN HIDDEN TESTS
assert kl(torch.zeros(1, 3), never).isinf().all(), "what the reference never says costs the policy infinitely much"
assert torch.allclose(kl(never, never), torch.zeros(1)), "wrong where both never say it"


# END HIDDEN TESTS
# %% [markdown] text advantages-task
# ## 4. Better than its siblings (2 points)
#
# GRPO compares each answer with the others to the same prompt. From `rewards` of shape (P, G), G answers to each
# of P prompts, return the advantages: in each group, rewards minus their mean, over their standard deviation
# (`torch.std`, as it comes). In a group in which all rewards are the same, all advantages are 0.
# %% answer advantages
def advantages(rewards: Tensor) -> Tensor:
    """How much better each answer is than its group, of shape (P, G)."""
    # BEGIN SOLUTION
    centred = rewards - rewards.mean(dim=1, keepdim=True)
    same = (rewards == rewards[:, :1]).all(dim=1, keepdim=True)
    return torch.where(same, 0.0, centred / rewards.std(dim=1, keepdim=True))
    # END SOLUTION


# %% test advantages-groups 1
found = advantages(torch.tensor([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]))
assert torch.allclose(found[0], torch.tensor([-1.0, 0.0, 1.0]), atol=1e-3), (
    f"by hand the first group has -1, 0, 1: {found[0]}"
)
assert torch.allclose(found[0], found[1], atol=1e-3), "each group has its own mean and spread"
# BEGIN HIDDEN TESTS
found = advantages(random(6, 9))
assert torch.allclose(found.mean(1), torch.zeros(6), atol=1e-3), "in each group the mean is 0"
assert torch.allclose(found.std(1), torch.ones(6), atol=1e-2), "in each group the spread is 1"
# END HIDDEN TESTS
# %% test advantages-same 1
found = advantages(torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 1.0]]))
assert found.isfinite().all(), "a group of equal rewards must not divide by zero"
assert (found[0] == 0).all() and (found[1] != 0).all(), "a group of equal rewards teaches nothing: 0; the other one does"
found = advantages(torch.full((1, 11), 1234.567))
assert (found == 0).all(), f"eleven equal rewards, whose mean is rounded in 32 bits: 0, and not {found[0, 0]:.3f}"


# %% [markdown] text stop-task
# ## 5. When to stop (4 points, by how well you do)
#
# A policy is trained against a reward model. At each of 40 checkpoints you know its KL divergence from the start,
# and its mean reward by the reward model. At some checkpoints, people judged a sample, so there you know the true
# reward up to chance. `run(seed)` gives such a training, with the truth, which nobody sees in practice: it grows
# at first and then falls, while the reward model goes on praising. The curves have the form that Gao, Schulman and
# Hilton found in 2023 for the best of many samples: $R = d\,(a - b\,d)$, with $d = \sqrt{\text{KL}}$.
#
# Write `stop`, which chooses a checkpoint. `score` gives the mean over some trainings of the true reward at your
# checkpoint, over the best of that training. One point is for doing better than training to the end. The three
# others grow with the score on other seeds, from none at 0.8 to all at 0.97.
# %% given runs
@dataclass(frozen=True)
class Run:
    """A training as one sees it."""

    kl: np.ndarray  # (40,) in nats
    proxy: np.ndarray  # (40,) mean reward by the reward model
    judged: np.ndarray  # (n,) checkpoints that people judged
    human: np.ndarray  # (n,) mean reward by people there


def run(seed: int) -> tuple[Run, np.ndarray]:
    """A training as one sees it, and its true rewards (40,)."""
    rng = np.random.default_rng(seed)
    kl = np.linspace(0, 1, 40) ** rng.uniform(0.7, 1.5) * rng.uniform(30, 120)
    d, a = np.sqrt(kl), rng.uniform(0.5, 1.5)
    peak = rng.uniform(0.25, 0.85) * d[-1]
    truth = d * (a - a / (2 * peak) * d)
    proxy = d * (1.2 * a - a / (4 * d[-1]) * d) + rng.normal(0, 0.05, 40)
    judged = np.arange(0, 40, 4)
    human = truth[judged] + rng.normal(0, 0.25 * truth.max(), len(judged))
    return Run(kl, proxy, judged, human), truth


def score(stop, seeds: range) -> float:
    """The mean of the true reward at the checkpoint that `stop` chooses, over the best."""
    runs = [run(seed) for seed in seeds]
    return sum(float(truth[int(stop(seen))] / truth.max()) for seen, truth in runs) / len(runs)


# %% answer stop
def stop(seen: Run) -> int:
    """The checkpoint to keep, from 0 to 39."""
    # BEGIN SOLUTION
    d = np.sqrt(seen.kl)
    terms = np.stack([d, -(d**2)], axis=1)
    a, b = np.linalg.lstsq(terms[seen.judged], seen.human, rcond=None)[0]
    return int((d * (a - b * d)).argmax())
    # END SOLUTION


# %% test stop-seen 1
kept = stop(run(0)[0])
assert 0 <= kept < 40, f"a checkpoint is a number from 0 to 39, and not {kept}"
last = score(lambda seen: 39, range(40))
assert score(stop, range(40)) > max(last, 0.5) + 0.1, f"to train to the end would do as well: {last:.2f}"
# %% test stop-unseen 3
marks = 0.0
# BEGIN HIDDEN TESTS
marks = score(stop, range(5000, 5400))
print(f"the true reward is {marks:.3f} of the best, in the mean of 400 other trainings")
# END HIDDEN TESTS
round(min(3.0, max(0.0, 3 * (float(marks) - 0.8) / 0.17)), 1)
# %% [markdown] text judge-task
# ## 6. A judge that likes length (4 points, marked by a person)
#
# A team trains a chat model against a reward model. Its reward rises for a week, users complain that answers got
# longer and say less. The team plans to subtract a constant for each word from the reward, and to go on. In at
# most 200 words, advise them.
#
# One point each for: what happened, in the terms of chapter 07; what the plan would do, good and bad; a way to
# find out that does not ask the reward model; a rule, stated before the next training, by which it is stopped.
# %% [markdown] essay judge 4
# **Model answer.** The policy optimises a proxy. People who compared answers preferred longer ones, a little, so
# the reward model learnt length beside quality; far from the reference, where it saw no comparisons, length is the
# cheapest way to please it. Reward and truth part, which is Goodhart's law (1 point). A price on words removes
# this one way: good, as it is cheap and at once felt. But it also punishes answers that need length, its size is a
# guess, and the policy will find the next thing that the reward model mistakes for quality, such as lists or
# confidence (1 point). Have people compare answers of this week's checkpoints with those of the start, blind, in
# pairs of about the same length and in pairs as they come, some hundreds, so that the share of wins has an
# interval of a few points; it shows whether quality or only length changed (1 point). The rule: stop at the KL
# from the reference at which the share of wins by people last rose by more than its interval, and never beyond a
# KL fixed in advance; new comparisons of the policy's own answers before any more training (1 point).
#
# **Not enough.** "The model is biased"; a rule that reads the same reward model; a test of users without numbers.
