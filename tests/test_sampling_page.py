"""The sampling playground on a small site: the filters of `helpers.sampling`, in every view, by keyboard, by link."""

import gzip
import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from helpers.sampling.draws import Settings, apply
from tests.browser import Visitor
from tests.small_site import assert_needs_script, assert_plain, assert_whole, build, checkout, pages_with
from theme.parts import sampling
from theme.parts.sampling import N_TOP, PROMPTS, distributions, grouped, next_token

PAGE = "chapters/sampling_playground.html"
CALLS = 240  # of the page's filters, against Python's
FILTERS = ("top_k", "top_p", "min_p", "typical")


def spread_out(distribution: dict[str, list]) -> np.ndarray:
    """The log-probabilities of every token of a distribution as the page has it, from the likeliest down."""
    rest = [np.full(count, log_prob) for count, log_prob in distribution["tail"]]
    return np.concatenate([np.array([log_prob for _, log_prob in distribution["top"]]), *rest])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a site with the playground, and stubs of what it links to."""
    stubs = {"index": "A small book", "08_sampling": "Sampling"}
    return build(checkout(tmp_path_factory.mktemp("book"), "sampling_playground", stubs))


def opened(visitor: Visitor, settings: str = ""):
    """The page, once it shows a result or says why there is none."""
    page = visitor.open(PAGE + settings)
    page.wait_for_function("() => ['counts', 'state'].some((id) => document.getElementById('sampling-' + id).textContent)")
    return page


# The same numbers -----------------------------------------------------------------------------------------------------


def drawn_settings(n: int) -> list[dict]:
    """Settings with a fixed seed, each filter off in some and at its ends in others."""
    rng, calls = random.Random(0), []
    for i in range(n):
        calls.append(
            {
                "prompt": i % len(PROMPTS),
                "temperature": round(rng.uniform(0.1, 2), 2),
                "top_k": rng.choice([None, 1, 2, 3, 5, 10, 20, 50, 100, 200, rng.randrange(1, 40_000)]),
                "top_p": rng.choice([1, round(rng.uniform(0.05, 0.99), 3), 0.95, 0.999]),
                "min_p": rng.choice([0, 0, round(rng.uniform(0.001, 0.5), 3), 1]),
                "order": rng.choice(["first", "last"]),
            }
        )
    return calls


def python_answer(data: dict, asked: dict) -> torch.Tensor:
    """Probabilities of every token, in the page's order, by `helpers.sampling`."""
    logits = torch.from_numpy(spread_out(data["prompts"][asked["prompt"]]))
    order = ("temperature", *FILTERS) if asked["order"] == "first" else (*FILTERS, "temperature")
    top_p, min_p = asked["top_p"] if asked["top_p"] < 1 else None, asked["min_p"] or None
    return apply(logits, Settings(asked["temperature"], asked["top_k"], top_p, min_p, order=order)).softmax(dim=-1)


FILTER = """async (calls) => {
  const { apply, groupsOf, entropy } = await import(new URL("../_static/parts/sampling_model.js", location.href));
  const { prompts } = await (await fetch(new URL("../_static/parts/next_tokens.json", location.href))).json();
  return JSON.parse(calls).map((asked) => {
    try {
      const left = apply(groupsOf(prompts[asked.prompt]), { ...asked, top_k: asked.top_k ?? Infinity });
      const each = left.map((g) => (g.count ? g.probability : 0));
      return { counts: left.map((g) => g.count), each, entropy: entropy(left) };
    } catch (error) { return { refused: error.field }; }
  }); }"""


def test_the_script_keeps_what_python_keeps(reader: Visitor) -> None:
    data, calls = distributions(), drawn_settings(CALLS)
    found = opened(reader).evaluate(FILTER, json.dumps(calls))
    n_kept = set()
    for asked, ours in zip(calls, found, strict=True):
        theirs = python_answer(data, asked)
        wanted, each = theirs[:N_TOP].numpy(), np.array(ours["each"])
        np.testing.assert_allclose(each[:N_TOP], wanted, rtol=0, atol=1e-6, err_msg=str(asked))
        assert list(each[:N_TOP] > 0) == list(wanted > 0), asked
        sizes = [count for count, _ in data["prompts"][asked["prompt"]]["tail"]]
        groups = theirs[N_TOP:].split(sizes)
        assert ours["counts"][N_TOP:] == [int((group > 0).sum()) for group in groups], asked
        np.testing.assert_allclose(each[N_TOP:], [group.max().item() for group in groups], rtol=0, atol=1e-6)
        bits = -(theirs * theirs.clamp(min=1e-300).log2()).sum().item()
        assert ours["entropy"] == pytest.approx(bits, abs=1e-6)
        n_kept.add(sum(ours["counts"]))
    assert min(n_kept) == 1 and max(n_kept) > 20_000 and len(n_kept) > 30, "the settings keep few, many and in between"
    assert not reader.faults


