// The ids that tiktoken, SentencePiece and the tokenizers library give a text, under each vocabulary of the book.
//
// A text is cut into pieces by patterns, which are the makers', spelt out for JavaScript: Rust's \s is White_Space, which has
// U+0085 and not U+FEFF, and (?i:s) matches U+017F, the long s. The bytes or letters of a piece are then joined by merges.
// Special tokens such as <|endoftext|> are plain text here. Which characters are letters the browser says: one whose Unicode
// is older than the libraries' may cut the newest letters otherwise.
import { wellFormed } from "./bytes.js";
import { fetchVocabulary } from "./merges.js";

const SPACE = String.raw`\p{White_Space}`;
const OTHER = String.raw`[^${SPACE}\p{L}\p{N}]`;
const ENDING = "'(?:[sSſdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])";
const UPPER = String.raw`\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}`;
const LOWER = String.raw`\p{Ll}\p{Lm}\p{Lo}\p{M}`;
const LEAD = String.raw`[^\r\n\p{L}\p{N}]?`;
const SPACES = String.raw`${SPACE}+(?!\P{White_Space})|${SPACE}+`;
const LINES = String.raw`${SPACE}*[\r\n]+`;

const gpt2 = String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?${OTHER}+|${SPACES}`;
const words = (digits, letter = String.raw`\p{L}`, other = OTHER) =>
  String.raw`${ENDING}|${LEAD}${letter}+|${digits}| ?${other}+[\r\n]*|${LINES}|${SPACES}`;
const cased = (digits, ending) =>
  [
    `${LEAD}[${UPPER}]*[${LOWER}]+${ending}|${LEAD}[${UPPER}]+[${LOWER}]*${ending}`,
    String.raw`${digits}| ?${OTHER}+[\r\n/]*|${LINES}|${SPACES}`,
  ].join("|");
const THREE = String.raw`\p{N}{1,3}`;
const PATTERNS = {
  r50k_base: [gpt2],
  smollm2: [String.raw`\p{N}`, gpt2],
  cl100k_base: [
    String.raw`${ENDING}|${LEAD}\p{L}+|${THREE}| ?${OTHER}+[\r\n]*|${SPACE}+$|${SPACE}*[\r\n]|${SPACE}+(?!\P{White_Space})|${SPACE}`,
  ],
  llama3: [words(THREE)],
  qwen3: [words(String.raw`\p{N}`)],
  qwen3_6: [words(String.raw`\p{N}`, String.raw`[\p{L}\p{M}]`, String.raw`[^${SPACE}\p{L}\p{M}\p{N}]`)],
  o200k_base: [cased(THREE, `(?:${ENDING})?`)],
  tekken: [cased(String.raw`\p{N}`, "")],
  deepseek: [
    THREE,
    "[一-龥぀-ゟ゠-ヿ]+",
    [
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+",
      String.raw`[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|${LINES}|${SPACES}`,
    ].join("|"),
  ],
  gemma3: [], // the whole text is one piece, in which "▁" stands for a space
  mistral_v3: [],
};
const PREFIX = { mistral_v3: "▁" }; // stands before every text
const KEPT = 50_000; // pieces whose ids are kept
const utf8 = new TextEncoder();

// A vocabulary, fetched when it is first asked for; the answer encodes a text, or a list of texts and special tokens.
export async function load(name) {
  if (!Object.hasOwn(PATTERNS, name)) throw new RangeError(`no vocabulary ${name}`);
  const { header, merge } = await fetchVocabulary(name);
  const steps = [...header.added.map(finder), ...PATTERNS[name].map(splitter)];
  const [letters, whole] = [header.letters, header.whole].map((ids) => new Map(Object.entries(ids)));
  const prefix = PREFIX[name] ?? "";
  const kept = new Map();

  function symbolsOf(piece) {
    const symbols = { ids: [], sizes: [], lost: 0 };
    const addBytes = (part) => utf8.encode(part).forEach((byte) => add(symbols, header.bytes[byte], 1));
    if (!letters.size) addBytes(piece);
    else for (const letter of piece) {
      const id = letters.get(letter === " " ? "▁" : letter);
      if (id === undefined) addBytes(letter);
      else add(symbols, id, utf8.encode(letter).length);
    }
    return symbols;
  }

  const joinedOf = (symbols) => ({ ...merge(symbols), lost: symbols.lost });

  function encodePiece(piece) {
    let answer = kept.get(piece);
    if (answer) return answer;
    answer = whole.has(piece) ? token(whole.get(piece), piece) : joinedOf(symbolsOf(piece));
    if (piece.length < 64 && kept.size < KEPT) kept.set(piece, answer);
    return answer;
  }

  return (parts) => {
    const ids = [];
    const ends = []; // where each token ends, in bytes
    let end = 0;
    const put = (answer) => {
      end += answer.lost;
      if (!answer.ids.length && ends.length) ends[ends.length - 1] = end;
      answer.ids.forEach((id, i) => (ids.push(id), ends.push((end += answer.sizes[i]))));
    };
    for (const part of [parts].flat()) {
      if (typeof part !== "string") put(token(part.id, part.text));
      else if (part) {
        end -= utf8.encode(prefix).length; // it is no part of the text
        const pieces = steps.reduce((list, step) => list.flatMap((one) => (typeof one === "string" ? step(one) : one)), [
          prefix + wellFormed(part),
        ]);
        for (const piece of pieces) put(typeof piece === "string" ? encodePiece(piece) : piece);
      }
    }
    return { ids: Uint32Array.from(ids), ends: Uint32Array.from(ends) };
  };
}

const token = (id, text) => ({ ids: [id], sizes: [utf8.encode(text).length], lost: 0 });

// A byte that the vocabulary lacks leaves no token: it counts for the one before, or for the next.
function add(symbols, id, size) {
  if (id >= 0) {
    symbols.ids.push(id);
    symbols.sizes.push(size);
  } else if (symbols.ids.length) symbols.sizes[symbols.sizes.length - 1] += size;
  else symbols.lost += size;
}

// Cuts a text into what a pattern matches and what stands between.
function splitter(source) {
  const pattern = new RegExp(source, "gu");
  return (text) => {
    const pieces = [];
    let done = 0;
    for (const { 0: match, index } of text.matchAll(pattern)) {
      if (index > done) pieces.push(text.slice(done, index));
      pieces.push(match);
      done = index + match.length;
    }
    if (done < text.length) pieces.push(text.slice(done));
    return pieces;
  };
}

// Takes the tokens of a set out of a text, the longest at each place.
function finder(ids) {
  const sizes = new Map(); // first character -> lengths, the longest first
  for (const text of Object.keys(ids)) sizes.set(text[0], (sizes.get(text[0]) ?? new Set()).add(text.length));
  for (const [first, set] of sizes) sizes.set(first, [...set].sort((a, b) => b - a));
  return (text) => {
    const pieces = [];
    let done = 0;
    for (let i = 0; i < text.length; i++) {
      const size = sizes.get(text[i])?.find((n) => Object.hasOwn(ids, text.slice(i, i + n)));
      if (size === undefined) continue;
      const found = text.slice(i, i + size);
      if (i > done) pieces.push(text.slice(done, i));
      pieces.push(token(ids[found], found));
      done = i + size;
      i = done - 1;
    }
    if (done < text.length) pieces.push(text.slice(done));
    return pieces;
  };
}
