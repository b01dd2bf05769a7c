// The sampling playground: reads the sliders, filters in sampling_model.js, shows what is left. Nothing leaves the page.
import { fieldsOf, linked, openForm, refuse, speaker, valueOf } from "./form.js";
import { number } from "./show.js";
import { SamplingError, TOP_K, apply, draw, entropy, groupsOf, probabilities, randoms } from "./sampling_model.js";

const ROWS = 20; // tokens that are shown one by one
const NAMES = ["temperature", "top_k", "top_p", "min_p"];
const SIGNS = { " ": "·", "\n": "↵", "\t": "→", "\r": "␍" };

const form = document.querySelector("#sampling-playground form");
const at = fieldsOf("sampling");
const say = speaker(at("spoken"));
const orders = form.querySelectorAll('[name="sampling-order"]');
let prompts;
let seed = 0;

const visible = (text) => text.replace(/[ \n\t\r]/g, (sign) => SIGNS[sign]) || "(nothing)";
const percent = (part) => `${number(100 * part)}\u202f%`;
const order = () => [...orders].find(({ checked }) => checked).value;

const slider = (name) => at(`${name}-slider`);

// An empty field is a filter that is off; a temperature is always there.
const OFF = { temperature: NaN, top_k: Infinity, top_p: 1, min_p: 0 };
const settings = () => ({ ...Object.fromEntries(NAMES.map((name) => [name, valueOf(at(name), OFF[name])])), order: order() });

// The slider of top-k moves over a few numbers, the others over their own.
const nearest = (k) => TOP_K.findLastIndex((one) => one <= k);
const toSlider = (name, value) => (name === "top_k" ? Math.max(0, nearest(value)) : value);

function fromSlider(name) {
  const value = slider(name).value;
  if (name !== "top_k") return value;
  return Number.isFinite(TOP_K[value]) ? TOP_K[value] : "";
}

function placeSliders(chosen) {
  for (const name of NAMES) {
    if (Number.isNaN(chosen[name])) continue;
    slider(name).value = toSlider(name, chosen[name]);
    slider(name).setAttribute("aria-valuetext", at(name).value || "off");
  }
}

const sum = (groups, value) => groups.reduce((total, group, i) => total + group.count * value(group, i), 0);

function refresh() {
  const chosen = settings();
  at("drawn").textContent = "";
  for (const name of NAMES) at(name).removeAttribute("aria-invalid");
  try {
    const before = prompts[at("prompt").selectedIndex];
    show(before, apply(before, chosen));
    placeSliders(chosen);
  } catch (error) {
    refuse(at, error, SamplingError);
    say.stop();
  }
}

function onInput({ target }) {
  const name = NAMES.find((one) => slider(one) === target);
  if (name) at(name).value = fromSlider(name);
  refresh();
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

// Links and buttons --------------------------------------------------------------------------------------------------

function parts() {
  const chosen = new URLSearchParams({ prompt: at("prompt").selectedIndex, order: order() });
  for (const name of NAMES) chosen.set(name, at(name).value);
  return chosen;
}

function fromLink() {
  const chosen = linked();
  const index = chosen.has("prompt") ? Number(chosen.get("prompt")) : NaN;
  if (Number.isInteger(index) && prompts[index]) at("prompt").selectedIndex = index;
  for (const name of NAMES) if (chosen.has(name) && Number.isFinite(Number(chosen.get(name)))) at(name).value = chosen.get(name);
  for (const choice of orders) if (choice.value === chosen.get("order")) choice.checked = true;
}

function reset() {
  for (const name of NAMES) at(name).value = at(name).defaultValue;
  orders[0].checked = true;
  seed = 0;
  refresh();
}

function begin(data) {
  prompts = data.prompts.map(groupsOf);
  at("prompt").append(...data.prompts.map(({ text }) => new Option(text.replace(/\s*\n\s*/g, " ↵ "))));
  at("draw").addEventListener("click", drawTwenty);
  at("reset").addEventListener("click", reset);
}

openForm(at, form, "next_tokens.json", { begin, fromLink, parts, refresh, onInput });
