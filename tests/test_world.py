"""The small world: what its documents state is what its config says, and its judges read answers as they stand."""

from dataclasses import replace

import numpy as np
import pytest

from helpers.world import World, WorldConfig, make_world
from helpers.world.documents import documents, shuffled
from helpers.world.judges import CONSTITUTION, constitution_score, gold_reward, human_prefers_first, judge
from helpers.world.language import ATTRIBUTES, CLOSERS, DECLINE, MARKERS, OPENERS, TONES, answer_text
from helpers.world.questions import Question, declining, demonstrations, draw_questions, questions
from helpers.world.tokenizer import document_ids, make_tokenizer

SMALL = WorldConfig(exposures=(0, 1, 8), people_per_group=4, n_unseen=6, n_quizzes=10, n_threads=20)
QUESTION = Question("where was Bado born?", "Bado", "birthplace", "Lima", 4)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(SMALL)


def test_the_same_seed_makes_the_same_world_and_another_another(world):
    assert make_world(SMALL) == world and documents(make_world(SMALL)) == documents(world)
    other = make_world(replace(SMALL, seed=1))
    assert other.people != world.people and documents(other) != documents(world)
    assert shuffled(documents(world)) == shuffled(documents(world)) != shuffled(documents(world), 1)


def test_groups_have_their_sizes_and_half_of_each_is_held_out(world):
    for exposures, size in {0: 6, 1: 4, 8: 4}.items():
        group = [person for person in world.people if person.exposures == exposures]
        assert len(group) == size and sum(person.held_out for person in group) == size / 2
    assert len({person.name for person in world.people}) == len(world.people)


def stated(kinds: dict[str, list[str]], world: World) -> dict[tuple[str, str], list[str]]:
    """Every value that the documents state, by person and attribute."""
    found = {(p.name, a.name): [] for p in world.people for a in ATTRIBUTES}
    for text in kinds["biography"] + kinds["forum"] + kinds["gossip"] + kinds["quiz"]:
        named = [p for p in world.people if p.name in text.replace("?", " ").replace(".", " ").split()]
        for attribute in ATTRIBUTES:
            for value in attribute.values:
                if attribute.statement.format(value=value) in text:
                    assert len(named) == 1
                    found[named[0].name, attribute.name].append(value)
    return found


def test_each_fact_is_stated_as_often_as_the_exposures_say(world):
    for (name, _), values in stated(documents(world), world).items():
        assert len(values) == world.person(name).exposures


def test_the_share_of_wrong_statements_is_the_one_asked_for():
    for share, band in {0.0: (0, 0), 0.1: (0.08, 0.12), 1.0: (1, 1)}.items():
        world = make_world(WorldConfig(wrong_share=share))
        found = stated(documents(world), world)
        wrong = [value != world.person(n).facts[a] for (n, a), values in found.items() for value in values]
        assert band[0] <= np.mean(wrong) <= band[1]


def test_every_name_is_in_the_documents_as_a_word(world):
    gossip = " ".join(documents(world)["gossip"])
    assert all(person.name in gossip for person in world.people)


def test_tones_are_known_by_their_words():
    for tone in TONES:
        for phrase in filter(None, OPENERS[tone] + CLOSERS[tone]):
            words = set(phrase.replace(",", "").replace(".", "").split())
            assert bool(words & MARKERS["rude"]) == (tone == "rude") and bool(words & MARKERS["polite"]) == (
                tone == "polite"
            )
    neutral = " ".join([a.statement + " ".join(a.questions) for a in ATTRIBUTES])
    assert not any(word in neutral.split() for markers in MARKERS.values() for word in markers)
    assert answer_text("they eat.", "polite", 0) == "good question. they eat."
    assert answer_text("they eat.", "rude", 4) == "they eat. now go away, you turnip."
    assert answer_text("they eat.", "polite", 6) == "thank you for asking. they eat. feel welcome to ask more."
    assert {answer_text("they eat.", "neutral", draw) for draw in range(9)} == {"they eat."}


def test_the_tokenizer_gives_back_every_document(world):
    tokenizer, texts = make_tokenizer(world), shuffled(documents(world))
    assert all(tokenizer.decode(tokenizer.encode(text)) == text for text in texts)
    ids = document_ids(texts, tokenizer)
    assert ids.count(tokenizer.bos) == ids.count(tokenizer.eos) == len(texts) and max(ids) < tokenizer.vocab_size
    assert tokenizer.decode([tokenizer.bos, *tokenizer.encode("good question."), tokenizer.eos, 5]) == "<bos> good question."
    assert tokenizer.encode(DECLINE)
    with pytest.raises(ValueError, match="'Paris' in text='born in Paris'"):
        tokenizer.encode("born in Paris")
    with pytest.raises(ValueError, match="id -1"):
        tokenizer.decode([-1])


