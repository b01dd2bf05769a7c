// The model playground: reads the form, shows what the sampler leaves, and lets the model write. Nothing leaves the page.
import { percent, rowsOf, tally, tallyRows, visible } from "./bars.js";
import { hex, textOf } from "./bytes.js";
import { fill } from "./chats.js";
import { encode } from "./client.js";
import { isKept, load, whyNot } from "./engine.js";
import { fetchPart, fieldsOf, linked, openForm, refuse, speaker, valueOf } from "./form.js";
import { GrammarError, compile } from "./grammar.js";
import { SamplingError, TOP_K, apply, draw, entropy, live, probabilities, randoms, recorded } from "./sampler.js";
import { number, tokenElement } from "./show.js";
import { GrammarEnd, maskOf, upTo, write } from "./writing.js";
import { writtenList } from "./written.js";

const ANSWERS = 20;
const SHARED = 4_000; // characters that a link carries
const LONGEST = 20_000; // characters that are cut into tokens
const NAMES = ["temperature", "top_k", "top_p", "min_p", "repetition_penalty"];
const FIELDS = [...NAMES, "most", "seed", "until"];
const CHECKS = ["chat", "masked"];
const OWN = "own";
const WITHOUT = "The recorded part works without it.";

const form = document.querySelector("#model-playground form");
const at = fieldsOf("play");
const say = speaker(at("spoken"));
const orders = form.querySelectorAll('[name="play-order"]');
const utf8 = new TextEncoder();
const list = writtenList({ box: at("written"), detail: at("detail"), others: at("others") }, goOn);
let data; // what was recorded, and what the site says of the model's file
let model; // once it is loaded
let loading = new AbortController();
let asking = new AbortController();
let writing = new AbortController();
let last = { key: "" }; // distribution that the model gave
let shown; // what the page shows
let picks = new Map(); // place in the answer -> id that the reader chose
let clicks = 0;

const order = () => [...orders].find(({ checked }) => checked).value;
const slider = (name) => at(`${name}-slider`);

// An empty field is a filter that is off; a temperature is always there.
const OFF = { temperature: NaN, top_k: Infinity, top_p: 1, min_p: 0, repetition_penalty: 1 };
const settings = () => ({ ...Object.fromEntries(NAMES.map((name) => [name, valueOf(at(name), OFF[name])])), order: order() });

function whole(name, least, most) {
  const value = valueOf(at(name));
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new SamplingError(name, `give a whole number from ${number(least)} to ${number(most)}`);
}
const seed = () => whole("seed", 0, 4e9);
const most = () => whole("most", 1, 500);

// The model ----------------------------------------------------------------------------------------------------------

function showDoor(words, isLoading = false) {
  at("door").textContent = words;
  at("load").hidden = isLoading || Boolean(model);
  at("cancel").hidden = at("progress").hidden = !isLoading;
  at("writing").hidden = !model;
}

async function loadModel() {
  const why = whyNot();
  if (why) return showDoor(`${why} ${WITHOUT}`);
  loading = new AbortController();
  const { signal } = loading;
  showDoor("Loading …", true);
  const tell = (part) => (at("progress").value = part);
  tell(0);
  try {
    const all = [load(data.model, { tell, signal }), fetchPart("engine/tokens.json"), encode("", "smollm2")];
    const [engine, pieces] = await Promise.all(all);
    model = modelOf(engine, pieces);
    list.use(model);
    showDoor("The model is here: it runs in this page, on one thread of your processor.");
  } catch (error) {
    showDoor(signal.aborted ? "Cancelled." : `${error.message} ${WITHOUT}`);
    loading.abort();
  }
  return refresh();
}

function modelOf(engine, pieces) {
  const bytes = (id) => Uint8Array.from(pieces[id], (letter) => letter.charCodeAt(0));
  const special = new Set(data.special);
  return {
    ...engine, size: pieces.length, special, ends: new Set(data.ends), bytes,
    nameOf: (id) => textOf(bytes(id)) ?? `bytes ${hex(bytes(id))}`,
    pieceOf: (id) => (special.has(id) ? undefined : textOf(bytes(id))),
    textOf: (ids) => new TextDecoder().decode(Uint8Array.from(ids.filter((id) => !special.has(id)).flatMap((id) => [...bytes(id)]))),
  };
}

