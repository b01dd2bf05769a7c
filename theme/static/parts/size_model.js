// Parameters, memory, speed and cost of a model from its config.json: what helpers/sizing does in Python, step by step the same.
// A test compares the two. Families of models, names of sizes and constants come with the tables, from Python.

// Names a field and says what to give; `about` goes before that where no label names the field.
export class SizeError extends Error {
  constructor(field, message, about = "") {
    super(message);
    this.field = field;
    this.about = about;
  }
}

const refuse = (...words) => {
  throw new SizeError(...words);
};

const MOST_SHOWN = 60; // characters of a value that is refused

function shown(value) {
  const text = typeof value === "number" ? String(value) : String(JSON.stringify(value));
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

export function checkSize(name, value, least = 1) {
  if (Number.isSafeInteger(value) && value >= least) return;
  const about = value === null || value === undefined ? `${name} is missing; ` : `${name}=${shown(value)} is no size; `;
  refuse(name, `give a whole number from ${least} on`, about);
}

export function checkPositive(name, value, orZero = false) {
  if (!Number.isFinite(value) || value < 0 || (value === 0 && !orZero)) refuse(name, `give a number ${orZero ? "from 0 on" : "above 0"}`);
}

function checkDivides(name, value, wholeName, whole) {
  if (whole % value) refuse(name, `${value} does not divide ${wholeName}=${whole}; give a divisor of ${whole}`, `${name}=`);
}

function checkContext({ maxContext }, context) {
  checkSize("context", context);
  if (!maxContext || context <= maxContext) return;
  refuse("context", `${context} is more than the model's max_context=${maxContext}; give at most that`, "context=");
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const sum = (numbers) => numbers.reduce((total, one) => total + one, 0);
const product = (numbers) => numbers.reduce((total, one) => total * one, 1);

// Layers ---------------------------------------------------------------------------------------------------------------

const PLAIN_PART = { kv: 0, window: null, chosen: null, state: 0, look: 0, readingLook: null, inner: 0 };

const part = (kind, shapes, more) => ({ ...PLAIN_PART, kind, shapes, ...more });
const also = (condition, shapes) => (condition ? shapes : {});

function attention(d, heads, kvHeads, k, v, { window, qkvBias, oBias, norm, gate, sinks, keysAreValues, sharesCache, subNorm }) {
  const [q, keys, values] = [heads * k, kvHeads * k, kvHeads * v];
  const byHead = norm === "head";
  const shapes = {
    query: [q, d],
    output: [d, heads * v],
    ...also(!sharesCache, { key: [keys, d], ...also(!keysAreValues, { value: [values, d] }) }),
    ...also(qkvBias, { query_bias: [q], key_bias: [keys], value_bias: [values] }),
    ...also(oBias, { output_bias: [d] }),
    ...also(norm, { query_norm: [byHead ? k : q], ...also(!sharesCache, { key_norm: [byHead ? k : keys] }) }),
    ...also(gate, { gate: [gate === "all" ? heads * v : heads, d] }),
    ...also(sinks, { sinks: [heads] }),
    ...also(subNorm, { output_norm: [heads * v] }),
  };
  const kv = sharesCache ? 0 : keys + (keysAreValues ? 0 : values);
  return part("attention", shapes, { kv, window, look: 2 * heads * (k + v), inner: q + keys + values + heads * v });
}

function latentAttention(d, heads, qRank, kvRank, nope, rope, v, gate, chosen) {
  const q = heads * (nope + rope);
  const shapes = {
    kv_down: [kvRank + rope, d],
    kv_norm: [kvRank],
    kv_up: [heads * (nope + v), kvRank],
    ...(qRank ? { query_down: [qRank, d], query_norm: [qRank], query: [q, qRank] } : { query: [q, d] }),
    output: [d, heads * v],
    ...also(gate, { gate: [gate === "all" ? heads * v : heads, d] }),
  };
  return part("attention", shapes, {
    kv: kvRank + rope,
    chosen,
    look: 2 * heads * (2 * kvRank + rope),
    readingLook: 2 * heads * (nope + rope + v),
    inner: 2 * q + 2 * heads * v + kvRank + rope,
  });
}

function indexer(d, heads, width, queries, { pooled = 0, isBlock = false } = {}) {
  const shapes = {
    query: [heads * width, queries],
    key: [width, d],
    ...(isBlock ? { query_norm: [width], key_norm: [width] } : { key_norm: [width], key_norm_bias: [width], weights: [heads, d] }),
    ...also(pooled, { pool_positions: [pooled, width], pool_gate: [width, d] }),
  };
  const rate = Math.max(pooled, 1);
  return part("attention", shapes, { kv: Math.floor(width / rate), look: Math.floor((2 * heads * width) / rate), inner: heads * width });
}

function compressedAttention(d, heads, width, qRank, outGroups, outRank, { window, rate, indexHeads = 0, indexWidth: i = 0, chosen = null }) {
  const look = 4 * heads * width;
  const near = {
    query_down: [qRank, d],
    query_norm: [qRank],
    query: [heads * width, qRank],
    key: [width, d],
    key_norm: [width],
    sinks: [heads],
    output_down: [outGroups * outRank, Math.floor((heads * width) / outGroups)],
    output: [d, outGroups * outRank],
  };
  const two = indexHeads ? 2 : 1;
  const far = {
    ...{ positions: [rate, two * width], key: [two * width, d], gate: [two * width, d], norm: [width] },
    ...also(indexHeads, { index_positions: [rate, 2 * i], index_key: [2 * i, d], index_gate: [2 * i, d], index_norm: [i] }),
    ...also(indexHeads, { index_query: [indexHeads * i, qRank], index_weights: [indexHeads, d] }),
  };
  const kept = Math.floor(width / rate) + (indexHeads ? Math.floor(i / rate) : 0);
  return [
    part("attention", near, { kv: width, window, look, inner: 2 * heads * width + width }),
    part("attention", far, { kv: kept, chosen: chosen && chosen * rate, look: Math.floor(look / rate), inner: 2 * width }),
  ];
}

function deltaNet(d, kHeads, vHeads, k, v, kernel, { isKimi = false, ranks = null } = {}) {
  const [keys, values] = [kHeads * k, vHeads * v];
  const channels = 2 * keys + values;
  const thin = { decay_down: [ranks, d], decay_up: [keys, ranks], dt_bias: [keys], gate_down: [ranks, d], gate_up: [values, ranks] };
  const kimi = ranks ? thin : { decay: [keys, d], dt_bias: [keys], gate: [values, d] };
  const shapes = {
    ...{ query: [keys, d], key: [keys, d], value: [values, d], convolution: [channels, 1, kernel] },
    ...{ beta: [vHeads, d], A: [vHeads], norm: [v], output: [d, values] },
    ...(isKimi ? kimi : { decay: [vHeads, d], dt_bias: [vHeads], gate: [values, d] }),
  };
  return part("state", shapes, { state: vHeads * k * v + channels * kernel, inner: channels + 2 * values });
}

function mamba(d, e, n, rank, kernel, hasNorms) {
  const shapes = {
    ...{ in: [2 * e, d], convolution: [e, 1, kernel], convolution_bias: [e], x: [rank + 2 * n, e], dt: [e, rank], dt_bias: [e] },
    ...{ A: [e, n], D: [e], output: [d, e], ...also(hasNorms, { dt_norm: [rank], B_norm: [n], C_norm: [n] }) },
  };
  return part("state", shapes, { state: e * (n + kernel), inner: 4 * e });
}

function mamba2(d, heads, width, n, groups, kernel) {
  const e = heads * width;
  const channels = e + 2 * groups * n;
  const shapes = {
    ...{ in: [e + channels + heads, d], convolution: [channels, 1, kernel], convolution_bias: [channels] },
    ...{ dt_bias: [heads], A: [heads], D: [heads], gate_norm: [e], output: [d, e] },
  };
  return part("state", shapes, { state: e * n + channels * kernel, inner: 4 * e });
}

function rwkv(d, f) {
  const square = { receptance: [d, d], key: [d, d], value: [d, d], output: [d, d] };
  const time = { ...square, decay: [d], first: [d], mix_k: [d], mix_v: [d], mix_r: [d] };
  const channel = { channel_key: [f, d], channel_value: [d, f], channel_receptance: [d, d], channel_mix_k: [d], channel_mix_r: [d] };
  return [part("state", time, { state: 4 * d, inner: 4 * d }), part("state", channel, { state: d, inner: 2 * f })];
}

const shortConvolution = (d, kernel) =>
  part("state", { in: [3 * d, d], convolution: [d, 1, kernel], output: [d, d] }, { state: d * kernel, inner: 4 * d });

function feedForward(d, f, { isGated = true, hasBias = false, subNorm = false } = {}) {
  const shapes = { up: [f, d], down: [d, f], ...also(isGated, { gate: [f, d] }), ...also(subNorm, { norm: [f] }) };
  Object.assign(shapes, also(hasBias, { up_bias: [f], down_bias: [d] }), also(hasBias && isGated, { gate_bias: [f] }));
  return part("feed-forward", shapes, { inner: (isGated ? 3 : 2) * f });
}

// Each part with how many of it there are, and through how many a token goes.
function experts(d, n, used, f, { shared, latent, isGated, hasBias, router, gateOfShared, norms }) {
  const always = {
    ...{ router: [n, d], ...also(hasBias, { router_bias: [n] }), ...also(router, { router_scales: [router] }) },
    ...{ ...also(latent, { into_latent: [latent, d], from_latent: [d, latent] }), ...also(norms, { norms: [2, latent] }) },
  };
  const each = feedForward(latent || d, f, { isGated, hasBias });
  const chosen = part("experts", each.shapes, { inner: (isGated ? 3 : 2) * used * f });
  const rows = [
    [part("experts", always), 1, 1],
    [chosen, n, used],
  ];
  if (shared) {
    const { shapes, inner } = feedForward(d, shared, { isGated });
    const named = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [`shared_${name}`, shape]));
    rows.push([part("experts", { ...named, ...also(gateOfShared, { gate: [1, d] }) }, { inner }), 1, 1]);
  }
  return rows;
}

