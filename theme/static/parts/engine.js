// The door to the chat model: llama.cpp for browsers, in a worker of its own, asked for one thing only: after these tokens,
// how likely is each token to come next? Nothing leaves the site; the browser keeps the file for the next visit.
import { widened } from "./widen.js";

const STORE = "understanding-foundation-models";
const CONTEXT = 2_048; // tokens of prompt and answer
const AT_ONCE = 64; // tokens of a prompt that are read before a stop is heard
const NEEDED = 400 * 2 ** 20; // bytes of memory, model and cache
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
  const [{ Wllama }, head, file] = await Promise.all([
    import(here("wllama.js")),
    answerOf(here("head.bin"), signal).then((answer) => answer.blob()),
    weightsOf(about, tell, signal),
  ]);
  signal.throwIfAborted();
  const llama = new Wllama({ default: here("wllama.wasm") }, { suppressNativeLog: true, logger: QUIET });
  llama.setCompat(null); // which would come from another host
  signal.addEventListener("abort", () => llama.exit());
  try {
    const options = { n_ctx: CONTEXT, n_batch: AT_ONCE, n_threads: 1, n_gpu_layers: 0, n_parallel: 1, warmup: false };
    await llama.loadModel([new Blob([head, ...(await tensorsOf(file, about))])], options);
  } catch (error) {
    throw new Error(`The model could not be started (${error.message}).`);
  }
  return { next: (ids, n, stop) => next(llama, ids, n, stop), room: CONTEXT };
}

async function tensorsOf(file, { offset, narrow }) {
  const parts = [];
  let at = offset;
  for (const [from, to] of narrow) {
    parts.push(file.slice(at, from), widened(await file.slice(from, to).arrayBuffer()));
    at = to;
  }
  return [...parts, file.slice(at)];
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

// The model's file: of an earlier visit, or fetched and kept, if the browser lets a page keep anything.
async function weightsOf(about, tell, signal) {
  const [store, url] = [await storeOf(), addressOf(about)];
  const kept = await (await store?.match(url))?.blob();
  if (kept?.size === about.bytes) return kept;
  const parts = [];
  let come = 0;
  const reader = (await answerOf(url, signal)).body.getReader();
  for (let part = await read(reader); !part.done; part = await read(reader)) {
    parts.push(part.value);
    come += part.value.length;
    tell(come / about.bytes);
  }
  if (come !== about.bytes) throw new Error(`The file came broken: ${come} bytes and not ${about.bytes}. Try again.`);
  const blob = new Blob(parts);
  for (const old of (await store?.keys()) ?? []) await store.delete(old); // of an older version of the book
  const keeping = store?.put(url, new Response(blob)); // while the model starts
  keeping?.catch((error) => console.info(`There is no room to keep the model: ${error.message}`));
  return blob;
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
