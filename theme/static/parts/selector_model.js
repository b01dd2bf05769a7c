// From needs to a shortlist: what helpers/selection.py does in Python, step by step the same, with memory and speed from
// size_model.js. A test compares the two. What does not depend on the needs, and the tables, come from Python.
import { SizeError, checkPositive, checkSize, deployment, readConfig } from "./size_model.js";

const refuse = (field, message) => {
  throw new SizeError(field, message);
};

// Needs as Python has them (device: its figures), with the criteria in the order in which they decide.
export function shortlist(needs, order, tables) {
  check(needs, tables);
  const judged = tables.models.map((model) => judge(model, needs, tables));
  const passed = judged.filter((one) => !one.against.length).sort(by(order));
  const kept = passed.filter((one) => !one.unknown.length);
  return { needs, order, kept, open: passed.filter((one) => one.unknown.length), ruledOut: judged.filter((one) => one.against.length) };
}

const by = (order) => (a, b) => order.map((name) => compare(a.evidence[name], b.evidence[name])).find((one) => one) ?? 0;

// More is better, and the unknown comes last.
function compare(a, b) {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return b - a;
}

function check(needs, { languages, domains, kinds, sizes, uses }) {
  if (!needs.languages.length) refuse("language-1", "give at least one");
  const known = { use: uses, kind: kinds, precision: sizes.constants.bits };
  for (const tag of needs.languages) if (!(tag in languages)) refuse("language-1", "choose one of the list");
  for (const name of ["use", "kind", "precision"]) if (!(needs[name] in known[name])) refuse(name, "choose one of the list");
  if (!domains.includes(needs.domain)) refuse("domain", "choose one of the list");
  for (const name of ["context", "users", "devices"]) checkSize(name, needs[name]);
  for (const name of ["speed", "price"]) checkPositive(name, needs[name], true);
  if (needs.budget === null) return;
  checkPositive("budget", needs.budget);
  if (!needs.price) refuse("price", "give a price above 0, or no budget: without a price every model meets it");
}

function judge(model, needs, tables) {
  const { languages, domain } = needs;
  const premium = dearest(model, needs, tables);
  const scale = premium ?? 1;
  const there = needs.devices * needs.device.memory_gb;
  const { needed, seconds } = work(model, needs, Math.ceil(needs.context * scale), tables);
  const speed = seconds ? 1 / seconds / scale : Infinity;
  const checks = [...factsAgainst(model, needs, scale, tables), ...figuresAgainst(model, needs, needed, there, speed)];

  const [isGeneral, isFor] = [model.domains.includes(tables.general), model.domains.includes(domain)];
  const isNear = isGeneral && tables.near.includes(domain) && model.evidence.quality !== null;
  const grades = [...new Set(languages.map((tag) => grade(model, tag)))];
  const isEnglish = languages.every((tag) => tag === "en");
  const evidence = {
    domain: isFor || isNear ? 1 : isGeneral ? 0.5 : 0,
    languages: grades.some((one) => ["many", "silent", "no"].includes(one)) ? 0 : 1,
    speed: null,
    room: null,
    premium: isEnglish || premium === null ? null : -premium,
    ...model.evidence,
  };
  const reasons = [
    {
      kind: isFor ? (domain === tables.general ? "domain-any" : "domain") : isNear ? "domain-near" : isGeneral ? "domain-general" : "domain-other",
      values: { domain: isFor || isGeneral ? domain : model.domains.join(" and ") },
    },
    { kind: "languages-grades", values: { grades: grades.map((found) => words(model, languages, found, tables)).join("; ") } },
    ...model.reasons,
  ];
  if (!isEnglish) {
    reasons.push(premium === null ? { kind: "premium-unknown", values: {} } : { kind: "premium", values: { premium } });
  }
  if (model.config) {
    Object.assign(evidence, { speed, room: there - needed });
    reasons.push({ kind: "speed-bound", values: { speed } }, { kind: "room", values: { room: there - needed, there } });
  }
  reasons.sort((a, b) => tables.order.indexOf(criterion(a)) - tables.order.indexOf(criterion(b)));
  const isUnknown = ({ kind }) => kind.includes("?");
  return { model, against: checks.filter((one) => !isUnknown(one)), unknown: checks.filter(isUnknown), reasons, evidence };
}

// A need, or one of the criteria.
const criterion = ({ kind }) => kind.split("-")[0].replace("?", "");

