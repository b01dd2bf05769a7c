"""The selector page on a small site: the shortlists of `helpers.selection`, in every view, by keyboard, by link."""

import gzip
import json
import random
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from helpers.selection import ORDER, Choice, Needs, shortlist
from tests.browser import Visitor
from tests.small_site import assert_named, assert_needs_script, assert_plain, assert_whole, build, checkout, pages_with
from tests.test_selection import drawn
from theme.parts import selector

PAGE = "chapters/model_selector.html"
STUBS = (
    "index",
    "claims",
    "03_multilingual_tokens",
    "04_domain_models",
    "07_post_training",
    "09_putting_it_together",
    "size_calculator",
)
CALLS = 250
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
  const { shortlist } = await import(new URL("../_static/parts/selector_model.js", location.href));
  const tables = await (await fetch(new URL("../_static/parts/selector.json", location.href))).json();
  return JSON.parse(calls).map(([needs, order]) => {
    try { return shortlist(needs, order, tables); } catch (error) { return { refused: error.field }; }
  }); }"""


def plain(choice: Choice) -> dict:
    """A choice as the script gives it."""
    return {
        "model": choice.model,
        "evidence": choice.evidence,
        "against": [{"kind": reason.kind, "values": reason.values} for reason in choice.against],
        "reasons": [{"kind": reason.kind, "values": reason.values} for reason in choice.reasons],
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
    rng, calls = random.Random(7), []
    for _ in range(CALLS):
        needs = drawn(rng)
        if rng.random() < 0.2:
            needs = replace(needs, device=replace(needs.device, memory_gb=rng.uniform(0.1, 900), tflops_fp32=None))
        calls.append((needs, rng.sample(ORDER, len(ORDER))))
    found = opened(reader).evaluate(SELECT, json.dumps([[asdict(needs), order] for needs, order in calls]))
    kept, kinds = [], set()
    for i, ((needs, order), ours) in enumerate(zip(calls, found, strict=True)):
        theirs = shortlist(needs, order)
        wanted = {"kept": [plain(c) for c in theirs.kept], "ruledOut": [plain(c) for c in theirs.ruled_out]}
        assert_same(ours, wanted, f"call {i}")
        kept.append(len(theirs.kept))
        kinds |= {r.kind for c in theirs.ruled_out for r in c.against}
    assert kept.count(0) > 10 and sum(n > 2 for n in kept) > 50, "some needs nobody meets, many several do"
    assert kinds == {
        "licence?",
        "answers",
        "answers?",
        "languages",
        "languages?",
        "context",
        "context?",
        "memory",
        "speed",
        "budget",
    }
    assert not reader.faults


def test_the_script_refuses_what_python_refuses(reader: Visitor) -> None:
    bad = {
        "language-1": {"languages": []}, "domain": {"domain": "cooking"}, "precision": {"precision": "int3"},
        "context": {"context": 0}, "users": {"users": 1.5}, "devices": {"devices": -1}, "speed": {"speed": -1.0},
        "price": {"price": -0.1}, "budget": {"budget": 0},
    }  # fmt: skip
    for given in bad.values():
        with pytest.raises(ValueError):
            Needs(**given)
    calls = json.dumps([[asdict(Needs()) | given, list(ORDER)] for given in bad.values()])
    assert [answer.get("refused") for answer in opened(reader).evaluate(SELECT, calls)] == list(bad)


def test_the_page_shows_what_python_says(reader: Visitor) -> None:
    page = opened(reader)
    page.get_by_label("Language", exact=True).select_option("vi")
    page.get_by_label("Second language").select_option("en")
    page.get_by_label("Precision").select_option("int8")
    page.get_by_label("Tokens in each text").fill("8192")
    page.get_by_label("Texts at once").fill("4")
    page.get_by_label("the licence must").check()
    needs = Needs(("vi", "en"), context=8192, users=4, precision="int8", commercial=True, price=2.0)
    found = shortlist(needs)
    assert page.locator("#select-kept > li > strong").all_text_contents() == [choice.model for choice in found.kept]
    lines = page.locator("#select-kept > li").first.locator("li").all_text_contents()
    wanted = [f"{reason.text} {reason.support}".strip() for reason in found.kept[0].reasons]
    assert lines == wanted
    assert page.locator("#select-verdict").text_content().startswith(f"✓ {len(found.kept)} of ")
    page.locator("#select-out summary").click()
    out = page.locator(".ruled-out > li").all_text_contents()
    assert len(out) == len(found.ruled_out) and "Its makers do not name Vietnamese." in " ".join(out)
    page.get_by_label("What decides first").select_option("speed")
    fast = shortlist(needs, ("speed", "domain", "size", "premium", "room")).kept
    assert page.locator("#select-kept > li > strong").all_text_contents() == [choice.model for choice in fast]
    page.get_by_label("Tokens a second").fill("100000")
    assert page.locator("#select-verdict").text_content().startswith("✗ No model of the list")
    page.wait_for_function("() => document.getElementById('select-spoken').textContent.startsWith('✗ No model')")
    assert not reader.faults


# The page ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", ["", "#language-1=my&device=NVIDIA+H100+80+GB", "#users=0", "#speed=1e9"])
def test_page_is_whole_in_every_view(visitor: Visitor, settings: str) -> None:
    page = opened(visitor, settings)
    if page.locator("#select-out summary").is_visible():
        page.locator("#select-out summary").click()
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
        ("Tokens in each text", "-5", "Tokens in each text: give a whole number from 1 on."),
        ("Texts at once", "", "Texts at once: give a whole number from 1 on."),
        ("Price of a device", "-1", "Price of a device, an hour: give a number from 0 on."),
        ("A million tokens", "0", "A million tokens written, at most: give a number above 0."),
    ]:
        assert_named(page, "select", label, typed, words)
    assert not reader.faults


def test_a_link_keeps_the_settings(reader: Visitor) -> None:
    page = opened(reader)
    page.get_by_label("Third language").select_option("de")
    page.get_by_label("Domain").select_option("code")
    page.get_by_label("What decides first").select_option("room")
    page.get_by_label("A million tokens").fill("7.5")
    page.get_by_label("it must have been trained").uncheck()
    page.get_by_role("button", name="Copy a link").click()
    page.wait_for_function("() => document.getElementById('select-copied').textContent !== ''")
    shown, link = page.locator("#select-result").inner_text(), page.evaluate("location.hash")
    page.goto("about:blank")
    page = opened(reader, link)
    assert page.locator("#select-result").inner_text() == shown
    assert (
        page.get_by_label("Third language").input_value() == "de" and not page.get_by_label("it must have been").is_checked()
    )


@pytest.mark.parametrize("payload", ["<img src=x onerror=window.hurt=1>", '"><script>window.hurt=1</script>', "1e999"])
def test_what_a_link_says_stays_text(reader: Visitor, payload: str) -> None:
    opened(reader)
    names = ["language-1", "domain", "device", "first", "context", "budget", "speed"]
    page = opened(reader, reader.page.evaluate("(p) => '#' + new URLSearchParams(p)", [[name, payload] for name in names]))
    assert page.evaluate("window.hurt") is None
    assert page.locator("#model-selector img, #model-selector script").count() == 0
    assert not [fault for fault in reader.faults if "cannot be parsed" not in fault]


def test_the_selector_is_used_by_keyboard(reader: Visitor) -> None:
    page = opened(reader)
    page.get_by_label("Language", exact=True).focus()
    before = page.locator("#select-verdict").text_content()
    page.keyboard.type("Burmese")
    assert page.get_by_label("Language", exact=True).input_value() == "my"
    assert page.locator("#select-verdict").text_content() != before
    for name in (
        "language-2",
        "language-3",
        "domain",
        "device",
        "precision",
        "first",
        *selector.NUMBERS,
        *selector.SWITCHES,
    ):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == f"select-{name}"
    page.keyboard.press("Space")
    assert not page.get_by_label("it must have been trained").is_checked()


def test_without_script_it_says_what_it_needs(browser, address: str) -> None:
    assert_needs_script(browser, address, PAGE)
