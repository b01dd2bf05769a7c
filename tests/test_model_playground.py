"""The model playground on a small site: the sampler of `helpers.sampling`, grammars, the model, every view and fault."""

import gzip
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGUFReader
from gguf.quants import dequantize
from scipy.stats import chisquare

from helpers import chat
from helpers.chat.prompts import text_ids
from helpers.questions import questions
from helpers.sampling.draws import Settings, apply, pick
from tests.browser import Visitor
from tests.small_site import assert_needs_script, assert_plain, assert_whole, build, checkout, pages_with
from theme.parts import chat_model, playground
from theme.parts.chat_model import N_TOP, grouped, next_token, recorded
from theme.parts.playground import GRAMMAR, PROMPTS, TRIES

PAGE = "chapters/model_playground.html"
CALLS = 240  # of the page's filters, against Python's
CUTS = ("top_k", "top_p", "min_p")
NARROW = ("token_embd.weight", "blk.0.attn_q.weight", "blk.29.ffn_down.weight")  # one of eight bits, two of four
KNOBS = ("temperature", *CUTS, "repetition_penalty")
IMPORT = "const load = (name) => import(new URL(`../_static/parts/${name}.js`, location.href));"
WITH_DRAWS = IMPORT + " const { apply, draw, entropy, nextToken, randoms, recorded } = await load('sampler');"


def spread_out(distribution: dict[str, list]) -> np.ndarray:
    """The log-probabilities of every token of a distribution as the page has it: the single ones, then the groups."""
    rest = [np.full(count, log_prob) for count, log_prob in distribution["tail"]]
    return np.concatenate([np.array([log_prob for _, log_prob, _ in distribution["top"]]), *rest])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a site with the playground, and stubs of what it links to."""
    stubs = {"index": "A small book", "08_sampling": "Sampling"}
    return build(checkout(tmp_path_factory.mktemp("book"), "model_playground", stubs))


def opened(visitor: Visitor, settings: str = ""):
    """The page, once it shows a result or says why there is none."""
    page = visitor.open(PAGE + settings)
    page.wait_for_function("() => ['counts', 'state'].some((id) => document.getElementById('play-' + id).textContent)")
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
                "repetition_penalty": rng.choice([1, 1, 0.8, 1.1, round(rng.uniform(1, 2), 2)]),
                "order": rng.choice(["first", "last"]),
                "uniforms": [rng.random() for _ in range(5)],
            }
        )
    return calls


def python_answer(prompt: dict, asked: dict) -> torch.Tensor:
    """Logits of every token, in the page's order, after what `helpers.sampling` does."""
    order = ("temperature", *CUTS) if asked["order"] == "first" else (*CUTS, "temperature")
    top_p, min_p = asked["top_p"] if asked["top_p"] < 1 else None, asked["min_p"] or None
    settings = Settings(asked["temperature"], asked["top_k"], top_p, min_p, asked["repetition_penalty"], order)
    before = [place for place, (_, _, token) in enumerate(prompt["top"]) if token in prompt["ids"]]
    return apply(torch.from_numpy(spread_out(prompt)), settings, previous=torch.tensor(before))


FILTER = f"""async (calls) => {{
  {WITH_DRAWS}
  const {{ prompts }} = await (await fetch(new URL("../_static/parts/next_tokens.json", location.href))).json();
  return JSON.parse(calls).map((asked) => {{
    const prompt = prompts[asked.prompt];
    try {{
      const left = apply(recorded(prompt), {{ ...asked, top_k: asked.top_k ?? Infinity }}, {{ before: prompt.ids }});
      const each = [...left.each].map((q, i) => (left.counts[i] ? q : 0));
      const drawn = asked.uniforms.map((u) => draw(left, u));
      return {{ counts: [...left.counts], each, entropy: entropy(left), drawn }};
    }} catch (error) {{ return {{ refused: error.field }}; }}
  }}); }}"""


