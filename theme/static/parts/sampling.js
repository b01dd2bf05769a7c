// The sampling playground: reads the sliders, filters in sampling_model.js, shows what is left. Nothing leaves the page.
import { number } from "./show.js";
import { SamplingError, TOP_K, apply, draw, entropy, groupsOf, probabilities, randoms } from "./sampling_model.js";

const ROWS = 20; // tokens that are shown one by one
const NAMES = ["temperature", "top_k", "top_p", "min_p"];
const SIGNS = { " ": "·", "\n": "↵", "\t": "→", "\r": "␍" };

const form = document.querySelector("#sampling-playground form");
const at = (name) => document.getElementById(`sampling-${name}`);
const orders = form.querySelectorAll('[name="sampling-order"]');
let prompts;
let seed = 0;

const visible = (text) => text.replace(/[ \n\t\r]/g, (sign) => SIGNS[sign]) || "(nothing)";
const percent = (part) => `${number(100 * part)}\u202f%`;
const order = () => [...orders].find(({ checked }) => checked).value;

function settings() {
  const values = Object.fromEntries(NAMES.map((name) => [name, Number(at(name).value)]));
  return { ...values, top_k: TOP_K[values.top_k], order: order() };
}

function nameValues({ temperature, top_k, top_p, min_p }) {
  const texts = { temperature, top_k: Number.isFinite(top_k) ? top_k : "off", top_p: top_p === 1 ? "off" : top_p, min_p: min_p || "off" };
  for (const name of NAMES) {
    at(`${name}-value`).textContent = texts[name];
    at(name).setAttribute("aria-valuetext", texts[name]);
  }
}

const sum = (groups, value) => groups.reduce((total, group, i) => total + group.count * value(group, i), 0);

function refresh() {
  const chosen = settings();
  nameValues(chosen);
  at("drawn").textContent = "";
  try {
    const before = prompts[at("prompt").selectedIndex];
    show(before, apply(before, chosen));
  } catch (error) {
    if (!(error instanceof SamplingError)) throw error;
    at("state").textContent = `${at(error.field).labels[0].firstChild.textContent.trim()}: ${error.message}.`;
    at("result").hidden = true;
  }
}

function show(before, after) {
  at("state").textContent = "";
  at("result").hidden = false;
  const given = probabilities(before);
  const gone = 1 - after.reduce((total, { count }, i) => total + count * given[i], 0);
  const left = sum(after, () => 1);
  at("counts").textContent =
    `${number(left)} of ${number(sum(before, () => 1))} tokens can be drawn, ${number(entropy(after))} bits of surprise on average. ` +
    `What was dropped had ${percent(Math.max(0, gone))} of the model’s probability.`;
  const rest = after.slice(ROWS);
  const others = { text: null, count: 1, probability: sum(rest, ({ probability }) => probability), n: sum(rest, () => 1) };
  const was = before.slice(ROWS).reduce((total, { count }, i) => total + count * given[i + ROWS], 0);
  const rows = [...after.slice(0, ROWS).map((group, i) => [group, given[i]]), [others, was]];
  const longest = Math.max(...rows.flatMap(([{ count, probability }, part]) => [count ? probability : 0, part]));
  at("bars").replaceChildren(...rows.map(([group, part]) => barOf(group, part, longest)));
  say(at("counts").textContent);
}

function barOf(group, part, longest) {
  const row = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = group.text === null ? `${number(group.n)} others` : visible(group.text);
  const [cell, bar, span, mark, text] = ["td", "div", "span", "i", "td"].map((name) => document.createElement(name));
  bar.className = "bar";
  const share = group.count ? group.probability : 0;
  span.style.width = `${(100 * share) / longest}%`;
  mark.style.left = `${(100 * part) / longest}%`;
  bar.append(span, mark);
  cell.append(bar);
  text.textContent = group.count && (group.n ?? 1) ? percent(share) : "dropped";
  row.classList.toggle("dropped", text.textContent === "dropped");
  row.append(head, cell, text);
  return row;
}

function drawTwenty() {
  const left = apply(prompts[at("prompt").selectedIndex], settings());
  const counts = new Map();
  for (const { text } of draw(left, 20, randoms(seed++))) {
    const name = text === undefined ? "a rarer token" : visible(text);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const list = [...counts].sort((one, other) => other[1] - one[1]).map(([name, n]) => (n > 1 ? `${name} (${n})` : name));
  const several = counts.size === 1 ? "20 draws, one answer: " : `20 draws, ${counts.size} answers: `;
  at("drawn").textContent = several + list.join(", ");
}

function say(words) {
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (at("spoken").textContent = words), 1_000);
}

// Links and buttons --------------------------------------------------------------------------------------------------

async function copyLink() {
  const parts = new URLSearchParams({ prompt: at("prompt").selectedIndex, order: order() });
  for (const name of NAMES) parts.set(name, at(name).value);
  history.replaceState(null, "", `#${parts}`);
  const done = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  at("copied").textContent = done ? "Copied." : "The link is in the address bar.";
}

function fromLink() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const chosen = Number(parts.get("prompt"));
  if (Number.isInteger(chosen) && prompts[chosen]) at("prompt").selectedIndex = chosen;
  for (const name of NAMES) if (parts.has(name) && Number.isFinite(Number(parts.get(name)))) at(name).value = parts.get(name);
  for (const choice of orders) if (choice.value === parts.get("order")) choice.checked = true;
}

function reset() {
  for (const name of NAMES) at(name).value = at(name).defaultValue;
  orders[0].checked = true;
  seed = 0;
  refresh();
}

async function start() {
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelector("#sampling-playground .playground-needs").hidden = true;
  const answer = await fetch(new URL("next_tokens.json", import.meta.url));
  if (!answer.ok) throw new Error(`next_tokens.json: ${answer.status}`);
  const data = await answer.json();
  prompts = data.prompts.map(groupsOf);
  at("prompt").append(...data.prompts.map(({ text }) => new Option(text.replace(/\s*\n\s*/g, " ↵ "))));
  fromLink();
  form.addEventListener("input", refresh);
  at("draw").addEventListener("click", drawTwenty);
  at("reset").addEventListener("click", reset);
  at("link").addEventListener("click", copyLink);
  addEventListener("hashchange", () => {
    fromLink();
    refresh();
  });
  refresh();
}

start().catch((error) => {
  at("result").hidden = true;
  at("state").textContent = `This could not be loaded (${error.message}). Check the connection and try again.`;
});
