"""Sampling with a cache, policy gradients in a loop, and the base model that is kept."""

import copy
from dataclasses import replace

import pytest
import torch

from helpers.alignment import pretrained
from helpers.alignment.batches import descend, make_batch
from helpers.alignment.generate import pick, sample
from helpers.alignment.grpo import grpo
from helpers.alignment.policy import kl_to_reference
from helpers.alignment.ppo import ppo
from helpers.alignment.pretrained import base_file, base_model
from helpers.models import Config
from helpers.models.transformer import transformer
from helpers.training import Recipe, seeded
from helpers.world import WorldConfig
from tests.small_models import one_thread  # noqa: F401

EOS = 2
PROMPTS = [[1, 5, 6, 7], [1], [1, 9, 8], [1, 5, 6, 7], [1, 3, 4, 5, 6, 7]]
WORLD = WorldConfig(exposures=(0, 2), people_per_group=2, n_unseen=2, n_quizzes=5, n_threads=5)
RECIPE = Recipe(n_tokens=256, batch_size=4, context=16)


def model(seed=0):
    return seeded(lambda: transformer(Config(vocab_size=12, d_model=16, n_layers=2, n_heads=2, context=64)), seed).eval()


def one_by_one(policy, prompt, draws, temperature, max_new):
    """An answer without batch and without cache: the whole text again for each token."""
    answer = []
    with torch.no_grad():
        while len(answer) < max_new and EOS not in answer:
            logits = policy(torch.tensor([prompt + answer]))[:, -1]
            answer.append(int(pick(logits, draws[len(answer)].view(1, 1), temperature)))
    return answer


@pytest.mark.parametrize("temperature", [0, 0.7, 1.0, 3.0])
@pytest.mark.parametrize("max_new", [1, 20])
def test_sampling_many_at_once_is_sampling_each_alone(temperature, max_new):
    policy = model()
    draws = torch.rand(len(PROMPTS), max_new, generator=torch.Generator().manual_seed(3))
    together = sample(policy, PROMPTS, eos=EOS, max_new=max_new, temperature=temperature, draws=draws)
    assert together == [one_by_one(policy, p, d, temperature, max_new) for p, d in zip(PROMPTS, draws, strict=True)]
    if max_new > 1 and temperature >= 1:
        assert len({len(answer) for answer in together}) > 1  # some ended before others
    assert sample(policy, PROMPTS, eos=EOS, max_new=max_new, temperature=temperature, seed=3) == together


def test_an_end_in_a_prompt_does_not_end_its_answer():
    policy = model()
    prompts, draws = [[1, EOS, 5, 6], [1, 5]], torch.full((2, 6), 0.5)
    alone = [one_by_one(policy, p, d, 1.0, 6) for p, d in zip(prompts, draws, strict=True)]
    assert sample(policy, prompts, eos=EOS, max_new=6, draws=draws) == alone


def test_tokens_come_as_often_as_the_model_says():
    logits = torch.tensor([[0.0, 1.0, -1.0, 2.0]])
    drawn = pick(logits.expand(20_000, 4), torch.rand(20_000, 1, generator=torch.Generator().manual_seed(0)), 0.5)
    expected = (logits[0] / 0.5).softmax(-1)
    assert torch.allclose(drawn.bincount(minlength=4) / 20_000, expected, atol=0.01)
    impossible = torch.tensor([[-torch.inf, 0.0, -torch.inf]])
    assert (
        pick(impossible, torch.tensor([[0.0]]), 1.0).item() == 1 == pick(impossible, torch.tensor([[0.9999999]]), 1.0).item()
    )


def likes_nines(prompts, answers):
    return torch.tensor([answer.count(9) / len(answer) for answer in answers])


