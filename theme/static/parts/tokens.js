// The token playground: reads the form, asks the worker, shows the answer. What is typed stays in this page.
import { hex, textOf, wellFormed } from "./bytes.js";
import { encode } from "./client.js";
import { fetchPart, fieldsOf, isOption, linked, reveal, settle, shareLink, speaker } from "./form.js";
import { showChats } from "./chats.js";
import { number, spoken, tokenElement } from "./show.js";
import { showRow } from "./table.js";

const SHOWN = 1_000; // tokens at a time
const MOST = 1_000_000; // characters that are read
const SHARED = 4_000; // characters that a link may carry
const START = "မြန်မာစာ is the Burmese word for Burmese.\nHello, Hello,  hello! 👩🏽‍🚀 2,026";
const RTL = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const utf8 = new TextEncoder();
const form = document.querySelector("#token-playground form");
const at = fieldsOf("tokens");
const speak = speaker(at("spoken"));

const results = new Map(); // of the text that is shown: vocabulary -> ids and ends
const wanted = new Set(); // vocabularies that the reader asked for
const loaded = new Set();
const english = new Map(); // article and vocabulary -> tokens
let models = {}; // vocabulary -> name, bytes of its file
let picked = { code: "", article: 0, text: "", english: "" };
let current = { text: "", bytes: new Uint8Array(), characters: 0 };
let shown = { name: "", ids: [], ends: [], ...current }; // what the page shows, while another answer is on its way
let page = 0;
let active = 0; // token that the keyboard is on, of those shown
let busy = false;
let again = false;

const about = (name) => `${models[name][0]} (${number(models[name][1] / 1e6)} MB)`;
const chosen = () => form.elements.vocabulary.value;
const isPicked = () => picked.code !== "" && current.text === picked.text;

// Encoding -----------------------------------------------------------------------------------------------------------

async function refresh() {
  again = true;
  if (busy) return;
  busy = true;
  while (again) {
    again = false;
    await read().catch((error) => say(`This went wrong: ${error.message}.`));
  }
  busy = false;
}

async function read() {
  const text = wellFormed(at("text").value.slice(0, MOST));
  if (text !== current.text) {
    current = { text, bytes: utf8.encode(text), characters: count(text) };
    results.clear();
    page = active = 0;
    // dir="auto" takes Chromium a time that grows with the square of the lines
    at("text").dir = at("shown").dir = RTL.test(/\p{L}/u.exec(text)?.[0] ?? "") ? "rtl" : "ltr";
  }
  let failed = "";
  for (const name of new Set([chosen(), ...wanted])) {
    if (again) return;
    wanted.add(name);
    try {
      await need(name);
    } catch (error) {
      wanted.delete(name);
      failed = `${models[name][0]} could not be loaded (${error.message}). Check the connection and choose it again.`;
      continue;
    }
    if (name === chosen()) showTokens();
    showTable();
  }
  if (loaded.size && !loaded.has(chosen())) form.elements.vocabulary.value = shown.name;
  await chats();
  say(failed || (at("text").value.length > MOST ? `Only the first ${number(MOST)} characters are read.` : ""));
}

async function need(name) {
  const { text } = current;
  if (results.has(name) && (!isPicked() || english.has(`${picked.article} ${name}`))) return;
  if (!loaded.has(name)) say(`Loading the vocabulary of ${about(name)} …`, true);
  const answer = await encode(text, name);
  if (text !== current.text) return;
  loaded.add(name);
  results.set(name, answer);
  if (isPicked()) english.set(`${picked.article} ${name}`, (await encode(picked.english, name)).ids.length);
}

function count(text) {
  let n = 0;
  for (const _ of text) n += 1;
  return n;
}

async function chats() {
  if (at("chats").open) await showChats(at("chats"), { user: current.text, system: at("system").value }, loaded, encode);
}

function say(words, isLoading = false) {
  at("state").textContent = words;
  at("state").classList.toggle("loading", isLoading);
}

// Tokens -------------------------------------------------------------------------------------------------------------

const bytesOf = (index) => shown.bytes.subarray(index ? shown.ends[index - 1] : 0, shown.ends[index]);

