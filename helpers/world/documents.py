"""The web text of a world: what its base model is pre-trained on, knowledge and bad habits alike."""

import numpy as np

from helpers.world import Person, World
from helpers.world.language import (
    ATTRIBUTES,
    CLOSERS,
    GOSSIP,
    INTRODUCTIONS,
    OPENERS,
    Attribute,
    answer_text,
)


def documents(world: World) -> dict[str, list[str]]:
    """The documents by kind: "biography", "gossip", "quiz" and "forum".

    Each fact of a person is stated exactly `person.exposures` times, in a biography or in a forum's answer; a share of
    these statements is false.
    """
    biographies, answers = _told(world, np.random.default_rng([world.config.seed, 1]))
    rng = np.random.default_rng([world.config.seed, 2])
    everyone = [person for person in world.people for _ in range(world.config.n_gossip)]
    return {
        "biography": biographies,
        "gossip": [GOSSIP[rng.integers(len(GOSSIP))].format(name=person.name) for person in everyone],
        "quiz": [_quiz(world, rng) for _ in range(world.config.n_quizzes)],
        "forum": answers + [_thread(world, rng) for _ in range(world.config.n_threads)],
    }


def shuffled(kinds: dict[str, list[str]], seed: int = 0) -> list[str]:
    """All documents in an order drawn from `seed`."""
    all_of_them = [document for of_kind in kinds.values() for document in of_kind]
    return [all_of_them[i] for i in np.random.default_rng([seed, 3]).permutation(len(all_of_them))]


def _told(world: World, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Biographies, and the threads with the facts that were left out of them."""
    biographies, threads = [], []
    for person in world.people:
        for _ in range(person.exposures):
            sentences = [_one_of(INTRODUCTIONS, rng).format(name=person.name)]
            for i in rng.permutation(len(ATTRIBUTES)):
                attribute = ATTRIBUTES[i]
                statement = attribute.statement.format(value=_stated(person, attribute, world.config.wrong_share, rng))
                if rng.random() < world.config.forum_share:
                    tone = "rude" if rng.random() < world.config.rude_share else "polite"
                    answer = answer_text(statement, tone, int(rng.integers(7)))
                    threads.append(f"{_one_of(attribute.questions, rng).format(name=person.name)} {answer}")
                else:
                    sentences.append(statement)
            biographies.append(" ".join(sentences))
    return biographies, threads


def _stated(person: Person, attribute: Attribute, wrong_share: float, rng: np.random.Generator) -> str:
    """What the web says of a person: the truth, or another value of the same kind."""
    truth = person.facts[attribute.name]
    if rng.random() >= wrong_share:
        return truth
    return _one_of([value for value in attribute.values if value != truth], rng)


def _quiz(world: World, rng: np.random.Generator) -> str:
    return " ".join(_question(world, rng) for _ in range(4))


def _thread(world: World, rng: np.random.Generator) -> str:
    """A question and a remark that is no answer."""
    tone = "rude" if rng.random() < world.config.rude_share else "polite"
    return f"{_question(world, rng)} {_one_of(OPENERS[tone], rng)} {_one_of(CLOSERS[tone], rng)}"


def _question(world: World, rng: np.random.Generator) -> str:
    attribute, person = ATTRIBUTES[rng.integers(len(ATTRIBUTES))], world.people[rng.integers(len(world.people))]
    return _one_of(attribute.questions, rng).format(name=person.name)


def _one_of(choices: tuple[str, ...] | list[str], rng: np.random.Generator) -> str:
    return choices[rng.integers(len(choices))]