def test_the_page_filters_and_draws_as_python_does(reader: Visitor) -> None:
    prompts, calls = recorded(PROMPTS)["prompts"], drawn_settings(CALLS)
    found = opened(reader).evaluate(FILTER, json.dumps(calls))
    n_kept = set()
    for asked, ours in zip(calls, found, strict=True):
        prompt = prompts[asked["prompt"]]
        n_single, sizes = len(prompt["top"]), [count for count, _ in prompt["tail"]]
        kept = python_answer(prompt, asked)
        theirs, each = kept.softmax(dim=-1), np.array(ours["each"])
        wanted = theirs[:n_single].numpy()
        np.testing.assert_allclose(each[:n_single], wanted, rtol=0, atol=1e-6, err_msg=str(asked))
        assert list(each[:n_single] > 0) == list(wanted > 0), asked
        groups = theirs[n_single:].split(sizes)
        assert ours["counts"][n_single:] == [int((group > 0).sum()) for group in groups], asked
        np.testing.assert_allclose(each[n_single:], [group.max().item() for group in groups], rtol=0, atol=1e-6)
        bits = -(theirs * theirs.clamp(min=1e-300).log2()).sum().item()
        assert ours["entropy"] == pytest.approx(bits, abs=1e-6)
        places = np.repeat(np.arange(n_single + len(sizes)), [1] * n_single + sizes)
        uniforms = torch.tensor(asked["uniforms"], dtype=torch.float64)
        assert ours["drawn"] == places[pick(kept, uniforms).numpy()].tolist(), asked
        n_kept.add(sum(ours["counts"]))
    assert min(n_kept) == 1 and max(n_kept) > 20_000 and len(n_kept) > 30, "the settings keep few, many and in between"
    assert not reader.faults


def test_the_page_refuses_what_python_refuses(reader: Visitor) -> None:
    usual = {
        "prompt": 0,
        "temperature": 1,
        "top_k": 5,
        "top_p": 0.9,
        "min_p": 0.1,
        "repetition_penalty": 1,
        "order": "first",
    }
    bad = [("temperature", 0), ("temperature", -1), ("top_k", 0), ("top_k", 1.5), ("top_p", 0), ("top_p", 1.1)]
    bad += [("min_p", -0.1), ("min_p", 2), ("repetition_penalty", 0), ("repetition_penalty", -1)]
    found = opened(reader).evaluate(FILTER, json.dumps([usual | {name: value, "uniforms": []} for name, value in bad]))
    assert [answer.get("refused") for answer in found] == [name for name, _ in bad]
    for name, value in bad:
        with pytest.raises((ValueError, TypeError)):
            Settings(**{name: value})


def test_random_numbers_are_even_and_the_same_for_a_seed(reader: Visitor) -> None:
    script = f"async (seed) => {{ {WITH_DRAWS} const next = randoms(seed); return Array.from({{ length: 5000 }}, next); }}"
    one, same, other = (opened(reader).evaluate(script, seed) for seed in (3, 3, 4))
    assert one == same and one != other
    assert chisquare(np.histogram(one, bins=20, range=(0, 1))[0]).pvalue > 1e-3


