// What a number of tokens means: by character and byte, against English, and at the rates that the reader sets.
import { number } from "./show.js";

// The value of a field, NaN (and the field marked) where it holds none that makes sense.
function rate(form, name) {
  const field = form.querySelector(`#tokens-${name}`);
  const isRight = field.value !== "" && field.validity.valid;
  field.setAttribute("aria-invalid", String(!isRight));
  return isRight ? field.valueAsNumber : NaN;
}

// The column of one vocabulary: n tokens of a text, against those of the English one; undefined where not known yet.
export function showColumn(form, name, n, { characters, bytes }, against) {
  const values = {
    tokens: [n, ""],
    "per-character": [n / characters, ""],
    "per-byte": [n / bytes.length, ""],
    premium: [n / against, "×"],
    cost: [(n * rate(form, "price")) / 1_000, ""],
    seconds: [n / rate(form, "speed"), "\u00a0s"],
    share: [(100 * n) / rate(form, "window"), "\u202f%"],
  };
  for (const [row, [value, unit]] of Object.entries(values)) {
    const cell = form.querySelector(`[data-row="${row}"] [data-vocabulary="${name}"]`);
    cell.textContent = Number.isFinite(value) ? number(value) + unit : "—";
  }
}
