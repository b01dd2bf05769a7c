"""The tests of each assignment tell plausible wrong answers from right ones, however those are written."""

import json
import re
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "teaching" / "assignments" / "source"

# By assignment and task: functions that are wrong in one way each, and functions that are right.
WRONG = {
    ("data_and_tokens", "premium"): """
def premium(t, r): check(t, r); return np.mean(np.divide(t, r))  # a mean of ratios
def premium(t, r): check(t, r); return np.median(np.divide(t, r))
def premium(t, r): check(t, r); return sum(r) / sum(t)  # the other way round
def premium(t, r): check(t, r); return round(sum(t) / sum(r), 1)
def premium(t, r): return sum(t) / sum(r)  # no error for texts of unlike lengths
def premium(t, r): return sum(t) / sum(r) if len(t) == len(r) else 1 / 0
""",
    ("data_and_tokens", "wilson"): """
def wilson(c, n, z=1.96): p = c / n; h = z * math.sqrt(p * (1 - p) / n); return p - h, p + h  # Wald
def wilson(c, n, z=1.96): return ends(c, n, 1.96)  # z ignored
def wilson(c, n, z=1.96): return ends(c + z**2 / 2, n + z**2, z)  # corrected twice
def wilson(c, n, z=1.96): p = (c + 2) / (n + 4); h = z * math.sqrt(p * (1 - p) / (n + 4)); return p - h, p + h
def wilson(c, n, z=1.96): return tuple(100 * end for end in ends(c, n, z))
def wilson(c, n, z=1.96): return ends(c, n, z)[::-1]
def wilson(c, n, z=1.96): return tuple(stats.binomtest(c, n).proportion_ci(0.95, method="exact"))
def wilson(c, n, z=1.96): return tuple(stats.binomtest(c, n).proportion_ci(0.95, method="wilsoncc"))
""",
    ("data_and_tokens", "join"): """
def best_pair(ids): return Counter(zip(ids, ids[1:])).most_common(1)[0][0]  # the first of those that tie
def best_pair(ids): n = Counter(zip(ids, ids[1:])); return max(n, key=lambda pair: (n[pair], pair))  # the largest
def best_pair(ids): return min(zip(ids, ids[1:]))
def best_pair(ids): n = Counter(map(frozenset, zip(ids, ids[1:]))); return tuple(n.most_common(1)[0][0])
def join(ids, pair, new): ids[:] = joined(ids, pair, new); return ids  # changes what it is given
def join(ids, pair, new): return joined(ids[::-1], pair[::-1], new)[::-1]  # from the right
def join(ids, pair, new): return joined(joined(ids, pair, new), pair, new)  # joins what was joined
def join(ids, pair, new): return joined(joined(ids, pair, new), pair[::-1], new)  # either order
def join(ids, pair, new): return [new if p == tuple(pair) else p[0] for p in zip(ids, [*ids[1:], None])]
def join(ids, pair, new): return joined(ids[:-1], pair, new)  # without the last
""",
    ("data_and_tokens", "share"): """
def true_share(seen, found, mistaken): refuse(found <= mistaken); return ratio(seen, found, mistaken)
def true_share(seen, found, mistaken): refuse(found <= mistaken); return max(0.0, ratio(seen, found, mistaken))
def true_share(seen, found, mistaken): refuse(found <= mistaken); return min(1.0, abs(ratio(seen, found, mistaken)))
def true_share(seen, found, mistaken): refuse(found <= mistaken); return min(1.0, seen / found)  # mistakes left out
def true_share(seen, found, mistaken): refuse(found <= mistaken); return clip((seen - mistaken) / found)
def true_share(seen, found, mistaken): refuse(found == mistaken); return clip(ratio(seen, found, mistaken))
def true_share(seen, found, mistaken): return clip(ratio(seen, found, mistaken)) if found != mistaken else 0.0
""",
    ("architectures_and_size", "parameters"): """
def parameters(s): return count(s) - s.d_model  # without the last norm
def parameters(s): return count(s) - 2 * s.n_layers * s.d_model  # without the norms of the layers
def parameters(s): return count(replace(s, tied=False))
def parameters(s): return count(replace(s, tied=True))
def parameters(s): return count(replace(s, n_kv_heads=s.n_heads))
def parameters(s): return count(s) - s.n_layers * s.d_model * s.d_ff  # two matrices
def parameters(s): return count(replace(s, n_layers=1))
def parameters(s): return count(s) + s.n_layers * s.d_ff  # biases
""",
    ("architectures_and_size", "cache"): """
def cache_bytes(s, context, batch=1, bits=16): return bytes_of(s, context, batch, bits) / 2  # keys only
def cache_bytes(s, context, batch=1, bits=16): return bytes_of(replace(s, n_kv_heads=s.n_heads), context, batch, bits)
def cache_bytes(s, context, batch=1, bits=16): return bytes_of(s, context, 1, bits)
def cache_bytes(s, context, batch=1, bits=16): return bytes_of(s, context, batch, 16)
def cache_bytes(s, context, batch=1, bits=16): return bytes_of(s, context, batch, bits // 8 * 8)
def cache_bytes(s, context, batch=1, bits=16): return bytes_of(s, context, batch, bits) * 8  # bits
def cache_bytes(s, context, batch=1, bits=16): return bytes_of(s, context, batch, bits) / s.n_layers
""",
    ("architectures_and_size", "views"): """
def one_by_one(a, b, c, x): return recur(a, b, c, np.concatenate([[0], x[:-1]]))  # one step late
def one_by_one(a, b, c, x): return recur(a, c, b, x) / c * b if c else x
def one_by_one(a, b, c, x): return recur(abs(a), b, c, x)
def one_by_one(a, b, c, x): return recur(a, b, 1, x)
def at_once(a, b, c, x): return np.convolve(x, c * b * a ** np.arange(len(x)))  # too long
def at_once(a, b, c, x): return np.convolve(x, c * b * a ** np.arange(len(x)), "same")
def at_once(a, b, c, x): return np.convolve(x, c * b * a ** np.arange(1, len(x) + 1))[: len(x)]
def at_once(a, b, c, x): return one_by_one(a, b, c, x)  # a recurrence
def at_once(a, b, c, x): return np.array([sum(c * a ** (t - s) * b * x[s] for s in range(t + 1)) for t in range(len(x))])
def at_once(a, b, c, x): return np.convolve(x, c * b * np.exp(np.arange(len(x)) * np.log(a)))[: len(x)]
""",
    ("architectures_and_size", "attention"): """
def attention(q, k, v, window=None): return attend(q, k, v, len(q), 1, late=True)  # not causal
def attention(q, k, v, window=None): return attend(q, k, v, len(q))  # no window
def attention(q, k, v, window=None): return attend(q, k, v, (window or len(q)) + 1)
def attention(q, k, v, window=None): return attend(q, k, v, window or len(q), q.shape[-1] ** 0.5)  # scores not divided
def attention(q, k, v, window=None): return attend(q, k, v, window or len(q), (q.shape[-1] / v.shape[-1]) ** 0.5)
def attention(q, k, v, window=None): w = np.tril(np.exp(q @ k.T / 2)); return w / w.sum(-1, keepdims=True) @ v
def attention(q, k, v, window=None): w = np.exp(q @ k.T / 2); return np.tril(w / w.sum(-1, keepdims=True)) @ v
def attention(q, k, v, window=None): return attend(q, k, v, window or len(q), shape=True)
""",
    ("post_training", "sft"): """
def sft_loss(z, ids, mask): return -z[:, 1:].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0][mask].mean()
def sft_loss(z, ids, mask): return -token(z, ids).mean()  # prompts and padding too
def sft_loss(z, ids, mask): return -token(z, ids)[mask].sum()
def sft_loss(z, ids, mask): return -(token(z, ids) * mask).mean()
def sft_loss(z, ids, mask): return (-(token(z, ids) * mask).sum(1) / mask.sum(1)).mean()  # a mean of means
def sft_loss(z, ids, mask): return -token(z, ids)[mask].mean() / math.log(2)  # bits
def sft_loss(z, ids, mask): return -token(z, ids)[mask].exp().mean()  # no logarithm
""",
    ("post_training", "dpo"): """
def dpo_loss(c, r, rc, rr, beta): return -F.logsigmoid(beta * (c - r)).mean()  # no reference
def dpo_loss(c, r, rc, rr, beta): return -F.logsigmoid(beta * (c - r - rc)).mean()
def dpo_loss(c, r, rc, rr, beta): return -F.logsigmoid(beta * ((r - rr) - (c - rc))).mean()
def dpo_loss(c, r, rc, rr, beta): return -F.logsigmoid(beta * ((c + rc) - (r + rr))).mean()
def dpo_loss(c, r, rc, rr, beta): return -F.logsigmoid((c - rc) - (r - rr)).mean()  # no beta
def dpo_loss(c, r, rc, rr, beta): return -beta * F.logsigmoid((c - rc) - (r - rr)).mean()
def dpo_loss(c, r, rc, rr, beta): return -F.logsigmoid(beta * ((c - rc) - (r - rr))).sum()
def dpo_loss(c, r, rc, rr, beta): return -torch.sigmoid(beta * ((c - rc) - (r - rr))).log().mean()  # overflows
def dpo_loss(c, r, rc, rr, beta): return -(torch.sigmoid(beta * ((c - rc) - (r - rr))) + 1e-9).log().mean()
def dpo_loss(c, r, rc, rr, beta): return -F.logsigmoid(beta * ((c - rc) - (r - rr)).mean())  # the mean too early
""",
    ("post_training", "kl"): """
def kl(p, q): return exact(q, p)  # the other way round
def kl(p, q): return (p.softmax(-1) * (p.log_softmax(-1) - q.log_softmax(-1))).sum(-1)  # NaN
def kl(p, q): return exact(p, q) / math.log(2)
def kl(p, q): return exact(p, q).mean()
def kl(p, q): return (p.exp() * (p - q)).nan_to_num().sum(-1)  # logits as they come
def kl(p, q): return exact(p, q).nan_to_num(posinf=0)
def kl(p, q): return exact(p, q).clamp(max=20)
def kl(p, q): return ((p.log_softmax(-1) - q.log_softmax(-1)) ** 2 / 2 * p.softmax(-1)).nan_to_num().sum(-1)
""",
    ("post_training", "advantages"): """
def advantages(r): return (r - r.mean(1, True)) / r.std(1, keepdim=True)  # 0 / 0
def advantages(r): return ((r - r.mean(1, True)) / r.std(1, correction=0, keepdim=True)).nan_to_num()
def advantages(r): return (r - r.mean()) / r.std()
def advantages(r): return r - r.mean(1, True)
def advantages(r): return ((r - r.mean(0, True)) / r.std(0, keepdim=True)).nan_to_num()
def advantages(r): s = r.std(1, keepdim=True); return torch.where(s > 0, (r - r.mean(1, True)) / s, 0.0)  # rounding
def advantages(r): return (r - r.mean(1, True)) / (r.std(1, keepdim=True) + 1)
""",
    ("sampling_and_synthesis", "probabilities"): """
def probabilities(z, temperature=1.0): w = np.exp(z / temperature); return w / w.sum()  # overflows
def probabilities(z, temperature=1.0): return soft(z * temperature)
def probabilities(z, temperature=1.0): return soft(z)
def probabilities(z, temperature=1.0): return soft(z) / temperature
def probabilities(z, temperature=1.0): return soft(np.clip(z, -50, 50) / temperature)
def probabilities(z, temperature=1.0): return np.exp((z - z.max()) / temperature)
""",
    ("sampling_and_synthesis", "filters"): """
def min_p(probs, p): return np.flatnonzero(probs >= p).tolist()
def min_p(probs, p): return np.flatnonzero(probs > p * probs.max()).tolist()
def min_p(probs, p): return np.flatnonzero(probs >= p * probs.mean()).tolist()
def min_p(probs, p): return np.flatnonzero(probs >= p * probs.max() ** 2).tolist()
def top_p(probs, p): o = np.argsort(-probs); return sorted(o[np.cumsum(probs[o]) <= p].tolist())  # one too few
def top_p(probs, p): o = np.argsort(-probs); return sorted(o[: 1 + int((np.cumsum(probs[o]) <= p).sum())].tolist())
def top_p(probs, p): o = np.argsort(-probs); return o[: 1 + int((np.cumsum(probs[o]) < p).sum())].tolist()  # not sorted
def top_p(probs, p): return list(range(1 + int((np.cumsum(probs) < p).sum())))  # not the likeliest first
def top_p(probs, p): return np.flatnonzero(probs >= 1 - p).tolist()
""",
    ("sampling_and_synthesis", "vote"): """
def vote(a): some(a); return top([x.strip().lower() for x in a])
def vote(a): some(a); return top([number(x.strip().lower().replace(".", "")) for x in a])
def vote(a): some(a); return top([number(x.strip().lower().rstrip(".")) for x in a])
def vote(a): some(a); return top([x.strip().lower().removesuffix(".") for x in a])
def vote(a): some(a); return top([number(x.strip().removesuffix(".")) for x in a])
def vote(a): some(a); return top(sorted(form(x) for x in a))  # the first in the alphabet
def vote(a): some(a); return top([form(x) for x in a])[0], Counter(map(form, a)).most_common(1)[0][1]  # a count
def vote(a): return top([form(x) for x in a]) if a else None
""",
    ("sampling_and_synthesis", "choose"): """
def choose(ms, n): return pick([replace(m, premium=1) for m in ms], n)  # no premium
def choose(ms, n): return pick([replace(m, premium=1, context=m.context / m.premium) for m in ms], n)
def choose(ms, n): return pick([replace(m, cache_bytes_per_token=m.cache_bytes_per_token / m.premium) for m in ms], n)
def choose(ms, n): return pick(ms, replace(n, users=1))
def choose(ms, n): return pick(ms, replace(n, memory_bytes=1e99))
def choose(ms, n): return pick([replace(m, weight_bytes=0) for m in ms], n)
def choose(ms, n): return pick(ms, replace(n, quality=0))
def choose(ms, n): return pick(ms, replace(n, quality=n.quality + 1e-9))  # better than, not at least
def choose(ms, n): return pick(ms, replace(n, memory_bytes=n.memory_bytes - 1))  # less than, not at most
def choose(ms, n): return pick([replace(m, answer_price=m.prompt_price) for m in ms], n)
def choose(ms, n): return pick([replace(m, context=1e9) for m in ms], n)
def choose(ms, n): return pick([replace(m, context=m.context + n.answer * m.premium) for m in ms], n)
def choose(ms, n): return pick(sorted(ms, key=lambda m: m.quality), n, ties=False)
""",
}
RIGHT = {
    ("data_and_tokens", "premium"): "def premium(t, r): check(t, r); return float(np.mean(t) / np.mean(r))",
    ("data_and_tokens", "wilson"): "def wilson(c, n, z=1.96): return np.clip(ends(c, n, z), 0, 1)",
    ("data_and_tokens", "join"): "def join(ids, pair, new): return joined(list(ids), list(pair), new)",
    ("data_and_tokens", "share"): """
def true_share(seen, found, mistaken): refuse(found <= mistaken); return np.clip(ratio(seen, found, mistaken), 0, 1)
""",
    ("architectures_and_size", "parameters"): "def parameters(s): return float(count(s))",
    (
        "architectures_and_size",
        "cache",
    ): "def cache_bytes(s, context, batch=1, bits=16): return bytes_of(s, context, batch, bits)",
    ("architectures_and_size", "views"): """
def at_once(a, b, c, x): t = np.arange(len(x)); return np.tril(c * b * a ** (t[:, None] - t).clip(0).astype(float)) @ x
def at_once(a, b, c, x): n = len(x); k = c * b * np.array([a**i for i in range(n)]); return np.convolve(k, x)[:n]
def at_once(a, b, c, x): n = len(x); k = c * b * np.power(a, np.arange(n)); return np.fft.irfft(
 np.fft.rfft(x, 2 * n) * np.fft.rfft(k, 2 * n), 2 * n)[:n]
""",
    ("architectures_and_size", "attention"): "def attention(q, k, v, window=None): return attend(q, k, v, window or len(q))",
    ("post_training", "sft"): """
def sft_loss(z, ids, mask): return F.cross_entropy(z[:, :-1][mask], ids[:, 1:][mask])
def sft_loss(z, ids, mask): return -(token(z, ids) * mask).sum() / mask.sum()
""",
    ("post_training", "dpo"): "def dpo_loss(c, r, rc, rr, beta): return F.softplus(-beta * ((c - rc) - (r - rr))).mean()",
    ("post_training", "kl"): "def kl(p, q): return exact(p, q)",
    ("post_training", "advantages"): """
def advantages(r): r = r - r[:, :1]; return ((r - r.mean(1, True)) / r.std(1, keepdim=True)).nan_to_num()
""",
    ("sampling_and_synthesis", "probabilities"): "def probabilities(z, temperature=1.0): return soft(z / temperature)",
    (
        "sampling_and_synthesis",
        "filters",
    ): "def min_p(probs, p): return [i for i, x in enumerate(probs) if x >= p * max(probs)]",
    ("sampling_and_synthesis", "vote"): "def vote(a): some(a); return top([form(x) for x in a])",
    ("sampling_and_synthesis", "choose"): "def choose(ms, n): return pick(ms, n)",
}
HELP = """
from scipy import stats
from dataclasses import replace
from collections import Counter
import math
import numpy as np
def refuse(bad):
    if bad: raise ValueError
def check(t, r): refuse(not t or len(t) != len(r))
def ends(c, n, z):
    p, m = c / n, z**2 / n
    h = z * math.sqrt(p * (1 - p) / n + m / 4 / n)
    return (p + m / 2 - h) / (1 + m), (p + m / 2 + h) / (1 + m)
def ratio(s, f, m): return (s - m) / (f - m)
def clip(x): return min(1.0, max(0.0, x))
def joined(ids, pair, new):
    made, i = [], 0
    while i < len(ids):
        both = list(ids[i : i + 2]) == list(pair)
        made.append(new if both else ids[i])
        i += 1 + both
    return made
def count(s):
    d, n = s.d_model, s.n_layers
    layer = 2 * d * d + 2 * d * s.n_kv_heads * d // s.n_heads + 3 * d * s.d_ff + 2 * d
    return s.vocab_size * d * (2 - s.tied) + n * layer + d
def bytes_of(s, context, batch, bits): return s.n_layers * s.n_kv_heads * s.d_model // s.n_heads * context * batch * bits / 4
def recur(a, b, c, x):
    h, y = 0.0, []
    for value in x:
        h = a * h + b * value
        y.append(c * h)
    return np.array(y)
def attend(q, k, v, window, times=1.0, late=False, shape=False):
    z = q @ k.T / math.sqrt(q.shape[-1]) * times
    back = np.arange(len(q))[:, None] - np.arange(len(q))
    z = np.where((late | (back >= 0)) & (back < window), z, -np.inf)
    w = np.exp(z - z.max(-1, keepdims=True))
    w = w / w.sum(-1, keepdims=True)
    return w if shape else w @ v
def soft(z):
    w = np.exp(z - z.max())
    return w / w.sum()
def some(a): refuse(not a)
def number(x):
    try: return str(float(x))
    except ValueError: return x
def form(x): return number(x.strip().lower().removesuffix(".").strip())
def top(forms):
    ((answer, n),) = Counter(forms).most_common(1)
    return answer, n / len(forms)
def pick(models, need, ties=True):
    fit = []
    for i, m in enumerate(models):
        prompt, answer = need.prompt * m.premium, need.answer * m.premium
        memory = m.weight_bytes + need.users * (prompt + answer) * m.cache_bytes_per_token
        if prompt + answer <= m.context and memory <= need.memory_bytes and m.quality >= need.quality:
            fit.append((prompt * m.prompt_price + answer * m.answer_price, -m.quality if ties else i, m.name))
    return min(fit)[2] if fit else None
"""
TORCH_HELP = """
import torch
import torch.nn.functional as F
def token(z, ids): return z[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
def exact(p, q):
    p, q = p.log_softmax(-1), q.log_softmax(-1)
    return torch.where(p == -torch.inf, 0.0, p.exp() * (p - q)).sum(-1)
"""


