// Loads vocabularies and encodes beside the page, so that the page answers while a long text is cut.
import { load } from "./tokenizer.js";

const vocabularies = new Map();

self.addEventListener("message", async ({ data: { job, text, name } }) => {
  try {
    if (!vocabularies.has(name)) vocabularies.set(name, load(name));
    const encode = await vocabularies.get(name);
    const { ids, ends } = encode(text);
    self.postMessage({ job, ids, ends }, [ids.buffer, ends.buffer]);
  } catch (error) {
    vocabularies.delete(name); // it may have been the network: the next question tries again
    self.postMessage({ job, error: String(error) });
  }
});