function unload(words) {
  for (const one of [asking, writing, loading]) one.abort();
  model = undefined;
  showDoor(words);
}

// The next token -----------------------------------------------------------------------------------------------------

class Refused extends Error {}

// What the form asks: { ids, given, nameOf, bytes, source }, of a recorded prompt at once, of the model as a promise.
function question() {
  const own = at("prompt").value === OWN;
  at("own").hidden = !own;
  const state = at("masked").checked ? compile(at("grammar").value) : undefined;
  const prompt = data.prompts[at("prompt").value];
  if (model) return fromModel(own ? at("text").value : prompt.text, own && at("chat").checked, state);
  if (own) throw new Refused("Load the model to ask your own prompt; the recorded ones need no download.");
  if (state) throw new Refused("Load the model to use a grammar.");
  const names = new Map(prompt.top.map(([text, , id]) => [id, text]));
  const bytes = (id) => utf8.encode(names.get(id));
  return { ids: prompt.ids, given: recorded(prompt), nameOf: (id) => names.get(id), bytes, source: "Recorded in Python, in 32 bits." };
}

async function fromModel(text, chat, state) {
  const { signal } = asking;
  if (!text) throw new Refused("The prompt is empty: type something.");
  if (!text.isWellFormed()) throw new Refused("The prompt holds half of a character (a lone surrogate): remove it.");
  const { ids } = text.length > LONGEST ? {} : await encode(chat ? fill(data.template, { user: text }) : [data.start, text], "smollm2");
  if (!ids || ids.length >= model.room) {
    const size = ids ? `${number(ids.length)} tokens` : `${number(text.length)} characters`;
    throw new Refused(`The prompt has ${size}; this page reads fewer than ${number(model.room)} tokens.`);
  }
  const key = ids.join();
  if (last.key !== key) last = { key, given: live(await model.next(ids, model.size, signal)) };
  const source = "From the model in this page: the weights of the chapters, multiplied in 32 bits as there.";
  return { ids: [...ids], given: last.given, nameOf: model.nameOf, bytes: model.bytes, state, source };
}

// Shows a recorded prompt before it returns, an answer of the model once it is there; only the last question is answered.
function refresh() {
  for (const one of [asking, writing]) one.abort();
  asking = new AbortController();
  const { signal } = asking;
  for (const name of ["drawn", "copied", "state"]) at(name).textContent = "";
  for (const name of [...FIELDS, "grammar"]) at(name).removeAttribute("aria-invalid");
  at("link").disabled = at("text").value.length + at("grammar").value.length > SHARED;
  if (at("link").disabled) at("copied").textContent = `A link carries at most ${number(SHARED)} characters.`;
  const busy = (is) => at("result").setAttribute("aria-busy", String(is));
  const finish = (work) => {
    try {
      work();
    } catch (error) {
      fail(error);
    }
    busy(false);
  };
  finish(() => {
    const chosen = settings();
    const found = [seed(), most(), question()].at(-1);
    if (!(found instanceof Promise)) return showAll(found, chosen);
    const isLast = (work) => (value) => signal.aborted || finish(() => work(value));
    found.then(isLast((it) => showAll(it, chosen)), isLast(fail));
    return undefined;
  });
  busy(Boolean(model) && !at("state").textContent);
}

function fail(error) {
  say.stop();
  if (error instanceof SamplingError) return refuse(at, error, SamplingError);
  at("result").hidden = true;
  if (error instanceof GrammarError) {
    at("grammar").setAttribute("aria-invalid", "true");
    at("state").textContent = `The grammar can’t be read: ${error.message}.`;
  } else if (error instanceof Refused) at("state").textContent = error.message;
  else {
    if (model) unload("");
    at("state").textContent = `The model stopped (${error.message}). Load it again. ${WITHOUT}`;
  }
  return undefined;
}

