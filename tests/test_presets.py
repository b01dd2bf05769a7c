"""Each preset keeps what it says that it keeps."""

import pytest
import torch

from helpers.presets import CREATIVE, FACTUAL, PRESETS
from helpers.sampling.draws import Settings, apply, pick


def kept(probs: list[float], settings: Settings) -> list[int]:
    """The tokens that may be drawn, given their probabilities."""
    after = apply(torch.tensor(probs).log(), settings)
    return torch.nonzero(after > -torch.inf).flatten().tolist()


def test_factual_keeps_the_likeliest_unless_another_is_nearly_as_likely():
    # By hand: at a temperature of 0.2 odds are raised to the fifth power, so 5 to 3 become 3125 to 243, or 93 in 100.
    assert kept([0.5, 0.3, 0.2], FACTUAL) == [0]
    assert kept([0.42, 0.4, 0.18], FACTUAL) == [0, 1]


def test_creative_keeps_all_but_the_tail_and_leaves_the_odds_alone():
    probs = [0.6, 0.3, 0.06, 0.031, 0.009]
    assert kept(probs, CREATIVE) == [0, 1, 2, 3], "a twentieth of the largest is 0.03"
    after = apply(torch.tensor(probs).log(), CREATIVE).softmax(-1)
    assert after[0] / after[1] == pytest.approx(2)


def test_draws_follow_the_preset():
    logits, uniforms = torch.tensor([0.5, 0.3, 0.2]).log(), torch.rand(1000, generator=torch.Generator().manual_seed(0))
    drawn = {name: pick(apply(logits, settings), uniforms) for name, settings in PRESETS.items()}
    assert drawn["factual"].unique().tolist() == [0]
    assert drawn["creative"].unique().tolist() == [0, 1, 2]