// Reading --------------------------------------------------------------------------------------------------------------

const [FULL, LOCAL, STATE, SPARSE] = ["full_attention", "sliding_attention", "linear_attention", "minimax_m3_sparse"];

class Reader {
  constructor(published, k) {
    if (!isObject(published)) refuse("published", "give the contents of a config.json", `${shown(published)} is no configuration; `);
    this.k = k;
    this.c = published;
    let kind = published.model_type;
    const text = published.text_config;
    if (isObject(text)) {
      this.c = { tie_word_embeddings: published.tie_word_embeddings, ...text };
      kind = Object.hasOwn(text, "model_type") ? text.model_type : kind && `${kind}_text`;
    }
    if (typeof kind !== "string" || !Object.hasOwn(k.families, kind)) {
      const known = Object.keys(k.families).sort().join(", ");
      refuse("model_type", `${shown(kind ?? null)} is no family that is known here; there are ${known}`, "model_type=");
    }
    this.kind = kind;
    this.does = { ...k.plain, ...k.families[kind] };
    this.c = { ...this.does.defaults, ...this.c }; // sizes that checkpoints leave out
    const pattern = this.get("hybrid_override_pattern", null);
    if (typeof pattern === "string") this.c = { ...this.c, layers_block_type: [...pattern].map((letter) => k.blocks[letter] ?? letter) };
    const blocks = this.get("layers_block_type", null);
    this.nLayers = Array.isArray(blocks) ? blocks.length : this.named("layers");
    if (this.nLayers > k.mostLayers) {
      const most = k.mostLayers.toLocaleString("en-US");
      refuse("num_hidden_layers", `${this.nLayers} is more than ${most}; give at most that`, "num_hidden_layers=");
    }
  }

