// The door to the chat model: llama.cpp for browsers, in a worker of its own, asked for one thing only: after these tokens,
// how likely is each token to come next? Nothing leaves the site; the browser keeps the file for the next visit.
import { widened } from "./widen.js";

const STORE = "understanding-foundation-models";
const CONTEXT = 2_048; // tokens of prompt and answer
const AT_ONCE = 64; // tokens of a prompt that are read before a stop is heard
const NEEDED = 700 * 2 ** 20; // bytes of memory of the engine: weights, cache, what it computes
const FIRST_CODE = 0xf0000; // theme/parts/chat_model.py puts such characters in the place of the tokens' texts
const QUIET = { debug() {}, log() {}, warn() {}, error() {} }; // what goes wrong comes as an exception too

const here = (name) => new URL(`engine/${name}`, import.meta.url).href;

// Why this browser can't run the model, in words; "" if it can.
export function whyNot() {
  if (!globalThis.WebAssembly) return "This browser has no WebAssembly, or it is switched off.";
  try {
    new WebAssembly.Memory({ address: "i64", initial: BigInt(NEEDED / 2 ** 16) });
  } catch (error) {
    if (error instanceof RangeError) return `The browser refuses the memory that the model needs, ${NEEDED / 2 ** 20} MiB: close other pages and try again.`;
    return "This browser lacks 64-bit WebAssembly, which Chrome and Edge have from version 133 on, Firefox from 134 on.";
  }
  return "";
}

// The model, { next, room }, which stays until `signal` aborts; `about` is what the site says of its file, `tell(part)` hears
// how much of it has come.
export async function load(about, { tell, signal }) {
  const [{ Wllama }, head, { parts, keep }] = await Promise.all([
    import(here("wllama.js")),
    answerOf(here("head.bin"), signal).then((answer) => answer.arrayBuffer()),
    weightsOf(about, tell, signal),
  ]);
  signal.throwIfAborted();
  const llama = new Wllama({ default: here("wllama.wasm") }, { suppressNativeLog: true, logger: QUIET });
  llama.setCompat(null); // which would come from another host
  signal.addEventListener("abort", () => llama.exit());
  try {
    const options = { n_ctx: CONTEXT, n_batch: AT_ONCE, n_threads: 1, n_gpu_layers: 0, n_parallel: 1, warmup: false };
    await llama.loadModel([fileOf([plain(new Uint8Array(head)), ...parts])], options);
    keep();
  } catch (error) {
    throw new Error(`The model could not be started (${error.message}).`);
  }
  return { next: (ids, n, stop) => next(llama, ids, n, stop), room: CONTEXT };
}

// The n likeliest tokens after some others, from the likeliest down: { ids, logits }, logits being log-probabilities.
async function next(llama, ids, n, stop) {
  const prompt = String.fromCodePoint(...Array.from(ids, (id) => FIRST_CODE + id));
  const asked = { prompt, max_tokens: 1, temperature: 0, n_probs: n, cache_prompt: true, abortSignal: stop };
  const answer = await llama.createCompletion(asked);
  const likeliest = answer.choices[0].logprobs.content[0].top_logprobs;
  return { ids: likeliest.map(({ id }) => id), logits: Float64Array.from(likeliest, ({ logprob }) => logprob ?? -Infinity) };
}

async function answerOf(url, signal) {
  const answer = await fetch(url, { signal }).catch((error) => {
    throw new Error(`The connection failed (${error.message}). Try again.`);
  });
  if (!answer.ok) throw new Error(`This site lacks a file of the model (${answer.status}: ${new URL(url).pathname}).`);
  return answer;
}

// What follows the head, in parts: from the file of an earlier visit, or fetched, and then `keep` has the browser keep it, if
// that lets a page keep anything. Each tensor is written in 32 bits while the next one comes.
async function weightsOf(about, tell, signal) {
  const [store, url] = [await storeOf(), addressOf(about)];
  const kept = await (await store?.match(url))?.blob();
  const whole = kept?.size === about.bytes;
  const reader = (whole ? kept.stream() : (await answerOf(url, signal)).body).getReader();
  const [file, parts, left] = [new Uint8Array(about.bytes), [], [...about.narrow]];
  let [come, done] = [0, about.offset];
  for (let part = await read(reader); !part.done; part = await read(reader)) {
    if (come + part.value.length <= about.bytes) file.set(part.value, come);
    come += part.value.length;
    for (; left.length && left[0][1] <= come; left.shift()) {
      const [from, to] = left[0];
      parts.push(plain(file.subarray(done, from)), tensor(file.buffer, left[0]));
      done = to;
    }
    tell(come / about.bytes);
  }
  if (come !== about.bytes) throw new Error(`The file came broken: ${come} bytes and not ${about.bytes}. Try again.`);
  parts.push(plain(file.subarray(done)));
  return { parts, keep: () => whole || keepOnly(store, url, file) };
}

// A part of a file: its size, its bytes to look at, and a buffer of them to give away.
const plain = (bytes) => ({ size: bytes.length, look: () => bytes, give: () => bytes.slice().buffer });

function tensor(file, place) {
  let wide = widened(file, place);
  const size = wide.byteLength;
  const look = () => new Uint8Array((wide ?? widened(file, place)).buffer); // few are asked for twice
  const give = () => {
    const { buffer } = look();
    wide = undefined;
    return buffer;
  };
  return { size, look, give };
}

// What llama.cpp asks of a Blob, whose own bytes would go by another process, there and back: it reads tensor by tensor.
function fileOf(parts) {
  const starts = parts.map(((at) => ({ size }) => (at += size) - size)(0));
  const size = starts.at(-1) + parts.at(-1).size;
  const read = (from, to) => {
    const whole = parts.findIndex((part, i) => starts[i] === from && part.size === to - from);
    if (whole >= 0) return parts[whole].give();
    const bytes = new Uint8Array(to - from);
    parts.forEach((part, i) => {
      if (starts[i] >= to || starts[i] + part.size <= from) return;
      const inside = part.look().subarray(Math.max(from - starts[i], 0), to - starts[i]);
      bytes.set(inside, Math.max(starts[i] - from, 0));
    });
    return bytes.buffer;
  };
  const pull = (stream) => (parts.length ? stream.enqueue(new Uint8Array(parts.shift().give())) : stream.close());
  return {
    size,
    slice: (from, to) => ({ arrayBuffer: async () => read(from, Math.min(to, size)) }),
    stream: () => new ReadableStream({ pull }), // where WebAssembly can't wait for a read, all of it is asked for, once
  };
}

// Keep a file in the place of what an older version of the book kept.
async function keepOnly(store, url, file) {
  try {
    for (const old of (await store?.keys()) ?? []) await store.delete(old);
    await store?.put(url, new Response(new Blob([file])));
  } catch (error) {
    console.info(`There is no room to keep the model: ${error.message}`);
  }
}

const read = (reader) =>
  reader.read().catch((error) => {
    throw new Error(`The connection broke (${error.message}). Try again.`);
  });

const addressOf = ({ file, version }) => `${here(file)}?${version}`;

// What the browser keeps of this site; undefined where it keeps nothing, as in some private windows.
const storeOf = () => globalThis.caches?.open(STORE).catch(() => undefined);

// Whether the browser has the file of an earlier visit.
export const isKept = async (about) => Boolean(await (await storeOf())?.match(addressOf(about)));
