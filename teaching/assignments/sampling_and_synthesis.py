# %% [markdown] text title
# # Sampling and synthesis
#
# After chapter 08 of *Understanding Foundation Models*, and all before it. Twenty points: sixteen by tests, four
# by a person.
#
# Write your code where it says so. Below each task are tests that you can run as often as you like; when it is
# marked, more tests run that you can't see, and each cell may take some seconds only. A test that prints nothing
# has passed. You need no network and no GPU, and all of it runs in seconds. Before you hand it in: *Kernel,
# Restart and Run All*.
#
# Write the functions yourself. NumPy and Python's own library are there for you; a call of the function in
# `helpers` that does the task is not an answer.
# %% given setup
import math
import warnings
from collections import Counter
from dataclasses import dataclass

import numpy as np

warnings.simplefilter("ignore")  # a warning in a test would count as a failure


# %% [markdown] text probabilities-task
# ## 1. From logits to probabilities (2 points)
#
# Return the probabilities of the next token at a temperature above 0. `logits` has shape (V,), and some may be
# $-\infty$.
# %% answer probabilities
def probabilities(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities of the next token, of shape (V,)."""
    # BEGIN SOLUTION
    weights = np.exp((logits - logits.max()) / temperature)
    return weights / weights.sum()
    # END SOLUTION


# %% test temperature-plain 1
p = probabilities(np.log([0.5, 0.3, 0.2]))
assert np.allclose(p, [0.5, 0.3, 0.2]), f"logits may be the logarithms of probabilities: 0.5, 0.3, 0.2, and not {p}"
cold = probabilities(np.log([0.5, 0.3, 0.2]), temperature=0.5)
assert np.allclose(cold, np.array([25, 9, 4]) / 38), (
    f"at a temperature of 0.5 probabilities are squared, then scaled: {cold}"
)
# BEGIN HIDDEN TESTS
hot = probabilities(np.array([2.0, 0.0, -2.0]), temperature=2.0)
assert np.allclose(hot, np.exp([1, 0, -1]) / np.exp([1, 0, -1]).sum()), "wrong at a temperature of 2"
# END HIDDEN TESTS
# %% test temperature-stable 1
p = probabilities(np.array([1000.0, 999.0, -np.inf]))
assert np.isfinite(p).all(), f"large logits overflow: {p}; take the largest from all of them first"
assert p[2] == 0, f"a logit of minus infinity is a probability of 0, and not {p[2]}"
# BEGIN HIDDEN TESTS
p = probabilities(np.array([3.0, 1.0, -800.0]), temperature=0.01)
assert math.isclose(p[0], 1) and p.sum() <= 1 + 1e-9, "wrong at a temperature near 0"


# END HIDDEN TESTS
# %% [markdown] text filters-task
# ## 2. Which tokens are left? (3 points)
#
# Both functions return the sorted ids of the tokens that are kept, as a list. `min_p` keeps tokens at least `p`
# times as likely as the likeliest. `top_p` keeps the nucleus: the fewest tokens, the likeliest first, whose
# probabilities reach `p` together. In these tests no two tokens are equally likely.
# %% answer filters
def min_p(probs: np.ndarray, p: float) -> list[int]:
    """Ids of tokens that are at least p times as likely as the likeliest."""
    # BEGIN SOLUTION
    return np.flatnonzero(probs >= p * probs.max()).tolist()
    # END SOLUTION


def top_p(probs: np.ndarray, p: float) -> list[int]:
    """Ids of the fewest likeliest tokens that hold a probability of p together."""
    # BEGIN SOLUTION
    order = np.argsort(-probs)
    n = 1 + int((np.cumsum(probs[order]) < p).sum())
    return sorted(order[:n].tolist())
    # END SOLUTION


# %% test min-p 1
probs = np.array([0.05, 0.5, 0.3, 0.15])
assert min_p(probs, 0.25) == [1, 2, 3], f"at least 0.125: tokens 1, 2 and 3, and not {min_p(probs, 0.25)}"
# BEGIN HIDDEN TESTS
assert min_p(probs, 0.7) == [1], "wrong where one token is left"
assert min_p(np.full(4, 0.1) * [1, 2, 3, 4], 0.5) == [1, 2, 3], "wrong where a token is just likely enough"
# END HIDDEN TESTS
# %% test top-p 1
found = top_p(probs, 0.75)
assert found == [1, 2], f"0.5 and 0.3 hold 0.8, which reaches 0.75: tokens 1 and 2, and not {found}"
assert top_p(probs, 0.9) == [1, 2, 3], "0.8 is not enough for 0.9, so the third likeliest is kept too"
# BEGIN HIDDEN TESTS
assert top_p(np.array([0.1, 0.5, 0.15, 0.25]), 0.75) == [1, 3], "0.5 and 0.25 reach 0.75"
rng = np.random.default_rng(8)
for p in (0.2, 0.5, 0.8, 0.95):
    probs = rng.dirichlet(np.ones(50))
    kept = top_p(probs, p)
    held = probs[kept].sum()
    assert held >= p > held - probs[kept].min(), f"wrong for 50 tokens and p = {p}"
    assert probs[kept].min() >= np.delete(probs, kept).max(), "kept a token that is less likely than one it dropped"
# END HIDDEN TESTS
# %% test top-p-ends 1
assert top_p(np.array([0.2, 0.7, 0.1]), 0.01) == [1], "however small p is, the likeliest token stays"
everything = top_p(np.array([0.2, 0.7, 0.1]), 0.99)
assert everything == [0, 1, 2], f"0.9 is not enough for 0.99, so all are kept, and not {everything}"


# %% [markdown] text vote-task
# ## 3. A vote (3 points)
#
# Self-consistency asks often and takes what most answers say. But the same answer is written in many ways. `vote`
# puts each answer into one form, counts, and returns the winning form and its part of the votes. Two answers have
# the same form if they agree after: spaces around them are gone; letters are small; a full stop at the end is
# gone; and, if the rest is a number, it is written as Python writes that number as a `float`, so that "42", "42.0"
# and "42.00" all become "42.0". Of answers that tie, the one that was seen first wins. Without answers, raise a
# `ValueError`.
# %% answer vote
def vote(answers: list[str]) -> tuple[str, float]:
    """The most frequent answer in its form, and its part of the votes."""
    # BEGIN SOLUTION
    if not answers:
        raise ValueError("answers=[] has no votes; give at least one answer")

    def form(answer: str) -> str:
        text = answer.strip().lower().removesuffix(".").strip()
        try:
            return str(float(text))
        except ValueError:
            return text

    ((answer, count),) = Counter(map(form, answers)).most_common(1)
    return answer, count / len(answers)
    # END SOLUTION


# %% test vote-plain 1
answer, part = vote(["Paris", "Lyon", "Paris", "Paris"])
assert (answer, part) == ("paris", 0.75), f"three of four say Paris: ('paris', 0.75), and not {(answer, part)}"
answer, part = vote(["Rome", "Oslo"])
assert (answer, part) == ("rome", 0.5), f"Rome was seen first, so it wins the tie, and not {answer}"
# %% test vote-forms 1
answer, part = vote([" 42.", "41", "42.0", "42"])
assert (answer, part) == ("42.0", 0.75), f"three say 42, in three ways: ('42.0', 0.75), and not {(answer, part)}"
# BEGIN HIDDEN TESTS
assert vote(["Oslo", "Paris.", " paris", "OSLO", "PARIS "])[0] == "paris", "wrong for words in several forms"
assert vote(["-3", "-3.", "three"]) == ("-3.0", 2 / 3), "wrong for a negative number"
assert vote(["U.S.", "u.s."]) == ("u.s", 1.0), "one full stop at the end goes, no other"
assert vote(["No..", "no.", "No.."]) == ("no.", 2 / 3), "one full stop at the end goes, no other"
# END HIDDEN TESTS
# %% test vote-empty 1
try:
    vote([])
except ValueError:
    pass
else:
    raise AssertionError("a vote without answers should raise a ValueError")


# %% [markdown] text abstain-task
# ## 4. When to say nothing (4 points, by how well you do)
#
# A model was asked each question ten times. For each you see what it answered, and may return one answer, or None
# for "I don't know". A right answer earns 1, a wrong one loses 2, None gets 0. `exam(seed)` makes an exam of a
# hundred questions, with the truth. The model knows some things well, some by half, and some it makes up; it has a
# favourite for what it makes up, so even ten equal answers can be wrong.
#
# Write `respond`. `earned` gives the mean for each question. One point is for doing better than silence on ten
# exams that you can see. The three others grow with your mean on other exams, from none at 0.07 to all at 0.37.
# %% given exams
def exam(seed: int, n: int = 100) -> list[tuple[list[str], str]]:
    """Questions of an exam: ten answers of a model, and the true one."""
    rng = np.random.default_rng(seed)
    questions = []
    for _ in range(n):
        truth, favourite, *rest = (str(x) for x in rng.permutation(90)[:8] + 10)
        knows = rng.choice([0.95, 0.5, 0.05], p=[0.45, 0.3, 0.25])
        sure = rng.uniform(0.3, 0.8)  # how often it says its favourite, where it does not say the truth
        wrong = [favourite if rng.random() < sure else str(rng.choice(rest)) for _ in range(10)]
        questions.append(([truth if rng.random() < knows else other for other in wrong], truth))
    return questions


def earned(respond, seeds: range) -> float:
    """Mean points for each question: 1 for a right answer, -2 for a wrong one, 0 for None."""
    points = []
    for seed in seeds:
        for answers, truth in exam(seed):
            given = respond(list(answers))
            points.append(0 if given is None else 1 if given == truth else -2)
    return float(np.mean(points))


# %% answer respond
def respond(answers: list[str]) -> str | None:
    """The answer to give, or None."""
    # BEGIN SOLUTION
    answer, count = Counter(answers).most_common(1)[0]
    return answer if count >= 8 else None
    # END SOLUTION


# %% test respond-seen 1
first = respond(["17"] * 10)
assert first in (None, "17"), f"ten times 17, and the response is {first!r}"
always = earned(lambda answers: answers[0], range(10))
assert earned(respond, range(10)) > max(0.0, always), "to say nothing at all, or the first answer always, would do as well"
# %% test respond-unseen 3
mean = 0.0
# BEGIN HIDDEN TESTS
mean = earned(respond, range(900, 930))
print(f"{mean:.3f} points for each of 3,000 other questions")
# END HIDDEN TESTS
round(min(3.0, max(0.0, 3 * (float(mean) - 0.07) / 0.3)), 1)


# %% [markdown] text choose-task
# ## 5. Choose a model (4 points)
#
# Everything together. A service has to answer in one language; `Need` says how good its answers must be, what
# memory there is and how many users write at once, and how long a prompt and an answer are, in tokens of English.
# The premium of a model's vocabulary makes them longer: a prompt of 100 tokens of English takes `100 * premium`,
# and that is what the context has to hold, what the cache keeps, and what is paid for. From the models that
# satisfy the need, `choose` returns the name of the one whose answers are cheapest, or None if there is none. Of
# models that cost the same, take the better one.
#
# - **context**: prompt and answer together fit into `context` tokens.
# - **memory**: `weight_bytes`, and `cache_bytes_per_token` for each token of every user, are at most `memory_bytes`.
# - **quality**: at least `quality`.
# - **cost**: prompt tokens times `prompt_price`, and answer tokens times `answer_price`, per million.
# %% given models
@dataclass(frozen=True)
class Model:
    """What one knows of a model in one language."""

    name: str
    weight_bytes: float
    cache_bytes_per_token: float
    context: int
    premium: float
    quality: float
    prompt_price: float  # of a million tokens
    answer_price: float


@dataclass(frozen=True)
class Need:
    """What a service needs."""

    quality: float
    memory_bytes: float
    users: int
    prompt: int  # tokens of English
    answer: int


MODELS = [
    Model("small", 4e9, 4e4, 4096, 6.0, 0.55, 0.1, 0.2),
    Model("local", 8e9, 1e5, 8192, 1.5, 0.70, 0.3, 0.6),
    Model("large", 6e10, 2e5, 32768, 4.0, 0.85, 1.0, 3.0),
]


# %% answer choose
def choose(models: list[Model], need: Need) -> str | None:
    """The name of the cheapest model that satisfies a need, or None."""
    # BEGIN SOLUTION
    fit = []
    for model in models:
        prompt, answer = need.prompt * model.premium, need.answer * model.premium
        tokens = prompt + answer
        memory = model.weight_bytes + need.users * tokens * model.cache_bytes_per_token
        if tokens <= model.context and memory <= need.memory_bytes and model.quality >= need.quality:
            cost = prompt * model.prompt_price + answer * model.answer_price
            fit.append((cost, -model.quality, model.name))
    return min(fit)[2] if fit else None
    # END SOLUTION


# %% test choose-premium 1
plain = Need(quality=0.5, memory_bytes=8e10, users=1, prompt=400, answer=100)
found = choose(MODELS, plain)
assert found == "local", f"small has the lowest price, but six times the tokens: local is cheapest, and not {found}"
# BEGIN HIDDEN TESTS
assert choose(MODELS[::2], plain) == "small", "wrong where local is not offered"
assert choose(MODELS, Need(0.8, 8e10, 1, 400, 100)) == "large", "wrong where quality decides"
assert choose(MODELS, Need(0.85, 8e10, 1, 400, 100)) == "large", "a quality that is just good enough is enough"
# END HIDDEN TESTS
# %% test choose-context 1
found = choose(MODELS, Need(quality=0.5, memory_bytes=8e10, users=1, prompt=5000, answer=1000))
assert found == "large", f"6,000 tokens of English are 9,000 of local, too many for its context: large, and not {found}"
# BEGIN HIDDEN TESTS
tight = Model("tight", 1e9, 1e4, 1000, 2.0, 0.9, 0.01, 0.01)
assert choose([tight], Need(0.5, 8e10, 1, 400, 100)) == "tight", "a context that is just long enough is enough"
assert choose([tight], Need(0.5, 8e10, 1, 400, 101)) is None, "prompt and answer both have to fit"
# END HIDDEN TESTS
# %% test choose-memory 1
crowd = Need(quality=0.6, memory_bytes=1.5e10, users=200, prompt=400, answer=100)
found = choose(MODELS, crowd)
assert found is None, f"the caches of 200 users of local take 15 GB beside 8 GB of weights: None, and not {found!r}"
# BEGIN HIDDEN TESTS
assert choose(MODELS, Need(0.6, 1.5e10, 90, 400, 100)) == "local", "90 users of local fit"
assert choose(MODELS, Need(0.6, 1.5e10, 100, 400, 100)) is None, "100 users of local do not"
assert choose(MODELS, Need(0.6, 8.075e9, 1, 400, 100)) == "local", "memory that is just large enough is enough"
# END HIDDEN TESTS
# %% test choose-ties 1
twins = [Model(name, 1e9, 1e4, 4096, 2.0, quality, 1.0, 1.0) for name, quality in (("b", 0.6), ("a", 0.8), ("c", 0.7))]
found = choose(twins, plain)
assert found == "a", f"all three cost the same, and a is the best of them: a, and not {found}"
# BEGIN HIDDEN TESTS
answers = [Model("talks", 1e9, 1e4, 4096, 2.0, 0.6, 0.1, 5.0), Model("reads", 1e9, 1e4, 4096, 2.0, 0.6, 0.9, 1.0)]
assert choose(answers, Need(0.5, 8e10, 1, 400, 100)) == "reads", "wrong where prompt and answer have other prices"
assert choose(answers, Need(0.5, 8e10, 1, 900, 10)) == "talks", "wrong where prompts are long and answers short"
# END HIDDEN TESTS
# %% [markdown] text memo-task
# ## 6. The same question, two answers (4 points, marked by a person)
#
# A bank's assistant told two customers two different fees for the same transfer; one of them was wrong. The vendor
# proposes a temperature of 0, "so that it will not happen again". In at most 200 words, answer the vendor.
#
# One point each for: what a temperature of 0 changes, and what it can't; two other causes of different answers; a
# measurement, before and after, with its size; what the assistant should do where it is not sure.
# %% [markdown] essay memo 4
# **Model answer.** At a temperature of 0 the same input gets the likeliest answer each time, as good as always.
# That makes the assistant consistent, not right: if the wrong fee is the likeliest, every customer now gets it (1
# point). The two customers need not have had the same input: another wording, another history before it, or
# another document that was looked up; and even the same input can come out differently in another batch or with
# other padding, since sums are rounded in another order (1 point). Measure: take some hundred real questions on
# fees, with the right answers from the price list, each in five wordings, each asked ten times; report the share
# of right answers and of questions with more than one answer, with intervals, at the present settings and at 0.
# With 300 questions a share is known to within about 5 points (1 point). A fee should come from the price list,
# not from the model's memory; and where samples disagree, or the model's probability is low, it should say so and
# pass the customer on, at a threshold set from the cost of a wrong fee (1 point).
#
# **Not enough.** "Hallucination" without a mechanism; a test of one wording; a threshold without what it costs.