  get(name, fallback) {
    return this.c[name] ?? fallback;
  }

  // A missing size is the fallback; without one it is refused.
  size(name, fallback, least = 1) {
    const value = this.c[name] ?? null;
    if (value === null && fallback !== undefined) return fallback;
    checkSize(name, value, least);
    return value;
  }

  named(what, fallback, least = 1) {
    const names = this.k.names[what];
    return this.size(names.findLast((name) => (this.c[name] ?? null) !== null) ?? names[0], fallback, least);
  }

  types(name) {
    const listed = this.get(name, null);
    if (listed === null && !this.does.listed.includes(name)) return null;
    if (!Array.isArray(listed) || listed.length !== this.nLayers) {
      const problem = `is no list of ${this.nLayers} kinds, one a layer; give as many as there are layers`;
      refuse(name, problem, `${name} `);
    }
    return listed?.length ? listed : null;
  }
}

export function readConfig(published, { constants }) {
  const c = new Reader(published, constants);
  const tied = Boolean(c.get("tie_word_embeddings", c.does.tied));
  const [vocabSize, dModel] = [c.size("vocab_size"), c.named("d")];
  const parts = new Map(); // those that are alike count as one
  for (const [one, count, active] of pieces(c, dModel, vocabSize, tied)) {
    const key = JSON.stringify(one);
    if (!parts.has(key)) parts.set(key, { ...one, size: sum(Object.values(one.shapes).map(product)), count: 0, active: 0 });
    parts.get(key).count += count;
    parts.get(key).active += active;
  }
  return { vocabSize, dModel, nLayers: c.nLayers, tied, parts: [...parts.values()], maxContext: c.named("context", null) };
}

