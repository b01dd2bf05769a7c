// From needs to a shortlist: what helpers/selection does in Python, step by step the same, with memory and speed from
// size_model.js. A test compares the two. The tables come from Python.
import { SizeError, checkPositive, checkSize, countParameters, deployment, readConfig } from "./size_model.js";

const refuse = (field, message) => {
  throw new SizeError(field, message);
};

// Needs as Python has them (device: its figures), with the criteria in the order in which they decide.
export function shortlist(needs, order, tables) {
  check(needs, tables);
  const judged = tables.models.map((model) => judge(model, needs, tables));
  const kept = judged.filter((one) => !one.against.length);
  kept.sort((a, b) => order.map((name) => compare(a.evidence[name], b.evidence[name])).find((one) => one) ?? 0);
  return { kept, ruledOut: judged.filter((one) => one.against.length) };
}

// More is better, and the unknown comes last.
function compare(a, b) {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  return b - a;
}

function check(needs, { languages, domains, sizes }) {
  if (!needs.languages.length) refuse("language-1", "give at least one");
  for (const tag of needs.languages) if (!(tag in languages)) refuse("language-1", "choose one of the list");
  if (!domains.includes(needs.domain)) refuse("domain", "choose one of the list");
  if (!(needs.precision in sizes.constants.bits)) refuse("precision", "choose one of the list");
  for (const name of ["context", "users", "devices"]) checkSize(name, needs[name]);
  for (const name of ["speed", "price"]) checkPositive(name, needs[name], true);
  if (needs.budget !== null) checkPositive("budget", needs.budget);
}

function judge(model, needs, tables) {
  // The model's own context is looked at, not that of the checkpoint with the same sizes.
  const config = { ...readConfig(tables.sizes.models[model.config], tables.sizes), maxContext: null };
  const found = deployed(config, needs, tables);
  const counted = countParameters(config);
  const [total, active] = [counted.total / 1e9, counted.active / 1e9];
  const premium = meanPremium(model, needs, tables);
  const isGeneral = model.domain === tables.general;
  const [speed, there, room] = [found.speed, found.capacity / 1e9, (found.capacity - found.memory.total) / 1e9];
  const evidence = {
    domain: model.domain === needs.domain ? 1 : isGeneral ? 0.5 : 0,
    size: Math.floor(Math.log2(total * active) + 0.5) / 2, // the geometric mean, in doublings
    premium: premium === null ? null : -premium,
    speed,
    room,
  };
  const reasons = [
    { kind: model.domain === needs.domain || isGeneral ? "domain" : "domain-", values: { domain: isGeneral ? "general use" : model.domain } },
    total === active ? { kind: "size", values: { total } } : { kind: "size+", values: { total, active } },
    premium === null ? { kind: "premium?", values: {} } : { kind: "premium", values: { premium } },
  ];
  reasons.push({ kind: "speed+", values: { speed } }, { kind: "room", values: { room, there } });
  return { model: model.name, evidence, against: [...factsAgainst(model, needs, tables), ...figuresAgainst(found, needs)], reasons };
}

function deployed(config, { device, precision, context, users, price, devices }, { sizes }) {
  const work = { precision, cachePrecision: null, efficiency: 1, context, batch: users, price, devices };
  return deployment(config, device, work, sizes);
}

function meanPremium(model, needs, { premiums }) {
  const known = { en: 1, ...(model.vocabulary ? premiums[model.vocabulary] : {}) };
  if (!needs.languages.every((tag) => tag in known)) return null;
  return needs.languages.reduce((total, tag) => total + known[tag], 0) / needs.languages.length;
}

function factsAgainst(model, needs, { languages }) {
  const found = [];
  const add = (kind, values = {}) => found.push({ kind, values });
  const doubt = (fact) => (fact === null ? "?" : "");
  if (needs.commercial && !model.commercial) add(`licence${doubt(model.commercial)}`, { licence: model.licence });
  if (needs.answers && !model.answers) add(`answers${doubt(model.answers)}`);
  const missing = needs.languages.filter((tag) => !model.languages.includes(tag));
  if (missing.length && !model.languages.length) add("languages?");
  else if (missing.length) add("languages", { languages: missing.map((tag) => languages[tag]).join(", ") });
  if (model.context === null) add("context?");
  else if (needs.context > model.context) add("context", { most: model.context, context: needs.context });
  return found;
}

function figuresAgainst(found, needs) {
  const reasons = [];
  const [speed, needed, there] = [found.speed, found.memory.total / 1e9, found.capacity / 1e9];
  if (!found.fits) reasons.push({ kind: "memory", values: { needed, there, more: needed - there } });
  if (speed < needs.speed) reasons.push({ kind: "speed", values: { speed, least: needs.speed } });
  if (needs.budget !== null && found.outputCost > needs.budget) {
    reasons.push({ kind: "budget", values: { cost: found.outputCost, most: needs.budget } });
  }
  return reasons;
}
