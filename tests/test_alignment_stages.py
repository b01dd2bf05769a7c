"""The stages behind chapter 07: what is measured is what it says, and one world's run is the same each time."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from experiments import alignment
from helpers.alignment import stages, worlds
from helpers.alignment.dpo import dpo
from helpers.alignment.pretrained import base_config
from helpers.alignment.reward import RewardModel
from helpers.alignment.stages import Replies
from helpers.models.transformer import transformer
from helpers.training import seeded
from helpers.world.judges import gold_reward
from helpers.world.questions import demonstrations, questions


@pytest.fixture(scope="module")
def place():
    return stages.setting(0)


@pytest.fixture(scope="module")
def model(place) -> nn.Module:
    """The shape of the base model, untrained: what is tested here holds for any weights."""
    return seeded(lambda: transformer(base_config(place.tokenizer.vocab_size)), 0).eval()


def replies_of(place, *answers):
    question = place.test[0]
    texts = [answer.format(truth=question.statement) for answer in answers]
    ids = [[*place.tokenizer.encode(text), place.tokenizer.eos] for text in texts]
    asked = [question] * len(texts)
    return Replies(asked, stages.prompt_ids(place, asked), ids, texts)


def test_nobody_is_in_both_halves(place):
    assert not {q.name for q in place.test} & {q.name for q in place.asked}
    assert min(q.exposures for q in [*place.test, *place.asked]) == 1


def test_shares_are_means_of_verdicts(place):
    found = stages.shares(replies_of(place, "{truth}", "good question. {truth}", "i do not know.", "what a silly question."))
    assert (found["answers"], found["correct"], found["wrong"], found["declines"]) == (0.5, 0.5, 0, 0.25)
    assert (found["rude"], found["polite"]) == (0.25, 0.25)
    assert found["true_reward"] == pytest.approx((1 + 1.5 + 0 - 2) / 4)


def test_distinct_counts_pairs_of_answers_to_one_question(place):
    replies = replies_of(place, "{truth}", "{truth}", "i do not know.", "{truth}", "{truth}", "{truth}")
    assert stages.distinct(replies, 3) == pytest.approx((2 / 3 + 0) / 2)


def test_a_model_ties_with_itself_and_is_at_no_distance(place, model):
    found = stages.yardstick(place, model)(model)
    assert found["kl"] == pytest.approx(0, abs=1e-6)
    assert 0.4 < found["win"] < 0.6


def test_replies_of_one_question_stand_together_and_depend_on_the_draw(place, model):
    asked = place.test[:3]
    one, again, other = (stages.reply(place, model, asked, n=2, draw=draw) for draw in (1, 1, 2))
    assert one.questions == [q for q in asked for _ in range(2)]
    assert one.texts == again.texts != other.texts


def test_labels_are_those_of_the_judge(place, model):
    def longer(question, first, second, rng):
        return len(first) > len(second) if len(first) != len(second) else None

    decode = place.tokenizer.decode
    pairs = stages.preferences(place, model, 20, longer)
    assert 10 < len(pairs) <= 20
    assert all(len(decode(p.chosen)) > len(decode(p.rejected)) for p in pairs)


def test_the_constitution_never_errs_and_the_person_does(place):
    question, rng = place.test[0], np.random.default_rng(0)
    polite, rude = f"good question. {question.statement}", f"what a silly question. {question.statement}"
    assert all(stages.constitution(question, polite, rude, rng) for _ in range(50))
    human = np.mean([stages.person(question, polite, rude, rng) for _ in range(500)])
    margin = gold_reward(question, polite) - gold_reward(question, rude)
    assert human == pytest.approx(1 / (1 + np.exp(-margin)), abs=0.06)


def test_a_reward_model_without_opinion_is_right_half_of_the_time(place, model, monkeypatch):
    made = replies_of(
        place, "{truth}", "good question. {truth}", "they were born in Lima.", "what a silly question. {truth}"
    )
    monkeypatch.setattr(stages, "reply", lambda *args, **options: made)
    found = stages.agreement_by_kind(place, model, RewardModel(model), n=4)
    assert found["all"] == found["tone"] == found["fact"] == 0.5
    assert (found["n_all"], found["n_tone"], found["n_fact"]) == (6, 3, 1)


def test_a_run_is_measured_before_it_and_at_its_stops(model):
    seen = []

    def train(watch):
        for done in range(1, 6):
            assert not watch(done), "measuring ends no run"

    rows = stages.follow(train, model, lambda m: seen.append(m) or {"kl": 0.0}, (2, 5))
    assert [row["step"] for row in rows] == [0, 2, 5] and seen == [model] * 3
    assert [row["seconds"] for row in rows] == sorted(row["seconds"] for row in rows)


def test_what_teaches_lowers_the_loss_of_its_demonstrations(place, model):
    shown = demonstrations(questions(place.world, held_out=False, at_least=4), 32, seed=0)
    losses = stages.teach(place, copy.deepcopy(model), shown, n_steps=8)
    assert losses[-1] < losses[0]


def test_the_best_of_many_by_the_proxy_is_no_worse_by_the_proxy(place, model):
    head = seeded(lambda: RewardModel(model), 0)
    torch.nn.init.normal_(head.head.weight)
    rows = alignment.best_of(place, model, {3: head}, n_questions=4)
    assert [row["n"] for row in rows] == list(alignment.BEST_OF)
    proxies = [row["proxy"] for row in rows]
    assert proxies == sorted(proxies) and rows[0]["kl"] == 0
    for row in rows:
        low, high = sorted((row["true_first_half"], row["true_second_half"]))
        assert low <= row["true_reward"] <= high


def test_both_halves_of_the_questions_name_other_people(place):
    first = stages.first_half(place.test)
    one, other = ({q.name for q, here in zip(place.test, first, strict=True) if here == half} for half in (True, False))
    assert not one & other and abs(len(one) - len(other)) <= 1


def test_a_mix_adds_to_the_same_demonstrations_and_tells_and_declines_different_people(place, model, monkeypatch):
    shown = {}
    monkeypatch.setattr(stages, "base", lambda place: model)
    monkeypatch.setattr(stages, "teach", lambda place, model, them, n_steps: shown.update({n_steps: list(them)}))
    monkeypatch.setattr(worlds, "_by_group", lambda *args: [])
    for mix in ((0, 0, 0), (100, 0, 0), (100, 200, 0)):
        worlds.learn_mix(place, *mix)
    plain, declined, told = (shown[steps] for steps in (100, 133, 200))
    assert (len(plain), len(declined), len(told)) == (300, 400, 600)
    assert declined[:300] == plain and told[:400] == declined
    assert not {d.question.name for d in told[300:400]} & {d.question.name for d in told[400:]}
    assert max(d.question.exposures for d in told[300:]) <= worlds.UNKNOWN


def test_dpo_reports_where_its_pairs_went(place, model, monkeypatch):
    monkeypatch.setattr(worlds, "DPO_STOPS", (2,))
    monkeypatch.setattr(worlds, "dpo", lambda *args, **options: dpo(*args, **(options | {"n_steps": 2})))
    before, after = worlds.follow_dpo(place, model, stages.preferences(place, model, 40))
    assert before["margin_rose"] == before["chosen_change"] == 0
    assert after["margin_rose"] > 0.5 and after["chosen_change"] > after["rejected_change"]


def test_parts_are_those_that_can_be_run():
    assert {call[0] for call in worlds.calls(0)} | {"base"} == set(worlds.PARTS)
    assert len(set(worlds.calls(0))) == len(worlds.calls(0)) and set(worlds.LIVE) <= set(worlds.MIXES)
    with pytest.raises(KeyError):
        worlds.run("nothing", 0)