const once = (kind, shapes) => [part(kind, shapes), 1, 1];

function pieces(c, d, vocab, tied) {
  const found = [once("embedding", { tokens: [vocab, d] })];
  if (c.kind === "gpt2") found.push(once("embedding", { positions: [c.size("n_positions"), d] }));
  if (!tied) found.push(once("head", { output: [vocab, d] }));
  const networksOf = networks(c, d);
  kinds(c).forEach((kind, layer) => {
    found.push(...mixer(c, d, kind, layer).map((one) => [one, 1, 1]));
    if (c.k.noNetworks.includes(c.kind)) return;
    if (c.kind !== "nemotron_h") found.push(...networksOf(layer));
    else if (["moe", "mlp"].includes(kind)) found.push(...networksOf(kind));
  });
  const norm = { scale: [d], ...also(c.does.layer_norm, { bias: [d] }) };
  const nNorms = c.does.norms * c.nLayers + 1 + (c.kind === "rwkv" ? 1 : 0);
  return [...found, ...others(c, d, vocab), [part("norm", norm), nNorms, nNorms]];
}

function kinds(c) {
  const listed = c.types("layer_types") ?? c.types("layers_block_type");
  if (listed) return listed;
  const each = (kindOf) => Array.from({ length: c.nLayers }, (_, n) => kindOf(n));
  if (c.kind === "jamba") {
    const [period, offset] = [c.size("attn_layer_period"), c.size("attn_layer_offset", undefined, 0)];
    return each((n) => (n % period === offset ? FULL : STATE));
  }
  if (c.k.noNetworks.includes(c.kind)) return each(() => STATE);
  if (c.kind === "mistral") return each(c.named("window", null) ? () => LOCAL : () => FULL);
  const every = c.size("full_attention_interval", c.size("sliding_window_pattern", c.does.interval), 0);
  const other = c.does.gate === "query" ? STATE : LOCAL;
  return each((n) => (!every || n % every === every - 1 ? FULL : other));
}

function mixer(c, d, kind, layer) {
  if (kind === "moe" || kind === "mlp") return [];
  if (kind === "conv") return [shortConvolution(d, c.named("kernel"))];
  if (kind === STATE || kind === "mamba") return state(c, d);
  if (["compressed_sparse_attention", "heavily_compressed_attention"].includes(kind)) return compressed(c, d, kind);
  if (kind === "indexed_attention" || c.size("kv_lora_rank", null)) return latent(c, d);
  if (![FULL, LOCAL, "chunked_attention", SPARSE].includes(kind)) {
    refuse("layer_types", `holds ${shown(kind)}, which is not known here; give another model`, "layer_types ");
  }
  return grouped(c, d, kind, layer);
}

