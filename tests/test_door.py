"""The door: what readers call with input of their own gives a right answer, or an error that names the argument.

`ROWS` lists these functions: for each argument sound values and hostile ones, and what makes an answer right. An example
replaces up to two arguments by hostile values of their kind, where only a ValueError or TypeError that names an argument
will do; or by things of any other type, which Python or a library may refuse in words of its own. Never a hang or nonsense.
UFM_FUZZ=10 in the environment tries ten times as many examples.
"""

import os
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from math import inf, isclose, nan
from pathlib import Path
from pkgutil import resolve_name
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from helpers import claims, corpora, languages, selection, sizing
from helpers.crawl import read
from helpers.sampling import draws

# Hypothesis also draws constants from the modules that happen to be loaded; here the draws are to be the same in each run.
providers._get_local_constants = lambda: providers._local_constants
torch.set_warn_always(True)  # an imaginary part that is dropped is reported each time, and fails (pyproject.toml)
EXAMPLES = 20 * int(os.environ.get("UFM_FUZZ", "1"))
OWN_WORDS = (TypeError, ValueError, AttributeError, LookupError, RuntimeError, ArithmeticError)  # Python's and libraries'
NAN, INF, HUGE, V = nan, inf, 10**30, 4
of = st.sampled_from
JUNK = of([
    None, True, "x", "", b"x", 3, -1, 2.5, NAN, [], {}, (), {"a": 1}, [None], ["x"], [[1.0], [2.0, 3.0]], "\ud800", object(),
    int, np.float64(2), np.array([]), np.array(["a"]), torch.tensor([]), torch.tensor(3), {1, 2}, range(3), 1j,
])  # fmt: skip
NUMBERS = [NAN, INF, -INF, -1, 0, -0.0, 0.5, -1e-300, 5e-324, 1e308, HUGE, np.float64("nan"), np.float32(2)]
TEXTS = [
    "", " ", "\n", "\0", "\ud800", "\udfff x", "a" * 20_000, "a b " * 5_000, "<|endoftext|>", "\x1b[31m", "🤷🏽‍♀️", "שלום",
    "a\u0301" * 50, "\u202e", "%s{0}", "../../etc", "１２", "\ufeff", "<script>alert(1)</script>",
]  # fmt: skip
Argument = tuple[st.SearchStrategy, st.SearchStrategy]  # sound values, and hostile ones


class Row:
    """A function, by its name in helpers or in person, with its arguments; `right` takes the answer and the arguments.

    `names` are others by which an error may call the arguments; `gaps` says that an answer may hold NaN.
    """

    def __init__(self, function: Any, right: Any = None, names: Any = (), gaps: bool = False, **arguments: Argument) -> None:
        self.function = resolve_name(f"helpers.{function}") if isinstance(function, str) else function
        self.right, self.names, self.gaps, self.arguments = right or (lambda answer, given: True), names, gaps, arguments


def number(low: float | None = None, high: float | None = None) -> Argument:
    return st.floats(low, high, allow_nan=False, allow_infinity=False), of(NUMBERS)


def count(low: int, high: int, *huge: int) -> Argument:
    """A whole number; a huge one is given only where no work grows with it."""
    return st.integers(low, high), of([-1, 0, -HUGE, 0.5, 2.0, NAN, INF, np.int64(-1), np.int64(2), *huge])


def size(low: int = 1, high: int = 4096) -> Argument:
    return count(low, high, 10**15, 2**63, HUGE)


def text(sound: st.SearchStrategy | None = None) -> Argument:
    return st.text(max_size=30) if sound is None else sound, of(TEXTS) | st.text(st.characters(), max_size=30)


def any_of(*values: Any) -> Argument:
    return of(values), of([*TEXTS, "none-such"])


def one(sound: Any, *hostile: Any) -> Argument:
    return st.just(sound), of(hostile) if hostile else st.just(sound)


