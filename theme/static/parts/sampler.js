// The sampler of the playground: what helpers.sampling does to the next token's distribution, and the draw.
// A distribution is { logits, counts, ids }: of each group a logit, and how many tokens have it; ids where it is one token.

export const TOP_K = [1, 2, 3, 5, 10, 20, 50, 100, 200, Infinity];
const FIRST = [300, 8_000]; // tokens that are asked for when a text is written, the others only if a draw may fall there

export class SamplingError extends Error {
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

export const recorded = ({ top, tail }) => ({
  logits: Float64Array.from([...top.map(([, logit]) => logit), ...tail.map(([, logit]) => logit)]),
  counts: Float64Array.from([...top.map(() => 1), ...tail.map(([count]) => count)]),
  ids: top.map(([, , id]) => id),
});

export const live = ({ ids, logits }) => ({ ids, logits, counts: new Float64Array(ids.length).fill(1) });

// The probability of each token of each group; counts of zero are what was dropped.
export function probabilities({ logits, counts }) {
  let most = -Infinity;
  for (let i = 0; i < logits.length; i++) if (counts[i] > 0 && logits[i] > most) most = logits[i];
  const weights = logits.map((logit, i) => (counts[i] > 0 ? Math.exp(logit - most) : 0));
  const sum = weights.reduce((total, weight, i) => total + weight * counts[i], 0);
  return weights.map((weight) => weight / sum);
}

const keep = (groups, isKept) => ({ ...groups, counts: groups.counts.map((count, i) => (isKept(i) ? count : 0)) });
const descending = ({ logits, counts }) => [...logits.keys()].filter((i) => counts[i] > 0).sort((a, b) => logits[b] - logits[a]);

const FILTERS = {
  temperature: (groups, value) => ({ ...groups, logits: groups.logits.map((logit) => logit / value) }),

  // The k likeliest, and all that tie with the last of them.
  top_k(groups, k) {
    let seen = 0;
    const last = descending(groups).find((i) => (seen += groups.counts[i]) >= k);
    return last === undefined ? groups : keep(groups, (i) => groups.logits[i] >= groups.logits[last]);
  },

  // From the least likely token up, those that hold at most 1 - p together go; the likeliest stays.
  top_p(groups, p) {
    if (p === 1) return groups;
    const each = probabilities(groups);
    const counts = groups.counts.slice();
    const order = descending(groups);
    let gone = 0;
    for (let k = order.length - 1; k >= 0; k--) {
      const i = order[k];
      const dropped = Math.min(counts[i], Math.max(0, Math.floor((1 - p - gone) / each[i] + 1e-9)));
      counts[i] -= dropped;
      gone += dropped * each[i];
      if (counts[i]) break;
    }
    counts[order[0]] ||= 1;
    return { ...groups, counts };
  },

  // Those at least p times as likely as the likeliest.
  min_p(groups, p) {
    const each = probabilities(groups);
    const least = p * each.reduce((most, one) => Math.max(most, one), 0);
    return keep(groups, (i) => each[i] >= least);
  },
};
const CUTS = ["top_k", "top_p", "min_p"];
const OFF = { top_k: Infinity, top_p: 1, min_p: 0 };

function check(settings) {
  const { temperature: t, top_k: k, top_p: p, min_p: m, repetition_penalty: r } = settings;
  if (!(t >= 1e-6 && t < Infinity)) throw new SamplingError("temperature", "give a number above 0");
  if (!(k === Infinity || (Number.isInteger(k) && k >= 1))) throw new SamplingError("top_k", "give a whole number from 1 on, or nothing");
  if (!(p > 0 && p <= 1)) throw new SamplingError("top_p", "give a number above 0, at most 1");
  if (!(m >= 0 && m <= 1)) throw new SamplingError("min_p", "give a number from 0 to 1");
  if (!(r > 0 && r < Infinity)) throw new SamplingError("repetition_penalty", "give a number above 0, 1 for none");
}

// What a penalty does to tokens that were there before, each once; on log-probabilities, which have no positive ones to divide.
function penalised(groups, before, penalty) {
  if (penalty === 1) return groups;
  const seen = new Set(before);
  const change = (logit) => (logit < 0 ? logit * penalty : logit / penalty);
  return { ...groups, logits: groups.logits.map((logit, i) => (seen.has(groups.ids[i]) ? change(logit) : logit)) };
}

// A distribution after the mask `isAllowed(id)`, the penalty and the filters: with `each`, the probability of each token.
export function apply(groups, settings, { before = [], isAllowed } = {}) {
  check(settings);
  const masked = isAllowed ? keep(groups, (i) => groups.counts[i] > 0 && isAllowed(groups.ids[i])) : groups;
  const order = settings.order === "last" ? [...CUTS, "temperature"] : ["temperature", ...CUTS];
  let left = penalised(masked, before, settings.repetition_penalty);
  for (const name of order) if (settings[name] !== OFF[name]) left = FILTERS[name](left, settings[name]);
  return { ...left, each: probabilities(left) };
}

// Bits of surprise, on average.
export const entropy = ({ counts, each }) => each.reduce((sum, q, i) => (q > 0 ? sum - counts[i] * q * Math.log2(q) : sum), 0);

// Numbers from 0 to 1 that are the same for the same seed (mulberry32).
export function randoms(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// The group at which the cumulative probability passes a number from 0 to 1.
export function draw({ counts, each }, uniform) {
  let left = uniform;
  const found = each.findIndex((q, i) => counts[i] > 0 && (left -= counts[i] * q) < 0);
  return found < 0 ? counts.findLastIndex((count) => count > 0) : found;
}

// Draws a token after `ids` with the number `uniform`: { id, left, given }, given being the model's own distribution.
//
// The likeliest tokens come with their true probabilities, so what the others hold together is known, and how it is spread
// lies between two extremes: even, or as uneven as it can be. A token that both draw, with some room for a cut or a penalty
// among the others, is the one that the whole vocabulary draws. Else more are asked for, at once all where the others hold
// much. A grammar has the likeliest tokens to choose from, as long as it allows one of them.
export async function nextToken(ask, ids, size, settings, uniform, isAllowed) {
  const rises = !isAllowed && settings.repetition_penalty < 1; // as any of the others may that was there before
  let held; // by the others
  for (const n of [...FIRST, size]) {
    if (n !== size && (n > size || rises || held > 0.2)) continue;
    const given = live(await ask(ids, n));
    if (isAllowed && !given.ids.some(isAllowed)) continue;
    const isWhole = isAllowed || n === size;
    const more = { before: ids, isAllowed };
    const ways = (isWhole ? [given] : extremes(given, size)).map((way) => apply(way, settings, more));
    const near = isWhole ? 0 : 1 + ids.filter((id) => !given.ids.includes(id)).length;
    const drawn = ways.flatMap((way) => {
      const room = near * way.each[given.ids.length - 1];
      return [1 - room, 1 + room].map((factor) => draw(way, uniform * factor));
    });
    const id = given.ids[drawn[0]]; // none if it is one of the others
    if (id !== undefined && drawn.every((one) => one === drawn[0])) return { id, given, left: ways[0] };
    held = ways[0].counts.at(-1) * ways[0].each.at(-1);
  }
  return undefined; // the grammar allows none
}

function extremes({ ids, logits, counts }, size) {
  const rest = Math.max(1e-12, 1 - logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  const others = size - ids.length;
  const packed = Math.min(others, rest / Math.exp(logits.at(-1)));
  const way = (count) => ({ ids, logits: Float64Array.of(...logits, Math.log(rest / count)), counts: Float64Array.of(...counts, count) });
  return [way(others), way(packed)];
}
