"""The calculator page on a small site of its own: the numbers of `helpers.sizing`, in every view, by keyboard, by link."""

import json
import random
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from helpers.claims import number
from helpers.sizing import (
    BITS,
    Deployment,
    Hardware,
    ModelConfig,
    Roofline,
    count_parameters,
    deployment,
    devices_needed,
    known_device,
    known_devices,
    known_model,
    known_models,
)
from tests.browser import Visitor
from tests.small_site import assert_named, assert_needs_script, assert_plain, assert_whole, build, checkout, pages_with
from theme import parts

PAGE = "chapters/size_calculator.html"
STUBS = {"index": "A small book", "05_architectures": "Architectures", "06_model_size": "Model size"}
CALLS = 300  # of the page's arithmetic, against Python's


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a site with the calculator, and stubs of what it links to."""
    return build(checkout(tmp_path_factory.mktemp("book"), "size_calculator", STUBS))


def opened(visitor: Visitor, settings: str = ""):
    """The page, once it shows a result or says why there is none."""
    page = visitor.open(PAGE + settings)
    page.wait_for_function("() => ['verdict', 'state'].some((id) => document.getElementById('size-' + id).textContent)")
    return page


# The same numbers -----------------------------------------------------------------------------------------------------


def own_model(rng: random.Random) -> ModelConfig:
    """A transformer of one's own, of any size."""
    kv, group, width = rng.choice([1, 2, 8]), rng.choice([1, 3, 8]), rng.choice([16, 64, 128])
    n_experts = rng.choice([1, 1, 8, 64])
    return ModelConfig(
        "transformer",
        vocab_size=rng.randrange(1_000, 300_000),
        d_model=kv * group * rng.choice([16, 64, 100]),
        n_layers=rng.randrange(1, 130),
        n_heads=kv * group,
        n_kv_heads=rng.choice([kv, kv, None]),
        head_dim=rng.choice([width, None]),
        d_ff=rng.randrange(16, 60_000),
        gated=rng.random() < 0.5,
        tied=rng.random() < 0.5,
        n_experts=n_experts,
        experts_per_token=rng.randrange(1, min(9, n_experts + 1)),
    )


def own_hybrid(rng: random.Random) -> ModelConfig:
    """A hybrid whose layers do not fill whole periods."""
    sizes = {name: rng.randrange(1, 40) for name in ("n_layers", "attention_period", "expert_period", "d_state", "d_conv")}
    work = {
        "n_heads": 8,
        "n_kv_heads": 2,
        "d_ff": 700,
        "n_experts": 5,
        "experts_per_token": 3,
        "shared_d_ff": rng.choice([0, 90]),
    }
    return ModelConfig("hybrid", vocab_size=5_000, d_model=256, dt_rank=rng.choice([None, 7]), **sizes, **work)


def drawn_calls(n: int) -> list[tuple[ModelConfig, Hardware, dict]]:
    """Models, devices and work with a fixed seed; every known model in every precision is among them."""
    rng, calls = random.Random(0), []
    grid = [(name, precision) for name in known_models() for precision in BITS]
    for i in range(n):
        config = known_model(grid[i][0]) if i < len(grid) else rng.choice([own_model, own_model, own_hybrid])(rng)
        precision = grid[i][1] if i < len(grid) else rng.choice(list(BITS))
        device = known_device(rng.choice(known_devices()))
        if rng.random() < 0.2:
            device = replace(device, memory_gb=rng.uniform(0.1, 900), bandwidth_gb_s=rng.uniform(1, 9_000), tflops_fp32=None)
        context = min(round(10 ** rng.uniform(0, 6)), config.n_positions or 10**9)
        work = {"precision": precision, "context": context, "batch": round(10 ** rng.uniform(0, 4))}
        calls.append(
            (config, device, work | {"price": rng.choice([0, rng.uniform(0, 100)]), "devices": rng.randrange(1, 65)})
        )
    return calls