function showAll(found, chosen) {
  const left = apply(found.given, chosen, { before: found.ids, isAllowed: maskOf(model, found.state) });
  const was = probabilities(found.given);
  shown = { ...found, was, left, settings: chosen };
  placeSliders(chosen);
  at("result").hidden = false;
  at("source").textContent = found.source;
  at("length").textContent = `${number(found.ids.length)} tokens`;
  at("read").replaceChildren(...found.ids.map((id, i) => still(tokenElement(id, found.bytes(id), i), data.special.includes(id))));
  at("read").setAttribute("aria-label", found.ids.map(found.nameOf).join(""));
  const sum = (value) => left.counts.reduce((total, count, i) => total + value(count, i), 0);
  const [n, all, kept] = [sum((count) => count), found.given.counts.reduce((a, b) => a + b), sum((count, i) => count * was[i])];
  at("counts").textContent =
    `${number(n)} of ${number(all)} tokens can be drawn, ${number(entropy(left))} bits of surprise on average. ` +
    `What was dropped had ${percent(n === all ? 0 : Math.max(0, 1 - kept))} of the model’s probability.`;
  at("bars").replaceChildren(...rowsOf(shown, left, n));
  say(at("counts").textContent);
}

// A token that can't be chosen.
function still(box, isSpecial) {
  for (const name of ["role", "aria-selected", "aria-label", "tabindex"]) box.removeAttribute(name);
  box.classList.toggle("special", isSpecial);
  return box;
}

function drawTwenty() {
  const random = randoms(seed() + clicks++);
  const drawn = Array.from({ length: ANSWERS }, () => shown.given.ids[draw(shown.left, random())]);
  const counts = tally(drawn.map((id) => (id === undefined ? "a rarer token" : visible(shown.nameOf(id)))));
  const words = counts.map(([name, n]) => (n > 1 ? `${name} (${n})` : name)).join(", ");
  at("drawn").textContent = `${ANSWERS} draws, ${counts.length === 1 ? "one answer" : `${counts.length} answers`}: ${words}`;
}

// Writing ------------------------------------------------------------------------------------------------------------

// Runs `work(each)`, where `each(job, got)` writes one answer; a stop is heard within a token.
async function run(work) {
  writing.abort();
  writing = new AbortController();
  const { signal } = writing;
  const buttons = (isWriting) => ["write", "answers", "stop"].forEach((name) => (at(name).disabled = isWriting === (name !== "stop")));
  buttons(true);
  const began = performance.now();
  let n = 0;
  const { ids, settings: chosen, state } = shown;
  const usual = { ids, settings: chosen, state, seed: seed(), until: at("until").value, picks: new Map(), tokens: [], most: Math.min(most(), model.room - ids.length) };
  const ask = (before, count) => model.next(before, count, signal);
  const each = async (job, got) => {
    for await (const token of write({ ...model, ask }, { ...usual, ...job })) {
      if (signal.aborted) return;
      got(token);
      n += 1;
      at("pace").textContent = `${number(n)} tokens, ${number((1_000 * n) / (performance.now() - began))} a second`;
    }
  };
  try {
    await work(each, signal);
  } catch (error) {
    if (error instanceof GrammarEnd) at("pace").textContent = error.message;
    else if (!signal.aborted) fail(error);
  }
  if (writing.signal === signal) buttons(false);
}

function writeOne() {
  at("grouped").hidden = true;
  return run(async (each) => {
    const tokens = list.tokens();
    let place = tokens.length;
    at("detail").textContent = "Choose a token to see what else could have come.";
    await each({ tokens, picks }, (token) => list.add(token, picks.has(place++)));
  });
}

function goOn(place, id) {
  list.cut(place);
  picks = new Map([...picks].filter(([one]) => one < place)).set(place, id);
  writeOne();
  at("stop").focus(); // the button that was pressed is gone
}

function answerTwenty() {
  forget();
  const body = at("grouped").tBodies[0];
  const answers = [];
  return run(async (each, signal) => {
    for (let i = 0; i < ANSWERS; i++) {
      const ids = [];
      await each({ seed: seed() + i }, ({ id }) => ids.push(id));
      if (signal.aborted) return;
      answers.push(upTo(model.textOf(ids), at("until").value));
      body.replaceChildren(...tallyRows(answers));
      at("grouped").hidden = false;
    }
  });
}