function showTokens() {
  shown = { name: chosen(), ...results.get(chosen()), ...current };
  showPage();
}

function showPage() {
  const { ids } = shown;
  const first = page * SHOWN;
  const last = Math.min(first + SHOWN, ids.length);
  const boxes = [];
  for (let i = first; i < last; i++) boxes.push(tokenElement(ids[i], bytesOf(i), i));
  at("shown").replaceChildren(...boxes);
  at("shown").hidden = !boxes.length;
  if (boxes.length) boxes[Math.min(active, boxes.length - 1)].tabIndex = 0;
  at("ids").textContent = Array.from(ids.slice(first, last)).join(", ");
  at("range").textContent = `${number(first + 1)} to ${number(last)} of ${number(ids.length)}`;
  at("range").parentElement.hidden = ids.length <= SHOWN;
  at("before").disabled = first === 0;
  at("after").disabled = last === ids.length;
  at("detail").textContent = boxes.length ? "Point at a token, or press Tab and the arrow keys, to see what it is." : "";
  showCounts();
}

function showCounts() {
  const { ids, characters, bytes, name } = shown;
  const words = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
  const parts = [words(ids.length, "token"), words(characters, "character"), words(bytes.length, "byte")];
  at("counts").textContent = `${parts.join(", ")}, in the vocabulary of ${models[name][0]}`;
  speak(at("counts").textContent);
}

function tell(box) {
  const index = page * SHOWN + [...box.parentElement.children].indexOf(box);
  const bytes = bytesOf(index);
  const what = textOf(bytes) === undefined ? "part of a character" : `“${spoken(bytes)}”`;
  at("detail").textContent = `Token ${number(index + 1)}: id ${shown.ids[index]}, ${what}, bytes ${hex(bytes)}`;
}

function move(to) {
  const boxes = at("shown").children;
  if (!boxes[to]) return;
  boxes[active]?.setAttribute("aria-selected", "false");
  if (boxes[active]) boxes[active].tabIndex = -1;
  active = to;
  boxes[active].tabIndex = 0;
  boxes[active].setAttribute("aria-selected", "true");
  boxes[active].focus();
}

// The token in the next or last line that is nearest to this one.
function inLine(step) {
  const boxes = at("shown").children;
  const here = boxes[active].getBoundingClientRect();
  let best = active;
  let nearest = Infinity;
  for (let i = active + step; boxes[i]; i += step) {
    const box = boxes[i].getBoundingClientRect();
    if (Math.abs(box.top - here.top) < here.height / 2) continue;
    if (Math.abs(box.top - here.top) > 2.5 * here.height) break;
    if (Math.abs(box.left - here.left) < nearest) [best, nearest] = [i, Math.abs(box.left - here.left)];
  }
  return best;
}

function onKey(event) {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const forward = getComputedStyle(at("shown")).direction === "rtl" ? -1 : 1;
  const to = {
    ArrowRight: () => active + forward,
    ArrowLeft: () => active - forward,
    ArrowDown: () => inLine(1),
    ArrowUp: () => inLine(-1),
    Home: () => 0,
    End: () => at("shown").children.length - 1,
  }[event.key];
  if (!to) return;
  event.preventDefault();
  move(to());
}

function turn(by) {
  page += by;
  active = 0;
  showPage();
}

function showTable() {
  const most = Math.max(...[...results.values()].map(({ ids }) => ids.length));
  for (const name of Object.keys(models)) {
    const against = isPicked() ? english.get(`${picked.article} ${name}`) : undefined;
    showRow(form, name, results.get(name)?.ids.length, current, against, most);
    for (const button of form.querySelectorAll(`[data-load="${name}"]`)) button.hidden = loaded.has(name);
  }
  at("all").hidden = loaded.size === Object.keys(models).length;
  at("in").textContent = at("currency").value;
  at("note").textContent = isPicked()
    ? `“× English” compares article ${picked.article} with the English one.`
    : "Choose an article to compare it with the English one.";
}

// Texts, links, buttons ----------------------------------------------------------------------------------------------