def numbers(sound: st.SearchStrategy) -> Argument:
    """Of any length and shape, not in order, with what is no number."""
    made = [[], [NAN, 1.0], [INF, 2.0], [-1.0, 3.0], [0, 0, 0], [1.0], [1e308] * 3, [3, 1, 2, 1], [None, 1.0], ["a", "b"]]
    return sound, of([*made, np.arange(8.0)[::-2], np.ones((2, 2)), np.array(3.0), np.array([1, 2], dtype=np.int8)])


def tensor(*shape: int) -> Argument:
    """Empty, of another shape or dtype, not contiguous, with NaN or infinities."""
    x = torch.arange(12.0).reshape(3, 4)
    made = [
        torch.empty(0), torch.empty(2, 0), torch.tensor(1.0), x[:, ::2], x.T, x[:1].expand(3, 4), x.long(), x > 2, x.half(),
        x / 0, -x / 0, torch.full((3, 4), -INF), torch.full((3, 4), 3e38), x[None, None], x.double(), x.to(torch.complex64),
        x.int() - 5, torch.full((2, 3), 10**9), x.to(torch.bfloat16),
    ]  # fmt: skip
    return st.integers(0, 99).map(lambda n: torch.randn(shape, generator=torch.Generator().manual_seed(n))), of(made)


def read_bytes(data: bytes, max_bytes: int) -> list:
    with NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        return list(read.records(file.name, max_bytes=max_bytes))


def shortlist(order: Sequence[str], **needs: Any) -> Any:
    return selection.shortlist(selection.Needs(**needs), order)


def same_number(shown: str, given: dict) -> bool:
    """To the two digits that are shown."""
    digits = re.sub(r"[^\d.e]", "", shown.replace("−", "").removesuffix(given["unit"]))
    return abs(float(digits) - abs(given["value"])) <= 0.06 * abs(given["value"])


def leaves_a_token(logits: torch.Tensor, given: dict) -> bool:
    return bool((logits.softmax(-1).sum(-1) - 1).abs().max() < 1e-2)


def not_negative(answer: Any, given: dict) -> bool:
    """A number, or every number of a breakdown."""
    values = vars(answer).values() if is_dataclass(answer) else [answer]
    return all(value >= 0 for value in values if isinstance(value, int | float))


