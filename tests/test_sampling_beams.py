"""Beam search: by hand, against all sequences, and token for token as transformers' generate on the chat model."""

import itertools
import math

import pytest
import torch

from helpers.sampling.beams import beam_searches


class Table:
    """A decoder of a function from a prefix to logits (V,), computed anew for each prefix."""

    def __init__(self, next_logits):
        self.next_logits, self.rows = next_logits, []

    def prefill(self, rows):
        self.rows = [tuple(row) for row in rows]
        return torch.stack([self.next_logits(row) for row in self.rows])

    def step(self, tokens, parents):
        return self.prefill([(*self.rows[p], t) for p, t in zip(parents.tolist(), tokens.tolist(), strict=True)])


TREE = {(): [0.0, 0.6, 0.4], (1,): [0.0, 0.55, 0.45], (2,): [0.0, 0.05, 0.95]}


def tree(prefix):
    return torch.tensor([*TREE.get(prefix[1:], [1.0, 0.0, 0.0]), 0.0]).log()


def random_logits(prefix, vocab=6):
    seed = sum((token + 1) * 7**i for i, token in enumerate(prefix))
    return torch.randn(vocab, generator=torch.Generator().manual_seed(seed % 2**31)) * 2


def test_two_beams_find_what_greedy_misses():
    ((greedy,),) = beam_searches(Table(tree), [[0]], num_beams=1, max_new_tokens=2)
    ((best, _),) = beam_searches(Table(tree), [[0]], num_beams=2, max_new_tokens=2)
    assert greedy.ids == (1, 1) and best.ids == (2, 2)
    assert math.exp(best.log_prob) == pytest.approx(0.38) and best.score == pytest.approx(best.log_prob / 2)


@pytest.mark.parametrize("prompt", [[0], [3, 1], [5, 5]])
def test_enough_beams_find_the_best_of_all_sequences(prompt):
    def log_prob(ids):
        places = range(len(ids))
        return sum(random_logits((*prompt, *ids[:i]), 40).log_softmax(0)[ids[i]].item() for i in places)

    (found,) = beam_searches(Table(lambda p: random_logits(p, 40)), [prompt], num_beams=20, max_new_tokens=2)
    every = sorted(itertools.product(range(40), repeat=2), key=log_prob, reverse=True)
    assert found[0].ids == every[0] and found[0].log_prob == pytest.approx(log_prob(every[0]), abs=1e-5)


@pytest.mark.parametrize("eos", [None, 2])
def test_several_prompts_in_one_batch_find_what_each_finds_alone(eos):
    prompts, options = [[0], [3, 1], [5, 5], [4]], {"num_beams": 3, "max_new_tokens": 6, "eos": eos}
    together = beam_searches(Table(random_logits), prompts, **options)
    assert together == [beam_searches(Table(random_logits), [prompt], **options)[0] for prompt in prompts]
