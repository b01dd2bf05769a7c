// The door to the chat model: llama.cpp for browsers, in a worker of its own, asked for one thing only: after these tokens,
// how likely is each token to come next? Nothing leaves the site; the browser keeps the file for the next visit.
const STORE = "understanding-foundation-models";
const CONTEXT = 2_048; // tokens of prompt and answer
const AT_ONCE = 64; // tokens of a prompt that are read before a stop is heard
const NEEDED = 400 * 2 ** 20; // bytes of memory, model and cache
const FIRST_CODE = 0xf0000; // theme/parts/playground.py puts such characters in the place of the tokens' texts
const QUIET = { debug() {}, log() {}, warn() {}, error() {} }; // what goes wrong comes as an exception too

export class EngineError extends Error {}

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
  const here = (name) => new URL(`engine/${name}`, import.meta.url).href;
  const [{ Wllama }, head, file] = await Promise.all([
    import(here("wllama.js")),
    answerOf(here("head.bin"), signal).then((answer) => answer.blob()),
    weightsOf(`${here(about.file)}?${about.version}`, about.bytes, tell, signal),
  ]);
  signal.throwIfAborted();
  const llama = new Wllama({ default: here("wllama.wasm") }, { suppressNativeLog: true, logger: QUIET });
  llama.setCompat(null); // which would come from another host
  signal.addEventListener("abort", () => llama.exit());
  try {
    const options = { n_ctx: CONTEXT, n_batch: AT_ONCE, n_threads: 1, n_gpu_layers: 0, n_parallel: 1, warmup: false };
    await llama.loadModel([new Blob([head, file.slice(about.offset)])], options);
  } catch (error) {
    throw new EngineError(`The model could not be started (${error.message}).`);
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
    throw new EngineError(`The connection failed (${error.message}). Try again.`);
  });
  if (!answer.ok) throw new EngineError(`This site lacks a file of the model (${answer.status}: ${new URL(url).pathname}).`);
  return answer;
}

// The model's file: of an earlier visit, or fetched and kept, if the browser lets a page keep anything.
async function weightsOf(url, size, tell, signal) {
  const store = await globalThis.caches?.open(STORE);
  const kept = await (await store?.match(url))?.blob();
  if (kept?.size === size) return kept;
  const parts = [];
  let come = 0;
  const reader = (await answerOf(url, signal)).body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      come += part.value.length;
      tell(come / size);
    }
  } catch (error) {
    throw new EngineError(`The connection broke (${error.message}). Try again.`);
  }
  if (come !== size) throw new EngineError(`The file came broken: ${come} bytes and not ${size}. Try again.`);
  const blob = new Blob(parts);
  await keep(store, url, blob);
  return blob;
}

// A browser that has no room for the file fetches it again next time; those of older versions of the book go.
async function keep(store, url, blob) {
  for (const old of (await store?.keys()) ?? []) await store.delete(old);
  await store?.put(url, new Response(blob)).catch((error) => console.info(`The model is not kept: ${error.message}`));
}

// Whether the browser has the file of an earlier visit.
export async function isKept(about) {
  const store = await globalThis.caches?.open(STORE);
  return Boolean(await store?.match(`${new URL(`engine/${about.file}`, import.meta.url).href}?${about.version}`));
}