function forget() {
  picks = new Map();
  list.clear();
  at("grouped").hidden = true;
  at("pace").textContent = "";
}

// Fields, links, buttons ---------------------------------------------------------------------------------------------

// The slider of top-k moves over a few numbers, the others over their own.
function placeSliders(chosen) {
  for (const name of NAMES) {
    slider(name).value = name === "top_k" ? Math.max(0, TOP_K.findLastIndex((one) => one <= chosen.top_k)) : chosen[name];
    slider(name).setAttribute("aria-valuetext", at(name).value || "off");
  }
}

function onInput({ target }) {
  const name = NAMES.find((one) => slider(one) === target);
  if (name) at(name).value = name !== "top_k" ? target.value : Number.isFinite(TOP_K[target.value]) ? TOP_K[target.value] : "";
  forget();
  clearTimeout(onInput.timer);
  if (target === at("text") || target === at("grammar")) onInput.timer = setTimeout(refresh, 300);
  else refresh();
}

function parts() {
  const chosen = new URLSearchParams({ prompt: at("prompt").value, order: order() });
  for (const name of FIELDS) chosen.set(name, at(name).value);
  for (const name of CHECKS) if (at(name).checked) chosen.set(name, "1");
  if (at("prompt").value === OWN) chosen.set("text", at("text").value);
  if (at("grammar").value !== at("grammar").defaultValue) chosen.set("grammar", at("grammar").value);
  if (picks.size) chosen.set("picks", Array.from(picks, (pick) => pick.join(":")).join());
  return chosen;
}

function fromLink() {
  const tried = data.tries[location.hash.slice(1)];
  const chosen = tried ? new URLSearchParams(tried) : linked();
  if (!["prompt", "text", "order", ...FIELDS].some((name) => chosen.has(name))) return;
  reset();
  if (chosen.has("text")) at("prompt").value = OWN;
  else if (data.prompts[chosen.get("prompt")]) at("prompt").value = chosen.get("prompt");
  for (const name of ["text", "grammar"]) at(name).value = chosen.get(name) ?? at(name).defaultValue;
  for (const name of FIELDS.slice(0, -1)) if (chosen.has(name) && Number.isFinite(Number(chosen.get(name)))) at(name).value = chosen.get(name);
  for (const name of CHECKS) at(name).checked = chosen.get(name) === "1";
  at("masking").open = at("masked").checked;
  for (const one of at("until").options) one.selected ||= one.value === chosen.get("until");
  for (const choice of orders) choice.checked ||= choice.value === chosen.get("order");
  const found = (chosen.get("picks") ?? "").matchAll(/(\d{1,3}):(\d{1,5})/g);
  picks = new Map(Array.from(found, ([, place, id]) => [Number(place), Number(id)]));
  if (tried) form.scrollIntoView();
}

function reset() {
  forget();
  for (const name of [...FIELDS.slice(0, -1), "grammar"]) at(name).value = at(name).defaultValue;
  at("until").selectedIndex = clicks = 0;
  for (const name of CHECKS) at(name).checked = false;
  orders[0].checked = true;
}

function begin(found) {
  data = found;
  at("prompt").append(...data.prompts.map(({ text }, i) => new Option(text.replace(/\s*\n\s*/g, " ↵ "), i)), new Option("my own prompt", OWN));
  const over = () => (reset(), refresh());
  const again = () => (list.clear(), writeOne());
  const clicked = { draw: drawTwenty, reset: over, load: loadModel, cancel: () => loading.abort(), write: again, answers: answerTwenty };
  for (const [name, work] of Object.entries({ ...clicked, stop: () => writing.abort() })) at(name).addEventListener("click", work);
  for (const link of document.querySelectorAll('a[href^="#try-"]')) {
    link.addEventListener("click", () => location.hash === link.hash && (fromLink(), refresh())); // the address stays the same
  }
  addEventListener("pagehide", () => (model ? unload("The model was let go when the page was left; load it again.") : loading.abort()));
  isKept(data.model).then((is) => is && !model && showDoor("This browser has the model from an earlier visit."));
}

openForm(at, form, "next_tokens.json", { begin, fromLink, parts, refresh, onInput });
