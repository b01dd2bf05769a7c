"""From needs to a shortlist: three worked cases, and what holds for any needs."""

import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.selection import ORDER, SUPPORT, TEXTS, Needs, domains, judge, languages, models, premiums_of, shortlist
from helpers.sizing import BITS, deployment, known_device, known_devices, known_model, known_models
from helpers.tables import read_table
from helpers.tokens import VOCABULARIES

ROOT = Path(__file__).resolve().parents[1]
H100, L4, LAPTOP = (known_device(name) for name in ("NVIDIA H100 80 GB", "NVIDIA L4 24 GB", "Laptop CPU 16 GB"))


def names(choices) -> list[str]:
    """Of the models."""
    return [choice.model for choice in choices]


def against(needs: Needs) -> dict[str, list[str]]:
    """The criteria that rule each model out."""
    return {choice.model: [reason.criterion for reason in choice.against] for choice in shortlist(needs).ruled_out}


# The table -----------------------------------------------------------------------------------------------------------


def test_the_table_names_what_there_is():
    rows = read_table("models")
    assert rows["model"].is_unique and len(rows) >= 20
    assert set(rows["config"]) <= set(known_models()) and set(rows["vocabulary"].dropna()) <= set(VOCABULARIES)
    assert set(rows["commercial"].dropna()) <= {"yes", "no"} and set(rows["post_training"].dropna()) <= {"base", "instruct"}
    keys = re.findall(r"^@\w+\{([^,]+),", (ROOT / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows["source"]) <= set(keys)
    assert all(re.fullmatch(r"[a-z]{2,3}", tag) for tag in languages()) and "en" in languages()
    assert all(re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", date) for date in rows["released"].dropna())


def test_every_claim_that_a_reason_names_is_in_a_chapter():
    called = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "chapters").glob("*.ipynb"))
    assert all(f'\\"{claim}\\"' in called for claim in SUPPORT.values() if claim)
    assert {kind.rstrip("?+-") for kind in TEXTS} == set(SUPPORT)


# Three worked cases --------------------------------------------------------------------------------------------------


def test_vietnamese_support_on_one_small_card():
    needs = Needs(("vi", "en"), context=8192, users=4, device=L4, precision="int8", commercial=True)
    found = shortlist(needs)
    assert names(found.kept) == ["Qwen2.5-7B-Instruct", "Qwen2.5-0.5B-Instruct"], "the larger first: it fits"
    assert against(needs)["Llama-3.1-8B-Instruct"] == ["languages"], "it knows eight languages, and this is none of them"
    assert against(needs)["Qwen3-30B-A3B"] == ["memory"], "few parameters are active, but all must be held"
    assert against(needs)["Qwen1.5-MoE-A2.7B-Chat"] == ["licence", "languages", "context"], "unknown is not yes"


def test_code_on_a_laptop():
    needs = Needs(domain="code", context=8192, device=LAPTOP, precision="int4", speed=8.0, commercial=True)
    found = shortlist(needs)
    assert names(found.kept)[0] == "Qwen2.5-Coder-7B-Instruct"
    assert against(needs)["Qwen2.5-Math-7B-Instruct"] == ["context"], "its texts were short"
    first = {reason.criterion: reason for reason in found.kept[0].reasons}
    assert list(first) == list(ORDER) and first["domain"].text == "Trained for code."
    assert first["domain"].support == "domain-beats-more"
    by_speed = shortlist(needs, ("speed", "domain", "size", "premium", "room"))
    assert names(by_speed.kept)[0] == "SmolLM2-135M-Instruct", "where speed decides, the smallest is first"


