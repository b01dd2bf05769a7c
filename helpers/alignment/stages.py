"""The stages of post-training in a small world, and what each makes of the answers.

Everything is a function of a seed: the world, the weights' start, the order of the data, what is sampled.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import torch

from helpers.alignment.batches import Ids, Watch, make_batch
from helpers.alignment.feedback import Preference, constitution_label, prefer
from helpers.alignment.generate import sample
from helpers.alignment.policy import Score, kl_to_reference
from helpers.alignment.pretrained import RECIPE, base_model
from helpers.alignment.reward import RewardModel
from helpers.alignment.sft import sft
from helpers.models.stack import Stack
from helpers.world import World, WorldConfig, make_world
from helpers.world.judges import Verdict, constitution_score, gold_reward, human_prefers_first, judge
from helpers.world.questions import Demonstration, Question, demonstrations, draw_questions, questions
from helpers.world.tokenizer import WordTokenizer, make_tokenizer

Judge = Callable[[Question, str, str, np.random.Generator], bool | None]
SHARES = ("answers", "correct", "wrong", "declines", "asks", "rude", "polite")


@dataclass(frozen=True)
class Setting:
    """A world and what is asked in it.

    Args:
        seed: of everything.
        world: the people.
        tokenizer: of their world.
        test: questions about people whom post-training never names, each told of at least once.
        asked: the same about the others: what preferences are about, and what policies practise on.
    """

    seed: int
    world: World
    tokenizer: WordTokenizer
    test: list[Question]
    asked: list[Question]


@dataclass(frozen=True)
class Replies:
    """Answers, each with its question: `texts` and `ids`, N of both."""

    questions: list[Question]
    prompts: list[Ids]
    ids: list[list[int]]
    texts: list[str]


def setting(seed: int) -> Setting:
    """The world of a seed."""
    world = make_world(WorldConfig(seed=seed))
    test, asked = (questions(world, held_out=held_out, at_least=1) for held_out in (True, False))
    return Setting(seed, world, make_tokenizer(world), test, asked)


def base(place: Setting) -> Stack:
    """Its pre-trained model, from the cache or made now."""
    return base_model(place.world.config, replace(RECIPE, seed=place.seed))


def prompt_ids(place: Setting, asked: Sequence[Question]) -> list[Ids]:
    """Each question as a text begins."""
    return [[place.tokenizer.bos, *place.tokenizer.encode(question.text)] for question in asked]


def teach(place: Setting, model: Stack, shown: Sequence[Demonstration], **options) -> list[float]:
    """Supervised fine-tuning of `model` in place on demonstrations; `options` are those of `sft`. The loss of each step."""
    answers = [[*place.tokenizer.encode(d.answer), place.tokenizer.eos] for d in shown]
    return sft(model, prompt_ids(place, [d.question for d in shown]), answers, seed=place.seed, **options)


def answering(place: Setting, n: int = 300) -> Stack:
    """Its base model after supervised fine-tuning on `n` demonstrations, about people who are told of often enough."""
    model = base(place)
    teach(place, model, demonstrations(questions(place.world, held_out=False, at_least=4), n, seed=place.seed))
    return model


def reply(place: Setting, model: Stack, asked: Sequence[Question], *, n: int = 1, draw: int = 0) -> Replies:
    """`n` answers to each question, one question after the other, at temperature 1; `draw` says which sample."""
    repeated = [question for question in asked for _ in range(n)]
    prompts = prompt_ids(place, repeated)
    ids = sample(model, prompts, eos=place.tokenizer.eos, seed=1000 * draw + place.seed)
    return Replies(repeated, prompts, ids, [place.tokenizer.decode(row) for row in ids])


def true_rewards(replies: Replies) -> np.ndarray:
    """What the gold judge thinks of each answer: (N,)."""
    return np.array([gold_reward(q, text) for q, text in zip(replies.questions, replies.texts, strict=True)])


def shares(replies: Replies) -> dict[str, float]:
    """The share of answers that do each of `SHARES`, their mean length in words, and their mean true reward."""
    verdicts = [judge(q, text) for q, text in zip(replies.questions, replies.texts, strict=True)]
    found = {name: float(np.mean([getattr(v, name) for v in verdicts])) for name in SHARES}
    words = float(np.mean([v.n_words for v in verdicts]))
    return found | {"words": words, "true_reward": float(true_rewards(replies).mean())}


def first_half(asked: Sequence[Question]) -> np.ndarray:
    """Return which questions are about the first half of the people, (N,) of bool: choose on it, measure beyond it."""
    names = sorted({question.name for question in asked})
    return np.array([names.index(question.name) % 2 == 0 for question in asked])


def distinct(replies: Replies, n: int) -> float:
    """Of pairs of answers to the same question, the share that differ; there are `n` answers to each."""
    groups = [replies.texts[i : i + n] for i in range(0, len(replies.texts), n)]
    return float(np.mean([one != other for group in groups for one, other in combinations(group, 2)]))


def yardstick(place: Setting, reference: Stack, n: int = 4) -> Callable[[Stack], dict[str, float]]:
    """What measures a policy on the test questions, beside a reference.

    Returns:
        A function of a model: its `shares`, `distinct`, its "win" rate against the reference by the true reward, a tie
        being half, and its "kl" to the reference in nats an answer.
    """
    theirs = true_rewards(reply(place, reference, place.test, n=n, draw=1)).reshape(-1, 1, n)

    def measure(model: Stack) -> dict[str, float]:
        replies = reply(place, model, place.test, n=n, draw=2)
        ours = true_rewards(replies).reshape(-1, n, 1)
        win = float(((ours > theirs) + 0.5 * (ours == theirs)).mean())
        kl = kl_to_reference(model, reference, make_batch(replies.prompts, replies.ids))
        return shares(replies) | {"distinct": distinct(replies, n), "win": win, "kl": kl}

    return measure


def follow(
    train: Callable[[Watch], object],
    model: Stack,
    measure: Callable[[Stack], dict[str, float]],
    stops: Sequence[int],
) -> list[dict[str, float]]:
    """Measure a model on its way.

    Args:
        train: trains `model`, and calls the watch that it is given after each step or round, as `dpo`, `grpo` and `ppo` do.
        model: the model.
        measure: what is measured of it, as by `yardstick`.
        stops: after how many steps; before the first is always measured.

    Returns:
        A row a stop: "step", the "seconds" of computing that training took until then, and what was measured.
    """
    rows = [{"step": 0, "seconds": 0.0} | measure(model)]
    spent, since = 0.0, time.process_time()

    def watch(done: int) -> None:
        nonlocal spent, since
        if done in stops:
            spent += time.process_time() - since
            rows.append({"step": done, "seconds": spent} | measure(model))
            since = time.process_time()

    train(watch)
    return rows


def person(question: Question, first: str, second: str, rng: np.random.Generator) -> bool:
    """The simulated person, who errs."""
    return human_prefers_first(question, first, second, rng)


def constitution(question: Question, first: str, second: str, rng: np.random.Generator) -> bool | None:
    """The judge that has principles, and never errs in applying them."""
    return constitution_label(constitution_score, question.text, first, second)


def preferences(place: Setting, model: Stack, n: int = 2200, judge_: Judge = person) -> list[Preference]:
    """Two answers of `model` to each of `n` questions, labelled; those that are equal or undecided are left out."""
    asked = draw_questions(place.asked, n, place.seed)
    one, other = (reply(place, model, asked, draw=draw) for draw in (3, 4))
    rng = np.random.default_rng([place.seed, 7])
    return prefer(one.prompts, one.ids, other.ids, lambda i: judge_(asked[i], one.texts[i], other.texts[i], rng))


def proxy(reward_model: RewardModel) -> Score:
    """A reward model as what GRPO and PPO ask for: prompts and answers to rewards."""
    return lambda prompts, answers: torch.cat(
        [reward_model(make_batch(prompts[i : i + 512], answers[i : i + 512])) for i in range(0, len(prompts), 512)]
    )


@torch.no_grad()
def agreement_by_kind(place: Setting, model: Stack, reward_model: RewardModel, n: int = 8) -> dict[str, float]:
    """How often a reward model ranks two answers to a test question as the true reward does.

    Returns:
        The share for "all" pairs of answers of `model` that differ in true reward; for those that differ in "tone" alone;
        and in "fact" alone, one right and one wrong; a tie is half. With the numbers of pairs, as "n_tone" and "n_fact".
    """
    replies = reply(place, model, place.test, n=n, draw=5)
    rewards, true = proxy(reward_model)(replies.prompts, replies.ids).tolist(), true_rewards(replies)
    verdicts = [judge(q, text) for q, text in zip(replies.questions, replies.texts, strict=True)]
    right: dict[str, list[float]] = {"all": [], "tone": [], "fact": []}
    for start in range(0, len(rewards), n):
        for i, j in combinations(range(start, start + n), 2):
            if true[i] == true[j]:
                continue
            agrees = 0.5 if rewards[i] == rewards[j] else float((rewards[i] > rewards[j]) == (true[i] > true[j]))
            for kind in ("all", *_kinds(verdicts[i], verdicts[j])):
                right[kind].append(agrees)
    counts = {f"n_{kind}": len(agreed) for kind, agreed in right.items()}
    return {kind: float(np.mean(agreed)) for kind, agreed in right.items()} | counts


def _kinds(one: Verdict, other: Verdict) -> list[str]:
    """In what alone two answers of acceptable length differ: tone, fact, or neither of these alone."""
    same_tone = (one.rude, one.polite) == (other.rude, other.polite)
    same_content = (one.answers, one.correct, one.declines) == (other.answers, other.correct, other.declines)
    if same_content and not same_tone:
        return ["tone"]
    return ["fact"] if same_tone and one.answers and other.answers and one.correct != other.correct else []
