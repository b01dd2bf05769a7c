"""The calculator page on a small site of its own: the numbers of `helpers.sizing`, in every view, by keyboard, by link."""

import json
import random
import re
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from helpers import sizing
from helpers.claims import number
from helpers.sizing import BITS, Hardware, Roofline, known_device, known_devices, known_model, known_models, published_config
from helpers.sizing.costs import EFFICIENCY
from helpers.sizing.memory import cache_numbers
from tests.browser import Visitor
from tests.small_site import assert_named, assert_needs_script, assert_plain, assert_whole, build, checkout, pages_with
from theme.parts import size

PAGE = "chapters/size_calculator.html"
STUBS = {"index": "A small book", "05_architectures": "Architectures", "06_model_size": "Model size"}
CALLS = 600  # of the page's arithmetic, against Python's
ADAPTERS = {"lora_rank": size.LORA_RANK}
TRAINING = {"all": {}, "lora": ADAPTERS, "lora4": {**ADAPTERS, "frozen_precision": "int4"}}
WORK = {"precision": "bf16", "cachePrecision": None, "context": 500, "batch": 1, "price": 1, "devices": 1}
MORE = ("hybrid_override_pattern", "sliding_window_pattern", "full_attention_interval", "mlp_only_layers")
DRAWN = (1, 2, 3, 7, 8, 64, 100, 1_000_000, 0, -1, 4.5, "M*E-", None, True, ["moe"])  # what a key may hold


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a site with the calculator, and stubs of what it links to."""
    return build(checkout(tmp_path_factory.mktemp("book"), "size_calculator", STUBS))


def opened(visitor: Visitor, **settings: object):
    """The page of a link, once it shows a result or says why there is none."""
    page = visitor.open(f"{PAGE}#{urlencode(settings)}")
    page.wait_for_function("() => ['verdict', 'state'].some((id) => document.getElementById('size-' + id).textContent)")
    return page


# The same numbers -----------------------------------------------------------------------------------------------------


def own_model(rng: random.Random) -> dict:
    """What the page makes of the fields of a transformer of one's own."""
    kv, group, n = rng.choice([1, 2, 8]), rng.choice([1, 3, 8]), rng.choice([1, 1, 8, 64])
    experts = {"num_experts": n, "num_experts_per_tok": rng.randrange(1, n + 1)} if n > 1 else {}
    return {
        "model_type": rng.choice(["gpt_neox", "mixtral" if experts else "llama"]), **experts,
        "hidden_size": kv * group * rng.choice([16, 64, 100]), "num_hidden_layers": rng.randrange(1, 130),
        "num_attention_heads": kv * group, "num_key_value_heads": kv, "head_dim": rng.choice([16, 128, None]),
        "intermediate_size": rng.randrange(16, 60_000), "vocab_size": rng.randrange(1_000, 300_000),
        "tie_word_embeddings": rng.random() < 0.5,
    }  # fmt: skip


def pasted_model(rng: random.Random) -> dict:
    """The configuration of a listed model, with keys that are missing, are new, or hold something else."""
    config = published_config(rng.choice(known_models()))
    keys = sorted({key for name in known_models() for key in published_config(name)} - {"model_type"}) + list(MORE)
    for _ in range(rng.randrange(1, 4)):
        key = rng.choice([*config, rng.choice(keys)])
        if key in config and rng.random() < 0.3:
            del config[key]
        else:
            config[key] = rng.choice(DRAWN)
    return {"text_config": config} if rng.random() < 0.2 else config


def drawn_calls(n: int) -> list[tuple[dict, Hardware, dict]]:
    """Models, devices and work with a fixed seed; every known model and every precision is among them."""
    rng, calls, precisions = random.Random(0), [], list(BITS)
    for i in range(n):
        draw = rng.choice([own_model, pasted_model, pasted_model])
        config = published_config(known_models()[i]) if i < len(known_models()) else draw(rng)
        device = known_device(rng.choice(known_devices()))
        if rng.random() < 0.2:
            device = replace(device, memory_gb=rng.uniform(0.1, 900), bandwidth_gb_s=rng.uniform(1, 9_000), tflops_fp32=None)
        work = {
            "precision": precisions[i % len(precisions)], "cachePrecision": rng.choice([None, *precisions]),
            "context": round(10 ** rng.uniform(0, 5.5)), "batch": round(10 ** rng.uniform(0, 4)),
            "price": rng.choice([0, rng.uniform(0, 100)]), "devices": rng.randrange(1, 65),
            "efficiency": rng.randrange(1, 101) / 100,
        }  # fmt: skip
        calls.append((config, device, work))
    return calls


