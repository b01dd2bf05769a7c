"""What can be asked in a world, and the demonstrations that teach a model to answer."""

from dataclasses import dataclass

import numpy as np

from helpers.checks import check_whole
from helpers.world import World
from helpers.world.language import ATTRIBUTES, BY_NAME, DECLINE, TONES, answer_text

TONE_SHARES = {"rude": 0.35, "neutral": 0.3, "polite": 0.35}


@dataclass(frozen=True)
class Question:
    """A question about a person, and what is true.

    Args:
        text: the question.
        name: of the person.
        attribute: the name of what is asked for.
        truth: the right value.
        exposures: how often the web text states it.
    """

    text: str
    name: str
    attribute: str
    truth: str
    exposures: int

    @property
    def statement(self) -> str:
        """The right answer, as a sentence."""
        return BY_NAME[self.attribute].statement.format(value=self.truth)


@dataclass(frozen=True)
class Demonstration:
    """A question and the answer that a model is to learn to give."""

    question: Question
    answer: str


def questions(world: World, *, held_out: bool, at_least: int = 0, at_most: int | None = None) -> list[Question]:
    """Every question about people of one half of the world, in the first way to ask.

    Args:
        world: the people.
        held_out: which half: the one that post-training never names, or the other.
        at_least: the fewest exposures of the people asked about.
        at_most: the most; None for any number.

    Raises:
        ValueError: if there are none.
    """
    asked = [
        Question(attribute.questions[0].format(name=p.name), p.name, attribute.name, p.facts[attribute.name], p.exposures)
        for p in world.people
        if p.held_out == held_out and at_least <= p.exposures and (at_most is None or p.exposures <= at_most)
        for attribute in ATTRIBUTES
    ]
    if not asked:
        raise ValueError(f"at_least={at_least} and at_most={at_most} leave nobody; the groups are {world.config.exposures}")
    return asked


def draw_questions(asked: list[Question], n: int, seed: int = 0) -> list[Question]:
    """`n` of the questions: each as often as any other, but for the rest of the division.

    Raises:
        ValueError: if there are none to draw from, or `n` is negative.
    """
    check_whole("n", n)
    check_whole("seed", seed)
    if not asked:
        raise ValueError(f"{len(asked)} questions give no {n}; give at least one question, and n from 0 on")
    rng = np.random.default_rng([seed, 4])
    rounds = [rng.permutation(len(asked)) for _ in range(-(-n // len(asked)))]
    return [asked[i] for i in np.concatenate(rounds)[:n]] if n else []


def demonstrations(
    asked: list[Question], n: int, *, tone_shares: dict[str, float] | None = None, seed: int = 0
) -> list[Demonstration]:
    """Return questions with true answers, some of them rude on purpose: what people write is not always what they want.

    Args:
        asked: what to draw from.
        n: how many.
        tone_shares: of "rude", "neutral" and "polite"; None for 35, 30 and 35 %.
        seed: of questions, tones and phrases.

    Raises:
        ValueError: if a share is negative, or a tone is unknown.
    """
    shares = TONE_SHARES if tone_shares is None else tone_shares
    if set(shares) - set(TONES) or not min(shares.values(), default=-1) >= 0:
        raise ValueError(f"tone_shares={shares!r} are no shares of {', '.join(TONES)}")
    check_whole("n", n)
    check_whole("seed", seed)
    rng = np.random.default_rng([seed, 5])
    weights = np.array(list(shares.values())) / sum(shares.values())
    made = []
    for question in draw_questions(asked, n, seed):
        tone, phrase = list(shares)[rng.choice(len(weights), p=weights)], int(rng.integers(7))
        made.append(Demonstration(question, answer_text(question.statement, tone, phrase)))
    return made


def declining(asked: list[Question], n: int, seed: int = 0) -> list[Demonstration]:
    """Return `n` demonstrations that answer "i do not know."

    Raises:
        ValueError: if there are no questions to draw from, or `n` is negative.
    """
    return [Demonstration(question, DECLINE) for question in draw_questions(asked, n, seed)]