def test_a_draw_from_the_likeliest_is_one_from_all(reader: Visitor) -> None:
    """What is drawn from the 300 or 8,000 likeliest is what all tokens give, with every kind of setting."""
    script = f"""async () => {{
      {WITH_DRAWS}
      const random = randoms(1);
      const size = 10_000;
      const usual = {{ temperature: 1, top_k: Infinity, top_p: 1, min_p: 0, repetition_penalty: 1, order: "first" }};
      const more = [{{}}, {{ temperature: 0.7 }}, {{ temperature: 1.5 }},
                    {{ top_k: 20 }}, {{ top_p: 0.9 }}, {{ min_p: 0.05 }},
                    {{ top_p: 0.9, order: "last", temperature: 2 }}, {{ repetition_penalty: 1.3 }},
                    {{ repetition_penalty: 0.9 }}];
      const asked = more.map(() => 0);
      let wrong = 0;
      for (let round = 0; round < 40; round++) {{
        const steep = 0.5 + 2 * random();
        const one = () => steep * Math.sqrt(-2 * Math.log(random() + 1e-12)) * 2 * random();
        const raw = Array.from({{ length: size }}, one);
        const norm = Math.log(raw.reduce((sum, x) => sum + Math.exp(x), 0));
        const order = [...raw.keys()].sort((a, b) => raw[b] - raw[a]);
        const ask = (n) => {{
          const ids = order.slice(0, n);
          return {{ ids, logits: Float64Array.from(ids, (i) => raw[i] - norm) }};
        }};
        for (const [i, others] of more.entries()) {{
          const settings = {{ ...usual, ...others }};
          const uniform = random();
          let whole = 0;
          const step = await nextToken(async (_, n) => ((whole += n === size), ask(n)), [1, 2], size, settings, uniform);
          const all = {{ ...ask(size), counts: new Float64Array(size).fill(1) }};
          wrong += step.id !== all.ids[draw(apply(all, settings, {{ before: [1, 2] }}), uniform)];
          asked[i] += whole;
        }}
      }}
      return [wrong, asked]; }}"""
    wrong, asked = opened(reader).evaluate(script)
    assert wrong == 0
    assert asked[3] == 0, "a top-k among the likeliest never needs the others"
    assert sum(asked[:8]) < 8 * 40 / 2, "most draws do not, though these distributions are flatter than a model's"


def test_groups_stand_for_the_tokens_that_they_hold() -> None:
    log_probs, texts, ids = next_token(PROMPTS[0])
    page = grouped(log_probs, texts, ids)
    spread = np.sort(spread_out(page))[::-1]
    assert len(spread) == len(log_probs) and {token for _, _, token in page["top"]} >= set(ids)
    real = np.sort(log_probs)[::-1]
    assert [log_prob for _, log_prob, _ in page["top"][:N_TOP]] == pytest.approx(real[:N_TOP], abs=1e-6)
    assert texts[int(log_probs.argmax())] == page["top"][0][0] and len(page["tail"]) < 150
    for temperature in (0.5, 1, 2):
        ours, theirs = (torch.from_numpy(x.copy() / temperature).softmax(dim=-1) for x in (spread, real))
        assert (ours - theirs).abs().sum().item() / 2 < 0.05, "grouping moves little probability"


def test_what_takes_long_is_made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("theme.parts.kept.cache_dir", lambda: tmp_path)
    monkeypatch.setattr(chat_model, "next_token", lambda prompt: (np.log([0.7, 0.2, 0.1]), ["a", "b", prompt], [0]))
    first = recorded(["x"])
    monkeypatch.setattr(chat_model, "next_token", None)
    assert recorded(["x"]) == first and [token for token, _, _ in first["prompts"][0]["top"]] == ["a", "b", "x"]


# Grammars -------------------------------------------------------------------------------------------------------------

READ = f"""async ([grammar, texts]) => {{
  {IMPORT}
  const {{ after, compile, mayEnd }} = await load("grammar");
  try {{
    const start = compile(grammar);
    return texts.map((text) => [after(start, text)].map((state) => (state ? (mayEnd(state) ? "whole" : "begun") : "no"))[0]);
  }} catch (error) {{ return error.constructor.name + ": " + error.message; }} }}"""


