"""The task of recall is what it says, and can be learnt; guessing is as good as it should be."""

import pytest
import torch

from helpers.models import Config
from helpers.models.registry import ARCHITECTURES
from helpers.recall import N_PAIRS, PairEmbedding, Task, guess, learn, learner, recall

TASK = Task(n_keys=8, n_values=4)


def drawn(batch_size=50, n_pairs=5, seed=0, task=TASK):
    return task.draw(batch_size, n_pairs, torch.Generator().manual_seed(seed))


def test_a_text_is_pairs_and_then_a_question_for_each():
    ids, answers = drawn()
    keys, symbols = ids // 5, ids % 5
    assert ids.shape == (50, 10) and answers.shape == (50, 5)
    assert int(ids.max()) < TASK.vocab_size
    assert (symbols[:, :5] < 4).all() and (symbols[:, 5:] == 4).all()
    for row in range(50):
        values = dict(zip(keys[row, :5].tolist(), symbols[row, :5].tolist(), strict=True))
        assert len(values) == 5
        assert [values[key] for key in keys[row, 5:].tolist()] == answers[row].tolist()


def test_the_order_of_questions_is_another_one():
    ids, _ = drawn()
    assert (ids[:, :5] // 5 != ids[:, 5:] // 5).any()


def test_a_draw_depends_on_the_generator_only():
    assert torch.equal(drawn(seed=1)[0], drawn(seed=1)[0])
    assert not torch.equal(drawn(seed=1)[0], drawn(seed=2)[0])


def test_a_pair_is_embedded_as_key_plus_value():
    embedding = PairEmbedding(TASK, 6, 1.0)
    id_of = 3 * 5 + 2
    expected = embedding.keys.weight[3] + embedding.values.weight[2]
    torch.testing.assert_close(embedding(torch.tensor([id_of]))[0], expected)
    assert embedding.weight.shape == (5, 6)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_can_be_made_a_learner(name):
    config = Config(vocab_size=TASK.vocab_size, d_model=16, n_layers=2, n_heads=2, head_dim=8, attention_period=2)
    model = learner(ARCHITECTURES[name], config, TASK)
    ids, _ = drawn()
    assert model(ids).shape == (50, 10, 5)


def test_one_that_looks_up_is_always_right():
    class LookUp(torch.nn.Module):
        def forward(self, ids):
            keys, symbols = ids // 5, ids % 5
            same = (keys[:, :, None] == keys[:, None]) & (symbols[:, None] < 4)
            return torch.nn.functional.one_hot(symbols[torch.arange(len(ids))[:, None], same.int().argmax(-1)], 5).float()

    assert recall(LookUp(), TASK, 6) == 1


def test_guessing_among_many_values_is_worth_little():
    task = Task(n_keys=64, n_values=16)
    at = [guess(task, n) for n in N_PAIRS]
    assert at == sorted(at, reverse=True)
    assert 1 / 4 < at[0] < 1 / 2  # of four values the most frequent one
    assert 1 / 16 < at[-1] < 1 / 8


def test_a_transformer_learns_to_recall_and_the_same_each_time():
    config = Config(vocab_size=Task(64, 16).vocab_size, d_model=32, n_layers=2, n_heads=2)
    made = [learn(learner(ARCHITECTURES["transformer"], config, Task(64, 16)), Task(64, 16), 60, 1e-2) for _ in range(2)]
    before = recall(learner(ARCHITECTURES["transformer"], config, Task(64, 16)), Task(64, 16), 4)
    scores = [recall(model, Task(64, 16), 4) for model in made]
    assert scores[0] == scores[1] > max(2 * before, 2 * guess(Task(64, 16), 4))
