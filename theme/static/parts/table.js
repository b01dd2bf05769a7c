// What a number of tokens means: by character, against English, and at the rates that the reader sets.
import { valueOf } from "./form.js";
import { number } from "./show.js";

// The value of a field, NaN (and the field marked) where it holds none that makes sense.
function rate(form, name) {
  const field = form.querySelector(`#tokens-${name}`);
  const value = valueOf(field);
  const isRight = value >= Number(field.dataset.least);
  field.setAttribute("aria-invalid", String(!isRight));
  return isRight ? value : NaN;
}

// The row of one vocabulary: n tokens of a text, against those of the English one; undefined where not known yet.
export function showRow(form, name, n, { characters }, against, most) {
  const values = {
    tokens: [n, ""],
    "per-character": [n / characters, ""],
    premium: [n / against, "×"],
    cost: [(n * rate(form, "price")) / 1_000, ""],
    seconds: [n / rate(form, "speed"), "\u00a0s"],
    share: [(100 * n) / rate(form, "window"), "\u202f%"],
  };
  const row = form.querySelector(`tr[data-vocabulary="${name}"]`);
  for (const [column, [value, unit]] of Object.entries(values)) {
    row.querySelector(`[data-column="${column}"]`).textContent = Number.isFinite(value) ? number(value) + unit : "—";
  }
  row.style.setProperty("--part", n ? n / most : 0); // the bar behind the tokens
}