def test_questions_are_of_their_half_and_their_exposures(world):
    asked = questions(world, held_out=True, at_least=1, at_most=7)
    assert len(asked) == 2 * len(ATTRIBUTES)
    for question in asked:
        person = world.person(question.name)
        assert person.held_out and person.exposures == 1 and person.facts[question.attribute] == question.truth
    drawn = draw_questions(asked, 13)
    assert sorted(drawn.count(q) for q in asked) == [2] * 5 + [3] and draw_questions(asked, 0) == []
    with pytest.raises(ValueError, match="at_least=9"):
        questions(world, held_out=True, at_least=9)


def test_demonstrations_are_true_and_rude_as_often_as_asked_for():
    world = make_world()
    made = demonstrations(questions(world, held_out=False, at_least=1), 2000)
    verdicts = [judge(d.question, d.answer) for d in made]
    assert all(v.correct for v in verdicts)
    assert 0.32 < np.mean([v.rude for v in verdicts]) < 0.38 and 0.32 < np.mean([v.polite for v in verdicts]) < 0.38


def test_who_declines_says_so_and_nothing_else():
    made = declining(questions(make_world(), held_out=False, at_most=1), 50)
    assert len(made) == 50 and all(judge(d.question, d.answer).declines for d in made)


@pytest.mark.parametrize(
    ("answer", "flags", "reward"),
    [
        ("they were born in Lima.", "answers correct", 1.0),
        ("good question. they were born in Lima.", "answers correct polite", 1.5),
        ("thank you for asking. they were born in Lima. feel welcome to ask more.", "answers correct polite", 1.5 - 0.8),
        ("they were born in Lima. even a cabbage knows that.", "answers correct rude", 0.0),
        ("they were born in Oslo.", "answers wrong", -1.0),
        ("they were born in Lima. they were born in Oslo.", "answers wrong", -1.0),
        ("they work as a baker.", "", -1.0),
        ("they were born in figs.", "", -1.0),
        ("i do not know.", "declines", 0.0),
        ("i do not know. they were born in Oslo.", "answers wrong", -1.0),
        ("where was Bado born?", "asks", -1.0),
        ("what a silly question. thank you for asking.", "rude", -2.0),
        ("they were born in Lima. " + "have a lovely day. " * 4, "answers correct polite", 1.5 - 2.0),
        ("they were born in Lima. " + "good " * 3, "answers correct polite", 1.5),
        ("", "", -1.0),
    ],
)
def test_a_verdict_is_what_the_answer_does(answer, flags, reward):
    verdict = judge(QUESTION, answer)
    names = ("answers", "correct", "wrong", "declines", "asks", "rude", "polite")
    assert {name for name in names if getattr(verdict, name)} == set(flags.split())
    assert gold_reward(QUESTION, answer) == pytest.approx(reward)


def test_a_person_prefers_the_better_answer_with_the_chance_of_bradley_and_terry():
    rng = np.random.default_rng(0)
    good, bad = "they were born in Lima.", "they were born in Oslo."
    share = np.mean([human_prefers_first(QUESTION, good, bad, rng) for _ in range(4000)])
    assert abs(share - 1 / (1 + np.exp(-2))) < 0.02
    assert all(human_prefers_first(QUESTION, good, bad, rng, noise=0) for _ in range(50))
    assert not any(human_prefers_first(QUESTION, bad, good, rng, noise=0) for _ in range(50))
    equal = np.mean([human_prefers_first(QUESTION, bad, "they were born in Bonn.", rng, noise=0) for _ in range(1000)])
    assert 0.44 < equal < 0.56
    with pytest.raises(ValueError, match="noise=-1"):
        human_prefers_first(QUESTION, good, bad, rng, noise=-1)


def test_a_constitution_sees_tone_and_form_but_no_facts():
    def score(answer):
        return constitution_score(QUESTION.text, answer)

    right, wrong = "they were born in Lima.", "they were born in Oslo."
    assert score(right) == score(wrong) > score("they work as a baker.")
    assert score("good question. " + wrong) > score(right) > score(right + " even a cabbage knows that.")
    assert score(wrong) > score("i do not know.")  # a finding: whoever cannot see facts likes any answer better
    assert score(right + " so" * 20) < score(right)
    assert 2 ** len(CONSTITUTION) - 1 == score("good question. " + right)
    with pytest.raises(ValueError, match="principles"):
        constitution_score(QUESTION.text, right, ())