const grade = ({ grades }, tag) => Object.keys(grades).find((name) => grades[name].split(" ").includes(tag));

function words(model, tags, found, { languages, texts }) {
  const named = tags.filter((tag) => grade(model, tag) === found).map((tag) => languages[tag]);
  const values = { earlier: model.languages_from, count: model.languages_count };
  return `${named.join(", ")}: ${texts[`grade-${found}`][0].replace(/\{(\w+)\}/g, (_, name) => values[name])}`;
}

// The largest premium of the languages; null where that of one is not known.
function dearest(model, needs, { premiums }) {
  const known = { en: 1, ...premiums[model.vocabulary] };
  return needs.languages.every((tag) => tag in known) ? Math.max(...needs.languages.map((tag) => known[tag])) : null;
}

const configs = new Map();

// GB to hold a model, and the least seconds of a step; where its exact sizes are not known, of its weights alone.
function work(model, { device, devices, precision, users }, context, { sizes }) {
  if (!model.config) {
    const weights = sizes.constants.bits[precision] / 8;
    return { needed: model.total_b * weights, seconds: ((model.active_b ?? 0) * weights) / (devices * device.bandwidth_gb_s) };
  }
  // The model's own context is looked at, not that of the checkpoint with the same sizes.
  if (!configs.has(model)) configs.set(model, { ...readConfig(sizes.models[model.config], sizes), maxContext: null });
  const asked = { precision, cachePrecision: null, efficiency: 1, context, batch: users, price: 0, devices };
  const found = deployment(configs.get(model), device, asked, sizes);
  return { needed: found.memory.total / 1e9, seconds: found.decode.seconds };
}

function factsAgainst(model, needs, scale, tables) {
  const found = [];
  const add = (kind, values = {}) => found.push({ kind, values });
  if (!tables.uses[needs.use].includes(model.commercial)) {
    const kind = { no: "licence", conditions: "licence-conditions" }[model.commercial] ?? "licence?";
    add(kind, { licence: model.licence ?? "", note: model.licence_note ?? "" });
  }
  if (!tables.kinds[needs.kind].some((kind) => model.kinds.includes(kind))) {
    add(model.kinds.includes("base") ? "kind-answers" : `kind-${needs.kind}`);
  }
  for (const [kind, wanted] of [["languages", "no"], ["languages?", "silent"]]) {
    const missing = needs.languages.filter((tag) => grade(model, tag) === wanted).map((tag) => tables.languages[tag]);
    if (missing.length) add(kind, { languages: missing.join(", ") });
  }
  const english = Math.floor(model.context / scale);
  if (model.context === null) add("context?");
  else if (needs.context > english) add("context", { most: model.context, english, tokens: Math.ceil(needs.context * scale) });
  return found;
}

function figuresAgainst(model, needs, needed, there, speed) {
  const found = [];
  if (needed > there) found.push({ kind: "memory", values: { needed, there, more: needed - there } });
  if (speed < needs.speed) found.push({ kind: "speed", values: { speed, least: needs.speed } });
  const cost = ((1e6 / 3600) * needs.devices * needs.price) / (needs.users * speed);
  if (needs.budget !== null && cost > needs.budget) found.push({ kind: "budget", values: { cost, most: needs.budget } });
  if (!model.config) found.push({ kind: "sizes?", values: {} });
  return found;
}

// The models that the fewest needs rule out, the best for each set of needs: what to relax first.
export function nearest({ order, ruledOut }) {
  const best = new Map();
  for (const choice of [...ruledOut].sort(by(order))) {
    const needs = [...new Set([...choice.against, ...choice.unknown].map(criterion))].sort().join();
    if (!best.has(needs)) best.set(needs, choice);
  }
  const count = (needs) => needs.split(",").length;
  const fewest = Math.min(...[...best.keys()].map(count));
  return [...best].filter(([needs]) => count(needs) === fewest).map(([, choice]) => choice);
}

// What the first place depends on: models of `open` that would have it, and who has it when one criterion is left out.
export function sensitivity({ order, kept, open }) {
  if (!kept.length) return { lookups: open, without: {} };
  const [first] = kept;
  const without = {};
  for (const name of order) {
    const [best] = [...kept].sort(by(order.filter((other) => other !== name)));
    if (best !== first) without[name] = best;
  }
  return { lookups: open.filter((one) => by(order)(one, first) < 0), without };
}
