// The selector: reads the form, judges in selector_model.js, shows the shortlist. Nothing leaves the page.
import { shortlist } from "./selector_model.js";
import { number } from "./show.js";
import { SizeError } from "./size_model.js";

const LANGUAGES = ["language-1", "language-2", "language-3"];
const MENUS = [...LANGUAGES, "domain", "device", "precision", "first"];
const NUMBERS = ["context", "users", "devices", "speed", "price", "budget"];
const SWITCHES = ["commercial", "answers"];

const form = document.querySelector("#model-selector form");
const at = (name) => document.getElementById(`select-${name}`);
let tables;

// What is asked ------------------------------------------------------------------------------------------------------

function value(name) {
  const field = at(name);
  if (field.validity.badInput) return NaN;
  if (field.value === "") return name === "budget" ? null : NaN;
  return Number(field.value);
}

function needs() {
  return {
    languages: [...new Set(LANGUAGES.map((name) => at(name).value).filter(Boolean))],
    domain: at("domain").value,
    device: tables.sizes.devices[at("device").value],
    precision: at("precision").value,
    ...Object.fromEntries(NUMBERS.map((name) => [name, value(name)])),
    ...Object.fromEntries(SWITCHES.map((name) => [name, at(name).checked])),
  };
}

const order = () => [at("first").value, ...tables.order.filter((name) => name !== at("first").value)];

function refresh() {
  for (const name of [...MENUS, ...NUMBERS]) at(name).removeAttribute("aria-invalid");
  try {
    show(shortlist(needs(), order(), tables));
  } catch (error) {
    if (!(error instanceof SizeError)) throw error;
    at(error.field).setAttribute("aria-invalid", "true");
    const label = at(error.field).labels[0].textContent.replace(/\(.*\)/, "").trim();
    at("state").textContent = `${label}: ${error.message}.`;
    at("result").hidden = true;
    clearTimeout(say.timer);
  }
}

// What is shown ------------------------------------------------------------------------------------------------------

function show({ kept, ruledOut }) {
  at("state").textContent = "";
  at("result").hidden = false;
  const n = kept.length;
  at("verdict").textContent = n
    ? `✓ ${n} of ${n + ruledOut.length} models meet${n === 1 ? "s" : ""} the needs; first: ${kept[0].model}.`
    : "✗ No model of the list meets the needs. Beneath is what rules each of them out: which need can give way?";
  at("verdict").classList.toggle("fails", !n);
  at("kept").replaceChildren(...kept.map((one) => item(one, one.reasons)));
  at("out").querySelector("summary").textContent = `Ruled out: ${ruledOut.length}`;
  at("out").hidden = !ruledOut.length;
  at("out").querySelector("ul").replaceChildren(...ruledOut.map((one) => item(one, one.against)));
  say(at("verdict").textContent);
}

function item({ model }, reasons) {
  const box = document.createElement("li");
  const name = document.createElement("strong");
  name.textContent = model;
  const list = document.createElement("ul");
  list.append(...reasons.map(line));
  box.append(name, list);
  return box;
}

// A reason in words, and a link to the claim that says why it counts.
function line({ kind, values }) {
  const row = document.createElement("li");
  const shown = (name) => (typeof values[name] === "number" ? number(values[name]) : values[name]);
  row.append(tables.texts[kind].replace(/\{(\w+)\}/g, (_, name) => shown(name)));
  const claim = tables.support[kind.replace(/[?+-]$/, "")];
  if (claim) {
    const link = document.createElement("a");
    link.href = `claims.html#ledger-${claim}`;
    link.textContent = claim;
    row.append(" ", link);
  }
  return row;
}

function say(words) {
  clearTimeout(say.timer);
  say.timer = setTimeout(() => (at("spoken").textContent = words), 1_000);
}

// Links, buttons -----------------------------------------------------------------------------------------------------

async function copyLink() {
  const parts = new URLSearchParams([...MENUS, ...NUMBERS].map((name) => [name, at(name).value]));
  for (const name of SWITCHES) parts.set(name, at(name).checked ? "1" : "0");
  history.replaceState(null, "", `#${parts}`);
  const done = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  at("copied").textContent = done ? "Copied." : "The link is in the address bar.";
}

function fromLink() {
  const parts = new URLSearchParams(location.hash.slice(1));
  for (const name of MENUS) {
    if ([...at(name).options].some((one) => one.value === parts.get(name))) at(name).value = parts.get(name);
  }
  for (const name of NUMBERS) if (parts.has(name)) at(name).value = parts.get(name);
  for (const name of SWITCHES) if (parts.has(name)) at(name).checked = parts.get(name) === "1";
}

async function start() {
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelector("#model-selector .playground-needs").hidden = true;
  const answer = await fetch(new URL("selector.json", import.meta.url));
  if (!answer.ok) throw new Error(`selector.json: ${answer.status}`);
  tables = await answer.json();
  fromLink();
  form.addEventListener("input", refresh);
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
