// What the forms of the pages without a kernel share: fields by name, links to what is chosen, words for a screen reader.

const NOT_COPIED = "The link is in the address bar.";

// A page's fields have ids that begin alike.
export const fieldsOf = (prefix) => (name) => document.getElementById(`${prefix}-${name}`);

const DIGITS = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

// The number in a field; NaN where there is none or it is no number ("128K", "2,50"), `empty` where nothing is there.
export function valueOf(field, empty = NaN) {
  const typed = field.value.trim();
  if (typed === "") return empty;
  return DIGITS.test(typed) ? Number(typed) : NaN;
}

// Lets the arrow keys count up and down in a field for a number.
function count(event) {
  const { target: field, key } = event;
  const step = { ArrowUp: 1, ArrowDown: -1 }[key] * (Number(field.dataset.step) || 1);
  if (!step || !("step" in field.dataset) || Number.isNaN(valueOf(field, 0))) return;
  event.preventDefault();
  field.value = Math.max(Number(field.dataset.least), valueOf(field, 0) + step);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export const isOption = (menu, value) => [...menu.options].some((one) => one.value === value);

// Puts words where a screen reader speaks them, once a second has passed without others.
export function speaker(box) {
  let timer;
  const say = (words) => {
    clearTimeout(timer);
    timer = setTimeout(() => (box.textContent = words), 1_000);
  };
  say.stop = () => clearTimeout(timer);
  return say;
}

// Names the field that an error is about, and hides the result. An error of any other kind is none of the reader's.
export function refuse(at, error, Kind) {
  if (!(error instanceof Kind)) throw error;
  const field = at(error.field);
  field.setAttribute("aria-invalid", "true");
  const label = field.labels[0].textContent.replace(/\(.*\)/, "").trim();
  const isNumber = !("step" in field.dataset) || field.value.trim() === "" || !Number.isNaN(valueOf(field));
  at("state").textContent = `${label}: ${isNumber ? error.message : `“${field.value}” is not read as a number; write 128000 or 2.5`}.`;
  at("result").hidden = true;
}

export const linked = () => new URLSearchParams(location.hash.slice(1));

// Puts what is chosen into the address, and the address into the clipboard; gives the words to show.
export async function shareLink(parts) {
  history.replaceState(null, "", `#${parts}`);
  const done = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
  return done ? "Copied." : NOT_COPIED;
}

export async function fetchPart(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.json();
}

// Shows a form in place of what the page says without script; a form is never sent anywhere. It is busy until `settle`.
export function reveal(form) {
  form.setAttribute("aria-busy", "true");
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("keydown", count);
  form.closest(".playground").querySelector(".playground-needs").hidden = true;
}

// Says that a form has its first answer, or the words why there is none.
export const settle = (form) => form.removeAttribute("aria-busy");

// Opens a form that answers at every change: loads what it needs, then `begin(data)`, `fromLink()`, `onInput(event)`,
// `refresh()`; `parts()` gives what a link keeps.
export async function openForm(at, form, file, { begin, fromLink, parts, refresh, onInput = refresh }) {
  try {
    reveal(form);
    begin(await fetchPart(file));
    fromLink();
    form.addEventListener("input", onInput);
    at("link").addEventListener("click", async () => (at("copied").textContent = await shareLink(parts())));
    addEventListener("hashchange", () => {
      fromLink();
      refresh();
    });
    refresh();
  } catch (error) {
    at("result").hidden = true;
    at("state").textContent = `This could not be loaded (${error.message}). Check the connection and try again.`;
  } finally {
    settle(form);
  }
}
