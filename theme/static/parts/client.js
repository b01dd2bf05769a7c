// What the page asks the worker: the ids of a text, and where each token ends in its UTF-8 bytes.
const waiting = new Map();
let worker;
let jobs = 0;

function start() {
  worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data: { job, error, ...answer } }) => {
    const { resolve, reject } = waiting.get(job);
    waiting.delete(job);
    if (error) reject(new Error(error));
    else resolve(answer);
  });
  worker.addEventListener("error", () => {
    for (const { reject } of waiting.values()) reject(new Error("the worker did not start"));
    waiting.clear();
    worker = undefined;
  });
}

export function encode(text, name) {
  if (!worker) start();
  return new Promise((resolve, reject) => {
    waiting.set(++jobs, { resolve, reject });
    worker.postMessage({ job: jobs, text, name });
  });
}
