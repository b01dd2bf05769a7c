// Memory, speed and cost of a model from its sizes: what helpers/sizing does in Python, step by step the same. A test compares
// the two. The constants come with the tables, from Python.

export class SizeError extends Error {
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

const refuse = (field, message) => {
  throw new SizeError(field, message);
};

export function checkSize(name, value, least = 1) {
  if (!Number.isSafeInteger(value) || value < least) refuse(name, `give a whole number from ${least} on`);
}

export function checkPositive(name, value, orZero = false) {
  if (!Number.isFinite(value) || value < 0 || (value === 0 && !orZero)) refuse(name, `give a number ${orZero ? "from 0 on" : "above 0"}`);
}

function checkDivides(name, value, whole, of) {
  if (whole % value) refuse(name, `${value} does not divide ${of}, ${whole}`);
}

// Sizes that follow from others, and a refusal of those that do not go together; given has the fields of ModelConfig.
export function complete(given) {
  const c = { ...given };
  for (const name of ["vocab_size", "d_model", "n_layers", "n_experts", "experts_per_token"]) checkSize(name, c[name]);
  for (const name of ["n_heads", "n_kv_heads", "head_dim", "d_ff", "window"]) if (c[name] !== null) checkSize(name, c[name]);
  if (c.experts_per_token > c.n_experts) refuse("experts_per_token", `${c.experts_per_token} is more than there are, ${c.n_experts}`);
  c.hasAttention = c.family === "transformer" || c.family === "hybrid";
  if (c.hasAttention) {
    for (const name of ["n_heads", "d_ff"]) checkSize(name, c[name]);
    if (c.head_dim === null) checkDivides("n_heads", c.n_heads, c.d_model, "the width");
    checkDivides("n_kv_heads", c.n_kv_heads ?? c.n_heads, c.n_heads, "the heads");
  }
  c.heads = c.n_heads ?? 0;
  c.kvHeads = c.n_kv_heads ?? c.heads;
  c.headWidth = c.head_dim ?? (c.heads ? Math.floor(c.d_model / c.heads) : 0);
  c.inner = c.expand * c.d_model;
  c.rank = c.dt_rank ?? Math.ceil(c.d_model / 16);
  c.attentionLayers = { transformer: c.n_layers, hybrid: middle(c.n_layers, c.attention_period) }[c.family] ?? 0;
  c.expertLayers = c.hasAttention && c.n_experts > 1 ? middle(c.n_layers, c.expert_period) : 0;
  return c;
}

// How many of n layers are in the middle of a period.
function middle(n, period) {
  const whole = Math.floor(n / period);
  return whole + (n % period > Math.floor(period / 2) ? 1 : 0);
}

// Parameters ---------------------------------------------------------------------------------------------------------

// Every kind of weight: numbers in one, how many there are, how many a token goes through, and rows of a table.
export function weights(c) {
  const rows = [{ part: "embedding", size: c.vocab_size * c.d_model, count: 1, active: 1, rows: c.vocab_size, isTied: c.tied }];
  const add = (part, sizes, count, active = count) => count && rows.push({ part, size: sum(sizes), count, active });
  if (c.n_positions) rows.push({ part: "embedding", size: c.n_positions * c.d_model, count: 1, active: 1, rows: c.n_positions, isTied: false });
  if (!c.tied) add("head", [c.vocab_size * c.d_model], 1);
  add("attention", attention(c), c.attentionLayers);
  add("mixer", mixer(c), c.n_layers - c.attentionLayers);
  if (c.hasAttention) {
    add("feed-forward", network(c, c.d_ff), c.n_layers - c.expertLayers);
    add("experts", [c.n_experts * c.d_model], c.expertLayers);
    add("experts", network(c, c.d_ff), c.expertLayers * c.n_experts, c.expertLayers * c.experts_per_token);
    if (c.shared_d_ff) add("experts", [...network(c, c.shared_d_ff), c.d_model], c.expertLayers);
  }
  const norms = (c.family.startsWith("mamba") ? 1 : 2) * c.n_layers + 1 + (c.family === "rwkv" ? 1 : 0);
  add("norm", [c.d_model * (c.layer_norm ? 2 : 1)], norms);
  return rows;
}

const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);

function attention(c) {
  const [d, q, kv] = [c.d_model, c.heads * c.headWidth, c.kvHeads * c.headWidth];
  return [2 * d * (q + kv), c.qkv_bias ? q + 2 * kv : 0, c.bias ? d : 0, c.qk_norm ? 2 * c.headWidth : 0];
}

function network(c, width) {
  const matrices = c.gated ? 3 : 2;
  return [matrices * width * c.d_model, c.bias ? (matrices - 1) * width + c.d_model : 0];
}

function mixer(c) {
  const [d, e, n, r, k] = [c.d_model, c.inner, c.d_state, c.rank, c.d_conv];
  if (c.family === "mamba-2") {
    const [heads, groups] = [e / c.ssm_head_dim, 2 * c.n_groups * n];
    return [(2 * e + groups + heads) * d, (e + groups) * (k + 1), 3 * heads, e, d * e];
  }
  if (c.family === "rwkv") {
    const f = c.d_ff ?? 4 * d;
    return [5 * d, 4 * d * d, 2 * d, 2 * f * d, d * d];
  }
  const norms = c.family === "hybrid" ? r + 2 * n : 0;
  return [2 * e * d, e * (k + 1), (r + 2 * n) * e, e * r + e, e * n + e, d * e, norms];
}

