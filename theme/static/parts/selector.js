// The selector: reads the form, judges in selector_model.js, shows the shortlist. Nothing leaves the page.
import { fieldsOf, isOption, linked, openForm, refuse, speaker, valueOf } from "./form.js";
import { shortlist } from "./selector_model.js";
import { number } from "./show.js";
import { SizeError } from "./size_model.js";

const LANGUAGES = ["language-1", "language-2", "language-3"];
const MENUS = [...LANGUAGES, "domain", "device", "precision", "first"];
const NUMBERS = ["context", "users", "devices", "speed", "price", "budget"];
const SWITCHES = ["commercial", "answers"];

const form = document.querySelector("#model-selector form");
const at = fieldsOf("select");
const say = speaker(at("spoken"));
let tables;

// What is asked ------------------------------------------------------------------------------------------------------

function needs() {
  return {
    languages: [...new Set(LANGUAGES.map((name) => at(name).value).filter(Boolean))],
    domain: at("domain").value,
    device: tables.sizes.devices[at("device").value],
    precision: at("precision").value,
    ...Object.fromEntries(NUMBERS.map((name) => [name, valueOf(at(name), name === "budget" ? null : NaN)])),
    ...Object.fromEntries(SWITCHES.map((name) => [name, at(name).checked])),
  };
}

const order = () => [at("first").value, ...tables.order.filter((name) => name !== at("first").value)];

function refresh() {
  for (const name of [...MENUS, ...NUMBERS]) at(name).removeAttribute("aria-invalid");
  try {
    show(shortlist(needs(), order(), tables));
  } catch (error) {
    refuse(at, error, SizeError);
    say.stop();
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

// Links -----------------------------------------------------------------------------------------------------

function parts() {
  const chosen = new URLSearchParams([...MENUS, ...NUMBERS].map((name) => [name, at(name).value]));
  for (const name of SWITCHES) chosen.set(name, at(name).checked ? "1" : "0");
  return chosen;
}

function fromLink() {
  const chosen = linked();
  for (const name of MENUS) if (isOption(at(name), chosen.get(name))) at(name).value = chosen.get(name);
  for (const name of NUMBERS) if (chosen.has(name)) at(name).value = chosen.get(name);
  for (const name of SWITCHES) if (chosen.has(name)) at(name).checked = chosen.get(name) === "1";
}

openForm(at, form, "selector.json", { begin: (data) => (tables = data), fromLink, parts, refresh });
