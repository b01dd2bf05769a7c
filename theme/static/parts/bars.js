// Bars of the model playground: the next token's distribution, and answers by how often they came.
import { number } from "./show.js";

const ROWS = 12; // tokens that are shown one by one
const SIGNS = { " ": "·", "\n": "↵", "\t": "→", "\r": "␍" };

export const visible = (text) => text?.replace(/[ \n\t\r]/g, (sign) => SIGNS[sign]) || "(nothing)";
export const percent = (part) => (part > 0 && part < 1e-6 ? "<\u202f0.0001\u202f%" : `${number(100 * part)}\u202f%`);

// The rows of a distribution: what is left of it, and a line at what the model gave.
export function rowsOf({ given, nameOf, was }, left, nLeft) {
  const now = (i) => (left.counts[i] > 0 ? left.each[i] : 0);
  const first = [...given.ids.keys()].sort((a, b) => now(b) - now(a) || given.logits[b] - given.logits[a]).slice(0, ROWS);
  const rows = first.map((i) => [visible(nameOf(given.ids[i])), now(i), was[i]]);
  const nOthers = nLeft - first.filter((i) => now(i) > 0).length;
  const rest = (value) => Math.max(0, first.reduce((sum, i) => sum - value(i), 1));
  rows.push([`${number(nOthers)} others`, nOthers ? rest(now) : 0, rest((i) => was[i])]);
  const longest = Math.max(...rows.flatMap(([, ...parts]) => parts));
  return rows.map(([name, part, before]) => barOf(name, part ? percent(part) : "dropped", part / longest, before / longest));
}

// The rows of some texts, the commonest first.
export function tallyRows(texts) {
  const counts = tally(texts);
  return counts.map(([text, n]) => barOf(visible(text), String(n), n / counts[0][1]));
}

export function tally(texts) {
  const counts = new Map();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}

function barOf(name, words, part, mark) {
  const row = document.createElement("tr");
  const [head, cell, bar, span, line, text] = ["th", "td", "div", "span", "i", "td"].map((kind) => document.createElement(kind));
  head.scope = "row";
  head.textContent = name;
  bar.className = "bar";
  span.style.width = `${100 * part}%`;
  bar.append(span);
  if (mark !== undefined) {
    line.style.left = `${100 * mark}%`;
    bar.append(line);
  }
  cell.append(bar);
  text.textContent = words;
  row.classList.toggle("dropped", words === "dropped");
  row.append(head, cell, text);
  return row;
}