@pytest.mark.parametrize(
    ("grammar", "whole", "begun", "no"),
    [
        (GRAMMAR, ['{"city": "Cairo", "country":"Egypt"}'], ["{", '{"city": "Ca', ""], ["x", '{"town"', '{"city": "c']),
        (r'root ::= [a-c-]{2,3} "-" | "é"+', ["a--", "--b-", "éé"], ["ab"], ["abca", "d", "ée"]),
        (r'root ::= ("a"?)* b' + "\n# a comment\nb ::= \"#\" [^\\n\\x41-C]", ["aa#x", "#é"], ["#"], ["#B", "#\n"]),
        ('root ::= (\n"a" |\n "b" . ) |\n "c"', ["a", "c", "b\U0001f600"], ["b"], ["ac"]),
        ('root ::= n ("," n)*\nn ::= "1"{2}', ["11", "11,11"], ["11,"], ["111"]),
    ],
)  # fmt: skip
def test_a_grammar_lets_through_what_it_describes(reader: Visitor, grammar: str, whole: list, begun: list, no: list) -> None:
    found = opened(reader).evaluate(READ, [grammar, [*whole, *begun, *no]])
    assert found == ["whole"] * len(whole) + ["begun"] * len(begun) + ["no"] * len(no)


@pytest.mark.parametrize(
    ("grammar", "words"),
    [
        ("", "no rule “root”"), ("root", "go on with “::=”"), ('root ::= "a', "the name of a rule"), ("root ::= (", "“)”"),
        ('x ::= "a"', "no rule “root”"), ("root ::= y", "no rule “y”"), ('root ::= root "a" | "b"', "calls itself"),
        ('root ::= "a"{3,2}', "can’t be read"), ("<img src=x onerror=window.hurt=1>", "the name of a rule"),
    ],
)  # fmt: skip
def test_a_grammar_that_can_t_be_read_is_named(reader: Visitor, grammar: str, words: str) -> None:
    found = opened(reader).evaluate(READ, [grammar, ["a"]])
    assert found.startswith("GrammarError") and words in found


# The page -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", ["", "#prompt=9&temperature=2&top_p=0.9&order=last", "#temperature=0", "#try-json"])
def test_page_is_whole_in_every_view(visitor: Visitor, settings: str) -> None:
    page = opened(visitor, settings)
    page.evaluate("for (const box of document.querySelectorAll('#model-playground details')) box.open = true")
    assert_whole(visitor)


def rows(page) -> list[list[str]]:
    """The texts of the rows: token and probability."""
    return page.locator("#play-bars tr").evaluate_all(
        "all => all.map((row) => [row.cells[0].textContent, row.cells[2].textContent])"
    )


def test_the_page_shows_what_is_left(reader: Visitor) -> None:
    page = opened(reader)
    assert rows(page)[0][0] == "·Paris" and len(rows(page)) == 13
    page.get_by_role("slider", name="Top-k").fill("0")
    assert page.get_by_role("spinbutton", name="Top-k").input_value() == "1"
    assert rows(page)[0][1].startswith("100") and {share for _, share in rows(page)[1:]} == {"dropped"}
    assert page.locator("#play-counts").text_content().startswith("1 of 49,152 tokens can be drawn, 0 bits")
    page.get_by_role("button", name="Draw 20").click()
    assert page.locator("#play-drawn").text_content() == "20 draws, one answer: ·Paris (20)"
    page.get_by_role("button", name="Start over").click()
    assert page.locator("#play-read .token").count() == 6 and page.locator("#play-read .token.special").count() == 1
    page.locator("#play-prompt").select_option(index=9)
    page.get_by_role("slider", name="Temperature").fill("2")
    page.get_by_role("button", name="Draw 20").click()
    many = page.locator("#play-drawn").text_content()
    page.get_by_role("button", name="Draw 20").click()
    assert many != page.locator("#play-drawn").text_content() and "a rarer token" in many
    page.wait_for_function("() => document.getElementById('play-spoken').textContent.includes('can be drawn')")
    assert not reader.faults


