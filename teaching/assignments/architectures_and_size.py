# %% [markdown] text title
# # Architectures and size
#
# After chapters 05 and 06 of *Understanding Foundation Models*. Twenty points: sixteen by tests, four by a person.
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
from dataclasses import dataclass, replace

import numpy as np

from helpers import sizing

warnings.simplefilter("ignore")  # a warning in a test would count as a failure


@dataclass(frozen=True)
class Shape:
    """The sizes of a transformer like Llama: RMSNorm, gated feed-forward networks, no biases, rotary positions."""

    vocab_size: int
    d_model: int
    n_layers: int
    n_heads: int
    n_kv_heads: int  # each shared by n_heads / n_kv_heads query heads
    d_ff: int
    tied: bool = False  # whether the embedding is also the output matrix

    @property
    def head_dim(self) -> int:
        """Width of a head."""
        return self.d_model // self.n_heads


LLAMA_2_7B = Shape(32_000, 4096, 32, 32, 32, 11_008)


# %% [markdown] text parameters-task
# ## 1. Every parameter (3 points)
#
# Count the parameters of a model from its `Shape`, to the last one. There is the embedding; in each layer a norm
# before attention, the projections to queries, keys and values and the one back, a norm before the feed-forward
# network, and its three matrices; then a last norm, and the output matrix unless it is tied to the embedding. A
# norm has `d_model` parameters.
# %% answer parameters
def parameters(shape: Shape) -> int:
    """All parameters of a transformer."""
    # BEGIN SOLUTION
    d = shape.d_model
    attention = 2 * d * d + 2 * d * shape.n_kv_heads * shape.head_dim
    layer = attention + 3 * d * shape.d_ff + 2 * d
    return shape.vocab_size * d * (1 if shape.tied else 2) + shape.n_layers * layer + d
    # END SOLUTION


# %% test parameters-by-hand 1
small = Shape(vocab_size=100, d_model=8, n_layers=1, n_heads=2, n_kv_heads=2, d_ff=16)
assert parameters(small) == 2264, f"800 + 256 + 384 + 16 + 8 + 800 = 2264, not {parameters(small)}"
# BEGIN HIDDEN TESTS
assert parameters(replace(small, n_layers=3)) == 2264 + 2 * 656, "wrong for more layers"
assert parameters(LLAMA_2_7B) == 6_738_415_616, "wrong for Llama 2 7B"
# END HIDDEN TESTS
# %% test parameters-tied 1
tied = parameters(replace(small, tied=True))
assert tied == 1464, f"a tied model stores its 800 numbers of the embedding once: 1464, not {tied}"
# %% test parameters-groups 1
shared = parameters(replace(small, n_kv_heads=1))
assert shared == 2264 - 64, f"with one head of keys and values there are 64 parameters less: 2200, not {shared}"
# BEGIN HIDDEN TESTS
assert "count_parameters" not in parameters.__code__.co_names, "count them yourself"
for name in ("Llama-3-8B", "SmolLM2-135M", "Llama-2-70B"):
    c = sizing.known_model(name)
    shape = Shape(c.vocab_size, c.d_model, c.n_layers, c.n_heads, c.n_kv_heads or c.n_heads, c.d_ff, c.tied)
    assert parameters(shape) == sizing.count_parameters(c).total, f"wrong for {name}"


# END HIDDEN TESTS
# %% [markdown] text cache-task
# ## 2. The cache (2 points)
#
# How many bytes is the KV cache of `batch` texts of `context` tokens each, if each number takes `bits` bits?
# %% answer cache
def cache_bytes(shape: Shape, context: int, batch: int = 1, bits: int = 16) -> float:
    """Bytes of the keys and values that are kept for some texts."""
    # BEGIN SOLUTION
    return 2 * shape.n_layers * shape.n_kv_heads * shape.head_dim * context * batch * bits / 8
    # END SOLUTION