@pytest.mark.parametrize("method", ["grpo", "ppo"])
def test_the_reward_rises_and_a_heavier_beta_stays_closer(method):
    kls = []
    for beta in (0.01, 1.0):
        policy, reference = model(), model()
        if method == "grpo":
            sizes = {"n_rounds": 15, "prompts_per_round": 4, "learning_rate": 3e-3}
            rows = grpo(policy, PROMPTS, likes_nines, eos=EOS, beta=beta, max_new=6, **sizes)
        else:
            sizes = {"n_rounds": 15, "prompts_per_round": 32, "learning_rate": 3e-3}
            rows = ppo(policy, PROMPTS, likes_nines, eos=EOS, beta=beta, max_new=6, **sizes)
        answers = sample(policy, PROMPTS * 20, eos=EOS, max_new=6)
        kls.append(kl_to_reference(policy, reference, make_batch(PROMPTS * 20, answers)))
        assert rows[0]["kl"] == pytest.approx(0, abs=1e-5) and len(rows) == 15
        if beta < 0.1:
            assert likes_nines(PROMPTS * 20, answers).mean() > 2 * rows[0]["reward"] + 0.1
    assert kls[0] > kls[1]


@pytest.mark.parametrize("method", [grpo, ppo])
def test_a_reward_that_is_no_number_stops_the_run_and_leaves_the_policy(method):
    policy = model()
    before = copy.deepcopy(policy.state_dict())
    with pytest.raises(ValueError, match="rewards of shape .* NaN"):
        method(policy, PROMPTS, lambda p, a: torch.full((len(p),), float("nan")), eos=EOS, max_new=2, prompts_per_round=4)
    with pytest.raises(ValueError, match="score gave rewards of shape"):
        method(policy, PROMPTS, lambda p, a: torch.zeros(3), eos=EOS, max_new=2, prompts_per_round=4)
    with pytest.raises(ValueError, match="beta=-1"):
        method(policy, PROMPTS, likes_nines, eos=EOS, max_new=2, prompts_per_round=4, beta=-1)
    assert all(torch.equal(before[name], value) for name, value in policy.state_dict().items())


@pytest.mark.parametrize("method", [grpo, ppo])
def test_a_watch_sees_every_round_and_ends_the_run(method):
    seen = []
    rows = method(
        model(), PROMPTS, likes_nines, eos=EOS, max_new=2, prompts_per_round=4, watch=lambda n: seen.append(n) or n == 3
    )
    assert seen == [1, 2, 3] and len(rows) == 3


def test_a_loss_that_is_no_number_changes_nothing():
    policy = model()
    optimizer = torch.optim.SGD(policy.parameters(), lr=1.0)
    with pytest.raises(ValueError, match="loss=nan"):
        descend(optimizer, policy(torch.tensor([[1]])).sum() * float("nan"))


# The base model that is kept


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("UFM_CACHE", str(tmp_path))
    made = []
    train = pretrained.train
    monkeypatch.setattr(pretrained, "train", lambda *a, **k: made.append(1) or train(*a, **k))
    return tmp_path, made


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_a_base_model_is_made_once_and_is_the_same_from_the_cache(cache):
    folder, made = cache
    first = base_model(WORLD, RECIPE)
    assert same(first, base_model(WORLD, RECIPE)) and len(made) == 1
    assert [file.suffix for file in (folder / "world-models").iterdir()] == [".safetensors"]
    assert not first.training


@pytest.mark.parametrize("damage", [lambda d: d[: len(d) // 2], lambda d: b"", lambda d: b"no weights", lambda d: d[:-1]])
def test_a_damaged_file_is_made_again(cache, damage):
    folder, made = cache
    first = base_model(WORLD, RECIPE)
    (file,) = (folder / "world-models").iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert same(first, base_model(WORLD, RECIPE)) and len(made) == 2 and file.read_bytes() == whole


def test_whatever_makes_a_model_is_in_its_name(monkeypatch, tmp_path):
    config = Config(vocab_size=50)
    files = {
        base_file(WORLD, RECIPE, config),
        base_file(replace(WORLD, seed=1), RECIPE, config),
        base_file(WORLD, replace(RECIPE, seed=1), config),
        base_file(WORLD, RECIPE, Config(vocab_size=51)),
    }
    source = tmp_path / "training.py"
    source.write_text("# changed")
    monkeypatch.setattr("helpers.training.__file__", str(source))
    assert len(files | {base_file(WORLD, RECIPE, config)}) == 5