def test_burmese_for_many_at_a_price():
    needs = Needs(("my",), context=8192, users=16, device=H100, price=3.0, commercial=True)
    assert names(shortlist(needs).kept) == ["Qwen3-30B-A3B"], "the only one here whose makers name Burmese"
    cost = deployment(known_model("Qwen3-30B-A3B"), H100, context=8192, batch=16, price_per_hour=3.0).output_cost
    assert shortlist(replace(needs, budget=1.01 * cost)).kept
    assert not shortlist(replace(needs, budget=0.99 * cost)).kept
    assert against(replace(needs, budget=0.99 * cost))["Qwen3-30B-A3B"] == ["budget"]


def test_a_mixture_of_experts_is_ranked_by_what_it_holds_and_what_works():
    needs = Needs(("vi", "en"), context=4096, users=4, device=L4, precision="int4")
    kept = {choice.model: choice for choice in shortlist(needs).kept}
    assert list(kept)[:2] == ["Qwen3-30B-A3B", "Qwen2.5-7B-Instruct"], "30 billion, of which 3 work, before 7"
    assert kept["Qwen3-30B-A3B"].evidence["size"] == 3.5 and kept["Qwen2.5-7B-Instruct"].evidence["size"] == 3
    sizes = {name: next(r.text for r in choice.reasons if r.criterion == "size") for name, choice in kept.items()}
    assert sizes["Qwen3-30B-A3B"] == "It has 30.5 billion parameters, of which 3.4 billion work on a token."
    assert sizes["Qwen2.5-7B-Instruct"] == "It has 7.6 billion parameters."


def test_the_last_chapter_s_three_cases():
    """What the last chapter argues for, with its lengths in tokens."""
    support = Needs(("sw", "my"), context=5200, users=4, device=L4, precision="int4", speed=8 / 0.65, commercial=True)
    code = Needs(domain="code", context=6600, device=LAPTOP, precision="int4", speed=8 / 0.65)
    law = Needs(("en", "de"), context=75_000, device=H100, devices=2, precision="int8", speed=8 / 0.65)
    assert names(shortlist(support).kept) == ["Qwen3-30B-A3B"]
    assert names(shortlist(code).kept)[0] == "Qwen2.5-Coder-7B-Instruct"
    assert names(shortlist(law).kept)[:2] == ["Llama-3.1-70B-Instruct", "Qwen2.5-7B-Instruct"], "by licence the second"


def test_figures_are_those_of_sizing():
    needs = Needs(context=2000, users=3, device=L4, precision="int8", devices=2)
    choice = next(choice for choice in shortlist(needs).kept if choice.model == "Llama-3-8B-Instruct")
    found = deployment(known_model("Llama-3-8B"), L4, "int8", 2000, 3, n_devices=2)
    assert choice.evidence["speed"] == pytest.approx(found.decode.tokens_per_second / 3)
    assert choice.evidence["room"] == pytest.approx(2 * L4.memory_gb - found.memory.total / 1e9)
    assert choice.evidence["size"] == 3, "8.03 billion are three doublings of one"


def test_the_premium_is_that_of_the_vocabulary_and_english_is_one():
    found = {c.model: c for c in (*shortlist(Needs(("de", "fr"), users=1, device=H100, devices=4)).kept,)}
    known = premiums_of("mistral_v3")
    assert found["Mixtral-8x7B-Instruct-v0.1"].evidence["premium"] == pytest.approx(-(known["de"] + known["fr"]) / 2)
    assert known["de"] > 1 and known["en"] == 1
    order = ("premium", "domain", "size", "speed", "room")
    kept = shortlist(Needs(("de", "fr"), device=H100, devices=4), order).kept
    assert kept[0].evidence["premium"] is not None, "the unknown comes last"
    assert all(c.evidence["premium"] == -1 for c in shortlist(Needs()).kept), "whatever the vocabulary"
    with pytest.raises(ValueError, match="vocabulary='gpt-4' is not in"):
        premiums_of("gpt-4")


def test_only_makers_whose_vocabularies_are_not_here_have_models_of_an_unknown_one():
    unknown = {re.match("[A-Za-z]+", model.name)[0] for model in models() if model.vocabulary is None}
    assert unknown == {"Pythia", "Mamba", "RWKV", "Jamba"}
    assert all(premiums_of(model.vocabulary)["en"] == 1 for model in models() if model.vocabulary)