# %% test cache-plain 1
kept = cache_bytes(LLAMA_2_7B, 4096)
assert kept == 2**31, (
    f"Llama 2 7B keeps two GiB for 4,096 tokens, and not {kept / 2**30:.2f}: keys and values, in every layer"
)
# BEGIN HIDDEN TESTS
assert cache_bytes(small, 3, batch=5) == 2 * 8 * 3 * 5 * 2, "wrong for five short texts"
assert cache_bytes(small, 3, bits=4) == 2 * 8 * 3 / 2, "wrong for 4 bits"
# END HIDDEN TESTS
# %% test cache-groups 1
grouped = cache_bytes(replace(LLAMA_2_7B, n_kv_heads=8), 4096)
assert grouped == kept / 4, "a quarter of the heads of keys and values makes a quarter of the cache"


# %% [markdown] text views-task
# ## 3. Two views of one recurrence (4 points)
#
# Take $h_t = a\,h_{t-1} + b\,x_t$ and $y_t = c\,h_t$, with $h_{-1} = 0$ and numbers $a$, $b$, $c$. Write it twice:
# `one_by_one` goes through the text and keeps $h$ only; `at_once` computes $y$ as a convolution of $x$, without a
# recurrence. Both give an array as long as `x`. In the convolution there may be no loop over $t$.
# %% answer views
def one_by_one(a: float, b: float, c: float, x: np.ndarray) -> np.ndarray:
    """The outputs, computed in the order of the text."""
    # BEGIN SOLUTION
    h, y = 0.0, []
    for value in x:
        h = a * h + b * value
        y.append(c * h)
    return np.array(y)
    # END SOLUTION


def at_once(a: float, b: float, c: float, x: np.ndarray) -> np.ndarray:
    """The same outputs as a convolution."""
    # BEGIN SOLUTION
    kernel = c * b * np.power(a, np.arange(len(x)))
    return np.convolve(x, kernel)[: len(x)]
    # END SOLUTION


# %% test recurrent-view 2
x = np.array([1.0, 0.0, 0.0, 2.0])
y = one_by_one(0.5, 1.0, 3.0, x)
assert np.allclose(y, [3, 1.5, 0.75, 6.375]), f"by hand it is 3, 1.5, 0.75, 6.375, and not {y}"
# BEGIN HIDDEN TESTS
x, expected, h = np.random.default_rng(5).normal(size=200), [], 0.0
for value in x:
    h = -0.9 * h + 0.3 * value
    expected.append(2.0 * h)
assert np.allclose(one_by_one(-0.9, 0.3, 2.0, x), expected), "wrong for a negative a"
# END HIDDEN TESTS
# %% test convolution-view 2
x = np.array([1.0, 0.0, 0.0, 2.0])
y = at_once(0.5, 1.0, 3.0, x)
assert len(y) == 4, f"there are as many outputs as inputs, 4, and not {len(y)}"
assert np.allclose(y, [3, 1.5, 0.75, 6.375]), f"by hand it is 3, 1.5, 0.75, 6.375, and not {y}"
# BEGIN HIDDEN TESTS


class Whole(np.ndarray):
    """An array that gives no single element away, so nothing can loop over it."""

    def __getitem__(self, place):
        assert not isinstance(place, int | np.integer), "in the convolution there may be no loop over t"
        return super().__getitem__(place)

    def __iter__(self):
        raise AssertionError("in the convolution there may be no loop over t")


x = np.random.default_rng(6).normal(size=300)
x[:100] = 0
assert np.allclose(at_once(0.9, 1.0, 1.0, x.view(Whole)), at_once(0.9, 1.0, 1.0, x)), "gives two results for one text"
for a in (0.0, 0.99, -0.5):
    y, expected, h = at_once(a, 0.7, -1.0, x), [], 0.0
    for value in x:
        h = a * h + 0.7 * value
        expected.append(-h)
    assert np.allclose(y, expected), f"wrong for a = {a}"