function grouped(c, d, kind, layer) {
  const { does } = c;
  const [heads, isLocal] = [c.named("heads"), kind === LOCAL || kind === "chunked_attention"];
  let [kvHeads, width] = [c.named("kv_heads", heads), c.named("width", null)];
  if (width === null) {
    checkDivides("num_attention_heads", heads, "hidden_size", d);
    width = d / heads;
  }
  if (isLocal) kvHeads = c.size("swa_num_key_value_heads", kvHeads);
  else if (c.size("global_head_dim", null)) [width, kvHeads] = [c.size("global_head_dim"), c.size("num_global_key_value_heads", kvHeads)];
  checkDivides("num_key_value_heads", kvHeads, "num_attention_heads", heads);
  const bias = Boolean(c.get("attention_bias", does.qkv_bias));
  const one = attention(d, heads, kvHeads, width, c.size("v_head_dim", width), {
    window: isLocal ? c.named("window") : null,
    qkvBias: bias,
    oBias: bias && does.o_bias,
    norm: c.kind === "glm4_moe" && c.get("use_qk_norm", false) ? "head" : does.qk_norm,
    gate: does.gate === "query" ? "all" : does.gate,
    sinks: does.sinks === "all" || (does.sinks === "local" && isLocal),
    keysAreValues: Boolean(c.get("attention_k_eq_v", false)) && !isLocal,
    sharesCache: layer >= c.nLayers - c.size("num_kv_shared_layers", 0, 0),
    subNorm: does.sub_norms,
  });
  if (kind !== SPARSE) return [one];
  one.chosen = c.size("index_topk_blocks") * c.size("index_block_size");
  return [one, indexer(d, c.size("index_n_heads"), c.size("index_head_dim"), d, { isBlock: true })];
}

function latent(c, d) {
  const [qRank, chosen] = [c.size("q_lora_rank", null), c.size("index_topk", null)];
  const [heads, kvRank, nope] = [c.named("heads"), c.size("kv_lora_rank"), c.size("qk_nope_head_dim")];
  const [rope, v] = [c.size("qk_rope_head_dim", undefined, 0), c.size("v_head_dim")];
  const one = latentAttention(d, heads, qRank, kvRank, nope, rope, v, c.does.gate, chosen);
  if (!chosen) return [one];
  const pooled = c.size("index_kpool", 0, 0);
  return [one, indexer(d, c.size("index_n_heads"), c.size("index_head_dim"), qRank ?? d, { pooled })];
}

function compressed(c, d, kind) {
  const rates = c.get("compress_rates", {});
  const rate = isObject(rates) ? rates[kind] : null;
  checkSize("compress_rates", rate);
  const index = { indexHeads: c.size("index_n_heads"), indexWidth: c.size("index_head_dim"), chosen: c.size("index_topk") };
  const ranks = [c.size("q_lora_rank"), c.size("o_groups"), c.size("o_lora_rank")];
  const more = { window: c.named("window"), rate, ...also(kind === "compressed_sparse_attention", index) };
  return compressedAttention(d, c.named("heads"), c.named("width"), ...ranks, more);
}

function state(c, d) {
  const kind = c.does.state;
  if (kind === "rwkv") return rwkv(d, c.size("intermediate_size", 4 * d));
  const kernel = c.named("kernel", 4);
  if (kind === "mamba" || kind === "jamba") {
    const e = c.size("expand", c.size("mamba_expand", 2)) * d;
    const rank = c.size("time_step_rank", c.size("mamba_dt_rank", Math.ceil(d / 16)));
    return [mamba(d, e, c.named("state_n", 16), rank, kernel, kind === "jamba")];
  }
  if (kind === "mamba-2") {
    const heads = c.size("mamba_num_heads", c.size("num_heads", null));
    const width = c.size("mamba_head_dim", c.size("head_dim", 64));
    if (heads === null) checkDivides("head_dim", width, "2 · hidden_size", 2 * d);
    return [mamba2(d, heads ?? (2 * d) / width, width, c.named("state_n", 128), c.size("n_groups", 1), kernel)];
  }
  if (kind === "delta") {
    const heads = [c.size("linear_num_key_heads"), c.size("linear_num_value_heads")];
    return [deltaNet(d, ...heads, c.size("linear_key_head_dim"), c.size("linear_value_head_dim"), kernel)];
  }
  const [heads, width] = [c.size("linear_num_heads"), c.size("linear_head_dim")];
  return [deltaNet(d, heads, heads, width, width, kernel, { isKimi: true, ranks: kind === "kimi" ? c.k.kimiRank : null })];
}