def test_a_number_that_is_typed_moves_its_slider_and_a_bad_one_is_named(reader: Visitor) -> None:
    page = opened(reader)
    field, slider = page.get_by_role("spinbutton", name="Top-k"), page.get_by_role("slider", name="Top-k")
    field.fill("7")
    assert page.locator("#play-counts").text_content().startswith("7 of 49,152 tokens can be drawn")
    assert slider.input_value() == "3" and slider.get_attribute("aria-valuetext") == "7"
    field.fill("1.5")
    state, result = page.locator("#play-state"), page.locator("#play-result")
    assert state.text_content() == "Top-k: give a whole number from 1 on, or nothing." and result.is_hidden()
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("")
    assert state.text_content() == "" and result.is_visible() and field.get_attribute("aria-invalid") is None
    assert slider.get_attribute("aria-valuetext") == "off"
    page.get_by_role("spinbutton", name="Temperature").fill("")
    assert state.text_content() == "Temperature: give a number above 0."
    assert not reader.faults


def test_a_link_keeps_what_is_chosen(reader: Visitor) -> None:
    page = opened(reader)
    page.locator("#play-prompt").select_option(index=4)
    page.get_by_role("slider", name="Top-p").fill("0.8")
    page.get_by_role("spinbutton", name="Top-k").fill("7")
    page.get_by_label("the filters, then temperature").check()
    shown = rows(page)
    assert rows(followed(reader)) == shown and page.get_by_label("the filters, then temperature").is_checked()
    page.goto(f"{reader.address}chapters/sampling_playground.html#prompt=4&top_k=1")
    page.wait_for_url("**/model_playground.html#prompt=4&top_k=1")
    page.wait_for_selector("#play-bars tr")
    assert {share for _, share in rows(page)[1:]} == {"dropped"}, "the old address leads here, with its settings"


def followed(reader: Visitor):
    """The page opened anew at the link to what it shows."""
    page = reader.page
    page.get_by_role("button", name="Copy a link").click()
    page.wait_for_function("() => document.getElementById('play-copied').textContent !== ''")
    link = page.evaluate("location.hash")
    page.goto("about:blank")
    return opened(reader, link)


@pytest.mark.parametrize("payload", ["<img src=x onerror=window.hurt=1>", '"><script>window.hurt=1</script>', "1e999", "-5"])
def test_what_a_link_says_stays_text(reader: Visitor, payload: str) -> None:
    opened(reader)
    names = ["prompt", *KNOBS, "order", "text", "grammar", "most", "seed", "until", "picks", "chat"]
    for given in (names, ["prompt", *KNOBS, "order"]):
        link = reader.page.evaluate("(parts) => '#' + new URLSearchParams(parts)", [[name, payload] for name in given])
        reader.page.goto("about:blank")
        page = opened(reader, link)
        assert page.evaluate("window.hurt") is None
        assert page.locator("#model-playground img, #model-playground script").count() == 0
        assert page.locator("#play-state").text_content() or len(rows(page)) == 13


def test_the_playground_is_used_by_keyboard(reader: Visitor) -> None:
    page = opened(reader)
    page.locator("#play-masking summary").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    assert page.get_by_label("the filters, then temperature").is_checked()
    before = rows(page)
    for name in reversed(KNOBS):
        for field in (f"play-{name}-slider", f"play-{name}"):
            page.keyboard.press("Shift+Tab")
            assert page.evaluate("document.activeElement.id") == field
            if field == "play-min_p-slider":
                page.keyboard.press("End")
    assert rows(page) != before and page.get_by_role("spinbutton", name="Min-p").input_value() == "0.5"
    page.get_by_role("button", name="Draw 20").focus()
    page.keyboard.press("Enter")
    assert page.locator("#play-drawn").text_content().startswith("20 draws")


def test_it_is_small_until_the_model_is_wanted(built: Path, reader: Visitor) -> None:
    sizes: dict[str, int] = {}
    reader.page.on("response", lambda got: sizes.update({got.url: len(gzip.compress(got.body()))}))
    opened(reader)
    assert sum(size for url, size in sizes.items() if "/parts/" in url) < 100_000
    assert not [url for url in sizes if "/engine/" in url or "/vocabularies/" in url]
    assert pages_with(built, "playground.js") == ["model_playground.html"]
    assert_plain(playground.form())


