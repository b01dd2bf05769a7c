// What a chat message becomes: the maker's template around it, as tokens.
import { fetchPart } from "./form.js";
import { number, tokenElement } from "./show.js";

const SHOWN = 400; // tokens of each model
const SPACE = /^[\p{White_Space}\x1c-\x1f]+|[\p{White_Space}\x1c-\x1f]+$/gu;
const utf8 = new TextEncoder();

// The text and the special tokens that a model reads, by the parts of its template; what is typed stays text.
export function fill(parts, said) {
  const filled = [];
  for (const part of parts) {
    const text = part.field ? (part.trim ? said[part.field].replace(SPACE, "") : said[part.field]) : part;
    if (typeof text === "string" && typeof filled.at(-1) === "string") filled.push(filled.pop() + text);
    else filled.push(text);
  }
  return filled;
}

// Shows what each model whose vocabulary is loaded reads.
export async function showChats(box, said, loaded, encode) {
  const templates = await fetchPart("chats.json");
  for (const [name, template] of Object.entries(templates)) {
    if (!loaded.has(name)) continue;
    const parts = fill(said.system ? template.system : template.plain, said);
    const [{ ids, ends }, alone] = await Promise.all([encode(parts, name), encode(said.user, name)]);
    show(box.querySelector(`[data-chat="${name}"]`), parts, ids, ends, alone.ids.length);
  }
}

function show(place, parts, ids, ends, nAlone) {
  const text = parts.map((part) => part.text ?? part).join("");
  const bytes = utf8.encode(text);
  const special = new Set(parts.map((part) => part.id));
  const boxes = Array.from(ids.slice(0, SHOWN), (id, i) => {
    const box = tokenElement(id, bytes.subarray(i ? ends[i - 1] : 0, ends[i]), i);
    for (const name of ["role", "aria-selected", "aria-label", "tabindex"]) box.removeAttribute(name);
    box.classList.toggle("special", special.has(id));
    return box;
  });
  if (ids.length > SHOWN) boxes.push(` … and ${number(ids.length - SHOWN)} more`);
  place.querySelector("span").textContent = `${number(ids.length)} tokens; the message alone has ${number(nAlone)}`;
  const shown = place.querySelector(".tokens");
  shown.replaceChildren(...boxes);
  shown.setAttribute("aria-label", text.slice(0, SHOWN));
  shown.hidden = false;
}