// Gives what stands behind the mixer of a layer.
function networks(c, d) {
  const [n, isGated, { kind, does }] = [c.named("experts", null), c.does.gated, c];
  const hasBias = Boolean(c.get("mlp_bias", does.mlp_bias));
  const f = hasDense(c, n) ? c.named("f", kind === "gpt2" ? 4 * d : undefined) : null;
  const dense = f ? [[feedForward(d, f, { isGated, hasBias, subNorm: does.sub_norms }), 1, 1]] : [];
  if (!n) {
    const wide = c.get("use_double_wide_mlp", false) ? [[feedForward(d, 2 * f), 1, 1]] : null;
    const shares = c.nLayers - c.size("num_kv_shared_layers", 0, 0);
    return (layer) => (wide && layer !== "mlp" && layer >= shares ? wide : dense);
  }
  const used = c.named("used");
  let each = kind === "minimax_m3_vl_text" ? c.size("intermediate_size") : c.named("expert_f");
  if (kind === "llama4_text") each = c.size("intermediate_size");
  if (used > n) refuse(c.k.names.used[0], `${used} is more than the ${n} experts; give at most that`, `${c.k.names.used[0]}=`);
  const shared = c.named("shared_f", 0, 0) || c.named("shared", 0, 0) * each;
  const sparse = experts(d, n, used, each, {
    shared: kind === "llama4_text" ? each : shared,
    latent: c.named("latent", 0, 0),
    isGated,
    hasBias: kind === "gpt_oss",
    router: does.router * n,
    gateOfShared: does.shared_gate,
    norms: does.latent_norms,
  });
  if (kind === "gemma4_text") {
    const beside = once("experts", { norms: [3, d], router_scale: [d], expert_scales: [n] });
    return () => [...dense, ...sparse, beside];
  }
  const isSparse = sparseLayers(c);
  return (layer) => (isSparse(layer) ? sparse : dense);
}

function hasDense(c, n) {
  if (c.k.noNetworks.includes(c.kind)) return false;
  if (!n || c.kind === "gemma4_text") return true;
  if (c.kind === "nemotron_h") return Boolean(c.types("layers_block_type")?.includes("mlp"));
  const isSparse = sparseLayers(c);
  return !Array.from({ length: c.nLayers }, (_, n) => isSparse(n)).every(Boolean);
}

// Tells which layers have experts.
function sparseLayers(c) {
  if (c.kind === "nemotron_h") return (layer) => layer === "moe";
  const listed = c.types("mlp_layer_types");
  if (listed) return (layer) => listed[layer] !== "dense";
  const first = c.named("dense", 0, 0);
  const step = c.size("interleave_moe_layer_step", c.size("expert_layer_period", c.size("decoder_sparse_step", 1)));
  const [offset, plain] = [c.size("expert_layer_offset", step - 1, 0), c.get("mlp_only_layers", [])];
  if (!Array.isArray(plain)) {
    refuse("mlp_only_layers", `${shown(plain)} is no list; give the numbers of layers without experts`, "mlp_only_layers=");
  }
  return (layer) => layer >= first && layer % step === offset && !plain.includes(layer);
}

function others(c, d, vocab) {
  const [found, n, width] = [[], c.nLayers, c.size("hidden_size_per_layer_input", 0, 0)];
  if (width) {
    found.push(once("embedding", { tokens_by_layer: [c.size("vocab_size_per_layer_input", vocab), n * width] }));
    found.push(once("other", { projection: [n * width, d], projection_norm: [width] }));
    found.push([part("other", { gate: [width, d], back: [d, width], norm: [d] }), n, n]);
  }
  const streams = c.size("hc_mult", 0, 0);
  if (streams) {
    const mixes = streams * (streams + 2);
    found.push([part("other", { streams: [mixes, streams * d], base: [mixes], scale: [3] }), 2 * n, 2 * n]);
  }
  if (c.kind === "deepseek_v4") found.push(once("other", { streams_at_the_end: [streams, streams * d], base: [streams], scale: [1] }));
  if (c.does.extra) found.push([part("other", { numbers: [c.does.extra] }), n, n]);
  return found;
}

// Parameters and memory ------------------------------------------------------------------------------------------------

const over = ({ parts }, value) => sum(parts.map((one) => value(one) * one.count));

export function countParameters(config) {
  const of = (...kinds) => over(config, ({ kind, size }) => (kinds.includes(kind) ? size : 0));
  const active = sum(config.parts.map((one) => one.size * one.active));
  const lookedUp = of("embedding") - (config.tied ? config.vocabSize * config.dModel : 0);
  return { total: over(config, ({ size }) => size), active, embedding: of("embedding", "head"), multiplied: active - lookedUp };
}