ANSWERS = (JUNK | of([*NUMBERS, *TEXTS, 10**5000, np.str_("2.5")]) | st.lists(JUNK, max_size=3),) * 2
LIST = st.lists(st.text("abc é中", min_size=1, max_size=9), min_size=1, max_size=4), st.lists(of(TEXTS), max_size=3)
PART, AMOUNT, POSITIVE, SEED = number(0.01, 1), number(0, 1e12), number(0.01, 1e12), count(0, 9)
BOOLS, LOGITS, SIZE, TEXT = (st.booleans(), of([0, 1, "yes", None])), tensor(3, V), size(), text()
PRECISION, LENGTH, BATCH = any_of(*sizing.BITS), size(1, 1024), size(1, 64)
MODEL = (of([sizing.known_model(name) for name in sizing.known_models()]),) * 2
SERVED = {"config": MODEL, "precision": PRECISION, "batch": BATCH}
KEPT = SERVED | {"cache_precision": any_of(*sizing.BITS, None)}
RUN_ON = KEPT | {"hardware": one(sizing.known_device("NVIDIA L4 24 GB"))}
ALLOWED = one([0, 2], [], [-1], [99], [0, 0], [0.5], torch.ones(V) > 2, torch.ones(2) > 0)
SHARES = one({"eng": 1.0, "deu": 2.0}, *({"eng": x} for x in (-1.0, 0.0, NAN, INF, "x")), {}, {"zz": 1.0})
RUNS = {
    "n_parameters": numbers(st.just([1e4, 1e5, 1e6, 1e4, 1e5, 1e6])),
    "n_tokens": numbers(st.just([1e6, 1e6, 1e6, 1e7, 1e7, 1e7])),
    "losses": numbers(st.lists(st.floats(1, 5), min_size=6, max_size=6)),
}
LANGUAGES = {*languages.NOT_A_LANGUAGE, *languages.supported()}
PROMPTS = one(["The capital"], [], [[]], "ab", [1, 2], [""], ["a " * 9000], ["\ud800"], [[-1]], [[10**9]], [[0.5]])
C = pd.DataFrame([[9, 1], [2, 8]], index=["en", "de"], columns=["en", "de"])
ROWS = [
    # Claims, exercises, tables
    Row("claims.number", same_number, value=number(-1e9, 1e9), unit=any_of("", "×", "%", "s")),
    Row("claims.claim", id=text(st.just("fuzz-claim")), sentence=text(st.just("It is {value}.")), value=AMOUNT,
        unit=text(st.just("s")), condition=one(claims.at_least(-INF)), scope=any_of("computed"), source=text(st.just("x"))),
    Row("exercises.grade", lambda said, g: said[1], answer=ANSWERS, expected=one(2.5, [1], "a"), because=one(""), rel=PART),
    Row("exercises.check", answer=ANSWERS, expected=one(2.5), because=one("so"), hints=one({3: "No."})),
    Row("tables.read_table", lambda table, g: len(table), gaps=True, name=any_of("hardware")),
    # Estimates and laws
    Row("estimates.proportion", lambda e, g: 0 <= e.low <= e.value <= e.high < 100.01, count=size(0, 50), total=size(50)),
    Row("estimates.bootstrap", lambda e, g: e.low <= e.high and e.value == max(g["values"]),
        values=numbers(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=9)), statistic=one(max), unit=TEXT, over=TEXT,
        n_resamples=count(1, 50), seed=SEED),
    Row("scaling.fit_law", lambda law, g: min(law.a, law.b, law.alpha, law.beta, law.irreducible) >= 0, **RUNS),
    Row("scaling.predict", **RUNS, at=numbers(st.just((1e7, 1e8))), unit=TEXT, n_resamples=count(1, 2)),
    # Tokens
    Row("tokens.encode", lambda ids, g: len(ids) == len(g["texts"]) and all(map(len, ids)), texts=LIST,
        name=any_of("o200k_base", "r50k_base"), form=any_of("NFC", None)),
    Row("tokens.premiums", lambda table, g: (table.premium > 0).all() and table.premium[g["reference"]] == 1,
        name=any_of("r50k_base"), reference=any_of("eng"), n_resamples=count(1, 9),
        texts=one({"eng": ["one", "two"], "deu": ["eins", "zwei"]}, {}, {"eng": []}, {"eng": ["a"], "deu": []})),
    Row("tokens.cost", lambda cost, g: isclose(cost, g["tokens"] * g["price"] / 1e6), tokens=AMOUNT, price=AMOUNT),
    Row("tokens.context_share", lambda part, g: isclose(part, 100 * g["tokens"] / g["window"]), tokens=AMOUNT, window=SIZE),
    Row("bpe.train", texts=LIST, size=count(256, 300), words_of=any_of("r50k_base")),
    Row("mixtures.mixture", lambda ids, g: len(ids), ("share", "text"), n_bytes=count(1, 5000), seed=SEED, shares=SHARES,
        texts=one({"eng": "the cat sat on the mat " * 20, "deu": "die Katze sitzt auf der Matte " * 20})),
    # Languages, texts, questions
    Row("languages.detect", lambda label, g: label in LANGUAGES, text=TEXT, seed=SEED, at_least=PART),
    Row("languages.detect_many", lambda found, g: len(found) == len(g["texts"]) and set(found) <= LANGUAGES,
        texts=LIST, at_least=PART),
    Row("languages.identify", texts=LIST, tool=any_of(*languages.tools()), at_least=PART),
    Row("languages.shares", lambda table, g: ((table.low <= table.share) & (table.share <= table.high)).all(),
        labels=one(["en", "de", "en"], [], ["\ud800"] * 4, ["", ""], [None, "en"])),
    Row("languages.rogan_gladen", lambda found, g: abs(found.sum() - 100) < 1e-4,
        counts=one({"en": 3, "de": 9}, *({"en": x, "de": 1} for x in (-1, NAN, INF)), {}, {"en": 0}, {"zz": 3}),
        confusion=one(C, C * 0, -C, C.iloc[:0], C.iloc[:, :1], C * 0 + 1)),
    Row("corpora.declaration", code=any_of("eng", "deu_1996")),
    Row("corpora.prose", lambda found, g: found, name=any_of(*corpora.PROSE)),
    Row("questions.is_right", lambda said, g: isinstance(said, bool), answer=TEXT, accepted=text(st.just("Paris|paris"))),
    Row("sampling.votes.vote", lambda found, g: found[0] in g["answers"] and 0 < found[1] <= 1, answers=LIST),
    # The crawl
    Row(read_bytes, lambda found, g: found and all(isinstance(item, read.Record | read.Loss) for item in found), ("path",),
        data=(st.binary(max_size=200),) * 2, max_bytes=SIZE),
    Row("crawl.extract.repair", lambda found, g: isinstance(found[0], str), declared=TEXT,
        body=(st.binary(max_size=40), of([b"", b"\0" * 99, b"\xff\xfe", b"\xc3\x83\xc2\xa9t"]))),
    Row("crawl.rules.why_rejected", text=TEXT, language=text(of(["en", "zh-cn"]))),
    Row("crawl.plan.checked_shares", lambda found, g: isclose(sum(found.values()), 1), shares=SHARES),
    # Sampling and the chat model
    Row("sampling.draws.Settings", gaps=True, temperature=PART, top_k=SIZE, top_p=PART, min_p=PART,
        repetition_penalty=PART, order=one(draws.ORDER, (), draws.ORDER[:2], ("x",) * 4)),
    Row("sampling.draws.apply", leaves_a_token, logits=LOGITS, allowed=ALLOWED,
        settings=one(draws.Settings(0.7, top_p=0.9, repetition_penalty=1.3)),
        previous=one(torch.tensor([[0, 1], [2, 3], [1, 1]]), None, torch.tensor([[-1]] * 3), torch.tensor([0.5]))),
    Row("sampling.draws.pick", lambda ids, g: (ids >= 0).all(), logits=LOGITS,
        uniforms=(tensor(3, 2)[0].map(torch.sigmoid), tensor(3, 2)[1])),
    Row("chat.asked", lambda ids, g: len(ids) > 3, question=text(st.text(min_size=1)), system=TEXT),
    Row("chat.generate", lambda found, g: all(len(answer.ids) <= g["max_new_tokens"] for answer in found), ("prompt",),
        prompts=PROMPTS, max_new_tokens=count(1, 2), seed=SEED, stop=text(st.none() | st.just("."))),
    Row("chat.score", names=("prompt",), prompts=PROMPTS, continuations=one([" Paris"], [], [""], "x", [1], ["a", "b"])),
    Row("chat.seconds", lambda found, g: found[0] > 0 and len(found[1]) == g["n_tokens"],
        text=text(st.just("The capital of France is Paris.")), n_tokens=one(3, 0, -1, HUGE)),
    # Sizes, models, what is chosen
    Row("sizing.known_model", lambda found, g: found.d_model > 0, name=any_of(*sizing.known_models())),
    Row("sizing.known_device", lambda found, g: found.name == g["name"], name=any_of(*sizing.known_devices())),
    Row("sizing.Hardware", name=TEXT, memory_gb=POSITIVE, bandwidth_gb_s=POSITIVE, tflops_bf16=POSITIVE),
    Row("sizing.weight_bytes", not_negative, config=MODEL, precision=PRECISION),
    Row("sizing.cache_bytes", not_negative, **SERVED, context=LENGTH),
    Row("sizing.inference_memory", not_negative, **KEPT, context=LENGTH, chunk=SIZE),
    Row("sizing.largest_context", not_negative, **KEPT, memory_bytes=POSITIVE),
    Row("sizing.largest_batch", not_negative, config=MODEL, precision=PRECISION, memory_bytes=POSITIVE, context=LENGTH),
    Row("sizing.prefill", not_negative, **RUN_ON, length=LENGTH),
    Row("sizing.decode", not_negative, **RUN_ON, context=LENGTH),
    Row("sizing.deployment", not_negative, **RUN_ON, context=LENGTH, price_per_hour=AMOUNT, n_devices=SIZE, efficiency=PART),
    Row("sizing.training_flops", not_negative, config=MODEL, n_tokens=POSITIVE, context=size(0, 1024)),
    Row("sizing.training_seconds", not_negative, config=MODEL, n_tokens=POSITIVE, hardware=RUN_ON["hardware"],
        n_devices=SIZE, mfu=PART),
    Row("sizing.training_memory", not_negative, gaps=True, config=MODEL, precision=any_of("fp32", "bf16"), batch=BATCH,
        context=LENGTH, checkpointing=any_of("full"), lora_rank=SIZE),
    Row("sizing.lora_parameters", not_negative, config=MODEL, rank=SIZE, targets=one(("query",), (), ("none",), "query")),
    Row(shortlist, lambda found, g: len(found.kept + found.open_ + found.ruled_out) == len(selection.models()), gaps=True,
        order=one(selection.ORDER, (), ("size",), ("size",) * 5), domain=any_of("general"), context=SIZE, users=SIZE,
        languages=one(["en"], [], ["zz"], ["en", "en"], "en", ["\ud800"]), devices=SIZE, precision=PRECISION, speed=AMOUNT,
        price=AMOUNT, budget=AMOUNT, use=any_of(*selection.USES), kind=any_of(*selection.KINDS)),
    Row("quantisation.quantise", weight=LOGITS, bits=size(2, 8), share=one("channel", "none-such", 0, -1, 3, 2.0, HUGE)),
    Row("training.Recipe", n_tokens=SIZE, batch_size=SIZE, context=SIZE, seconds=POSITIVE, learning_rate=PART,
        warmup=number(0, 0.9), weight_decay=PART, clip=POSITIVE),
    Row("models.Config", vocab_size=SIZE, n_layers=SIZE, d_state=SIZE, expand=SIZE, d_model=one(64, 0, "x")),
    Row("world.WorldConfig", people_per_group=size(2), n_unseen=size(2), n_gossip=SIZE, wrong_share=PART, rude_share=PART),
]  # fmt: skip