def python_answer(published: dict, device: Hardware, work: dict) -> dict:
    """What Python says, by the script's names."""
    config, context, batch, precision = sizing.read_config(published), work["context"], work["batch"], work["precision"]
    kept = {"cache_precision": work["cachePrecision"]}
    how = {"n_devices": work["devices"], "efficiency": work["efficiency"], **kept}
    found = sizing.deployment(config, device, precision, context, batch, work["price"], **how)
    counted = sizing.count_parameters(config)
    bits = BITS[work["cachePrecision"] or ("fp32" if precision == "fp32" else "bf16")]
    kv, state = cache_numbers(config, context)
    next_one = sum(part.kv * part.count for part in config.parts if part.kept(context + 1) > part.kept(context))

    def line(step: Roofline) -> dict:
        return {"flops": step.flops, "bytes": step.bytes, "seconds": step.seconds, "speed": step.tokens_per_second,
                "bound": step.bound}  # fmt: skip

    def training(**how: object) -> dict | None:
        try:
            memory = sizing.training_memory(config, context, batch, checkpointing="full", **how)
        except ValueError:  # nothing to adapt
            return None
        return asdict(memory) | {"total": memory.total, "needed": sizing.devices_needed(memory.total, device)}

    return {
        "parameters": {name: getattr(counted, name) for name in ("total", "active", "embedding", "multiplied")},
        "memory": asdict(found.memory) | {"total": found.memory.total},
        "needed": sizing.devices_needed(found.memory.total, device),
        "prefill": line(found.prefill), "decode": line(found.decode), "speed": found.speed, "fits": found.fits,
        "capacity": found.capacity, "inputCost": found.input_cost, "outputCost": found.output_cost,
        "token": next_one * bits / 8, "cache": kv * bits / 8, "state": state * max(bits, 16) / 8,
        "largestContext": sizing.largest_context(config, found.capacity, precision, batch, **kept),
        "largestBatch": sizing.largest_batch(config, found.capacity, precision, context, **kept),
        "training": {way: training(**how) for way, how in TRAINING.items()},
    }  # fmt: skip


COMPUTE = """async (calls) => {
  const { deployment, more, readConfig } = await import(new URL("../_static/parts/size_model.js", location.href));
  const tables = await (await fetch(new URL("../_static/parts/sizes.json", location.href))).json();
  const answer = (...asked) => ({ ...deployment(...asked, tables), ...more(...asked, tables) });
  return JSON.parse(calls).map(([published, device, work]) => {
    try { return answer(readConfig(published, tables), device, work); }
    catch (error) { return { refused: error.field, said: error.about + error.message }; }
  }); }"""


def page_answers(page, calls: list) -> list[dict]:
    """What the page's script says."""
    return page.evaluate(COMPUTE, json.dumps([[config, asdict(device), work] for config, device, work in calls]))


def flat(answer: dict, name: str = "") -> dict[str, object]:
    """Nested answers as one level of names."""
    parts = [flat(it, f"{name}{key}.") if isinstance(it, dict) else {name + key: it} for key, it in answer.items()]
    return {key: value for part in parts for key, value in part.items()}


def in_the_script(words: object) -> str:
    """What the script says where Python raises with these words."""
    words = re.sub(r"(\w+)=None is no size", r"\1 is missing", str(words))
    return re.sub("[\"']", "", words.replace("None", "null").replace("True", "true"))


def assert_same(call: tuple, ours: dict) -> dict | None:
    """The script's answer to a call is Python's, number by number, or it refuses it in Python's words."""
    try:
        theirs = flat(python_answer(*call))
    except ValueError as error:
        assert in_the_script(ours.get("said")) == in_the_script(error), f"{call} raises {error}"
        return None
    ours = flat(ours)
    assert set(ours) == set(theirs), f"{call}: {ours}"
    for name, value in theirs.items():
        wanted = value if value is None or isinstance(value, str | bool) else pytest.approx(value, rel=1e-9)
        assert ours[name] == wanted, f"{name} of {call}"
    return theirs