def test_what_nobody_should_choose_today_is_not_offered():
    superseded = ("Llama-2-", "Gemma-2B", "Gemma-7B", "CodeGemma", "Mistral-7B-Instruct-v0.1", "GPT-2")
    assert not [model.name for model in models() if model.name.startswith(superseded)]


# For any needs -------------------------------------------------------------------------------------------------------


def drawn(rng: random.Random) -> Needs:
    """Needs of any kind."""
    return Needs(
        languages=tuple(rng.sample(["en", "en", "de", "vi", "my", "hi", "sw"], rng.choice([1, 1, 2]))),
        domain=rng.choice(domains()),
        context=round(10 ** rng.uniform(1, 5)),
        users=round(10 ** rng.uniform(0, 2.5)),
        device=known_device(rng.choice(known_devices())),
        devices=rng.choice([1, 1, 2, 8]),
        precision=rng.choice(list(BITS)),
        speed=rng.choice([0.0, 10 ** rng.uniform(0, 2)]),
        price=2.0,
        budget=rng.choice([None, 10 ** rng.uniform(-1, 2)]),
        commercial=rng.random() < 0.5,
        answers=rng.random() < 0.5,
    )


STRICTER = {
    "context": lambda n: {"context": 2 * n.context},
    "speed": lambda n: {"speed": 2 * n.speed + 1},
    "budget": lambda n: {"budget": (n.budget or 1) / 2},
    "commercial": lambda n: {"commercial": True},
    "answers": lambda n: {"answers": True},
    "languages": lambda n: {"languages": (*n.languages, "it")},
    "precision": lambda n: {"precision": "fp32"},
    "memory": lambda n: {"device": replace(n.device, memory_gb=n.device.memory_gb / 2)},
    "bandwidth": lambda n: {"device": replace(n.device, bandwidth_gb_s=n.device.bandwidth_gb_s / 2)},
    "users": lambda n: {"users": 2 * n.users, "budget": None},  # many users make a token cheaper, so not under a budget
}


@pytest.mark.parametrize("what", STRICTER)
def test_a_stricter_need_never_adds_a_model(what: str):
    rng, removed = random.Random(0), 0
    for _ in range(25):
        needs = drawn(rng)
        if what == "users":
            needs = replace(needs, budget=None)
        before, after = (set(names(shortlist(n).kept)) for n in (needs, replace(needs, **STRICTER[what](needs))))
        assert after <= before
        removed += len(before - after)
    assert removed or what == "commercial", "the need is felt; but of a forbidding licence the table has no model"


def test_a_licence_that_forbids_or_is_unknown_rules_out_only_commercial_use():
    model = next(model for model in models() if model.name == "Llama-3-8B-Instruct")
    for allows, kinds in {True: [], False: ["licence"], None: ["licence?"]}.items():
        asked = judge(replace(model, commercial=allows), Needs(commercial=True))
        assert [reason.kind for reason in asked.against] == kinds
        assert not judge(replace(model, commercial=allows), Needs()).against


def test_every_model_is_judged_once_with_a_reason_and_the_order_only_orders():
    rng = random.Random(1)
    for _ in range(25):
        needs = drawn(rng)
        found = shortlist(needs)
        assert sorted(names([*found.kept, *found.ruled_out])) == sorted(model.name for model in models())
        assert all(choice.against and all(reason.text for reason in choice.against) for choice in found.ruled_out)
        order = rng.sample(ORDER, len(ORDER))
        again = shortlist(needs, order)
        assert set(names(again.kept)) == set(names(found.kept)) and names(again.ruled_out) == names(found.ruled_out)
        first = [choice.evidence[order[0]] for choice in again.kept]
        assert first == sorted(first, key=lambda value: (value is None, -(value or 0)))