@pytest.fixture(autouse=True)
def watchdog() -> Iterator[None]:
    """End a row that takes far longer than any should; in the main thread, which tests run in."""
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("still running"))
    signal.alarm(5 * EXAMPLES)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.function.__module__}.{row.function.__name__}")
def test_a_right_answer_or_an_error_that_names_the_argument(row: Row) -> None:
    names = {*row.arguments, *row.names, *(name.replace("_", " ") for name in row.arguments)}

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, report_multiple_bugs=False,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def try_one(data: st.DataObject) -> None:
        changed = data.draw(st.sets(of(sorted(row.arguments)), max_size=2))
        any_type = data.draw(st.integers(0, 2)) == 0
        values = {
            name: data.draw((JUNK if any_type else hostile) if name in changed else sound, label=name)
            for name, (sound, hostile) in row.arguments.items()
        }
        own_words = OWN_WORDS if any_type else ()
        try:
            answer = row.function(**values)
        except own_words:
            return
        except (ValueError, TypeError) as error:
            named = any(re.search(rf"\b{re.escape(name)}\b", str(error)) for name in names)
            assert named and "unexpected keyword" not in str(error), f"{type(error).__name__} names no argument: {error}"
            return
        assert row.gaps or is_sound(answer), f"not a sound answer: {answer!r:.300}"
        assert row.right(answer, values), f"not a right answer: {answer!r:.300}"

    try_one()


def is_sound(answer: Any) -> bool:
    """Whether there is no NaN in it, however deep."""
    if is_dataclass(answer) and not isinstance(answer, type):
        return all(is_sound(getattr(answer, field.name)) for field in fields(answer))
    if isinstance(answer, Mapping | list | tuple):
        return all(map(is_sound, answer.values() if isinstance(answer, Mapping) else answer))
    if isinstance(answer, torch.Tensor):
        return not bool(answer.isnan().any())
    return not isinstance(answer, float | np.ndarray | pd.DataFrame | pd.Series) or not np.any(pd.isna(answer))