@cache
def cells(assignment):
    """Return (kind, name, code) of each code cell, in order."""
    book = json.loads((FOLDER / assignment / f"{assignment}.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    marks = [cell["metadata"]["nbgrader"] for cell in code]
    kinds = ["test" if mark["grade"] else "answer" if mark["solution"] else "given" for mark in marks]
    return [(kind, cell["id"], "".join(cell["source"])) for kind, cell in zip(kinds, code, strict=True)]


def points_lost(assignment, task, function):
    """The tests of a task that fail, with a function put in after the solution of the task."""
    space, lost, inside = {"__name__": assignment}, [], False
    for kind, name, code in cells(assignment):
        inside = name == task if kind == "answer" else inside
        if kind == "test" and inside:
            try:
                exec(code, space)
            except NameError:
                raise  # a slip of ours
            except Exception:
                lost.append(name)
        elif kind == "given" or kind == "answer" and inside:
            exec(code, space)
            if kind == "answer":
                apart = dict(space)  # the tests give names of their own to things
                exec(HELP + (TORCH_HELP if assignment == "post_training" else "") + function, apart)
                space |= {name: apart[name] for name in re.findall(r"^def (\w+)", function)}
        if kind == "test" and not inside and "small = " in code:  # what later tests use of it
            exec(code.partition("\nassert")[0], space)
    return lost


def functions(text):
    return re.split(r"\n(?=def )", text.strip())


CASES = [(*task, function) for task, text in WRONG.items() for function in functions(text)]


@pytest.mark.parametrize(("assignment", "task", "function"), CASES)
def test_a_plausible_wrong_answer_loses_points(assignment, task, function):
    assert points_lost(assignment, task, function)


@pytest.mark.parametrize(
    ("assignment", "task", "function"), [(*task, function) for task, text in RIGHT.items() for function in functions(text)]
)
def test_a_right_answer_that_is_unlike_the_solution_loses_none(assignment, task, function):
    assert points_lost(assignment, task, function) == []


def test_every_task_with_one_right_answer_is_tried():
    graded_by_how_well = {"keep", "design", "stop", "respond"}
    tasks = {
        (file.stem, name) for file in FOLDER.glob("*/*.ipynb") for kind, name, _ in cells(file.stem) if kind == "answer"
    }
    assert {task for task in tasks if task[1] not in graded_by_how_well} == set(WRONG) == set(RIGHT)
    assert all(len(functions(text)) >= 6 for text in WRONG.values())