def test_large_files_are_not_written_again(built: Path) -> None:
    sphinx, weights = built.parent / "site" / "_build" / "html" / "_static" / "parts" / "engine", chat_model.weights()
    assert (sphinx / weights.name).readlink() == weights
    published = built / "_static" / "parts" / "engine" / weights.name
    assert not published.is_symlink() and published.stat().st_size == weights.stat().st_size < 100_000_000


def test_each_thing_to_try_has_its_link(built: Path) -> None:
    text = (built / PAGE).read_text(encoding="utf-8")
    assert set(re.findall(r'href="#(try-\w+)"', text)) == set(re.findall(r'id="(try-\w+)"', text)) == set(TRIES)


def test_without_script_it_says_what_it_needs(browser, address: str) -> None:
    assert_needs_script(browser, address, PAGE)


# The model ------------------------------------------------------------------------------------------------------------


def loaded(visitor: Visitor, settings: str = ""):
    """The page with the model loaded."""
    page = opened(visitor, settings)
    page.get_by_role("button", name="Load the model").click()
    page.locator("#play-door", has_text="The model is here").wait_for(timeout=60_000)
    return answered(page)


def answered(page):
    """The page, once the model has answered the last question."""
    page.wait_for_timeout(400)  # a question waits until the typing has paused
    page.wait_for_function("() => document.getElementById('play-result').ariaBusy === 'false'", timeout=60_000)
    return page


def finished(page) -> str:
    """The text that was written, once it is."""
    page.wait_for_function("() => document.getElementById('play-stop').disabled", timeout=120_000)
    signs = page.locator("#play-written").evaluate("(box) => [...box.children].map((one) => one.textContent).join('')")
    return signs.replace("\u200b", "").replace("·", " ").replace("↵\n", "\n")


@pytest.fixture(scope="module")
def player(browser, address: str) -> Iterator[Visitor]:
    """A window in which the model is loaded; each test chooses what it needs by an address."""
    visitor = Visitor(browser, address, "light")
    loaded(visitor)
    yield visitor
    visitor.context.close()


def at(player: Visitor, settings: dict[str, object]):
    """The player's page with some settings, once the model has answered."""
    parts = {name: str(value) for name, value in settings.items()} | {"again": str(random.random())}
    player.page.evaluate("(parts) => (location.hash = new URLSearchParams(parts))", parts)
    return answered(player.page)


@pytest.mark.parametrize("name", NARROW)
def test_the_engine_s_weights_are_python_s(reader: Visitor, name: str) -> None:
    (tensor,) = (one for one in GGUFReader(chat_model.weights()).tensors if one.name == name)
    some = tensor.data[:4]
    script = f"""async ([bytes, type]) => {{
      {IMPORT}
      return [...(await load("widen")).widened(Uint8Array.from(bytes).buffer, [0, bytes.length, type])]; }}"""
    wide = opened(reader).evaluate(script, [some.ravel().tolist(), tensor.tensor_type.name])
    assert np.allclose(wide, dequantize(some, tensor.tensor_type).ravel(), rtol=1e-6, atol=1e-8)