# END HIDDEN TESTS
# %% [markdown] text attention-task
# ## 4. Attention with a window (3 points)
#
# Write causal attention of one head. `q` and `k` are of shape (L, P), `v` of (L, E). Position *i* looks at itself
# and at those before it; with a `window`, at the last `window` of these only, itself counted. Scores are divided
# by the root of P.
# %% answer attention
def attention(q: np.ndarray, k: np.ndarray, v: np.ndarray, window: int | None = None) -> np.ndarray:
    """Causal attention, of shape (L, E)."""
    # BEGIN SOLUTION
    scores = q @ k.T / math.sqrt(q.shape[-1])
    back = np.arange(len(q))[:, None] - np.arange(len(q))
    scores = np.where((back >= 0) & (back < (window or len(q))), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ v
    # END SOLUTION


# %% test attention-causal 1
rng = np.random.default_rng(0)
q, k, v = rng.normal(size=(3, 6, 4))
out = attention(q, k, v)
assert out.shape == (6, 4), f"the output is of shape (6, 4), and not {out.shape}"
assert np.allclose(out[0], v[0]), "the first position sees itself only, so its output is its own value"
# BEGIN HIDDEN TESTS
seen = np.exp(q[3] @ k[:4].T / 2)
assert np.allclose(out[3], seen / seen.sum() @ v[:4]), "wrong at the fourth position"
late = v.copy()
late[4:] += 1
assert np.allclose(attention(q, k, late)[:4], out[:4]), "what comes later changes what came before"
assert np.allclose(attention(q, k, v[:, :1]), out[:, :1]), "wrong for values narrower than keys"
# END HIDDEN TESTS
# %% test attention-window 1
out = attention(q, k, v, window=1)
assert np.allclose(out, v), "with a window of 1 each position sees itself only, so the output is v"
# BEGIN HIDDEN TESTS
seen = np.exp(q[5] @ k[3:6].T / 2)
assert np.allclose(attention(q, k, v, window=3)[5], seen / seen.sum() @ v[3:6]), "wrong for a window of 3"
assert np.allclose(attention(q, k, v, window=100), attention(q, k, v)), "wrong for a window longer than the text"
# END HIDDEN TESTS
# %% test attention-stable 1
out = attention(1000 * q, 1000 * k, v)
assert np.isfinite(out).all(), "large scores should not overflow: take the largest from all before exp"
# BEGIN HIDDEN TESTS
even = attention(0 * q, k, v)
assert np.allclose(even[4], v[:5].mean(axis=0)), "where all scores are the same, the output is the mean of the values"


# END HIDDEN TESTS
# %% [markdown] text design-task
# ## 5. Fill the memory (4 points, by how well you do)
#
# You have `budget` bytes for the weights of a model and the cache of `batch` texts of `context` tokens, both in 16
# bits. Return the `Shape` with as many parameters as you can, the embedding and output matrix **not** counted.
# These are the rules, which `is_allowed` checks: a vocabulary of 32,000, tied; heads of width 64; at least two
# heads of keys and values, which divide the query heads; `d_ff` between two and four times `d_model`; and
# `d_model` between 32 and 128 times `n_layers`.
#
# One point is for a budget that you see. For others, your parameters are divided by those of the best shape that
# we know, which counts 0 if the shape is too large or breaks a rule. The three other points grow with the mean,
# from none at 0.5 to all at 0.98. A search over all shapes would do; mind the time limit.
# %% given design-rules
def inner(shape: Shape) -> int:
    """Parameters without the embedding."""
    d = shape.d_model
    return shape.n_layers * (2 * d * d + 2 * d * shape.n_kv_heads * 64 + 3 * d * shape.d_ff + 2 * d) + d


def is_allowed(shape: Shape) -> bool:
    """Whether a shape keeps the rules of the task."""
    s = shape
    return (
        (s.vocab_size, s.tied, s.d_model) == (32_000, True, 64 * s.n_heads)
        and (s.n_kv_heads >= 2 and s.n_heads % s.n_kv_heads == 0)
        and 2 * s.d_model <= s.d_ff <= 4 * s.d_model
        and 32 * s.n_layers <= s.d_model <= 128 * s.n_layers
    )


def needed(shape: Shape, context: int, batch: int) -> int:
    """Bytes of its weights and its cache, in 16 bits."""
    cache = 2 * shape.n_layers * shape.n_kv_heads * 64 * context * batch
    return 2 * (inner(shape) + shape.vocab_size * shape.d_model + cache)


# %% answer design
def design(budget: int, context: int, batch: int) -> Shape:
    """The largest model that fits."""
    # BEGIN SOLUTION
    best = None
    for n_heads in range(2, 129, 2):
        d = 64 * n_heads
        for n_layers in range(-(-d // 128), d // 32 + 1):
            shape = Shape(32_000, d, n_layers, n_heads, 2, 2 * d, tied=True)
            spare = budget - needed(shape, context, batch)
            if spare < 0:
                break
            shape = replace(shape, d_ff=min(4 * d, 2 * d + spare // (2 * 3 * d * n_layers)))
            if best is None or inner(shape) > inner(best):
                best = shape
    return best
    # END SOLUTION


# %% test design-fits 1
shape = design(2 * 2**30, context=2048, batch=8)
assert is_allowed(shape), f"{shape} breaks a rule"
assert needed(shape, 2048, 8) <= 2 * 2**30, f"{shape} needs {needed(shape, 2048, 8) / 2**30:.2f} GiB, and there are 2"
assert inner(shape) > 3e8, f"{shape} has {inner(shape) / 1e6:.0f} million parameters; there is room for twice as many"
# %% test design-fills 3
score = 0.0
# BEGIN HIDDEN TESTS
BEST = [  # bytes, tokens, texts, and parameters of the best shape
    (2**30, 1024, 4, 473_982_080),
    (6 * 2**30, 8192, 16, 2_392_774_912),
    (24 * 2**30, 4096, 64, 10_321_058_304),
]
for budget, context, batch, best in BEST:
    shape = design(budget, context, batch)
    if is_allowed(shape) and needed(shape, context, batch) <= budget:
        score += inner(shape) / best / 3
    else:
        print(f"the shape for {budget / 2**30:.0f} GiB breaks a rule, or does not fit")
# END HIDDEN TESTS
round(min(3.0, max(0.0, 3 * (float(score) - 0.5) / 0.48)), 1)
# %% [markdown] text choice-task
# ## 6. Long documents (4 points, marked by a person)
#
# A law firm wants a model that reads contracts of 100,000 tokens and answers questions about single clauses, ten
# users at a time, on one machine with 80 GB. Somebody offers a transformer of the shape of Llama 2 7B, trained for
# such lengths, and a recurrent model of the same size. In at most 200 words: which would you take, or what third,
# and what would you measure first?
#
# One point each for: the bytes of both states, computed; what a recurrent state of fixed size does to a single
# clause; a third way, with its bytes; a measurement that could change your mind.
# %% [markdown] essay choice 4
# **Model answer.** Weights take 13.5 GB in 16 bits. The transformer keeps half a MB for each token, so 52 GB for
# each contract: one user fits, ten need over 500 GB. The recurrent model keeps some MB for each text, however long
# (1 point). But what it read must fit into these: a single clause from far back, which nothing marked as important
# when it was read, is what such models lose first (1 point). A third way: grouped keys and values, 8 heads instead
# of 32, make it 13 GB for each user, and 6.6 GB in 8 bits, so that ten fill the machine to the brim; a hybrid with
# attention in one layer of eight, and both of these, takes under 1 GB for each user, and can look a clause up. Or
# cut the contracts into parts and retrieve those (1 point). Measure recall: clauses planted at known depths in
# real contracts, asked for at 10, 50 and 100 thousand tokens, for each candidate, with intervals. If the recurrent
# model finds them, it is the cheapest (1 point).
#
# **Not enough.** "Transformers are better" without bytes; bytes for one user only; a benchmark's name without what
# it measures.