export function countParameters(c) {
  const rows = weights(c);
  const of = (part) => sum(rows.filter((row) => row.part === part).map((row) => row.size));
  const active = sum(rows.map((row) => row.size * row.active));
  const lookedUp = of("embedding") - (c.tied ? c.vocab_size * c.d_model : 0);
  return {
    total: sum(rows.map((row) => row.size * row.count)),
    active,
    embedding: of("embedding") + of("head"),
    multiplied: active - lookedUp,
  };
}

// Memory -------------------------------------------------------------------------------------------------------------

const bitsPerWeight = (precision, k) => k.bits[precision] + (precision.startsWith("int") ? k.scaleBits / k.group : 0);
const numberBytes = (precision, k) => Math.min(4, Math.max(2, k.bits[precision] / 8));
const seen = (c, context) => Math.min(context, c.window ?? context);
const kvNumbers = (c, context) => 2 * c.attentionLayers * c.kvHeads * c.headWidth * seen(c, context);

function stateNumbers(c) {
  const layers = c.n_layers - c.attentionLayers;
  if (c.family === "rwkv") return layers * 5 * c.d_model;
  const channels = c.inner + (c.family === "mamba-2" ? 2 * c.n_groups * c.d_state : 0);
  return layers * (c.inner * c.d_state + channels * c.d_conv);
}

function workingBytes(c, tokens, batch, precision, k) {
  const inner = [2 * c.d_model];
  if (c.hasAttention) {
    const width = c.expertLayers ? Math.max(c.experts_per_token * c.d_ff, c.shared_d_ff) : c.d_ff;
    inner.push((c.gated ? 3 : 2) * width, 2 * (c.heads + c.kvHeads) * c.headWidth);
  }
  if (c.family === "rwkv") inner.push(2 * (c.d_ff ?? 4 * c.d_model));
  else if (c.family !== "transformer") inner.push(4 * c.inner);
  return numberBytes(precision, k) * tokens * (2 * c.d_model + Math.max(...inner)) + 4 * batch * c.vocab_size;
}

// Speed --------------------------------------------------------------------------------------------------------------

const attentionFlops = (c) => 4 * c.attentionLayers * c.heads * c.headWidth;
const flopsPerToken = (c, context, k) => 2 * countParameters(c).multiplied + k.stateFlops * stateNumbers(c) + attentionFlops(c) * seen(c, context);

function prefillFlops(c, length, k) {
  const head = 2 * c.vocab_size * c.d_model;
  const near = seen(c, length);
  const looks = (near * (near + 1)) / 2 + (length - near) * near;
  return length * (flopsPerToken(c, 0, k) - head) + head + attentionFlops(c) * looks;
}

function readBytes(c, tokens, precision, k) {
  const share = 1 - (1 - c.experts_per_token / c.n_experts) ** tokens;
  const numbers = weights(c).map((row) => {
    if (row.rows && !row.isTied) return Math.min(tokens, row.rows) * c.d_model;
    return row.size * row.count * (row.active < row.count ? share : 1);
  });
  return (sum(numbers) * bitsPerWeight(precision, k)) / 8;
}

function roofline(machine, precision, flops, bytes, tokens) {
  const rate = 1e12 * (precision === "fp32" && machine.tflops_fp32 !== null ? machine.tflops_fp32 : machine.tflops_bf16);
  const [compute, memory] = [flops / rate, bytes / (1e9 * machine.bandwidth_gb_s)];
  const seconds = Math.max(compute, memory);
  return { flops, bytes, compute, memory, seconds, tokens, speed: tokens / seconds, bound: compute >= memory ? "compute" : "bandwidth" };
}

// All that the page shows. Device: memory_gb, bandwidth_gb_s, tflops_bf16, tflops_fp32 (or null); k: the constants.
export function deployment(given, device, { precision, context, batch, price, devices }, k) {
  const c = complete(given);
  if (!(precision in k.bits)) refuse("precision", `choose one of ${Object.keys(k.bits).join(", ")}`);
  for (const [name, value] of Object.entries({ context, batch, devices })) checkSize(name, value);
  checkPositive("price", price, true);
  if (c.n_positions && context > c.n_positions) refuse("context", `the model has learned ${c.n_positions} positions; give at most that`);
  const machine = { tflops_fp32: null };
  for (const name of ["memory_gb", "bandwidth_gb_s", "tflops_bf16", "tflops_fp32"]) {
    if (name === "tflops_fp32" && device[name] === null) continue;
    checkPositive(name, device[name]);
    machine[name] = devices * device[name];
  }
  const [kv, state, each] = [kvNumbers(c, context), stateNumbers(c), numberBytes(precision, k)];
  const parameters = countParameters(c);
  const memory = {
    weights: (parameters.total * bitsPerWeight(precision, k)) / 8,
    cache: batch * (kv + state) * each,
    working: workingBytes(c, Math.max(batch, Math.min(batch * context, k.chunk)), batch, precision, k),
  };
  memory.total = memory.weights + memory.cache + memory.working;
  const read = readBytes(c, batch * context, precision, k) + batch * (kv + state) * each;
  const prefill = roofline(machine, precision, batch * prefillFlops(c, context, k), read, batch * context);
  const step = readBytes(c, batch, precision, k) + batch * (kv + 2 * state) * each;
  const decode = roofline(machine, precision, batch * flopsPerToken(c, context, k), step, batch);
  const cost = ({ speed }) => (1e6 / speed / 3600) * devices * price;
  const capacity = 1e9 * machine.memory_gb;
  const needed = Math.ceil(memory.total / (1e9 * device.memory_gb));
  const costs = { inputCost: cost(prefill), outputCost: cost(decode) };
  const more = (kvNumbers(c, context + 1) - kv) * each; // bytes that one token more in a text takes
  return { parameters, memory, capacity, fits: memory.total <= capacity, needed, prefill, decode, more, ...costs };
}