def test_the_script_says_what_python_says(reader: Visitor) -> None:
    calls = drawn_calls(CALLS)
    answers = [assert_same(*pair) for pair in zip(calls, page_answers(opened(reader), calls), strict=True)]
    found = [answer for answer in answers if answer]
    assert CALLS * 0.5 < len(found) < CALLS * 0.9, "some are refused"
    assert len({(answer["prefill.bound"], answer["decode.bound"]) for answer in found}) >= 3
    for name in ("fits", "training.lora", "largestContext", "largestBatch", "state"):
        assert {True, False} == {bool(answer.get(name, True)) for answer in found}, f"{name} is there, and is not"
    assert not reader.faults


BAD = [("context", 0), ("context", 8193), ("batch", 1.5), ("devices", -2), ("price", -0.01), ("price", None),
       ("precision", "int3"), ("cachePrecision", "toString"), ("efficiency", 0), ("efficiency", 1.01)]  # fmt: skip


def test_the_script_refuses_what_python_refuses(reader: Visitor) -> None:
    config, device = published_config("Llama-3-8B"), known_device("NVIDIA L4 24 GB")
    work = WORK | {"efficiency": 1}
    for name, value in BAD:
        with pytest.raises(ValueError):
            python_answer(config, device, work | {name: value})
    page = opened(reader)
    found = page_answers(page, [(config, device, work | {name: value}) for name, value in BAD])
    assert [answer.get("refused") for answer in found] == [name.replace("P", "_p") for name, _ in BAD]
    zero = [config, asdict(device) | {"bandwidth_gb_s": 0}, work]
    assert page.evaluate(COMPUTE, json.dumps([zero]))[0]["refused"] == "bandwidth_gb_s"


def cells(page, row: str) -> list[str]:
    """The texts of a row."""
    return page.locator(f"[data-{row}] td").all_text_contents()


def test_the_page_shows_what_python_says(reader: Visitor) -> None:
    asked = {"precision": "Q4_K", "context": 8192, "batch": 16, "price": 2.5}
    page = opened(reader, model="Gemma-3-27B", device="NVIDIA H100 80 GB", cache_precision="fp8", efficiency=40, **asked)
    config, device = known_model("Gemma-3-27B"), known_device("NVIDIA H100 80 GB")
    work = WORK | asked | {"cachePrecision": "fp8", "efficiency": 0.4}
    wanted = python_answer(published_config("Gemma-3-27B"), device, work)
    writing, memory = wanted["decode"], wanted["memory"]
    shown = [number(1e3 * writing["seconds"] / 0.4, "ms"), number(0.4 * writing["speed"])]
    assert cells(page, "speed=decode") == [*shown, "bandwidth", number(wanted["outputCost"])]
    assert cells(page, "speed=prefill")[2:] == ["compute", number(wanted["inputCost"])]
    for name, needed in memory.items():
        assert cells(page, f"bar={name}")[1] in (number(needed / 1e9, "GB"), number(needed / 1e6, "MB"))
    whole = sum(part.kv * part.count for part in config.parts if not part.window)
    facts = {"token": number(whole / 1e3, "kB"), "cache": number(wanted["cache"] / 1e6, "MB"), "state": "none"}
    assert {name: cells(page, f"fact={name}")[0] for name in facts} == facts
    for name in ("largestBatch", "largestContext"):
        assert cells(page, f"largest={name}") == [number(wanted[name])]
    assert cells(page, "training=lora4")[0] == number(wanted["training"]["lora4"]["total"] / 1e9, "GB")
    total, there = number(memory["total"] / 1e9, "GB"), number(wanted["capacity"] / 1e9, "GB")
    assert page.locator("#size-verdict").text_content().startswith(f"✓ It fits: {total} of {there} are needed")
    page.get_by_label("Batch").fill("300")
    said = page.locator("#size-verdict").text_content()
    assert said.startswith("✗ It does not fit: ") and f"one device holds {there}" in said
    page.wait_for_function("() => document.getElementById('size-spoken').textContent.startsWith('✗ It does not fit')")
    page.get_by_label("Model", exact=True).select_option("Mamba-2.8B")
    assert cells(page, "training=lora")[0] == "no queries or values" and cells(page, "largest=largestContext") == ["any"]
    assert not reader.faults


