// The selector: reads the form, judges in selector_model.js, shows the shortlist. Nothing leaves the page.
import { fieldsOf, isOption, linked, openForm, refuse, speaker, valueOf } from "./form.js";
import { nearest, sensitivity, shortlist } from "./selector_model.js";
import { number } from "./show.js";
import { SizeError } from "./size_model.js";

const LANGUAGES = ["language-1", "language-2", "language-3"];
const MENUS = ["use", ...LANGUAGES, "kind", "domain", "device", "precision"];
const NUMBERS = ["context", "users", "devices", "speed", "price", "budget"];
const OPENED = 1; // models whose reasons are shown
const SHOWN = 10; // models before "more"

const form = document.querySelector("#model-selector form");
const at = fieldsOf("select");
const say = speaker(at("spoken"));
let tables, order;

// What is asked ------------------------------------------------------------------------------------------------------

function needs() {
  return {
    ...Object.fromEntries(["use", "kind", "domain", "precision"].map((name) => [name, at(name).value])),
    languages: [...new Set(LANGUAGES.map((name) => at(name).value).filter(Boolean))],
    device: tables.sizes.devices[at("device").value],
    ...Object.fromEntries(NUMBERS.map((name) => [name, valueOf(at(name), name === "budget" ? null : NaN)])),
  };
}

function refresh() {
  for (const name of [...MENUS, ...NUMBERS]) at(name).removeAttribute("aria-invalid");
  try {
    show(shortlist(needs(), order, tables));
  } catch (error) {
    refuse(at, error, SizeError);
    say.stop();
  }
}

// The order of the criteria, each with a button that lets it decide earlier.
function showOrder() {
  at("order").replaceChildren(
    ...order.map((name, i) => {
      const up = element("button", "↑");
      up.type = "button";
      up.disabled = i === 0;
      up.setAttribute("aria-label", `Decide earlier: ${tables.criteria[name]}`);
      up.addEventListener("click", () => {
        order.splice(i - 1, 2, name, order[i - 1]);
        showOrder();
        const moved = at("order").children[i - 1];
        (moved.querySelector("button:enabled") ?? at("order").querySelector("button:enabled")).focus();
        refresh();
      });
      return element("li", up, ` ${tables.criteria[name]}`);
    }),
  );
}

// What is shown ------------------------------------------------------------------------------------------------------

function element(tag, ...parts) {
  const made = document.createElement(tag);
  made.append(...parts);
  return made;
}

function show(found) {
  const { kept, open, ruledOut } = found;
  at("state").textContent = "";
  at("result").hidden = false;
  const all = tables.models.length;
  at("verdict").textContent = kept.length
    ? `✓ ${kept.length} of ${all} models meet the needs; first: ${kept[0].model.name}.`
    : `✗ None of ${all} models is known to meet the needs.`;
  at("verdict").classList.toggle("fails", !kept.length);
  at("depends").replaceChildren(...(kept.length ? doubts(found) : ways(found)).map((line) => element("li", ...line)));
  const items = kept.map((one, i) => item(one, one.reasons, i < OPENED));
  const more = element("details", element("summary", `${kept.length - SHOWN} more`), element("ol", ...items.slice(SHOWN)));
  Object.assign(more.querySelector("ol"), { start: SHOWN + 1, className: "shortlist" });
  at("kept").replaceChildren(...items.slice(0, SHOWN));
  at("more").replaceChildren(...(kept.length > SHOWN ? [more] : []));
  list("open", `Look up a fact first: ${open.length}`, open, (one) => one.unknown);
  list("out", `Ruled out: ${ruledOut.length}`, ruledOut, (one) => one.against);
  say(at("verdict").textContent);
}

function list(name, title, choices, reasonsOf) {
  at(name).hidden = !choices.length;
  at(name).querySelector("summary").textContent = title;
  at(name).querySelector(":scope > :not(summary)").replaceChildren(...choices.map((one) => item(one, reasonsOf(one), true)));
}

// A model: its facts in a line, and the reasons, which open.
function item({ model }, reasons, isOpen) {
  const lines = element("ul", ...reasons.map((reason) => element("li", ...words(reason))));
  const { benchmark, score, measured_by: by, source, score_source } = model;
  const notes = [`Read in: ${[source, score_source].filter(Boolean).join("; ")}`];
  if (benchmark && benchmark !== tables.index) notes.unshift(`Shown, not ranked: ${benchmark} ${number(score)}, measured by ${by}.`);
  lines.append(...notes.map((note) => Object.assign(element("li", note), { className: "source" })));
  const why = element("details", element("summary", element("strong", model.name), " ", facts(model)), lines);
  why.open = isOpen;
  return element("li", why);
}

function facts(model) {
  const active = model.active_b === null ? "active not known" : model.active_b < model.total_b ? `${number(model.active_b)}B active` : "";
  const size = `${number(model.total_b)}B${active && `, ${active}`}`;
  const licence = model.licence ? `${model.licence}${model.licence_note ? ` (${model.licence_note})` : ""}` : "licence not known here";
  const [{ kind, values }] = model.reasons;
  const index = kind === "quality-none" ? "not on the index" : `index ${kind === "quality" ? "" : "≥ "}${number(values.score)}`;
  const line = element("span", [model.developer, model.released ?? "not dated here", size, index, licence].join(" · "));
  line.className = "facts";
  return line;
}

// A reason in words, and a link to the finding that says why it counts.
function words(reason) {
  const [text, claim] = tables.texts[reason.kind];
  const shown = (value) => (typeof value === "number" ? number(value) : value);
  const said = text.replace(/\{(\w+)\}/g, (_, name) => shown(reason.values[name]));
  if (!claim) return [said];
  const link = element("a", claim);
  link.href = `claims.html#ledger-${claim}`;
  return [said, " ", link];
}

const said = (reasons) => reasons.map((reason) => words(reason)[0]).join(" ");

// What the first place depends on, a line each.
function doubts(found) {
  const { lookups, without } = sensitivity(found);
  const [first, ...others] = found.kept;
  const ties = others.filter((one) => ["domain", "quality"].every((name) => one.evidence[name] === first.evidence[name]));
  const lines = lookups.map(({ model, unknown }) => [element("strong", model.name), ` would be first if this is as you need it: ${said(unknown)}`]);
  if (ties.length) lines.push([`As good as the first in domain and quality: ${ties.map(({ model }) => model.name).join(", ")}.`]);
  for (const [name, { model }] of Object.entries(without)) lines.push([`Without ${tables.criteria[name]}, ${model.name} would be first.`]);
  if (!Object.keys(without).length) lines.push(["No single criterion decides: whichever is left out, the first stays."]);
  return lines;
}

// What to relax first where nothing meets the needs, a line each.
function ways(found) {
  return nearest(found).map(({ model, against, unknown }) => [element("strong", model.name), ` would meet them but for this: ${said([...against, ...unknown])}`]);
}

// Links -----------------------------------------------------------------------------------------------------

const parts = () => new URLSearchParams([...[...MENUS, ...NUMBERS].map((name) => [name, at(name).value]), ["order", order.join(" ")]]);

function fromLink() {
  const chosen = linked();
  for (const name of MENUS) if (isOption(at(name), chosen.get(name))) at(name).value = chosen.get(name);
  for (const name of NUMBERS) if (chosen.has(name)) at(name).value = chosen.get(name);
  const given = (chosen.get("order") ?? "").split(" ");
  order = [...tables.order].sort().join() === [...given].sort().join() ? given : [...tables.order];
  showOrder();
}

openForm(at, form, "selector.json", { begin: (data) => (tables = data), fromLink, parts, refresh });