async function pick() {
  const code = at("language").value;
  const article = Number(at("article").value);
  if (!code) return;
  const [texts, reference] = await Promise.all([code, "eng"].map((one) => fetchPart(`declarations/${one}.json`)));
  if (at("language").value !== code || Number(at("article").value) !== article) return; // another was picked meanwhile
  picked = { code, article, text: texts[article - 1], english: reference[article - 1] };
  at("text").value = picked.text;
  await refresh();
}

function rewrite(formName) {
  at("text").value = at("text").value.normalize(formName);
  refresh();
}

async function copyLink() {
  const parts = new URLSearchParams({ v: chosen() });
  if (isPicked()) {
    parts.set("l", picked.code);
    parts.set("a", picked.article);
  } else if (current.text.length <= SHARED) parts.set("t", current.text);
  else return (at("copied").textContent = `A link carries at most ${number(SHARED)} characters.`);
  return (at("copied").textContent = await shareLink(parts));
}

async function fromLink() {
  const parts = linked();
  page = active = 0;
  if (Object.hasOwn(models, parts.get("v"))) form.elements.vocabulary.value = parts.get("v");
  const [code, article] = [parts.get("l"), Number(parts.get("a"))];
  const isHere = isOption(at("language"), code) && isOption(at("article"), String(article));
  if (code && !isHere) at("copied").textContent = "The link names a text that is not here.";
  else if (code) {
    at("language").value = code;
    at("article").value = article;
    await pick();
  } else if (parts.has("t")) at("text").value = parts.get("t");
}

async function fillMenus() {
  const { first, vocabularies, languages } = await fetchPart("tokens.json");
  models = vocabularies;
  form.elements.vocabulary.value = first;
  at("language").append(...languages.map(([code, label]) => new Option(label, code)));
  for (const button of form.querySelectorAll("[data-load]")) button.append(` ${about(button.dataset.load)}`);
  for (const row of form.querySelectorAll("tr[data-vocabulary]")) {
    row.querySelector("small").append(`, ${number(models[row.dataset.vocabulary][1] / 1e6)}\u00a0MB`);
  }
  const bytes = Object.values(models).reduce((sum, [, size]) => sum + size, 0);
  at("all").append(` (${number(bytes / 1e6)} MB)`);
}

function listen() {
  const soon = () => {
    clearTimeout(soon.timer);
    soon.timer = setTimeout(refresh, at("text").value.length > 20_000 ? 300 : 120);
  };
  at("text").addEventListener("input", soon);
  for (const menu of ["language", "article"]) {
    at(menu).addEventListener("change", () => pick().catch((error) => say(`This text could not be loaded (${error.message}).`)));
  }
  for (const radio of form.elements.vocabulary) {
    radio.addEventListener("change", () => {
      page = active = 0;
      refresh();
    });
  }
  for (const rate of ["price", "speed", "window", "currency"]) at(rate).addEventListener("input", showTable);
  const want = (names) => {
    for (const name of names) wanted.add(name);
    refresh();
  };
  for (const button of form.querySelectorAll("[data-load]")) button.addEventListener("click", () => want([button.dataset.load]));
  at("all").addEventListener("click", () => want(Object.keys(models)));
  at("chats").addEventListener("toggle", refresh);
  at("system").addEventListener("input", soon);
  at("shown").addEventListener("keydown", onKey);
  for (const event of ["focusin", "pointerover", "click"]) {
    at("shown").addEventListener(event, ({ target }) => {
      const box = target.closest(".token");
      if (box) tell(box);
      if (box && event === "click") move([...box.parentElement.children].indexOf(box));
    });
  }
  at("before").addEventListener("click", () => turn(-1));
  at("after").addEventListener("click", () => turn(1));
  at("nfc").addEventListener("click", () => rewrite("NFC"));
  at("nfd").addEventListener("click", () => rewrite("NFD"));
  at("link").addEventListener("click", copyLink);
  addEventListener("hashchange", () => fromLink().then(refresh).catch((error) => say(`This went wrong: ${error.message}.`)));
}

async function start() {
  for (let i = 1; i <= 30; i++) at("article").append(new Option(i, i));
  at("text").value = START;
  listen();
  reveal(form);
  await fillMenus();
  await fromLink();
  await refresh();
}

start()
  .catch((error) => say(`This could not be loaded (${error.message}).`))
  .finally(() => settle(form));