def test_bars_are_as_long_as_what_they_show(reader: Visitor) -> None:
    page = opened(reader, model="Llama-2-13B", device="NVIDIA L4 24 GB", batch=2)
    memory = sizing.inference_memory(known_model("Llama-2-13B"), context=4096, batch=2)
    boxes = {name: page.locator(f"[data-bar={name}] .bar span").bounding_box() for name in size.BARS}
    there = {"there": 1e9 * known_device("NVIDIA L4 24 GB").memory_gb}
    for name, held in (asdict(memory) | there).items():
        assert boxes[name]["width"] == pytest.approx(max(2, boxes["total"]["width"] * held / memory.total), abs=1)
    assert boxes["cache"]["x"] == pytest.approx(boxes["weights"]["x"] + boxes["weights"]["width"], abs=1)


# The page -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"model": "own", "device": "own", "batch": 64}, {"model": "pasted"}, {"batch": 0}])
def test_page_is_whole_in_every_view(visitor: Visitor, settings: dict) -> None:
    page = opened(visitor, **settings)
    tables = page.locator("#size-calculator .table-scroll:visible")
    assert all(more <= 0 for more in tables.evaluate_all("all => all.map((b) => b.scrollWidth - b.clientWidth)"))
    assert_whole(visitor)


def test_only_this_page_loads_its_script_and_its_form_holds_none(built: Path) -> None:
    assert_plain(size.form())
    assert pages_with(built, "size.js") == ["size_calculator.html"]
    tables = json.loads(json.dumps(size.tables()))
    assert json.loads((built / "_static" / "parts" / "sizes.json").read_text(encoding="utf-8")) == tables
    for menu, names in (("model", known_models()), ("device", known_devices())):
        assert sorted(name for group in tables["menus"][menu].values() for name in group) == sorted(names)


def test_bad_input_is_named_and_hides_the_result(reader: Visitor) -> None:
    page = opened(reader)
    state = page.locator("#size-state")
    for label, typed, words in [
        ("Context", "-5", "Context: tokens in each text: give a whole number from 1 on."),
        ("Batch", "", "Batch: texts at once: give a whole number from 1 on."),
        ("Batch", "1.5", "Batch: texts at once: give a whole number from 1 on."),
        ("Price of a device", "-1", "Price of a device, an hour: give a number from 0 on."),
        ("Devices that share", "1e99", "Devices that share the model: give a whole number from 1 on."),
    ]:
        assert_named(page, "size", label, typed, words)
    page.get_by_label("Model", exact=True).select_option("GPT-2")
    assert state.text_content().endswith("text: 4096 is more than the model's max_context=1024; give at most that.")
    page.get_by_label("Model", exact=True).select_option("own")
    page.get_by_label("Context").fill("100")
    assert page.get_by_label("Width", exact=True).input_value() == "768", "one's own starts with what was chosen before"
    page.get_by_label("Heads", exact=True).fill("7")
    assert state.text_content() == "Heads: 7 does not divide hidden_size=768; give a divisor of 768."
    page.get_by_label("Device", exact=True).select_option("own")
    page.get_by_label("Heads", exact=True).fill("12")
    page.get_by_label("Bandwidth").fill("0")
    assert state.text_content() == "Bandwidth, in GB a second: give a number above 0."
    assert not reader.faults


