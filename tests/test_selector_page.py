"""The selector page on a small site: the shortlists of `helpers.selection`, in every view, by keyboard, by link."""

import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from helpers.selection import ORDER, Choice, Needs, shortlist, texts
from tests.browser import Visitor
from tests.small_site import assert_named, assert_needs_script, assert_plain, assert_whole, build, checkout, pages_with
from tests.test_selection import TWENTY, drawn, names, needs_of
from theme.parts import selector

PAGE = "chapters/model_selector.html"
STUBS = (
    "index",
    "claims",
    "03_multilingual_tokens",
    "04_domain_models",
    "09_putting_it_together",
    "size_calculator",
)
CALLS = 120
PARTS = (
    "selector.js",
    "selector_model.js",
    "size_model.js",
    "form.js",
    "show.js",
    "bytes.js",
    "selector.css",
    "size.css",
    "tokens.css",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a site with the selector, and stubs of what it links to."""
    return build(checkout(tmp_path_factory.mktemp("book"), "model_selector", {name: name for name in STUBS}))


def opened(visitor: Visitor, settings: str = ""):
    """The page, once it shows a result or says why there is none."""
    page = visitor.open(PAGE + settings)
    page.wait_for_function("() => ['verdict', 'state'].some((id) => document.getElementById('select-' + id).textContent)")
    return page


# The same shortlists -------------------------------------------------------------------------------------------------

SELECT = """async (calls) => {
  const made = await import(new URL("../_static/parts/selector_model.js", location.href));
  const tables = await (await fetch(new URL("../_static/parts/selector.json", location.href))).json();
  const named = (choices) => choices.map(({ model, ...rest }) => ({ model: model.name, ...rest }));
  return JSON.parse(calls).map(([needs, order]) => {
    try {
      const found = made.shortlist(needs, order, tables);
      const { lookups, without } = made.sensitivity(found);
      return {
        ...Object.fromEntries(["kept", "open", "ruledOut"].map((name) => [name, named(found[name])])),
        lookups: lookups.map(({ model }) => model.name),
        without: Object.fromEntries(Object.entries(without).map(([name, { model }]) => [name, model.name])),
        nearest: made.nearest(found).map(({ model }) => model.name),
      };
    } catch (error) { return { refused: error.field }; }
  }); }"""


def plain(choice: Choice) -> dict:
    """A choice as the script gives it."""
    reasons = {name: [asdict(reason) for reason in getattr(choice, name)] for name in ("against", "unknown", "reasons")}
    return {"model": choice.model.name, "evidence": choice.evidence, **reasons}


def found_in_python(needs: Needs, order: Sequence[str]) -> dict:
    """A shortlist, what it depends on and what could give way, as the script gives them."""
    found = shortlist(needs, order)
    return {
        "kept": [plain(choice) for choice in found.kept],
        "open": [plain(choice) for choice in found.open_],
        "ruledOut": [plain(choice) for choice in found.ruled_out],
        "lookups": names(found.lookups()),
        "without": {name: choice.model.name for name, choice in found.without().items()},
        "nearest": names(found.nearest()),
    }


def assert_same(ours: object, theirs: object, where: str) -> None:
    """Equal in structure and words, and in numbers to the ninth digit or so."""
    if isinstance(theirs, dict):
        assert set(ours) == set(theirs), where
        for key, value in theirs.items():
            assert_same(ours[key], value, f"{where}.{key}")
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), where
        for i, value in enumerate(theirs):
            assert_same(ours[i], value, f"{where}[{i}]")
    else:
        assert ours == (pytest.approx(theirs, rel=1e-9, abs=1e-9) if isinstance(theirs, int | float) else theirs), where


def test_the_script_says_what_python_says(reader: Visitor) -> None:
    rng = random.Random(7)
    calls = [(needs_of(row), list(ORDER)) for row in TWENTY]
    for _ in range(CALLS):
        needs = drawn(rng)
        if rng.random() < 0.2:
            needs = replace(needs, device=replace(needs.device, memory_gb=rng.uniform(0.1, 900), tflops_fp32=None))
        calls.append((needs, rng.sample(ORDER, len(ORDER))))
    found = opened(reader).evaluate(SELECT, json.dumps([[asdict(needs), order] for needs, order in calls]))
    kinds = set()
    for i, ((needs, order), ours) in enumerate(zip(calls, found, strict=True)):
        theirs = json.loads(json.dumps(found_in_python(needs, order)))
        assert_same(ours, theirs, f"call {i}")
        kinds |= {
            reason["kind"]
            for group in ("open", "ruledOut")
            for c in theirs[group]
            for reason in (*c["against"], *c["unknown"])
        }
    assert kinds == {
        "licence", "licence-conditions", "licence?", "kind-answers", "kind-at once", "kind-thinks", "kind-base", "languages",
        "languages?", "context", "context?", "memory", "speed", "budget", "sizes?",
    }  # fmt: skip
    for row, ours in zip(TWENTY, found, strict=False):
        assert ours["kept"] == [] if not row["accept"] else ours["kept"][0]["model"] in row["accept"].split(), row["need"]


def test_the_script_refuses_what_python_refuses(reader: Visitor) -> None:
    bad = {
        "language-1": {"languages": []}, "use": {"use": "sale"}, "kind": {"kind": "chat"}, "domain": {"domain": "cooking"},
        "precision": {"precision": "int3"}, "context": {"context": 0}, "users": {"users": 1.5}, "devices": {"devices": -1},
        "speed": {"speed": -1.0}, "budget": {"budget": -2.0, "price": 1.0}, "price": {"budget": 2.0, "price": 0.0},
    }  # fmt: skip
    for given in bad.values():
        with pytest.raises((ValueError, TypeError)):
            Needs(**given)
    calls = json.dumps([[asdict(Needs()) | given, list(ORDER)] for given in bad.values()])
    assert [answer.get("refused") for answer in opened(reader).evaluate(SELECT, calls)] == list(bad)


def listed(page, name: str) -> list[str]:
    """Names of the models in a list."""
    return page.locator(f"#select-{name} .facts").evaluate_all(
        "all => all.map((one) => one.previousElementSibling.textContent)"
    )


def test_the_page_shows_what_python_says(reader: Visitor) -> None:
    page = opened(reader)
    page.get_by_label("Language", exact=True).select_option("vi")
    page.get_by_label("Second language").select_option("en")
    page.get_by_label("Precision").select_option("int8")
    page.get_by_label("Length of each text").fill("8192")
    page.get_by_label("Texts at once").fill("4")
    needs = Needs(languages=("vi", "en"), context=8192, users=4, precision="int8", price=2.0)
    found = shortlist(needs)
    assert listed(page, "kept") + listed(page, "more") == names(found.kept)
    assert listed(page, "open") == names(found.open_) and listed(page, "out") == names(found.ruled_out)
    first = page.locator("#select-kept > li").first
    wanted = [f"{reason.text} {texts()[reason.kind][1]}".strip() for reason in found.kept[0].reasons]
    assert first.locator("li:not(.source)").all_text_contents() == wanted and len(wanted) == len(ORDER)
    shown = first.locator(".facts").text_content()
    assert shown == "Google · 2026-04 · 8B, 4.5B active · index 8.9 · Apache-2.0 (any use; keep licence and notices)"
    assert "Vietnamese: its maker counts 140 languages" in first.text_content(), "a language by name, its grade in words"
    assert (
        page.locator("#select-verdict").text_content()
        == f"✓ {len(found.kept)} of 129 models meet the needs; first: Gemma-4-E4B."
    )
    depends = page.locator("#select-depends li").all_text_contents()
    assert depends[0].startswith("Gemma-4-12B would be first if this is as you need it: Its exact sizes are not known")
    assert "Without published quality, Qwen3-14B would be first." in depends


def test_a_reader_changes_what_decides(reader: Visitor) -> None:
    page = opened(reader, "#language-1=vi&precision=int8")
    page.locator("#select-ranking summary").click()
    for _ in range(2):
        page.get_by_role("button", name="Decide earlier: how surely").click()
    order = ("languages", "domain", *[name for name in ORDER if name not in ("languages", "domain")])
    assert listed(page, "kept")[:3] == names(shortlist(Needs(languages=("vi",), precision="int8"), order).kept)[:3]
    assert page.get_by_role("button", name="Decide earlier: how surely").is_disabled()
    assert page.evaluate("document.querySelector('#select-order').contains(document.activeElement)"), "the focus stays there"


def test_where_nothing_meets_the_needs_it_says_what_to_relax_first(reader: Visitor) -> None:
    row = TWENTY[-1]
    link = {"use": row["use"], "language-1": "my", "context": row["context"], "device": row["device"], "speed": row["speed"]}
    page = opened(reader, "#" + "&".join(f"{name}={str(value).replace(' ', '+')}" for name, value in link.items()))
    assert page.locator("#select-verdict").text_content() == "✗ None of 129 models is known to meet the needs."
    page.wait_for_function("() => document.getElementById('select-spoken').textContent.startsWith('✗ None')")
    assert page.locator("#select-depends li").all_text_contents() == [
        "Gemma-4-26B-A4B would meet them but for this: A user gets at most 3.8 tokens of English a second, fewer than 10."
    ]
    assert listed(page, "open") == names(shortlist(needs_of(row)).open_)
    assert not reader.faults


# The page ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", ["", "#language-1=my&device=NVIDIA+H100+80+GB", "#users=0", "#speed=1e9"])
def test_page_is_whole_in_every_view(visitor: Visitor, settings: str) -> None:
    page = opened(visitor, settings)
    for summary in page.locator("#model-selector form > details > summary, #select-result > details > summary").all():
        if summary.is_visible():
            summary.click()
    assert_whole(visitor)


def test_only_this_page_loads_its_script_and_it_is_light(built: Path) -> None:
    assert pages_with(built, "selector.js") == ["model_selector.html"]
    parts = built / "_static" / "parts"
    assert json.loads((parts / "selector.json").read_text(encoding="utf-8")) == json.loads(json.dumps(selector.tables()))
    files = [built / PAGE, parts / "selector.json", *(parts / name for name in PARTS)]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) < 150_000


def test_no_handler_and_no_script_stands_in_the_form() -> None:
    assert_plain(selector.form())


def test_bad_input_is_named_and_hides_the_result(reader: Visitor) -> None:
    page = opened(reader)
    for label, typed, words in [
        ("Length of each text", "-5", "Length of each text, in tokens of English: give a whole number from 1 on."),
        ("Texts at once", "", "Texts at once: give a whole number from 1 on."),
        ("Price of a device", "-1", "Price of a device, an hour: give a number from 0 on."),
        ("A million tokens", "0", "A million tokens of English written, at most: give a number above 0."),
    ]:
        assert_named(page, "select", label, typed, words)
    assert not reader.faults


def test_a_number_is_read_as_it_is_meant_or_refused_in_words(reader: Visitor) -> None:
    page = opened(reader)
    field, state = page.get_by_label("Price of a device"), page.locator("#select-state")
    for typed in ("128K", "2,50", "1.000,5", "0x10", "two", "1e999"):
        field.fill("")
        field.press_sequentially(typed)
        assert field.input_value() == typed and state.text_content().startswith("Price of a device, an hour: ")
        assert typed == "1e999" or f"“{typed}” is not read as a number; write 128000 or 2.5." in state.text_content()
    for typed, read in ((" 2.50 ", "2.5"), ("1e3", "1000"), (".5", "0.5")):
        field.fill(typed)
        assert state.text_content() == "" and page.evaluate(VALUE, "select-price") == float(read)
    field.press("ArrowUp")
    assert field.input_value() == "1.5"
    for _ in range(3):
        field.press("ArrowDown")
    assert field.input_value() == "0", "the arrows stop at the least"


VALUE = """async (id) => {
  const { valueOf } = await import(new URL("../_static/parts/form.js", location.href));
  return valueOf(document.getElementById(id)); }"""


def test_a_link_keeps_the_settings(reader: Visitor) -> None:
    page = opened(reader)
    page.get_by_label("Third language").select_option("de")
    page.get_by_label("Domain", exact=True).select_option("code")
    page.get_by_label("What will you use it for?").select_option("research")
    page.locator("#select-ranking summary").click()
    page.get_by_role("button", name="Decide earlier: published quality").click()
    page.get_by_label("A million tokens").fill("7.5")
    page.get_by_role("button", name="Copy a link").click()
    page.wait_for_function("() => document.getElementById('select-copied').textContent !== ''")
    shown, link = page.locator("#select-result").inner_text(), page.evaluate("location.hash")
    page.goto("about:blank")
    page = opened(reader, link)
    assert page.locator("#select-result").inner_text() == shown
    assert page.get_by_label("What will you use").input_value() == "research"
    assert page.locator("#select-order li").first.text_content() == "↑ published quality"


@pytest.mark.parametrize("payload", ["<img src=x onerror=window.hurt=1>", '"><script>window.hurt=1</script>', "1e999"])
def test_what_a_link_says_stays_text(reader: Visitor, payload: str) -> None:
    opened(reader)
    fields = ["use", "language-1", "domain", "device", "order", "context", "budget", "speed"]
    page = opened(reader, reader.page.evaluate("(p) => '#' + new URLSearchParams(p)", [[name, payload] for name in fields]))
    assert page.evaluate("window.hurt") is None
    assert page.locator("#model-selector img, #model-selector script").count() == 0
    assert not reader.faults


def test_the_selector_is_used_by_keyboard(reader: Visitor) -> None:
    page = opened(reader)
    page.get_by_label("What will you use it for?").focus()
    before = page.locator("#select-verdict").text_content()
    page.keyboard.press("Tab")
    page.keyboard.type("Burmese")
    assert page.get_by_label("Language", exact=True).input_value() == "my"
    assert page.locator("#select-verdict").text_content() != before
    for name in ("language-2", "language-3", "kind", "domain", "device", "precision", *selector.NUMBERS):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == f"select-{name}"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # the first criterion cannot decide earlier
    page.keyboard.press("Space")
    assert page.locator("#select-order li").first.text_content() == "↑ published quality"


def test_without_script_it_says_what_it_needs(browser, address: str) -> None:
    assert_needs_script(browser, address, PAGE)
