"""From needs to a shortlist: twenty needs with sensible answers, and what holds for any needs."""

import math
import random
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from helpers.names import name_of
from helpers.selection import (
    GENERAL,
    GRADES,
    INDEX,
    KINDS,
    ORDER,
    STEP,
    USES,
    Choice,
    Model,
    Needs,
    domains,
    grade,
    index_of,
    judge,
    languages,
    models,
    premiums,
    shortlist,
    texts,
)
from helpers.sizing import BITS, deployment, known_device, known_devices, known_model, known_models
from helpers.tables import read_table
from helpers.tokens import VOCABULARIES

ROOT = Path(__file__).resolve().parents[1]
BY_NAME = {model.name: model for model in models()}
H100, L4, LAPTOP = (known_device(name) for name in ("NVIDIA H100 80 GB", "NVIDIA L4 24 GB", "Laptop CPU 16 GB"))
TWENTY = pd.read_csv(ROOT / "tests" / "selector_needs.csv", keep_default_na=False).to_dict("records")
# Overtaken at their size, by index or by date; and what is not offered at all.
NEVER = ("Llama-", "OLMo-3", "Gemma-3-", "Phi-4", "Mistral-7B", "Mixtral", "GPT-2", "Pythia", "Qwen2")


def needs_of(row: dict) -> Needs:
    """Of a row of `selector_needs.csv`."""
    taken = {name: row[name] for name in ("use", "domain", "kind", "context", "users", "devices", "precision", "speed")}
    return Needs(languages=tuple(row["languages"].split()), device=known_device(row["device"]), **taken)


def size_of(model: Model) -> float:
    """The geometric mean of all parameters and the active ones, in 10⁹: a rule of thumb for mixtures of experts."""
    return math.sqrt(model.total_b * (model.active_b or math.nan))


def names(choices: Iterable[Choice]) -> list[str]:
    """Of the models."""
    return [choice.model.name for choice in choices]


def kinds(model: str, needs: Needs) -> list[str]:
    """What keeps a model from being kept."""
    choice = judge(BY_NAME[model], needs)
    return [reason.kind for reason in (*choice.against, *choice.unknown)]


# The table -----------------------------------------------------------------------------------------------------------


def test_the_table_names_what_there_is():
    rows = read_table("models")
    assert rows["name"].is_unique and len(rows) >= 90 and (rows["released"] >= "2025-06").sum() >= 60
    assert rows["source"].notna().all() and rows.loc[rows["score"].notna(), "score_source"].notna().all()
    assert set(rows["config"].dropna()) <= set(known_models()) and set(rows["vocabulary"].dropna()) <= set(VOCABULARIES)
    assert set(rows["commercial"].dropna()) == {"yes", "no", "conditions"}
    assert {kind for model in models() for kind in model.kinds} == {"base", "instruct", "reasoning"}
    assert all(re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", date) for date in rows["released"].dropna())
    assert all(model.kinds and model.domains and (model.active_b or 0) <= model.total_b for model in models())
    assert all(name_of(tag) != tag for tag in languages()), "a reader chooses by name"
    assert set(rows.loc[rows["benchmark"] == INDEX, "measured"]) == {"2026-09"}, "one month, so that scores compare"
    assert not [model.name for model in models() if model.name.startswith(NEVER[-5:])], "nobody should choose these today"


def test_every_reason_has_words_and_its_finding_is_in_a_chapter():
    called = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "chapters").glob("*.ipynb"))
    assert all(f'\\"{claim}\\"' in called for _, claim in texts().values() if claim)
    assert {f"grade-{name}" for name in GRADES} <= set(texts())


def test_what_is_known_of_a_language():
    grades = {
        ("Qwen3-14B", "my"): "named",
        ("Qwen3.6-27B", "my"): "earlier",  # named for Qwen 3, which counts fewer
        ("Qwen3.6-27B", "am"): "many",
        ("Gemma-4-31B", "sw"): "many",
        ("Mistral-Small-3.2-24B", "vi"): "silent",  # counts 24: too few to hold Vietnamese
        ("gpt-oss-20b", "de"): "silent",
        ("SmolLM3-3B", "vi"): "no",
        ("gpt-oss-20b", "en"): "english",
    }
    assert {key: grade(BY_NAME[key[0]], key[1]) for key in grades} == grades


