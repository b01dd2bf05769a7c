// The calculator: reads the form, computes in size_model.js, shows the answer. Nothing leaves the page.
import { fieldsOf, isOption, linked, openForm, refuse, speaker, valueOf } from "./form.js";
import { number } from "./show.js";
import { MOST, SizeError, deployment, more, readConfig } from "./size_model.js";

const [OWN, PASTED] = ["own", "pasted"];
const START = { model: "Qwen3-8B", device: "NVIDIA L4 24 GB" };
const YOURS = {
  model: { [PASTED]: "paste a config.json", [OWN]: "a transformer of your own" },
  device: { [OWN]: "a device of your own" },
};
const MENUS = ["model", "precision", "cache_precision", "device"];
const MODEL_FIELDS = {
  hidden_size: "d",
  num_hidden_layers: "layers",
  num_attention_heads: "heads",
  num_key_value_heads: "kv_heads",
  head_dim: "width",
  intermediate_size: "f",
  vocab_size: null,
  num_experts: "experts",
  num_experts_per_tok: "used",
};
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
const isPasted = () => at("model").value === PASTED;
const ownFields = () => [...(isOwn("model") ? Object.keys(MODEL_FIELDS) : []), ...(isOwn("device") ? DEVICE_FIELDS : [])];

const value = (name) => valueOf(at(name), MAY_BE_EMPTY.includes(name) ? null : NaN);

const values = (names) => Object.fromEntries(names.map((name) => [name, value(name)]));

// The config.json of the model that is chosen.
function published() {
  if (isPasted()) return pasted();
  if (!isOwn("model")) return tables.models[at("model").value];
  const { num_experts, num_experts_per_tok, ...sizes } = values(Object.keys(MODEL_FIELDS));
  const isDense = num_experts === 1 && num_experts_per_tok === 1;
  const kind = isDense ? "llama" : "mixtral";
  const experts = isDense ? {} : { num_experts, num_experts_per_tok };
  return { model_type: at("gated").checked ? kind : "gpt_neox", ...sizes, ...experts, tie_word_embeddings: at("tied").checked };
}

function pasted() {
  const text = at("config").value;
  if (!text.trim()) throw new SizeError("config", "paste the contents of the file");
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SizeError("config", `this is no JSON (${error.message}); give the whole file, from { to }`);
  }
}

// What is wrong in a pasted file is told beside its field, with the name that it has there.
function model() {
  try {
    return readConfig(published(), tables);
  } catch (error) {
    if (!isPasted() || !(error instanceof SizeError)) throw error;
    throw new SizeError("config", error.about + error.message);
  }
}

const device = () => (isOwn("device") ? values(DEVICE_FIELDS) : tables.devices[at("device").value]);

const work = () => ({
  precision: at("precision").value,
  cachePrecision: at("cache_precision").value || null,
  efficiency: at("efficiency").value / 100,
  ...values(WORK),
});

