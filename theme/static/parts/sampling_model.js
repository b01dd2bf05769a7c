// The arithmetic of the sampling playground: the filters of helpers.sampling, on tokens of which many may share a likelihood.
// A group is { logit, count }: so many tokens, each with that logit. All groups come from the likeliest down.

export const TOP_K = [1, 2, 3, 5, 10, 20, 50, 100, 200, Infinity];

export class SamplingError extends Error {
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

export const groupsOf = ({ top, tail }) => [
  ...top.map(([text, logit]) => ({ text, logit, count: 1 })),
  ...tail.map(([count, logit]) => ({ logit, count })),
];

// The probability of each token of each group.
export function probabilities(groups) {
  const most = Math.max(...groups.filter(({ count }) => count > 0).map(({ logit }) => logit));
  const weights = groups.map(({ logit, count }) => (count > 0 ? Math.exp(logit - most) : 0));
  const sum = weights.reduce((total, weight, i) => total + weight * groups[i].count, 0);
  return weights.map((weight) => weight / sum);
}

const kept = (groups, isKept) => groups.map((group, i) => (isKept(group, i) ? group : { ...group, count: 0 }));

const temperature = (groups, value) => groups.map((group) => ({ ...group, logit: group.logit / value }));

function topK(groups, k) {
  let seen = 0;
  const last = groups.find(({ count }) => (seen += count) >= k);
  return last ? kept(groups, ({ logit }) => logit >= last.logit) : groups;
}

// From the least likely token up, those that hold at most 1 - p together go; the likeliest stays.
function topP(groups, p) {
  if (p === 1) return groups;
  const each = probabilities(groups);
  const left = groups.map((group) => ({ ...group }));
  let gone = 0;
  for (let i = groups.length - 1; i >= 0; i--) {
    if (!groups[i].count) continue;
    const fit = Math.floor((1 - p - gone) / each[i] + 1e-9);
    const dropped = Math.min(groups[i].count, Math.max(0, fit));
    left[i].count -= dropped;
    gone += dropped * each[i];
    if (left[i].count) break;
  }
  if (!left.some(({ count }) => count)) left[groups.findIndex(({ count }) => count)].count = 1;
  return left;
}

function minP(groups, p) {
  const each = probabilities(groups);
  const least = p * Math.max(...each);
  return kept(groups, (_, i) => each[i] >= least);
}

function check(settings) {
  const { temperature: t, top_k: k, top_p: p, min_p: m } = settings;
  if (!(t > 0 && t < Infinity)) throw new SamplingError("temperature", "give a number above 0");
  if (!(k === Infinity || (Number.isInteger(k) && k >= 1))) throw new SamplingError("top_k", "give a whole number from 1 on, or nothing");
  if (!(p > 0 && p <= 1)) throw new SamplingError("top_p", "give a number above 0, at most 1");
  if (!(m >= 0 && m <= 1)) throw new SamplingError("min_p", "give a number from 0 to 1");
}

// The groups that are left, with the probability of each token: { text, logit, count, probability }.
export function apply(groups, settings) {
  check(settings);
  const cool = (these) => temperature(these, settings.temperature);
  const filter = (these) => {
    const few = Number.isFinite(settings.top_k) ? topK(these, settings.top_k) : these;
    const nucleus = topP(few, settings.top_p);
    return settings.min_p > 0 ? minP(nucleus, settings.min_p) : nucleus;
  };
  const left = settings.order === "last" ? cool(filter(groups)) : filter(cool(groups));
  const each = probabilities(left);
  return left.map((group, i) => ({ ...group, probability: each[i] }));
}

// Bits of surprise, on average.
export const entropy = (groups) =>
  groups.reduce((sum, { count, probability: q }) => (count && q ? sum - count * q * Math.log2(q) : sum), 0);

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

// Groups drawn by their probability, n of them.
export function draw(groups, n, random) {
  return Array.from({ length: n }, () => {
    let left = random();
    return groups.find(({ count, probability }) => count && (left -= count * probability) < 0) ?? groups.findLast(({ count }) => count);
  });
}