def test_the_earlier_model_whose_languages_count_is_of_the_line_and_names_fewer():
    for model in (one for one in models() if one.languages_from):
        earlier = BY_NAME[model.languages_from]
        assert earlier.developer == model.developer and earlier.released < model.released and not model.languages
        assert 0 < len(earlier.languages) < model.languages_count


def test_an_index_is_measured_or_the_floor_that_the_maker_s_earlier_models_set():
    assert index_of(BY_NAME["Qwen3.6-27B"]) == (37.1, BY_NAME["Qwen3.6-27B"])
    assert index_of(BY_NAME["Qwen3.8-27B"]) == (37.1, BY_NAME["Qwen3.6-27B"]), "later, and as large"
    assert index_of(BY_NAME["Qwen3-235B-A22B-Instruct-2507"])[0] == 8.6, "its maker's own 83.0 is on another scale"
    assert index_of(BY_NAME["Qwen3-Coder-Next"]) == (None, None), "of no date, and not general"
    for model in models():
        floors = [
            other
            for other in models()
            if other.benchmark == INDEX and other.developer == model.developer and model.benchmark != INDEX
            if GENERAL in other.domains and GENERAL in model.domains and (other.released or "9") <= (model.released or "")
            if size_of(other) <= 1.01 * size_of(model)
        ]
        assert model.score_from in ([other.name for other in floors] or [None]), model.name
        assert index_of(model)[0] == (
            model.score if model.benchmark == INDEX else max([o.score for o in floors], default=None)
        )


def test_premiums_are_those_of_the_table():
    known = premiums()
    assert known["gemma3"]["my"] < known["qwen3_6"]["my"] < known["qwen3"]["my"]
    assert all(known[model.vocabulary]["en"] == 1 for model in models() if model.vocabulary)


# Twenty needs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", TWENTY, ids=lambda row: row["need"])
def test_the_first_is_one_that_an_engineer_would_defend(row: dict):
    needs = needs_of(row)
    kept = shortlist(needs).kept
    assert names(kept)[:1] in [[name] for name in row["accept"].split()] or names(kept) == row["accept"].split()
    for choice in kept[:1]:
        model = choice.model
        assert model.name not in row["never"].split() and not model.name.startswith(NEVER)
        assert needs.use == "research" or model.commercial in ("yes", "conditions")
        assert ("base" in model.kinds) == (needs.kind == "base")
        assert all(grade(model, tag) not in ("no", "silent") for tag in needs.languages)
        assert size_of(model) > 1 or all(size_of(other.model) < 4 for other in kept), "no dwarf where a larger one fits"
    if needs.use != "unconditional":
        assert row["never"] == "" or all(name in BY_NAME for name in row["never"].split()), "all are in the table"


def test_the_first_stays_defensible_when_any_score_moves_by_two_points(monkeypatch: pytest.MonkeyPatch):
    found = [(row["accept"].split(), shortlist(needs_of(row)).kept) for row in TWENTY]
    for moved in (model for model in models() if model.benchmark == INDEX):
        for points in (-2, 2):
            changed = tuple(one._replace(score=one.score + points) if one is moved else one for one in models())
            monkeypatch.setattr("helpers.selection.models", lambda changed=changed: changed)
            indices = {model.name: index_of(model)[0] for model in changed}
            monkeypatch.undo()
            for accept, kept in found:
                first = min(kept, key=lambda choice: ranked(choice, indices), default=None)
                assert first is None or first.model.name in accept, f"{moved.name} {points:+}"