const kept = (one, context) => Math.min(context, one.window || context);
const seen = (one, context) => Math.min(kept(one, context), one.chosen || context);
const states = (config) => over(config, ({ state: numbers }) => numbers);
const numberBytes = (precision) => (precision === "fp32" ? 4 : 2);

function bitsOf(precision, { bits }, name = "precision") {
  if (!Object.hasOwn(bits, precision)) refuse(name, `${shown(precision)} is not known; there are ${Object.keys(bits).join(", ")}`, `${name}=`);
  return bits[precision];
}

// Bytes of numbers that are kept of positions, and of numbers in states.
function keptBytes(kv, state, { precision, cachePrecision }, k) {
  const bits = cachePrecision === null ? 8 * numberBytes(precision) : bitsOf(cachePrecision, k, "cache_precision");
  return (kv * bits + state * Math.max(bits, 16)) / 8;
}

function inferenceMemory(config, { context, batch, ...work }, k) {
  const [{ precision }, widest] = [work, Math.max(2 * config.dModel, ...config.parts.map(({ inner }) => inner))];
  const tokens = Math.max(batch, Math.min(batch * context, k.chunk));
  const kv = over(config, (one) => one.kv * kept(one, context));
  const memory = {
    weights: (countParameters(config).total * bitsOf(precision, k)) / 8,
    cache: batch * keptBytes(kv, states(config), work, k),
    working: numberBytes(precision) * tokens * (2 * config.dModel + widest) + 4 * batch * config.vocabSize,
  };
  return { ...memory, total: sum(Object.values(memory)) };
}

// The largest n up to `most` that fits, where every smaller one does.
function largest(fits, most) {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.floor((low + high + 1) / 2);
    [low, high] = fits(middle) ? [middle, high] : [low, middle - 1];
  }
  return low;
}

export const MOST = 2 ** 30; // of texts and of tokens that are tried
const largestContext = (config, bytes, work, k) =>
  largest((context) => inferenceMemory(config, { ...work, context }, k).total <= bytes, config.maxContext ?? MOST);
const largestBatch = (config, bytes, work, k) => largest((batch) => inferenceMemory(config, { ...work, batch }, k).total <= bytes, MOST);

// Speed ----------------------------------------------------------------------------------------------------------------

const flopsAtAnyLength = (config, k) => 2 * countParameters(config).multiplied + k.stateFlops * states(config);
const flopsPerToken = (config, context, k) => flopsAtAnyLength(config, k) + over(config, (one) => one.look * seen(one, context));

function prefillFlops(config, length, k) {
  const head = 2 * config.vocabSize * config.dModel;
  const looks = over(config, (one) => {
    const near = seen(one, length);
    return (one.readingLook ?? one.look) * ((near * (near + 1)) / 2 + (length - near) * near);
  });
  return length * (flopsAtAnyLength(config, k) - head) + head + looks;
}

function readBytes(config, tokens, precision, k) {
  const numbers = config.parts.map(({ kind, shapes, size, count, active }) => {
    if (kind !== "embedding") return size * count * (1 - (1 - active / count) ** tokens);
    const tables = Object.entries(shapes);
    return sum(tables.map(([name, [rows, width]]) => (config.tied && name === "tokens" ? rows : Math.min(tokens, rows)) * width));
  });
  return (sum(numbers) * bitsOf(precision, k)) / 8;
}

function roofline(machine, precision, flops, bytes, tokens) {
  const rate = 1e12 * (precision === "fp32" && machine.tflops_fp32 !== null ? machine.tflops_fp32 : machine.tflops_bf16);
  const [compute, memory] = [flops / rate, bytes / (1e9 * machine.bandwidth_gb_s)];
  const seconds = Math.max(compute, memory);
  return { flops, bytes, seconds, speed: tokens / seconds, bound: compute >= memory ? "compute" : "bandwidth" };
}

function prefill(config, machine, { context, batch, ...work }, k) {
  const written = over(config, (one) => one.kv * kept(one, context));
  const moved = readBytes(config, batch * context, work.precision, k) + batch * keptBytes(written, states(config), work, k);
  return roofline(machine, work.precision, batch * prefillFlops(config, context, k), moved, batch * context);
}

function decode(config, machine, { context, batch, ...work }, k) {
  const read = over(config, (one) => one.kv * seen(one, context));
  const moved = readBytes(config, batch, work.precision, k) + batch * keptBytes(read, 2 * states(config), work, k);
  return roofline(machine, work.precision, batch * flopsPerToken(config, context, k), moved, batch);
}