def test_the_script_refuses_what_python_refuses(reader: Visitor) -> None:
    usual = {"prompt": 0, "temperature": 1, "top_k": 5, "top_p": 0.9, "min_p": 0.1, "order": "first"}
    bad = [
        ("temperature", 0),
        ("temperature", -1),
        ("top_k", 0),
        ("top_k", 1.5),
        ("top_p", 0),
        ("top_p", 1.1),
        ("min_p", -0.1),
        ("min_p", 2),
    ]
    found = opened(reader).evaluate(FILTER, json.dumps([usual | {name: value} for name, value in bad]))
    assert [answer["refused"] for answer in found] == [name for name, _ in bad]
    for name, value in bad:
        with pytest.raises((ValueError, TypeError)):
            apply(torch.zeros(3), Settings(**{name: value}))


def test_draws_follow_the_probabilities_and_the_seed(reader: Visitor) -> None:
    script = """async (seed) => {
      const { apply, groupsOf, draw, randoms } = await import(new URL("../_static/parts/sampling_model.js", location.href));
      const groups = groupsOf({ top: [["a", -1], ["b", -2], ["c", -3]], tail: [[10, -4], [5, -6]] });
      const left = apply(groups, { temperature: 1, top_k: 12, top_p: 1, min_p: 0, order: "first" });
      const drawn = draw(left, 5000, randoms(seed)).map((one) => left.indexOf(one));
      return { drawn, mass: left.map((g) => g.count * g.probability) }; }"""
    page = opened(reader)
    one, same, other = (page.evaluate(script, seed) for seed in (3, 3, 4))
    assert one == same and one["drawn"] != other["drawn"]
    mass = np.array(one["mass"])
    counts = np.bincount(one["drawn"], minlength=len(mass))
    assert not counts[mass == 0].any()
    assert chisquare(counts[mass > 0], 5000 * mass[mass > 0]).pvalue > 1e-3


def test_groups_stand_for_the_tokens_that_they_hold() -> None:
    log_probs, texts = next_token(PROMPTS[0])
    page = grouped(log_probs, texts)
    spread = spread_out(page)
    assert len(spread) == len(log_probs) and (np.diff(spread) <= 1e-6).all()
    real = np.sort(log_probs)[::-1]
    assert [lp for _, lp in page["top"]] == pytest.approx(real[:N_TOP], abs=1e-6)
    assert texts[int(log_probs.argmax())] == page["top"][0][0] and len(page["tail"]) < 150
    for temperature in (0.5, 1, 2):
        ours, theirs = (torch.from_numpy(x.copy() / temperature).softmax(dim=-1) for x in (spread, real))
        assert (ours - theirs).abs().sum().item() / 2 < 0.05, "grouping moves little probability"
        assert ours[:N_TOP].sum().item() == pytest.approx(theirs[:N_TOP].sum().item(), abs=0.005)


def test_the_page_s_experiments_show_what_they_say() -> None:
    data, usual = distributions(), {"prompt": 0, "temperature": 2, "top_k": None, "top_p": 0.9, "min_p": 0}
    assert PROMPTS[0] == "The capital of France is"
    assert (python_answer(data, usual | {"order": "first"}) > 0).sum() > 5000, "thousands"
    assert (python_answer(data, usual | {"order": "last"}) > 0).sum() < 30, "a few"
    assert data["prompts"][PROMPTS.index("2 + 2 = ")]["top"][0][0] == "4"


def test_a_text_is_needed_for_each_token() -> None:
    with pytest.raises(ValueError, match="texts holds 1 texts for 2 tokens"):
        grouped(np.log([0.5, 0.5]), ["a"])


def test_distributions_are_computed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sampling, "cache_dir", lambda: tmp_path)
    monkeypatch.setattr(sampling, "next_token", lambda prompt: (np.log([0.7, 0.2, 0.1]), ["a", "b", prompt]))
    first = distributions()
    (kept,) = (tmp_path / "next-tokens").iterdir()
    monkeypatch.setattr(sampling, "next_token", None)
    assert distributions() == first and first["prompts"][1]["top"][2] == [PROMPTS[1], round(math.log(0.1), 6)]
    kept.write_text("{half")
    with pytest.raises(TypeError):
        distributions()


# The page -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", ["", "#prompt=9&temperature=2&top_p=0.9&order=last", "#top_k=1", "#temperature=0"])
def test_page_is_whole_in_every_view(visitor: Visitor, settings: str) -> None:
    page = opened(visitor, settings)
    inner = page.locator("#sampling-playground .table-scroll").evaluate("(b) => b.scrollWidth - b.clientWidth")
    assert inner <= 0, "the table fits without scrolling"
    assert_whole(visitor)


def rows(page) -> list[list[str]]:
    """The texts of the rows: token and probability."""
    return page.locator("#sampling-bars tr").evaluate_all(
        "all => all.map((row) => [row.cells[0].textContent, row.cells[2].textContent])"
    )