def python_answer(config: ModelConfig, device: Hardware, work: dict) -> dict:
    """What Python says, by the script's names."""
    work = dict(work)
    more = {"price_per_hour": work.pop("price"), "n_devices": work.pop("devices")}
    found: Deployment = deployment(config, device, **work, **more)

    def line(step: Roofline) -> dict:
        times = {"compute": step.compute_seconds, "memory": step.memory_seconds, "seconds": step.seconds}
        return times | {"flops": step.flops, "bytes": step.bytes, "tokens": step.tokens, "speed": step.tokens_per_second,
                        "bound": step.bound}  # fmt: skip

    return {
        "parameters": asdict(count_parameters(config)),
        "memory": asdict(found.memory) | {"total": found.memory.total},
        "capacity": found.capacity,
        "fits": found.fits,
        "needed": devices_needed(found.memory.total, device),
        "prefill": line(found.prefill),
        "decode": line(found.decode),
        "inputCost": found.input_cost,
        "outputCost": found.output_cost,
    }


RECKON = """async (calls) => {
  const { deployment } = await import(new URL("../_static/parts/size_model.js", location.href));
  const { constants } = await (await fetch(new URL("../_static/parts/sizes.json", location.href))).json();
  return JSON.parse(calls).map(([model, device, work]) => {
    try { return deployment(model, device, work, constants); } catch (error) { return { refused: error.field }; }
  }); }"""


def page_answers(page, calls: list) -> list[dict]:
    """What the page's script says."""
    plain = [[asdict(config), asdict(device), work] for config, device, work in calls]
    return page.evaluate(RECKON, json.dumps(plain))


def flat(answer: dict, name: str = "") -> dict[str, object]:
    """Nested answers as one level of names."""
    parts = [
        flat(value, f"{name}{key}.") if isinstance(value, dict) else {name + key: value} for key, value in answer.items()
    ]
    return {key: value for part in parts for key, value in part.items()}


def test_the_script_says_what_python_says(reader: Visitor) -> None:
    calls = drawn_calls(CALLS)
    seen = {(work["precision"], asdict(config)["family"]) for config, _, work in calls}
    assert len(seen) == len(BITS) * 5, "every family in every precision"
    found = page_answers(opened(reader), calls)
    bounds, fits = set(), set()
    for call, ours in zip(calls, found, strict=True):
        theirs = flat(python_answer(*call))
        ours = flat(ours)
        assert set(ours) - {"more"} == set(theirs)
        for name, value in theirs.items():
            wanted = value if isinstance(value, str | bool) else pytest.approx(value, rel=1e-9)
            assert ours[name] == wanted, f"{name} of {call}"
        bounds.add((theirs["prefill.bound"], theirs["decode.bound"]))
        fits.add(theirs["fits"])
    assert len(bounds) >= 3 and fits == {True, False}, "the calls meet both bounds, and both verdicts"
    assert not reader.faults


BAD = [
    ({"d_model": -1}, {}, "d_model"),
    ({"d_model": 4.5}, {}, "d_model"),
    ({"n_heads": 7}, {}, "n_heads"),
    ({"n_kv_heads": 5}, {}, "n_kv_heads"),
    ({"vocab_size": 0}, {}, "vocab_size"),
    ({"d_ff": None}, {}, "d_ff"),
    ({"n_heads": None}, {}, "n_heads"),
    ({"n_experts": 2, "experts_per_token": 3}, {}, "experts_per_token"),
    ({}, {"context": 0}, "context"),
    ({}, {"batch": 1.5}, "batch"),
    ({}, {"devices": -2}, "devices"),
    ({}, {"price": -0.01}, "price"),
    ({}, {"price": None}, "price"),
    ({}, {"precision": "int3"}, "precision"),
    ({"n_positions": 100}, {"context": 101}, "context"),
]


def test_the_script_refuses_what_python_refuses(reader: Visitor) -> None:
    config, device = asdict(known_model("Llama-3-8B")), known_device("NVIDIA L4 24 GB")
    work = {"precision": "bf16", "context": 500, "batch": 1, "price": 1, "devices": 1}
    for sizes, asked, _ in BAD:
        with pytest.raises(ValueError):
            python_answer(ModelConfig(**config | sizes), device, work | asked)
    calls = json.dumps([[config | sizes, asdict(device), work | asked] for sizes, asked, _ in BAD])
    refused = [answer.get("refused") for answer in opened(reader).evaluate(RECKON, calls)]
    assert refused == [field for *_, field in BAD]
    zero = asdict(device) | {"bandwidth_gb_s": 0}
    assert reader.page.evaluate(RECKON, json.dumps([[config, zero, work]])) == [{"refused": "bandwidth_gb_s"}]