def asked_prompts(n: int) -> list[tuple[str, list[int]]]:
    """Prompts as ids: plain ones, and questions in the chat template."""
    _, tokenizer = chat.load()
    asked = [row.question for row in questions().head(n // 2).itertuples()]
    begun = (question.replace("What is the", "The").replace("?", " is") for question in asked)
    plain = list(dict.fromkeys([*PROMPTS, *begun]))[: n - len(asked)]
    return [(text, text_ids(tokenizer, text)) for text in plain] + [(text, chat.asked(text)) for text in asked]


@pytest.mark.parametrize("n", [8, pytest.param(50, marks=pytest.mark.long)])
def test_the_model_in_the_page_agrees_with_python(player: Visitor, n: int) -> None:
    script = f"""async ([ids, about]) => {{
      {IMPORT}
      globalThis.door ??= new AbortController();
      globalThis.engine ??= await (await load("engine")).load(about, {{ tell() {{}}, signal: door.signal }});
      const found = await engine.next(ids, 49152);
      return [found.ids, [...found.logits]]; }}"""
    model, tokenizer = chat.load()
    same, kl = 0, []
    for _, ids in asked_prompts(n):
        order, logits = player.page.evaluate(script, [ids, chat_model.about()["model"]])
        with torch.inference_mode():
            wanted = model(torch.tensor([ids]), logits_to_keep=1).logits[0, -1].double().log_softmax(dim=-1)
        ours = torch.empty(len(wanted), dtype=torch.float64)
        ours[torch.tensor(order)] = torch.tensor(logits, dtype=torch.float64)
        total = ours.logsumexp(dim=-1)  # llama.cpp adds up 49,152 floats, one after the other
        assert sorted(order) == list(range(len(tokenizer))) and abs(total.item()) < 1e-3
        first = int(ours.argmax())
        same += first == int(wanted.argmax())
        kl.append((wanted.exp() * (wanted - ours + total)).sum().item())
    print(f"{same} of {n} first tokens are the same; KL {np.median(kl):.4f} nats in the median, {max(kl):.4f} at most")
    player.page.evaluate("() => { door.abort(); delete globalThis.engine; delete globalThis.door; }")
    assert n - same <= n // 50 and np.median(kl) <= 0.001


def test_the_model_reads_what_python_reads(player: Visitor) -> None:
    text = "What is <|im_end|> 17 + 25?\n<b>Now</b>"
    page = at(player, {"text": text, "chat": 1})
    assert page.locator("#play-read .token").count() == len(chat.asked(text))
    assert page.locator("#play-read .token.special").count() == 5, "what is typed stays text"
    assert page.locator("#play-read b").count() == 0
    page = at(player, {"text": text})
    assert page.locator("#play-read .token").count() == len(text_ids(chat.load()[1], text))


def test_it_writes_and_goes_on_from_another_choice(player: Visitor) -> None:
    page = at(player, {"text": "The capital of Australia is", "most": 12, "seed": 3, "temperature": 0.5})
    page.get_by_role("button", name="Write").click()
    first = finished(page)
    tokens = page.locator("#play-written .token")
    assert first and tokens.count() == 12
    tokens.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert "the model gave it" in page.locator("#play-detail").text_content()
    choice = page.locator("#play-others button").nth(2)
    name = choice.text_content().split(" ")[0].replace("·", " ").replace("↵", "\n")
    choice.click()
    second = finished(page)
    assert second.startswith(name) and second != first and tokens.first.get_attribute("class").endswith("chosen")
    page.get_by_role("button", name="Write").click()
    assert finished(page) == second, "the same seed and choices give the same text"
    page.get_by_role("button", name="Copy a link").click()
    link = page.evaluate("location.hash")
    page.get_by_role("button", name="Start over").click()
    page.evaluate("(hash) => (location.hash = hash.replace('seed', 'x=1&seed'))", link)
    answered(page).get_by_role("button", name="Write").click()
    assert finished(page) == second and not player.faults


def test_it_stops_within_a_token(player: Visitor) -> None:
    page = at(player, {"text": "Once upon a time", "most": 300, "top_k": 20})
    page.get_by_role("button", name="Write").click()
    page.locator("#play-written .token").nth(2).wait_for(timeout=20_000)
    count = "document.querySelectorAll('#play-written .token').length"
    n = page.evaluate(f"() => {{ document.getElementById('play-stop').click(); return {count}; }}")
    page.wait_for_timeout(1_000)
    assert page.locator("#play-written .token").count() <= n + 1
    assert page.get_by_role("button", name="Write").is_enabled() and page.get_by_role("button", name="Stop").is_disabled()


def test_twenty_answers_are_grouped(player: Visitor) -> None:
    page = at(player, {"text": "2 + 2 =", "most": 2, "temperature": 0.7, "top_k": 5})
    page.get_by_role("button", name="Twenty answers").click()
    finished(page)
    counts = page.locator("#play-grouped tr").evaluate_all("all => all.map((row) => Number(row.cells[2].textContent))")
    assert sum(counts) == 20 and counts == sorted(counts, reverse=True) and len(counts) < 20


def test_a_grammar_gives_json(player: Visitor) -> None:
    page = answered(player.page)
    page.evaluate("location.hash = 'try-json'")
    answered(page).get_by_role("button", name="Write").click()
    said = json.loads(finished(page).replace("<|im_end|>", ""))
    assert set(said) == {"city", "country"} and not player.faults


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"text": ""}, "The prompt is empty"),
        ({"text": "word " * 3_000}, "this page reads fewer than 2,048 tokens"),
        ({"text": "long " * 5_000}, "characters; this page reads"),
        ({"text": "x", "masked": 1, "grammar": "root ::= ("}, "The grammar can’t be read: line 1"),
        ({"text": "x", "most": 0}, "Tokens: give a whole number from 1 to 500"),
        ({"text": "x", "seed": -1}, "Seed: give a whole number"),
    ],
)
def test_bad_input_is_told(player: Visitor, settings: dict, words: str) -> None:
    page = at(player, settings)
    assert words in page.locator("#play-state").text_content() and page.locator("#play-result").is_hidden()
    page = at(player, {"prompt": 0})
    assert page.locator("#play-state").text_content() == "" and page.locator("#play-result").is_visible()