def test_the_page_shows_what_is_left(reader: Visitor) -> None:
    page = opened(reader)
    assert rows(page)[0][0] == "·Paris" and len(rows(page)) == 21
    page.get_by_role("slider", name="Top-k").fill("0")
    assert page.get_by_role("spinbutton", name="Top-k").input_value() == "1"
    assert rows(page)[0][1].startswith("100") and {share for _, share in rows(page)[1:]} == {"dropped"}
    assert page.locator("#sampling-counts").text_content().startswith("1 of 49,152 tokens can be drawn, 0 bits")
    page.get_by_role("button", name="Draw 20").click()
    assert page.locator("#sampling-drawn").text_content() == "20 draws, one answer: ·Paris (20)"
    page.get_by_role("button", name="Start over").click()
    page.get_by_label("Prompt").select_option(index=9)
    page.get_by_role("slider", name="Temperature").fill("2")
    page.get_by_role("button", name="Draw 20").click()
    many = page.locator("#sampling-drawn").text_content()
    page.get_by_role("button", name="Draw 20").click()
    assert many != page.locator("#sampling-drawn").text_content() and "a rarer token" in many
    page.wait_for_function("() => document.getElementById('sampling-spoken').textContent.includes('can be drawn')")
    assert not reader.faults


def test_a_number_that_is_typed_moves_its_slider_and_a_bad_one_is_named(reader: Visitor) -> None:
    page = opened(reader)
    field, slider = page.get_by_role("spinbutton", name="Top-k"), page.get_by_role("slider", name="Top-k")
    field.fill("7")
    assert page.locator("#sampling-counts").text_content().startswith("7 of 49,152 tokens can be drawn")
    assert slider.input_value() == "3" and slider.get_attribute("aria-valuetext") == "7"
    field.fill("1.5")
    state, result = page.locator("#sampling-state"), page.locator("#sampling-result")
    assert state.text_content() == "Top-k: give a whole number from 1 on, or nothing." and result.is_hidden()
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("")
    assert state.text_content() == "" and result.is_visible() and field.get_attribute("aria-invalid") is None
    assert slider.get_attribute("aria-valuetext") == "off"
    page.get_by_role("spinbutton", name="Temperature").fill("")
    assert state.text_content() == "Temperature: give a number above 0."
    assert not reader.faults


def test_a_link_keeps_the_settings(reader: Visitor) -> None:
    page = opened(reader)
    page.get_by_label("Prompt").select_option(index=4)
    page.get_by_role("slider", name="Top-p").fill("0.8")
    page.get_by_role("spinbutton", name="Top-k").fill("7")
    page.get_by_label("the filters, then temperature").check()
    page.get_by_role("button", name="Copy a link").click()
    page.wait_for_function("() => document.getElementById('sampling-copied').textContent !== ''")
    shown, link = rows(page), page.evaluate("location.hash")
    page.goto("about:blank")
    page = opened(reader, link)
    assert rows(page) == shown and page.get_by_label("the filters, then temperature").is_checked()


@pytest.mark.parametrize("payload", ["<img src=x onerror=window.hurt=1>", '"><script>window.hurt=1</script>', "1e999", "-5"])
def test_what_a_link_says_stays_text(reader: Visitor, payload: str) -> None:
    opened(reader)
    names = ["prompt", "temperature", "top_k", "top_p", "min_p", "order"]
    link = reader.page.evaluate("(parts) => '#' + new URLSearchParams(parts)", [[name, payload] for name in names])
    page = opened(reader, link)
    assert page.evaluate("window.hurt") is None
    assert len(rows(page)) == 21 or page.locator("#sampling-state").text_content() == "Temperature: give a number above 0."
    assert page.locator("#sampling-playground img, #sampling-playground script").count() == 0


def test_the_playground_is_used_by_keyboard(reader: Visitor) -> None:
    page = opened(reader)
    page.get_by_label("Prompt").focus()
    for name in ("temperature", "top_k", "top_p", "min_p"):
        for field in (f"sampling-{name}", f"sampling-{name}-slider"):
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.id") == field
    before = rows(page)
    page.keyboard.press("End")
    assert rows(page) != before and page.get_by_role("spinbutton", name="Min-p").input_value() == "0.5"
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.get_by_label("the filters, then temperature").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("#sampling-drawn").text_content().startswith("20 draws")


def test_it_is_small_and_only_its_page_loads_it(built: Path) -> None:
    parts = built / "_static" / "parts"
    files = [
        "sampling.js",
        "sampling_model.js",
        "sampling.css",
        "size.css",
        "tokens.css",
        "form.js",
        "show.js",
        "bytes.js",
        "next_tokens.json",
    ]
    assert sum(len(gzip.compress((parts / name).read_bytes())) for name in files) < 150_000
    assert pages_with(built, "sampling.js") == ["sampling_playground.html"]
    assert_plain(sampling.form())


def test_without_script_it_says_what_it_needs(browser, address: str) -> None:
    assert_needs_script(browser, address, PAGE)
