// Text and its bytes.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// The text of some bytes, or undefined where they are no valid UTF-8, such as a part of a character.
export function textOf(bytes) {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

// A surrogate without its partner, which is no character, becomes U+FFFD, as tiktoken has it.
export const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, "\uFFFD");

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");