function refresh() {
  at("own-model").hidden = !isOwn("model");
  at("own-device").hidden = !isOwn("device");
  at("pasted").hidden = !isPasted();
  at("reached").textContent = `${at("efficiency").value}\u202f%`;
  for (const name of ["config", ...Object.keys(MODEL_FIELDS), ...DEVICE_FIELDS, ...WORK]) at(name).removeAttribute("aria-invalid");
  try {
    const asked = [model(), device(), work()];
    show({ ...deployment(...asked, tables), ...more(...asked, tables) }, ...asked);
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
const sizeOrNone = (bytes) => (bytes ? size(bytes) : "none");
const time = (seconds) => (seconds < 1 ? `${number(1e3 * seconds)}\u00a0ms` : `${number(seconds)}\u00a0s`);

function fill(what, name, ...texts) {
  form.querySelectorAll(`[data-${what}="${name}"] td`).forEach((cell, i) => (cell.textContent = texts[i]));
}

function show(found, config, machine, asked) {
  at("state").textContent = "";
  at("result").hidden = false;
  at("verdict").textContent = verdict(found, asked);
  at("verdict").classList.toggle("fails", !found.fits);
  showBars(found);
  fill("largest", "largestContext", most(found.largestContext, config));
  fill("largest", "largestBatch", most(found.largestBatch));
  showSpeed("prefill", found.prefill, found.inputCost, asked);
  showSpeed("decode", found.decode, found.outputCost, asked);
  for (const [way, memory] of Object.entries(found.training)) showTraining(way, memory);
  showFacts(found, asked);
  at("note").textContent = note(found, asked);
  say(`${at("verdict").textContent} Decode: ${number(asked.batch * found.speed)} tokens a second.`);
}

function verdict({ fits, memory, capacity, needed }, { devices }) {
  const [wanted, there] = [size(memory.total), size(capacity)];
  if (fits) return `✓ It fits: ${wanted} of ${there} are needed, ${size(capacity - memory.total)} are left.`;
  const many = devices === 1 ? "one device holds" : `${number(devices)} devices hold`;
  return `✗ It does not fit: ${wanted} are needed, and ${many} ${there}. It takes ${number(needed)} of them at least.`;
}

function note({ speed }, { batch, context }) {
  const texts = batch === 1 ? "one text" : `${number(batch)} texts together`;
  const pace = batch === 1 ? "" : ` (decode: ${number(batch * speed)} tokens a second in all, ${number(speed)} for each)`;
  const derived = tables.derived.includes(at("model").value) ? " Not all sizes of this model are published; some are derived." : "";
  const about = tables.notes[at("device").value];
  return (
    `For ${texts} of ${number(context)} tokens${pace}. ` +
    `The cost is in the currency of your price, of devices that are busy all the time.${derived}` +
    (about ? ` ${at("device").value}: ${about}.` : "")
  );
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

function most(n, { maxContext } = {}) {
  if (n === 0) return "none fits";
  if (n === maxContext) return `${number(n)}, all that the model reads`;
  return n === MOST ? "any" : number(n);
}

function showSpeed(name, { seconds, speed, bound }, cost, { efficiency }) {
  fill("speed", name, time(seconds / efficiency), number(efficiency * speed), bound, number(cost));
}

function showTraining(way, memory) {
  if (memory) fill("training", way, size(memory.total), size(memory.activations), number(memory.needed));
  else fill("training", way, "no queries or values", "—", "—");
}

function showFacts({ parameters, decode, token, cache, state }, { batch }) {
  const facts = {
    total: number(parameters.total),
    active: number(parameters.active),
    embedding: number(parameters.embedding),
    token: sizeOrNone(token),
    cache: sizeOrNone(cache),
    state: sizeOrNone(state),
    flops: scaled(decode.flops / batch, POWERS),
    bytes: size(decode.bytes),
  };
  for (const [name, text] of Object.entries(facts)) fill("fact", name, text);
}

// Menus, links, buttons ----------------------------------------------------------------------------------------------

// A model or device of one's own starts with the figures of the one that was chosen before.
function fillOwn() {
  if (!isOwn("device")) for (const name of DEVICE_FIELDS) at(name).value = tables.devices[at("device").value][name] ?? "";
  if (tables.models[at("model").value]) fillModel(tables.models[at("model").value]);
}

function fillModel(config) {
  const { families, plain, names } = tables.constants;
  const read = readConfig(config, tables);
  const named = (what) => names[what].map((name) => config[name]).findLast(Boolean);
  if (!named("heads")) return;
  const sizes = Object.entries(MODEL_FIELDS).map(([field, what]) => [field, what && named(what)]);
  const found = {
    ...Object.fromEntries(sizes),
    num_hidden_layers: read.nLayers,
    num_key_value_heads: named("kv_heads") ?? named("heads"),
    head_dim: named("width") ?? config.qk_nope_head_dim,
    intermediate_size: named(named("experts") ? "expert_f" : "f") ?? 4 * read.dModel,
    vocab_size: read.vocabSize,
    num_experts: named("experts") ?? 1,
    num_experts_per_tok: named("used") ?? 1,
  };
  for (const [field, size] of Object.entries(found)) at(field).value = size ?? "";
  at("gated").checked = { ...plain, ...families[config.model_type] }.gated;
  at("tied").checked = read.tied;
}

function parts() {
  const chosen = new URLSearchParams();
  for (const name of [...MENUS, ...ownFields(), ...WORK, "efficiency"]) chosen.set(name, at(name).value);
  if (isOwn("model")) for (const name of SWITCHES) chosen.set(name, at(name).checked ? "1" : "0");
  if (isPasted()) chosen.set("config", compact(at("config").value));
  return chosen;
}

function compact(text) {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

function fromLink() {
  const chosen = linked();
  for (const name of MENUS) if (isOption(at(name), chosen.get(name))) at(name).value = chosen.get(name);
  fillOwn();
  for (const name of [...ownFields(), ...WORK, "efficiency"]) if (chosen.has(name)) at(name).value = chosen.get(name);
  if (isOwn("model")) for (const name of SWITCHES) if (chosen.has(name)) at(name).checked = chosen.get(name) === "1";
  if (isPasted() && chosen.has("config")) at("config").value = chosen.get("config");
}

function group(label, options) {
  const box = document.createElement("optgroup");
  box.label = label;
  box.append(...Object.entries(options).map(([name, text]) => new Option(text, name)));
  return box;
}

function fillMenus() {
  for (const [menu, makers] of Object.entries(tables.menus)) {
    const dated = (names) => Object.fromEntries(Object.entries(names).map(([name, date]) => [name, date ? `${name} (${date})` : name]));
    at(menu).append(group("Yours", YOURS[menu]), ...Object.entries(makers).map(([maker, names]) => group(maker, dated(names))));
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