def cells(page, row: str) -> list[str]:
    """The texts of a row."""
    return page.locator(f"[data-{row}] td").all_text_contents()


def test_the_page_shows_what_python_says(reader: Visitor) -> None:
    page = opened(reader)
    page.get_by_label("Model", exact=True).select_option("Mixtral-8x7B")
    page.get_by_label("Precision").select_option("int4")
    page.get_by_label("Device", exact=True).select_option("NVIDIA H100 80 GB")
    page.get_by_label("Tokens in each text").fill("8192")
    page.get_by_label("Texts at once").fill("16")
    page.get_by_label("Price of a device").fill("2.5")
    config = known_model("Mixtral-8x7B")
    wanted = deployment(config, known_device("NVIDIA H100 80 GB"), "int4", 8192, 16, 2.5)
    writing = wanted.decode
    assert cells(page, "speed=decode") == [
        number(1e3 * writing.seconds, "ms"), number(writing.tokens_per_second), "bandwidth", number(wanted.output_cost),
    ]  # fmt: skip
    assert cells(page, "speed=prefill")[2:] == ["compute", number(wanted.input_cost)]
    for name, size in asdict(wanted.memory).items():
        assert cells(page, f"bar={name}")[1] in (number(size / 1e9, "GB"), number(size / 1e6, "MB"))
    assert cells(page, "fact=total") == [number(46_702_792_704)]
    assert cells(page, "fact=token") == [number(16 * 2 * 32 * 8 * 128 * 2 / 1e6, "MB")]
    total, there = number(wanted.memory.total / 1e9, "GB"), number(known_device("NVIDIA H100 80 GB").memory_gb, "GB")
    assert page.locator("#size-verdict").text_content().startswith(f"✓ It fits: {total} of {there} are needed")
    page.get_by_label("Texts at once").fill("200")
    said = page.locator("#size-verdict").text_content()
    assert said.startswith("✗ It does not fit: ") and f"one device holds {there}" in said
    page.wait_for_function("() => document.getElementById('size-spoken').textContent.startsWith('✗ It does not fit')")
    assert not reader.faults


def test_bars_are_as_long_as_what_they_show(reader: Visitor) -> None:
    page = opened(reader, "#model=Llama-2-13B&device=NVIDIA+L4+24+GB&precision=bf16&context=4096&batch=2")
    memory = deployment(known_model("Llama-2-13B"), known_device("NVIDIA L4 24 GB"), context=4096, batch=2).memory
    boxes = {name: page.locator(f"[data-bar={name}] .bar span").bounding_box() for name in parts.size.BARS}
    whole = boxes["total"]
    for name, size in asdict(memory).items():
        assert boxes[name]["width"] == pytest.approx(max(2, whole["width"] * size / memory.total), abs=1)
    there = 1e9 * known_device("NVIDIA L4 24 GB").memory_gb
    assert boxes["there"]["width"] == pytest.approx(whole["width"] * there / memory.total, abs=1)
    assert boxes["cache"]["x"] == pytest.approx(boxes["weights"]["x"] + boxes["weights"]["width"], abs=1)


# The page -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", ["", "#model=own&device=own&batch=64", "#batch=0"])
def test_page_is_whole_in_every_view(visitor: Visitor, settings: str) -> None:
    page = opened(visitor, settings)
    inner = page.locator("#size-calculator .table-scroll:visible").evaluate_all(
        "all => all.map((b) => b.scrollWidth - b.clientWidth)"
    )
    assert all(more <= 0 for more in inner), "tables fit without scrolling"
    assert_whole(visitor)


def test_only_this_page_loads_its_script(built: Path) -> None:
    assert pages_with(built, "size.js") == ["size_calculator.html"]
    assert json.loads((built / "_static" / "parts" / "sizes.json").read_text(encoding="utf-8")) == parts.size.tables()


