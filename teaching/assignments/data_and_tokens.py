# %% [markdown] text title
# # Data and tokens
#
# After chapters 02 and 03 of *Understanding Foundation Models*. Twenty points: sixteen by tests, four by a person.
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
import unicodedata
import warnings
from collections import Counter

import numpy as np

from helpers.corpora import comparable_declarations
from helpers.estimates import proportion

warnings.simplefilter("ignore")  # a warning in a test would count as a failure


# %% [markdown] text premium-task
# ## 1. A premium (2 points)
#
# Two texts have the same articles. `tokens[i]` is the number of tokens of article *i* in one language,
# `reference[i]` in English. Return the premium: how many times the tokens of English the whole text takes. If the
# two do not have the same number of articles, or there are none, raise a `ValueError`.
# %% answer premium
def premium(tokens: list[int], reference: list[int]) -> float:
    """How many times the reference's tokens a text takes."""
    # BEGIN SOLUTION
    if not tokens or len(tokens) != len(reference):
        raise ValueError(f"{len(tokens)} articles against {len(reference)}; give as many of both, at least 1")
    return sum(tokens) / sum(reference)
    # END SOLUTION


# %% test premium-total 1
assert premium([30, 60], [10, 20]) == 3, "each article takes three times the tokens, so the text does"
same = premium([30, 10], [10, 30])
assert same == 1, f"both texts have 40 tokens, so the premium is 1, and not {same}: is it a mean of ratios?"
# BEGIN HIDDEN TESTS
rng = np.random.default_rng(20)
for _ in range(20):
    one, other = rng.integers(1, 500, (2, 30)).tolist()
    assert math.isclose(premium(one, other), sum(one) / sum(other)), "wrong for a text of thirty articles"
# END HIDDEN TESTS
# %% test premium-input 1
for bad in (([1, 2], [1]), ([], [])):
    try:
        premium(*bad)
    except ValueError:
        continue
    raise AssertionError(f"premium{bad} should raise a ValueError")