def test_a_config_is_pasted(reader: Visitor) -> None:
    page = opened(reader)
    shown = page.locator("#size-result").inner_text()
    page.get_by_label("Model", exact=True).select_option("pasted")
    box, state = page.get_by_label("Your config.json"), page.locator("#size-state")
    config = published_config("Qwen3-8B")
    for typed, words in [
        ("", "paste the contents of the file."),
        ('{"model_type": ', "this is no JSON ("),
        ("[1]", "[1] is no configuration; give the contents of a config.json."),
        (config | {"hidden_size": "<b>wide</b>"}, 'hidden_size="<b>wide</b>" is no size; give a whole number from 1 on.'),
        (config | {"model_type": "bert"}, 'model_type="bert" is no family that is known here; there are apertus, '),
        (config | {"num_key_value_heads": 5}, "num_key_value_heads=5 does not divide num_attention_heads=32;"),
        ({"model_type": "llama", "num_hidden_layers": 2}, "vocab_size is missing; give a whole number from 1 on."),
    ]:
        box.fill(typed if isinstance(typed, str) else json.dumps(typed))
        assert state.text_content().startswith(f"Your config.json: {words}") and page.locator("#size-result").is_hidden()
        assert box.get_attribute("aria-invalid") == "true"
    box.fill(json.dumps({"architectures": ["Qwen3ForCausalLM"], "text_config": config}, indent=2))
    assert state.text_content() == "" and page.locator("#size-result").inner_text() == shown
    page.get_by_label("Context").fill("50000")
    assert state.text_content().startswith("Context: tokens in each text: 50000 is more than")
    assert page.locator("#size-calculator b").count() == 0 and not reader.faults


@pytest.mark.parametrize("model", ["own", "pasted"])
def test_a_link_keeps_the_settings(reader: Visitor, model: str) -> None:
    page = opened(reader)
    page.get_by_label("Model", exact=True).select_option("Llama-2-7B")
    page.get_by_label("Model", exact=True).select_option(model)
    page.get_by_label("Precision of the weights").select_option("int8")
    page.get_by_label("Precision of the KV cache").select_option("Q4_0")
    page.get_by_label("Device", exact=True).select_option("own")
    typed = {"Efficiency": "73", "Memory, in GB": "12.5", "Price of a device": "0.75"}
    config = json.dumps(published_config("gpt-oss-20b"), indent=4)
    for label, text in (typed | ({"Layers": "33"} if model == "own" else {"Your config.json": config})).items():
        page.get_by_label(label).fill(text)
    if model == "own":
        page.get_by_label("embedding is also").check()
    page.get_by_role("button", name="Copy a link").click()
    page.wait_for_function("() => document.getElementById('size-copied').textContent !== ''")
    fields = """() => [...document.querySelectorAll("#size-calculator :is(select, input):not([hidden] *)")]
                        .map((field) => [field.id, field.value, field.checked])"""
    shown, set_to = page.locator("#size-result").inner_text(), page.evaluate(fields)
    link = page.evaluate("location.hash")
    page.goto("about:blank")
    page = reader.open(PAGE + link)
    assert page.locator("#size-result").inner_text() == shown and page.evaluate(fields) == set_to
    if model == "pasted":
        assert json.loads(page.get_by_label("Your config.json").input_value()) == json.loads(config)


PAYLOADS = ["<img src=x onerror=window.hurt=1>", '"><script>window.hurt=1</script>', "own\u202e", "1e999"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_a_link_says_stays_text(reader: Visitor, payload: str) -> None:
    names = ["model", "precision", "cache_precision", "device", "context", "batch", "price", "efficiency", "hidden_size"]
    page = opened(reader, **dict.fromkeys(names, payload))
    pasted = {"model": "pasted", "config": json.dumps({"model_type": payload})}
    for settings in ({**dict.fromkeys(names, payload), "model": "own"}, pasted):
        page.evaluate("(link) => { location.hash = link; }", urlencode(settings))
    page.wait_for_function("() => document.getElementById('size-state').textContent.includes('is no family')")
    assert page.evaluate("window.hurt") is None
    assert page.locator("#size-calculator img, #size-calculator script").count() == 0
    assert not [fault for fault in reader.faults if "cannot be parsed" not in fault]


def test_the_calculator_is_used_by_keyboard(reader: Visitor) -> None:
    page = opened(reader)
    page.get_by_label("Model", exact=True).focus()
    page.keyboard.press("End")
    before = page.locator("#size-verdict").text_content()
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert page.get_by_label("Precision of the weights").input_value() == list(BITS)[-1]
    assert page.locator("#size-verdict").text_content() != before
    for name in ("cache_precision", "device", *size.NUMBERS, "efficiency"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == f"size-{name}"
    page.keyboard.press("ArrowRight")
    assert page.locator("#size-reached").text_content() == f"{100 * EFFICIENCY + 1:.0f}\u202f%"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "size-link"


def test_without_script_it_says_what_it_needs(browser, address: str) -> None:
    assert_needs_script(browser, address, PAGE)