def test_no_handler_and_no_script_stands_in_the_form() -> None:
    assert_plain(parts.size.form())


def test_bad_input_is_named_and_hides_the_result(reader: Visitor) -> None:
    page = opened(reader)
    state = page.locator("#size-state")
    for label, typed, words in [
        ("Tokens in each text", "-5", "Tokens in each text: give a whole number from 1 on."),
        ("Texts at once", "", "Batch: texts at once: give a whole number from 1 on."),
        ("Texts at once", "1.5", "Batch: texts at once: give a whole number from 1 on."),
        ("Price of a device", "-1", "Price of a device, an hour: give a number from 0 on."),
        ("Devices that share", "1e99", "Devices that share the model: give a whole number from 1 on."),
    ]:
        assert_named(page, "size", label, typed, words)
    page.get_by_label("Model", exact=True).select_option("GPT-2")
    assert state.text_content() == "Tokens in each text: the model has learned 1024 positions; give at most that."
    page.get_by_label("Model", exact=True).select_option("own")
    page.get_by_label("Tokens in each text").fill("100")
    assert page.get_by_label("Width", exact=True).input_value() == "768", "one's own starts with what was chosen before"
    page.get_by_label("Heads", exact=True).fill("7")
    assert state.text_content() == "Heads: 7 does not divide the width, 768."
    page.get_by_label("Device", exact=True).select_option("own")
    page.get_by_label("Heads", exact=True).fill("12")
    page.get_by_label("Bandwidth").fill("0")
    assert state.text_content() == "Bandwidth, in GB a second: give a number above 0."
    assert not reader.faults


def test_a_link_keeps_the_settings(reader: Visitor) -> None:
    page = opened(reader)
    page.get_by_label("Model", exact=True).select_option("Llama-2-7B")
    page.get_by_label("Model", exact=True).select_option("own")
    page.get_by_label("Layers").fill("33")
    page.get_by_label("embedding is also").check()
    page.get_by_label("Precision").select_option("int8")
    page.get_by_label("Device", exact=True).select_option("own")
    page.get_by_label("Memory, in GB").fill("12.5")
    page.get_by_label("Price of a device").fill("0.75")
    page.get_by_role("button", name="Copy a link").click()
    page.wait_for_function("() => document.getElementById('size-copied').textContent !== ''")
    shown = page.locator("#size-result").inner_text()
    link = page.evaluate("location.hash")
    page.goto("about:blank")
    page = opened(reader, link)
    assert page.locator("#size-result").inner_text() == shown
    assert page.get_by_label("Layers").input_value() == "33" and page.get_by_label("embedding is also").is_checked()
    assert page.get_by_label("Memory, in GB").input_value() == "12.5"


@pytest.mark.parametrize(
    "payload", ["<img src=x onerror=window.hurt=1>", '"><script>window.hurt=1</script>', "own\u202e", "1e999"]
)
def test_what_a_link_says_stays_text(reader: Visitor, payload: str) -> None:
    opened(reader)
    names = ["model", "precision", "device", "context", "batch", "price", "d_model"]
    link = reader.page.evaluate("(parts) => '#' + new URLSearchParams(parts)", [[name, payload] for name in names])
    page = opened(reader, link)
    reader.page.evaluate("(link) => { location.hash = link; }", link + "&model=own")
    assert page.evaluate("window.hurt") is None
    assert page.locator("#size-calculator img, #size-calculator script").count() == 0
    assert not [fault for fault in reader.faults if "cannot be parsed" not in fault]


def test_the_calculator_is_used_by_keyboard(reader: Visitor) -> None:
    page = opened(reader)
    page.get_by_label("Model", exact=True).focus()
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "size-precision"
    before = page.locator("#size-verdict").text_content()
    page.keyboard.press("End")
    assert page.get_by_label("Precision").input_value() == list(BITS)[-1]
    assert page.locator("#size-verdict").text_content() != before
    for name in ("device", *parts.size.NUMBERS, "link"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == f"size-{name}"


def test_without_script_it_says_what_it_needs(browser, address: str) -> None:
    assert_needs_script(browser, address, PAGE)