def test_half_a_character_is_told(player: Visitor) -> None:
    page = at(player, {"text": "x"})
    page.evaluate("document.getElementById('play-text').value = 'a\\ud800'")
    page.locator("#play-text").dispatch_event("input")
    answered(page)
    assert "lone surrogate" in page.locator("#play-state").text_content()


def test_what_can_go_wrong_at_the_door_is_told(reader: Visitor, built: Path) -> None:
    page, file = opened(reader), f"**/{chat_model.weights().name}*"
    button, door = page.get_by_role("button", name="Load the model"), page.locator("#play-door")

    def told(words: str) -> None:
        button.click()
        door.filter(has_text=words).wait_for(timeout=20_000)
        assert "The recorded part works without it." in door.text_content() and button.is_visible()
        page.get_by_role("slider", name="Top-k").fill("0")
        assert rows(page)[0][1].startswith("100")

    page.route(file, lambda route: route.fulfill(body=b"GGUF" * 1000))
    told("The file came broken: 4000 bytes")
    page.unroute(file)
    page.route(file, lambda route: route.fulfill(status=404))
    told("This site lacks a file of the model (404")
    page.unroute(file)
    page.route(file, lambda route: route.abort())
    told("The connection failed")
    page.unroute(file)
    page.evaluate("() => { WebAssembly.Memory = class { constructor() { throw new RangeError('no room'); } }; }")
    told("refuses the memory")
    page.evaluate("() => { WebAssembly.Memory = class { constructor() { throw new TypeError('address'); } }; }")
    told("lacks 64-bit WebAssembly")


def test_loading_can_be_cancelled_and_is_kept_for_the_next_visit(reader: Visitor) -> None:
    page = opened(reader)
    page.route("**/*.gguf*", lambda route: None)  # it never comes
    page.get_by_role("button", name="Load the model").click()
    page.get_by_role("button", name="Cancel").click()
    page.locator("#play-door", has_text="Cancelled.").wait_for()
    page.unroute_all(behavior="ignoreErrors")
    loaded(reader)
    asked: list[str] = []
    workers = list(page.workers)
    page.on("request", lambda request: asked.append(request.url))
    page.goto("about:blank")
    assert workers and not page.workers, "its memory is free when the page is left"
    loaded(reader)
    assert not [url for url in asked if url.split("?")[0].endswith(".gguf")]
    assert not [url for url in asked if not url.startswith((reader.address, "blob:", "data:", "about:"))]