# %% [markdown] text wilson-task
# ## 2. An interval for a share (3 points)
#
# You labelled `total` pages by hand, and `count` of them were Vietnamese. Return the two ends of the 95 % Wilson
# interval of the share, between 0 and 1:
#
# $$
# \frac{p + \frac{z^2}{2n} \pm z \sqrt{\frac{p(1-p)}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}}
# $$
#
# where $p$ is the share in your sample, $n$ is `total` and $z = 1.96$.
# %% answer wilson
def wilson(count: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Both ends of the Wilson interval of a share."""
    # BEGIN SOLUTION
    p = count / total
    middle = p + z**2 / (2 * total)
    half = z * math.sqrt(p * (1 - p) / total + z**2 / (4 * total**2))
    return max(0.0, (middle - half) / (1 + z**2 / total)), min(1.0, (middle + half) / (1 + z**2 / total))
    # END SOLUTION


# %% test wilson-by-hand 1
low, high = wilson(8, 10)
assert math.isclose(low, 0.490, abs_tol=0.001), f"the lower end for 8 of 10 is 0.490, not {low:.3f}"
assert math.isclose(high, 0.943, abs_tol=0.001), f"the upper end for 8 of 10 is 0.943, not {high:.3f}"
# %% test wilson-ends 1
low, high = wilson(0, 50)
assert abs(low) < 1e-9, f"nothing was found, so the lower end is 0, not {low}"
assert high > 0.05, "that none of 50 pages was Vietnamese does not say that none is"
# BEGIN HIDDEN TESTS
low, high = wilson(7, 7)
assert math.isclose(high, 1), "wrong at a share of 1"
assert math.isclose(low, 7 / (7 + 1.96**2)), "wrong at a share of 1"
# END HIDDEN TESTS
# %% test wilson-library 1
narrow, wide = wilson(400, 1000), wilson(4, 10)
assert narrow[1] - narrow[0] < wide[1] - wide[0], "more pages should give a narrower interval"
# BEGIN HIDDEN TESTS
assert "proportion" not in wilson.__code__.co_names, "write the formula yourself"
for count, total in [(1, 9), (5, 12), (90, 91), (500, 1000), (3, 20000)]:
    ends, found = proportion(count, total), wilson(count, total)
    assert np.allclose(found, (ends.low / 100, ends.high / 100), atol=1e-4), f"wrong for {count} of {total}"
assert np.allclose(wilson(8, 10, z=2.576), (0.4008, 0.9599), atol=1e-3), "wrong for another z than 1.96"


# END HIDDEN TESTS
# %% [markdown] text join-task
# ## 3. One step of byte-pair encoding (3 points)
#
# `best_pair` returns the pair of neighbours that occurs most often in a list of token ids. If several do, it
# returns the smallest of them, as Python orders pairs. `join` replaces each occurrence of a pair, from left to
# right, by a new id. A token can be part of one join only.
# %% answer join
def best_pair(ids: list[int]) -> tuple[int, int]:
    """The most frequent pair of neighbours; the smallest of those that tie."""
    # BEGIN SOLUTION
    counts = Counter(zip(ids, ids[1:], strict=False))
    return min(counts, key=lambda pair: (-counts[pair], pair))
    # END SOLUTION


def join(ids: list[int], pair: tuple[int, int], new: int) -> list[int]:
    """The ids with each occurrence of the pair replaced by the new id."""
    # BEGIN SOLUTION
    joined, i = [], 0
    while i < len(ids):
        if tuple(ids[i : i + 2]) == tuple(pair):
            joined.append(new)
            i += 2
        else:
            joined.append(ids[i])
            i += 1
    return joined
    # END SOLUTION


# %% test best-pair 1
assert best_pair([1, 2, 3, 1, 2]) == (1, 2), "1, 2 occurs twice, every other pair once"
assert best_pair([5, 6, 3, 4]) == (3, 4), "(3, 4), (5, 6) and (6, 3) tie; the smallest is (3, 4)"
# BEGIN HIDDEN TESTS
assert best_pair([9, 9, 9, 1, 2, 1, 2]) == (1, 2), "wrong for a tie of (1, 2) and (9, 9)"
assert best_pair(list(b"banana bandana")) == tuple(b"an"), "wrong for the bytes of a text"
# END HIDDEN TESTS
# %% test join-simple 1
ids = [1, 2, 3, 1, 2]
assert join(ids, (1, 2), 256) == [256, 3, 256], f"got {join(ids, (1, 2), 256)}"
assert ids == [1, 2, 3, 1, 2], "join changed the list that it was given; return a new one"
# BEGIN HIDDEN TESTS
assert join([], (1, 2), 256) == [], "wrong for no tokens"
assert join([2, 1, 1, 2], (1, 2), 256) == [2, 1, 256], "wrong where a token of the pair stands alone"
assert join([1, 2, 2, 1], (1, 2), 1) == [1, 2, 1], "a token that a join made is not joined again"
# END HIDDEN TESTS
# %% test join-overlap 1
three = join([7, 7, 7], (7, 7), 256)
assert three == [256, 7], f"of three sevens the first two are joined, and one is left; got {three}"
# BEGIN HIDDEN TESTS
ids = list(b"aaabdaaabac")
for new in (256, 257, 258):
    ids = join(ids, best_pair(ids), new)
assert ids == [258, 100, 258, 97, 99], "wrong after several joins"


# END HIDDEN TESTS
# %% [markdown] text share-task
# ## 4. The share behind the labels (3 points)
#
# A detector says "Vietnamese" of a part `seen` of all pages. On pages whose language you know, it says so of a
# part `found` of the Vietnamese ones, and of a part `mistaken` of all others. Return the share of Vietnamese pages
# that gives `seen`, or the nearest share that is possible, between 0 and 1. If the detector does not tell
# Vietnamese from the rest, `found` being at most `mistaken`, raise a `ValueError`.
# %% answer share
def true_share(seen: float, found: float, mistaken: float) -> float:
    """The share of a language behind the share of its label."""
    # BEGIN SOLUTION
    if found <= mistaken:
        raise ValueError(f"found={found} is at most mistaken={mistaken}: such a detector tells nothing")
    return min(1.0, max(0.0, (seen - mistaken) / (found - mistaken)))
    # END SOLUTION


# %% test share-middle 1
share = true_share(0.5, found=0.9, mistaken=0.1)
assert math.isclose(share, 0.5), f"found of half the pages, and missed as often as mistaken: a half, not {share}"
# BEGIN HIDDEN TESTS
for truth in (0.01, 0.2, 0.77):
    seen = truth * 0.8 + (1 - truth) * 0.03
    assert math.isclose(true_share(seen, 0.8, 0.03), truth), f"wrong for a true share of {truth}"
# END HIDDEN TESTS
# %% test share-ends 1
rare = true_share(0.004, found=0.9, mistaken=0.005)
assert rare == 0, f"fewer pages have the label than mistakes alone would give: the share is 0, not {rare}"
# BEGIN HIDDEN TESTS
assert true_share(0.99, found=0.9, mistaken=0.1) == 1, "wrong where more pages have the label than can be"
# END HIDDEN TESTS
# %% test share-input 1
for found in (0.3, 0.2):
    try:
        true_share(0.2, found=found, mistaken=0.3)
    except ValueError:
        continue
    raise AssertionError(f"found={found} with mistaken=0.3 does not tell Vietnamese from the rest: raise a ValueError")
# %% [markdown] text keep-task
# ## 5. A filter that drops no language (5 points, by how well it does)
#
# `pages(codes)` gives articles of the Universal Declaration of Human Rights in some languages, and three kinds of
# junk in their scripts: menus, one line again and again, and tables of numbers. Write `keep`, which is True for an
# article and False for junk. `report` shows, for each language and each kind of junk, the share of pages that are
# judged rightly.
#
# One point is for the four languages that you see. The four others are given for more languages, in other scripts,
# and nobody tells you which. They depend on the **worst** group: all if `keep` is right everywhere, none at a half
# or below. Not every script has capital letters, or spaces.
# %% given pages
SEEN = ["eng", "fra", "ind", "rus"]


def pages(codes: list[str], seed: int = 0) -> list[tuple[str, str, bool]]:
    """Group, text, and whether it should be kept, for articles in some languages and for junk of their words."""
    rng = np.random.default_rng(seed)
    declarations = comparable_declarations(min_alignment=0.9)
    found = []
    for code in codes:
        articles = [text for text in declarations[code].articles.values() if len(text) >= 150]
        found += [(code, text, True) for text in articles]
        for text in articles[:8]:
            bits = [text[i : i + 8].strip() for i in rng.integers(0, len(text) - 8, 30)]
            found.append(("menus", "\n".join(bits), False))
            found.append(("repeated", "\n".join([text[:40]] * int(rng.integers(6, 12))), False))
            numbers = "\n".join(" ".join(map(str, rng.integers(0, 9999, 6))) for _ in range(10))
            found.append(("numbers", f"{bits[0]}\n{numbers}", False))
    return found


def report(keep, codes: list[str], seed: int = 0) -> dict[str, float]:
    """The share of pages that `keep` judges rightly, by group."""
    groups: dict[str, list[bool]] = {}
    for group, text, good in pages(codes, seed):
        groups.setdefault(group, []).append(bool(keep(text)) == good)
    return {group: sum(right) / len(right) for group, right in groups.items()}


# %% answer keep
def keep(text: str) -> bool:
    """True for a page worth keeping, in whatever language."""
    # BEGIN SOLUTION
    lines = [line for line in text.splitlines() if line.strip()]
    letters = sum(unicodedata.category(c)[0] in "LM" for c in text)
    is_language = letters >= 0.6 * len(text)
    is_varied = len(set(lines)) > 0.7 * len(lines)
    has_sentences = len(text) >= 25 * len(lines)
    return is_language and is_varied and has_sentences
    # END SOLUTION


# %% test keep-seen 1
shares = report(keep, SEEN)
worst = min(shares, key=shares.get)
assert shares[worst] > 0.9, f"of the pages called {worst!r} only {shares[worst]:.0%} are judged rightly"
# %% test keep-unseen 4
assert isinstance(keep("A text."), (bool, np.bool_)), "keep should return True or False"
# BEGIN HIDDEN TESTS
shares = report(keep, ["mya", "amh", "tha", "jpn", "arb", "hin", "kor", "yor", "vie"], seed=7)
print({group: round(share, 2) for group, share in shares.items()})
# END HIDDEN TESTS
round(4 * max(0.0, 2 * float(min(shares.values())) - 1), 1)
# %% [markdown] text report-task
# ## 6. A colleague's idea (4 points, marked by a person)
#
# For a model that will serve English and Burmese readers, a colleague wants to drop every page under 300 tokens of
# GPT-4's vocabulary, "as short pages are mostly junk", and to charge both groups by the token. In at most 200
# words, tell her what each decision does to either language, what you would measure before it is made, on which
# pages, and how sure you could then be.
#
# One point each for: what the first does, with the direction right; what the second does, likewise; a measurement
# that could prove you wrong; how large a sample it takes, with a reason.
# %% [markdown] essay report 4
# **Model answer.** A Burmese page takes about ten times the tokens of the same page in English. So the limit drops
# English pages that it keeps in Burmese: 300 tokens are some 200 words of English, and two or three sentences of
# Burmese. It does not filter junk equally: in Burmese, junk stays (1 point). By the token, a Burmese reader pays
# about ten times for the same answer, waits longer, and fills the context sooner (1 point). Measure: draw pages of
# both languages at random from *before* the filter, label them by hand as junk or not, and compare which part of
# junk and of good pages each limit drops, by language; if both languages lose the same parts, I am wrong. For the
# price, count tokens of the same texts in both (1 point). With 400 pages a language a share is known to within 5
# points either way, by the Wilson interval; for a difference of 2 points it takes thousands (1 point).
#
# **Not enough.** "It is unfair" without a direction; a premium without a text that it was measured on; a sample
# size without an interval. Give the point for a direction with another number, if its source is named.