def ranked(choice: Choice, indices: dict[str, float | None]) -> list[float]:
    """What sorts a choice if the indices were these."""
    index = indices[choice.model.name]
    evidence = choice.evidence | {"quality": None if index is None else (index / STEP + 0.5) // 1}
    found = [evidence[name] for name in ORDER]
    return [float("inf") if value is None else -value for value in found]


# What the judgement rests on -----------------------------------------------------------------------------------------


def test_lengths_and_speeds_are_in_tokens_of_english():
    needs = Needs(languages=("sw", "my"), context=5200, users=4, device=L4, precision="int4", speed=12)
    premium = premiums()["qwen3_6"]["my"]
    choice = judge(BY_NAME["Qwen3.6-35B-A3B"], needs)
    work = deployment(known_model("Qwen3.6-35B-A3B"), L4, "int4", -int(-5200 * premium // 1), 4)
    assert choice.evidence["speed"] == pytest.approx(work.speed / premium), "who uses the dearer language waits longest"
    assert choice.evidence["room"] == pytest.approx(L4.memory_gb - work.memory.total / 1e9)
    assert choice.evidence["premium"] == -premium > -5
    assert kinds("Qwen3.6-27B", needs) == ["speed"] and not kinds("Qwen3.6-27B", replace(needs, languages=("en",)))
    read = int(262_144 / premium)
    assert kinds("Qwen3.6-35B-A3B", replace(needs, context=read, users=1, device=H100)) == []
    assert kinds("Qwen3.6-35B-A3B", replace(needs, context=read + 1, users=1, device=H100)) == ["context"]
    unknown = judge(BY_NAME["Tiny-Aya-Global"], replace(needs, use="research", context=1000))
    assert "premium-unknown" in [reason.kind for reason in unknown.reasons] and unknown.evidence["premium"] is None


def test_a_budget_is_what_a_million_tokens_of_english_cost():
    needs = Needs(languages=("my",), context=8192, users=16, device=H100, price=3.0)
    premium = premiums()["gemma3"]["my"]
    cost = premium * deployment(known_model("Gemma-4-31B"), H100, "bf16", -int(-8192 * premium // 1), 16, 3.0).output_cost
    fits = replace(needs, devices=2)
    assert kinds("Gemma-4-31B", replace(fits, budget=2 * cost)) == []
    assert kinds("Gemma-4-31B", replace(fits, budget=cost / 2)) == ["budget"]


def test_licence_and_kind():
    needs = Needs(context=1000, device=H100)
    assert kinds("Tiny-Aya-Global", needs) == ["licence"] and not kinds("Tiny-Aya-Global", replace(needs, use="research"))
    assert kinds("Gemma-3-4B", needs) == [] and kinds("Gemma-3-4B", replace(needs, use="unconditional")) == [
        "licence-conditions"
    ]
    assert kinds("Hy-MT2-30B-A3B", needs) == ["licence?"], "unknown is not yes, and not no"
    for kind, model in {
        "at once": "gpt-oss-20b",
        "thinks": "Gemma-3-4B",
        "base": "Gemma-3-4B",
        "answers": "Soofi-S-Base",
    }.items():
        assert f"kind-{kind}" in kinds(model, replace(needs, use="research", kind=kind))


def test_without_exact_sizes_the_weights_can_rule_out_and_nothing_is_promised():
    assert kinds("Gemma-4-12B", Needs(device=L4, precision="int8")) == ["sizes?"]
    assert kinds("Gemma-4-12B", Needs(device=L4, precision="fp32")) == ["memory", "sizes?"]
    assert kinds("Gemma-4-12B", Needs(device=L4, precision="int8", speed=30)) == ["speed", "sizes?"]
    assert judge(BY_NAME["Gemma-4-12B"], Needs()).evidence["speed"] is None


# For any needs -------------------------------------------------------------------------------------------------------


def drawn(rng: random.Random) -> Needs:
    """Needs of any kind."""
    return Needs(
        use=rng.choice(list(USES)),
        languages=tuple(rng.sample(["en", "en", "de", "vi", "my", "hi", "sw", "am", "ha"], rng.choice([1, 1, 2]))),
        domain=rng.choice(domains()),
        kind=rng.choice(["answers", *KINDS]),
        context=round(10 ** rng.uniform(1, 5)),
        users=round(10 ** rng.uniform(0, 2.5)),
        device=known_device(rng.choice(known_devices())),
        devices=rng.choice([1, 1, 2, 8]),
        precision=rng.choice(list(BITS)),
        speed=rng.choice([0.0, 10 ** rng.uniform(0, 2)]),
        price=2.0,
        budget=rng.choice([None, 10 ** rng.uniform(-1, 2)]),
    )


STRICTER = {
    "context": lambda n: {"context": 2 * n.context},
    "speed": lambda n: {"speed": 2 * n.speed + 1},
    "budget": lambda n: {"budget": (n.budget or 1) / 2},
    "use": lambda n: {"use": "product" if n.use == "research" else "unconditional"},
    "kind": lambda n: {"kind": "thinks" if n.kind == "answers" else n.kind},
    "precision": lambda n: {"precision": "fp32"},
    "memory": lambda n: {"device": replace(n.device, memory_gb=n.device.memory_gb / 2)},
    "bandwidth": lambda n: {"device": replace(n.device, bandwidth_gb_s=n.device.bandwidth_gb_s / 2)},
    "users": lambda n: {"users": 2 * n.users, "budget": None},  # many users make a token cheaper, so not under a budget
}


@pytest.mark.parametrize("what", STRICTER)
def test_a_stricter_need_never_adds_a_model(what: str):
    rng, removed = random.Random(0), 0
    for _ in range(10):
        needs = drawn(rng)
        if what == "users":
            needs = replace(needs, budget=None)
        before, after = shortlist(needs), shortlist(replace(needs, **STRICTER[what](needs)))
        assert set(names(after.kept)) <= set(names(before.kept))
        assert set(names(after.kept + after.open_)) <= set(names(before.kept + before.open_))
        removed += len(after.ruled_out) - len(before.ruled_out)
    assert removed, "the need is felt"


def test_every_model_is_judged_once_with_a_reason_and_the_order_only_orders():
    rng = random.Random(1)
    for _ in range(10):
        needs = drawn(rng)
        found = shortlist(needs)
        assert sorted(names((*found.kept, *found.open_, *found.ruled_out))) == sorted(BY_NAME)
        assert all(reason.text for choice in found.ruled_out for reason in choice.against if choice.against)
        assert all(choice.unknown and not choice.against for choice in found.open_)
        assert not any(choice.unknown or choice.against for choice in found.kept)
        order = rng.sample(ORDER, len(ORDER))
        again = shortlist(needs, order)
        assert set(names(again.kept)) == set(names(found.kept)) and names(again.ruled_out) == names(found.ruled_out)
        first = [choice.evidence[order[0]] for choice in again.kept]
        assert first == sorted(first, key=lambda value: (value is None, -(value or 0)))
    with pytest.raises(ValueError, match="is not accepted; give each of domain"):
        shortlist(Needs(), ("size",))


def test_what_to_relax_first_is_what_the_fewest_needs_rule_out():
    rng = random.Random(2)
    for _ in range(10):
        found = shortlist(drawn(rng))
        blocks = {one.model: {r.criterion for r in (*one.against, *one.unknown)} for one in found.ruled_out}
        fewest = min(map(len, blocks.values()))
        sets = [frozenset(blocks[one.model]) for one in found.nearest()]
        assert set(sets) == {frozenset(block) for block in blocks.values() if len(block) == fewest}
        assert len(set(sets)) == len(sets), "one model for each set of needs"
        for one in found.nearest():
            same = [other for other in found.ruled_out if blocks[other.model] == blocks[one.model]]
            assert one.rank(ORDER) == min(other.rank(ORDER) for other in same)
    nothing = shortlist(needs_of(TWENTY[-1]))
    [near] = nothing.nearest()
    assert [reason.kind for reason in near.against] == ["speed"] and not near.unknown
    slower = replace(needs_of(TWENTY[-1]), speed=near.against[0].values["speed"])
    assert names(shortlist(slower).kept) == [near.model.name], "relaxed to what the reason says"
    assert not nothing.kept and not nothing.without() and nothing.lookups() == nothing.open_


def test_what_the_first_place_depends_on():
    base = shortlist(needs_of(next(row for row in TWENTY if row["kind"] == "base")))
    assert base.kept and not base.lookups() and not base.without()
    best = shortlist(needs_of(TWENTY[6]))
    assert names(best.lookups()) == ["Qwen3.8-Flash-Next"], "whose licence and sizes are not known here"
    assert names([best.without()["quality"]]) == ["DeepSeek-V3.2"]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"languages": ()}, ValueError, "give at least one tag"),
        ({"languages": "en"}, TypeError, "is no sequence of tags"),
        ({"languages": ("xx",)}, ValueError, "languages holds 'xx', which is not known here; there are af, "),
        ({"domain": "cooking"}, ValueError, "domain holds 'cooking'"),
        ({"use": "sale"}, ValueError, "there are research, product, unconditional"),
        ({"kind": "chat"}, ValueError, "kind holds 'chat'"),
        ({"precision": "int3"}, ValueError, "precision holds 'int3'"),
        ({"device": "L4"}, TypeError, "is no Hardware"),
        ({"context": 0}, ValueError, "context=0"),
        ({"users": 1.5}, TypeError, "users=1.5"),
        ({"speed": -1}, ValueError, "speed=-1 is negative"),
        ({"budget": -2.0, "price": 1.0}, ValueError, "budget=-2.0"),
        ({"budget": 2.0}, ValueError, "budget=2.0 with price=0.0 rules out all or nothing"),
    ],
)
def test_bad_needs_are_named(given: dict, error: type[Exception], words: str):
    with pytest.raises(error, match=re.escape(words)):
        Needs(**given)
