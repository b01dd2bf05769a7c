// Tokens as elements. Whatever was typed arrives here as text and leaves as text nodes, never as markup.
import { hex, textOf } from "./bytes.js";

const HIDDEN = /([\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}\p{Co}\p{Cn}])/u; // what has no shape of its own
const NAMES = { " ": "space", "\n": "newline", "\t": "tab", "\r": "return" };
const SIGNS = { " ": "·", "\n": "↵", "\t": "→", "\r": "␍" };

const codePoint = (sign) => `U+${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

// A token in words, for a screen reader and for the line beneath the tokens.
export function spoken(bytes) {
  const text = textOf(bytes);
  if (text === undefined) return `bytes ${hex(bytes)}`;
  const parts = text.split(HIDDEN).filter(Boolean);
  return parts.map((part) => (HIDDEN.test(part) ? (NAMES[part] ?? codePoint(part)) : part)).join(" ");
}

export function tokenElement(id, bytes, index) {
  const box = document.createElement("span");
  box.className = `token t${index % 4}`;
  box.setAttribute("role", "option");
  box.setAttribute("aria-selected", "false");
  box.setAttribute("aria-label", `${spoken(bytes)}, id ${id}`);
  box.title = String(id);
  box.tabIndex = -1;
  const text = textOf(bytes);
  if (text === undefined) box.append(small("bytes", hex(bytes)));
  else for (const part of text.split(HIDDEN)) append(box, part);
  return box;
}

function append(box, part) {
  if (!part) return;
  if (!HIDDEN.test(part)) box.append(part);
  else if (part in SIGNS) box.append(small("blank", SIGNS[part]), part === "\n" ? "\n" : "");
  else box.append(small("bytes", codePoint(part)));
  if (part === " ") box.append("\u200B"); // a line may break here
}

function small(kind, text) {
  const box = document.createElement("span");
  box.className = kind;
  if (kind === "bytes") box.dir = "ltr";
  box.textContent = text;
  return box;
}

// Digits as in the rest of the book: whole and large numbers without decimals, else one, below 1 two significant digits.
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const SMALL = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 2 });

export function number(value) {
  if (!Number.isFinite(value)) return "—";
  return (Number.isInteger(value) || value >= 99.95 ? WHOLE : value >= 1 ? TENTHS : SMALL).format(value);
}
