// The calculator: reads the form, computes in size_model.js, shows the answer. Nothing leaves the page.
import { fieldsOf, isOption, linked, openForm, refuse, speaker, valueOf } from "./form.js";
import { number } from "./show.js";
import { SizeError, deployment } from "./size_model.js";

const OWN = "own";
const START = { model: "Llama-3-8B", device: "NVIDIA L4 24 GB" };
const MODEL_FIELDS = ["d_model", "n_layers", "n_heads", "n_kv_heads", "head_dim", "d_ff", "vocab_size", "n_experts", "experts_per_token"];
const SWITCHES = ["gated", "tied"];
const DEVICE_FIELDS = ["memory_gb", "bandwidth_gb_s", "tflops_bf16", "tflops_fp32"];
const WORK = ["context", "batch", "devices", "price"];
const MAY_BE_EMPTY = ["head_dim", "tflops_fp32"];
const UNITS = [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"], [1, "bytes"]];
const POWERS = [[1e15, "quadrillion"], [1e12, "trillion"], [1e9, "billion"], [1e6, "million"], [1, ""]];

const form = document.querySelector("#size-calculator form");
const at = fieldsOf("size");
const say = speaker(at("spoken"));
let tables;

// What is asked ------------------------------------------------------------------------------------------------------

const isOwn = (menu) => at(menu).value === OWN;
const fieldsShown = () => [...(isOwn("model") ? MODEL_FIELDS : []), ...(isOwn("device") ? DEVICE_FIELDS : []), ...WORK];

const value = (name) => valueOf(at(name), MAY_BE_EMPTY.includes(name) ? null : NaN);

const values = (names) => Object.fromEntries(names.map((name) => [name, value(name)]));

function model() {
  if (!isOwn("model")) return tables.models[at("model").value];
  const switches = Object.fromEntries(SWITCHES.map((name) => [name, at(name).checked]));
  return { ...tables.defaults, ...values(MODEL_FIELDS), ...switches };
}

const device = () => (isOwn("device") ? values(DEVICE_FIELDS) : tables.devices[at("device").value]);

function refresh() {
  at("own-model").hidden = !isOwn("model");
  at("own-device").hidden = !isOwn("device");
  for (const name of [...MODEL_FIELDS, ...DEVICE_FIELDS, ...WORK]) at(name).removeAttribute("aria-invalid");
  try {
    const work = { precision: at("precision").value, ...values(WORK) };
    show(deployment(model(), device(), work, tables.constants), work);
  } catch (error) {
    refuse(at, error, SizeError);
    say.stop();
  }
}

// What is shown ------------------------------------------------------------------------------------------------------

function scaled(amount, units) {
  const [unit, name] = units.find(([least]) => amount >= least) ?? units.at(-1);
  return `${number(amount / unit)}${name && "\u00a0"}${name}`;
}

const size = (bytes) => scaled(bytes, UNITS);
const time = (seconds) => (seconds < 1 ? `${number(1e3 * seconds)}\u00a0ms` : `${number(seconds)}\u00a0s`);

function show(result, work) {
  at("state").textContent = "";
  at("result").hidden = false;
  at("verdict").textContent = verdict(result, work);
  at("verdict").classList.toggle("fails", !result.fits);
  showBars(result);
  showSpeed("prefill", result.prefill, result.inputCost);
  showSpeed("decode", result.decode, result.outputCost);
  showFacts(result, work);
  const texts = work.batch === 1 ? "one text" : `${number(work.batch)} texts together`;
  const pace = work.batch === 1 ? "" : `, ${number(1 / result.decode.seconds)} for each`;
  at("note").textContent =
    `For ${texts} of ${number(work.context)} tokens${pace && ` (decode: ${number(result.decode.speed)} tokens a second in all${pace})`}. ` +
    "The cost is in the currency of your price, of devices that are busy all the time.";
  say(`${at("verdict").textContent} Decode: at most ${number(result.decode.speed)} tokens a second.`);
}

function verdict({ fits, memory, capacity, needed }, { devices }) {
  const [wanted, there] = [size(memory.total), size(capacity)];
  if (fits) return `✓ It fits: ${wanted} of ${there} are needed, ${size(capacity - memory.total)} are left.`;
  const many = devices === 1 ? "one device holds" : `${number(devices)} devices hold`;
  return `✗ It does not fit: ${wanted} are needed, and ${many} ${there}. It takes ${number(needed)} of them at least.`;
}

function showBars({ memory, capacity }) {
  const whole = Math.max(memory.total, capacity);
  const starts = { weights: 0, cache: memory.weights, working: memory.weights + memory.cache, total: 0, there: 0 };
  const ends = { ...memory, there: capacity };
  for (const [name, start] of Object.entries(starts)) {
    const row = form.querySelector(`[data-bar="${name}"]`);
    const [bar, span] = [row.querySelector(".bar"), row.querySelector(".bar span")];
    bar.style.setProperty("--there", `${(100 * capacity) / whole}%`);
    span.style.marginLeft = `${(100 * start) / whole}%`;
    span.style.width = `${(100 * ends[name]) / whole}%`;
    row.lastElementChild.textContent = size(ends[name]);
  }
}

function showSpeed(name, { seconds, speed, bound }, cost) {
  const cells = form.querySelectorAll(`[data-speed="${name}"] td`);
  const texts = [time(seconds), number(speed), bound, number(cost)];
  cells.forEach((cell, i) => (cell.textContent = texts[i]));
}

function showFacts({ parameters, decode, more }, { batch }) {
  const facts = {
    total: number(parameters.total),
    active: number(parameters.active),
    embedding: number(parameters.embedding),
    token: size(more * batch),
    flops: scaled(decode.flops / batch, POWERS),
    bytes: size(decode.bytes),
  };
  for (const [name, text] of Object.entries(facts)) form.querySelector(`[data-fact="${name}"] td`).textContent = text;
}

// Menus, links, buttons ----------------------------------------------------------------------------------------------

// A model or device of one's own starts with the figures of the one that was chosen before.
function fillOwn() {
  if (!isOwn("model") && tables.models[at("model").value].n_heads) {
    const chosen = tables.models[at("model").value];
    for (const name of MODEL_FIELDS) at(name).value = chosen[name] ?? (name === "n_kv_heads" ? chosen.n_heads : "");
    for (const name of SWITCHES) at(name).checked = chosen[name];
  }
  if (!isOwn("device")) for (const name of DEVICE_FIELDS) at(name).value = tables.devices[at("device").value][name] ?? "";
}

function parts() {
  const chosen = new URLSearchParams();
  for (const name of ["model", "precision", "device", ...fieldsShown()]) chosen.set(name, at(name).value);
  if (isOwn("model")) for (const name of SWITCHES) chosen.set(name, at(name).checked ? "1" : "0");
  return chosen;
}

function fromLink() {
  const chosen = linked();
  for (const name of ["model", "precision", "device"]) {
    if (isOption(at(name), chosen.get(name))) at(name).value = chosen.get(name);
  }
  fillOwn();
  for (const name of fieldsShown()) if (chosen.has(name)) at(name).value = chosen.get(name);
  if (isOwn("model")) for (const name of SWITCHES) if (chosen.has(name)) at(name).checked = chosen.get(name) === "1";
}

function fillMenus() {
  for (const [menu, names, words] of [
    ["model", tables.models, "a transformer of your own"],
    ["device", tables.devices, "a device of your own"],
  ]) {
    at(menu).append(...Object.keys(names).map((name) => new Option(name, name)), new Option(words, OWN));
    at(menu).value = START[menu];
  }
}

function begin(data) {
  tables = data;
  fillMenus();
  fillOwn();
}

function onInput() {
  fillOwn();
  refresh();
}

openForm(at, form, "sizes.json", { begin, fromLink, parts, refresh, onInput });