// Of so many devices as if they were one.
function together(device, devices) {
  const machine = { tflops_fp32: null };
  for (const name of ["memory_gb", "bandwidth_gb_s", "tflops_bf16", "tflops_fp32"]) {
    if (name === "tflops_fp32" && device[name] === null) continue;
    checkPositive(name, device[name]);
    machine[name] = devices * device[name];
  }
  return machine;
}

// Bounds on memory, speed and cost. Device: memory_gb, bandwidth_gb_s, tflops_bf16, tflops_fp32 (or null). Work: precision,
// cachePrecision (null: as computed), context, batch, devices, price, efficiency (the part of the bounds that is reached).
export function deployment(config, device, work, { constants: k }) {
  const { context, batch, devices, price, efficiency } = work;
  checkContext(config, context);
  for (const [name, value] of Object.entries({ batch, devices })) checkSize(name, value);
  checkPositive("price", price, true);
  checkPositive("efficiency", efficiency);
  if (efficiency > 1) refuse("efficiency", `${efficiency} is more than the bound; give a part of it, above 0 and at most 1`, "efficiency=");
  const machine = together(device, devices);
  const [memory, capacity] = [inferenceMemory(config, work, k), 1e9 * machine.memory_gb];
  const [reading, writing] = [prefill(config, machine, work, k), decode(config, machine, work, k)];
  const cost = ({ speed }) => (1e6 / (efficiency * speed) / 3600) * devices * price;
  return {
    parameters: countParameters(config),
    memory,
    capacity,
    fits: memory.total <= capacity,
    needed: devicesNeeded(memory.total, device),
    prefill: reading,
    decode: writing,
    speed: efficiency / writing.seconds,
    inputCost: cost(reading),
    outputCost: cost(writing),
  };
}

const devicesNeeded = (bytes, device) => Math.max(1, Math.ceil(bytes / (1e9 * device.memory_gb)));

// What the page shows beside it: the cache of one text, the largest that fits, and the memory of training.
export function more(config, device, work, { constants: k }) {
  const { context } = work;
  const bytes = 1e9 * (work.devices * device.memory_gb);
  const next = over(config, (one) => (one.window && context >= one.window ? 0 : one.kv)); // of one position more
  const training = trainingMemory(config, work, k);
  return {
    token: keptBytes(next, 0, work, k),
    cache: keptBytes(over(config, (one) => one.kv * kept(one, context)), 0, work, k),
    state: keptBytes(0, states(config), work, k),
    largestContext: largestContext(config, bytes, work, k),
    largestBatch: largestBatch(config, bytes, work, k),
    training: Object.fromEntries(
      Object.entries(training).map(([way, one]) => [way, one && { ...one, needed: devicesNeeded(one.total, device) }]),
    ),
  };
}

// Training -------------------------------------------------------------------------------------------------------------

// Parameters of adapters on queries and values; null where a model has no queries.
function loraParameters({ parts }, rank) {
  if (!parts.some(({ shapes }) => "query" in shapes)) return null;
  const layers = parts.filter(({ kind }) => ["attention", "state", "feed-forward"].includes(kind));
  const adapted = ({ shapes }) => ["query", "value"].map((name) => shapes[name] ?? []).filter(({ length }) => length === 2);
  return sum(layers.map((one) => rank * sum(adapted(one).flat()) * one.count));
}

// In bf16 with AdamW, of a step that keeps no activations but the inputs of layers: all weights, adapters, and adapters on
// weights in four bits.
function trainingMemory(config, { context, batch }, k) {
  const [{ total }, adapted] = [countParameters(config), loraParameters(config, k.loraRank)];
  const activations = batch * context * (4 * config.dModel + 4 * config.vocabSize + 2 * config.dModel * config.nLayers);
  const of = (trained, bits) => {
    if (trained === null) return null;
    const memory = { weights: (total * bits) / 8 + 2 * trained, gradients: 2 * trained, optimiser: 12 * trained, activations };
    return { ...memory, total: sum(Object.values(memory)) };
  };
  return { all: of(total, 0), lora: of(adapted, k.bits.bf16), lora4: of(adapted, k.bits.int4) };
}
