"""Settings act in their order and as transformers' do together; draws follow the distribution and depend on nothing else."""

import math

import pytest
import torch
from scipy import stats
from transformers import GenerationConfig
from transformers.generation import logits_process as theirs

from helpers.sampling.draws import COLDEST, ORDER, Settings, apply, pick
from helpers.sampling.votes import auroc, vote


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(logits, settings, seed=0):
    """One token for each row."""
    return pick(apply(logits, settings), torch.rand(len(logits), 1, dtype=torch.float64, generator=seeded(seed)))[:, 0]


def test_all_together_are_transformers_list_in_its_order():
    logits, previous = torch.randn(3, 400, generator=seeded()) * 4, torch.randint(0, 400, (3, 9), generator=seeded(1))
    chain = [
        theirs.RepetitionPenaltyLogitsProcessor(1.3),
        theirs.TemperatureLogitsWarper(0.8),
        theirs.TopKLogitsWarper(60),
        theirs.TopPLogitsWarper(0.95),
        theirs.MinPLogitsWarper(0.02),
    ]
    settings = Settings(0.8, top_k=60, top_p=0.95, min_p=0.02, repetition_penalty=1.3)
    assert torch.equal(apply(logits, settings, previous=previous), theirs.LogitsProcessorList(chain)(previous, logits))


def test_the_order_is_the_one_in_which_transformers_puts_them():
    from transformers import GenerationMixin

    class Model(GenerationMixin):
        config = None

    model = Model()
    model.generation_config = GenerationConfig()
    wanted = GenerationConfig(do_sample=True, temperature=0.8, top_k=60, top_p=0.95, min_p=0.02)
    names = [type(p).__name__ for p in model._get_logits_processor(wanted, input_ids_seq_length=1)]
    short = {"TemperatureLogitsWarper": "temperature", "TopKLogitsWarper": "top_k", "TopPLogitsWarper": "top_p"}
    short |= {"MinPLogitsWarper": "min_p"}
    assert tuple(short[name] for name in names) == ORDER


def test_the_order_matters_and_is_the_reader_s():
    logits = torch.linspace(0, 6, 100)
    first = Settings(3.0, top_p=0.9)
    last = Settings(3.0, top_p=0.9, order=("top_k", "top_p", "min_p", "temperature"))
    assert apply(logits, first).isfinite().sum() > apply(logits, last).isfinite().sum()
    with pytest.raises(ValueError, match="give each of"):
        Settings(order=("temperature", "top_p"))


def test_a_penalty_needs_what_was_there():
    with pytest.raises(ValueError, match="previous=None"):
        apply(torch.zeros(4), Settings(repetition_penalty=1.2))


@pytest.mark.parametrize(
    ("name", "value", "error", "words"),
    [
        ("temperature", 0, ValueError, "temperature=0 is not accepted.*likeliest token give None"),
        ("temperature", math.inf, ValueError, "temperature=inf"),
        ("temperature", 1e-40, ValueError, "temperature=1e-40"),
        ("temperature", "1", TypeError, "temperature='1'"),
        ("top_k", 0, ValueError, "top_k=0"),
        ("top_k", 2.5, TypeError, "top_k=2.5"),
        ("top_p", 1.5, ValueError, r"top_p=1.5 is outside \(0, 1\]"),
        ("top_p", math.nan, ValueError, "top_p=nan"),
        ("min_p", 0, ValueError, "min_p=0"),
        ("repetition_penalty", 0, ValueError, "repetition_penalty=0"),
        ("repetition_penalty", -1, ValueError, "repetition_penalty=-1"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name, value, error, words):
    with pytest.raises(error, match=words):
        Settings(**{name: value})


def test_the_coldest_temperature_is_greedy():
    logits = torch.randn(200, 30, generator=seeded()) * 50
    assert torch.equal(drawn(logits, Settings(COLDEST)), logits.argmax(-1))


def test_the_same_mask_as_transformers():
    logits, allowed = torch.randn(2, 50, generator=seeded()), [3, 8, 9]
    expected = theirs.PrefixConstrainedLogitsProcessor(lambda _, __: allowed, 1)(torch.zeros(2, 1).long(), logits)
    mask = torch.zeros(50, dtype=torch.bool)
    mask[allowed] = True
    assert torch.equal(apply(logits, Settings(), allowed=allowed), expected)
    assert torch.equal(apply(logits, Settings(), allowed=mask), expected)
    with pytest.raises(ValueError, match="every token of row 0 is masked"):
        apply(logits, Settings(), allowed=[])


@pytest.mark.parametrize(
    "settings",
    [Settings(), Settings(0.5), Settings(2.0, top_k=5), Settings(top_p=0.8), Settings(min_p=0.1)],
    ids=str,
)
@pytest.mark.parametrize("seed", [0, 1])
def test_frequencies_are_those_of_the_distribution(settings, seed):
    logits, n = torch.linspace(-2, 2, 12), 20_000
    counts = drawn(logits.expand(n, -1), settings, seed).bincount(minlength=12)
    probs = apply(logits, settings).double().softmax(0)
    assert (counts[probs == 0] == 0).all()
    likely = probs > 0
    assert stats.chisquare(counts[likely].numpy(), n * probs[likely].numpy()).pvalue > 1e-3


def test_a_draw_depends_on_its_row_and_number_alone():
    logits, uniforms = torch.randn(6, 5000, generator=seeded()), torch.rand(6, 2, generator=seeded(1), dtype=torch.float64)
    together = pick(logits, uniforms)
    assert together.tolist() == [pick(logits[i], uniforms[i]).tolist() for i in range(6)]


def test_the_ends_of_the_interval_draw_tokens_that_are_there():
    logits = torch.tensor([-math.inf, 0.0, -math.inf, 1.0, -math.inf])
    ends = torch.tensor([0.0, 1 - 2**-53], dtype=torch.float64)
    assert pick(logits, ends).tolist() == [1, 3]
    assert pick(torch.zeros(1), ends).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("logits", "words"),
    [([math.nan, 1.0], "row 0 holds nan"), ([math.inf, 1.0], "row 0 holds inf"), ([-math.inf] * 2, "row 0 is masked")],
)
def test_what_is_no_distribution_is_refused(logits, words):
    for call in (lambda x: apply(x, Settings()), lambda x: pick(x, torch.rand(1))):
        with pytest.raises(ValueError, match=words):
            call(torch.tensor(logits))


def test_votes_by_hand():
    assert vote(["b", "a", "a", "c"]) == ("a", 0.5)
    assert vote(["b", "a"]) == ("b", 0.5), "the first seen of a tie"


def test_auroc_by_hand_and_by_counting_pairs():
    assert auroc([3, 2, 1], [True, False, False]) == 1 and auroc([1, 2], [True, False]) == 0
    assert auroc([1, 1, 1], [True, False, True]) == 0.5
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(40, generator=generator).mul(10).round().numpy()
    right = torch.rand(40, generator=generator).numpy() > 0.4
    pairs = scores[right][:, None] - scores[~right]
    assert auroc(scores, right) == pytest.approx(((pairs > 0) + (pairs == 0) / 2).mean())
