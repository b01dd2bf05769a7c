// Writes answers token by token, with what the sampler leaves of the model's distribution at each step.
import { after, mayEnd } from "./grammar.js";
import { nextToken, randoms } from "./sampler.js";

const ALTERNATIVES = 12;
const STOPS = { end: /(?!)/, line: /\n/, sentence: /(?<=[.!?])\s|\n/ };

// What a text is, up to where it was to stop.
export const upTo = (text, until) => text.split(STOPS[until])[0].trim();

export class GrammarEnd extends Error {}

// Says whether a token may come next, in some state of a grammar; all may without one. Parts of characters never may.
export function maskOf(model, state) {
  return state && ((id) => (model.ends.has(id) ? mayEnd(state) : Boolean(after(state, model.pieceOf(id) ?? "\0"))));
}

// The tokens of an answer, one by one: { id, given, alternatives }, with the probability that the model itself gave.
//
// `model` has ask(ids, n), size, ends, textOf(ids), pieceOf(id); `job` ids, settings, seed, most, until, state of a grammar,
// tokens that are there already, and picks: place -> id of what a reader chose instead of a draw.
export async function* write(model, job) {
  const random = randoms(job.seed);
  let { state } = job;
  const ids = [...job.ids];
  for (let i = 0; i < job.most; i++) {
    const uniform = random(); // one a token, so that those after a choice are drawn with the same numbers
    let token = job.tokens[i];
    if (!token) {
      const step = await nextToken(model.ask, ids, model.size, job.settings, uniform, maskOf(model, state));
      if (!step) throw new GrammarEnd("The grammar leaves the model no token here.");
      const pick = job.picks.get(i); // a link may name one that is no token
      yield (token = tokenOf(step, pick < model.size ? pick : step.id));
    }
    ids.push(token.id);
    if (model.ends.has(token.id) || STOPS[job.until].test(model.textOf(ids.slice(job.ids.length)))) return;
    state &&= after(state, model.pieceOf(token.id) ?? "\0");
    if (job.state && !state) return; // a reader chose what the grammar does not allow
  }
}

function tokenOf({ given, left }, id) {
  const places = new Set([...given.ids.keys()].slice(0, ALTERNATIVES)).add(given.ids.indexOf(id));
  const alternatives = [...places].filter((i) => i >= 0).map((i) => ({
    id: given.ids[i], given: Math.exp(given.logits[i]), left: left.counts[i] > 0 ? left.each[i] : 0,
  }));
  return { id, given: alternatives.find((one) => one.id === id)?.given ?? 0, alternatives };
}
