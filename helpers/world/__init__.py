"""A small world whose truth is known: people, what is true of each, and how often the "web" tells it.

    people        how often a biography of each is in the web text: 0 to 64 times, the same number of people each
    documents     the web text: biographies, gossip, quiz sheets, forum threads, with wrong facts and rude remarks
    questions     what can be asked, and what is true
    judges        what an answer says, how good it is, and which of two a person prefers
    tokenizer     words and marks as tokens

People are invented and so are preferences: a judge with a rule and with noise stands for humans. All is a function of a
`WorldConfig`, seed and all.
"""

from dataclasses import dataclass

import numpy as np

from helpers.checks import check_whole
from helpers.world.language import ATTRIBUTES, names


@dataclass(frozen=True)
class WorldConfig:
    """The sizes of a world.

    Args:
        exposures: how often the facts about a person are told, a group of people for each; 0 for never.
        people_per_group: in each group but that of the never told.
        n_unseen: people in the group of the never told, if `exposures` has 0.
        wrong_share: of the statements, those that are false.
        forum_share: of the statements, those that are in a forum thread and not in a biography.
        rude_share: of the answers and remarks in forums, those that are rude.
        n_gossip: documents about each person that tell no facts, so that every name is known as a word.
        n_quizzes: sheets with question after question.
        n_threads: forum threads in which nobody answers.
        seed: of everything drawn.

    Raises:
        ValueError: if a size is negative, a share not between 0 and 1, or `exposures` empty, repeated or negative.
    """

    exposures: tuple[int, ...] = (0, 1, 2, 4, 8, 16, 32, 64)
    people_per_group: int = 16
    n_unseen: int = 64
    wrong_share: float = 0.1
    forum_share: float = 0.04
    rude_share: float = 0.5
    n_gossip: int = 4
    n_quizzes: int = 500
    n_threads: int = 300
    seed: int = 0

    def __post_init__(self) -> None:
        counts = self.exposures
        if not counts or len(set(counts)) < len(counts) or any(not isinstance(n, int) or n < 0 for n in counts):
            raise ValueError(f"exposures={counts!r} are no groups; give different whole numbers from 0 on")
        for name in ("people_per_group", "n_unseen", "n_gossip", "n_quizzes", "n_threads"):
            if not isinstance(size := getattr(self, name), int) or size < (name == "people_per_group"):
                raise ValueError(f"{name}={size!r} is no size; give a whole number")
        check_whole("seed", self.seed)
        for name in ("wrong_share", "forum_share", "rude_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}={getattr(self, name)!r} is no share; give 0 to 1")


@dataclass(frozen=True)
class Person:
    """Somebody of the world.

    Args:
        name: one word.
        facts: what is true, by the attribute's name.
        exposures: how often the web text states each fact.
        held_out: whether post-training never names them.
    """

    name: str
    facts: dict[str, str]
    exposures: int
    held_out: bool


@dataclass(frozen=True)
class World:
    """The people, and the config that they came from."""

    config: WorldConfig
    people: tuple[Person, ...]

    def person(self, name: str) -> Person:
        """The person of that name.

        Raises:
            ValueError: if there is none.
        """
        for person in self.people:
            if person.name == name:
                return person
        raise ValueError(f"name={name!r} is nobody's; the people are {self.people[0].name}, …, {self.people[-1].name}")


def make_world(config: WorldConfig | None = None) -> World:
    """The people of a world: their facts are drawn evenly, and every other one of a group is held out.

    Raises:
        ValueError: if there are more people than names.
    """
    config = config or WorldConfig()
    rng = np.random.default_rng([config.seed, 0])
    groups = [n for n in config.exposures for _ in range(config.people_per_group if n else config.n_unseen)]
    called = names(len(groups))
    people = []
    for i, name in enumerate(rng.permutation(called).tolist()):
        facts = {attribute.name: attribute.values[rng.integers(len(attribute.values))] for attribute in ATTRIBUTES}
        people.append(Person(name, facts, groups[i], held_out=bool(i % 2)))
    return World(config, tuple(people))
