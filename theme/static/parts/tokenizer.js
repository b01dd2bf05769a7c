// tiktoken's ids in the browser: the ranks and the merges of gpt-tokenizer, with four differences mended.
//
// 1. tiktoken's patterns are matched by Rust, where \s is White_Space and so holds U+0085 and not U+FEFF, and where
//    (?i:s) matches U+017F, the long s. The patterns below are tiktoken's, spelt out for JavaScript.
// 2. gpt-tokenizer decodes bytes without ignoreBOM, which swallows U+FEFF at the start of a piece and of a rank.
// 3. Its merge takes time quadratic in a piece, and a piece can be a whole text without spaces: long ones merge by a heap.
// 4. Special tokens such as <|endoftext|> are plain text here, as in tiktoken's encode_ordinary.
//
// Which characters are letters the browser says: one whose Unicode is older than tiktoken's may cut the newest letters otherwise.
import { BytePairEncodingCore } from "../gpt-tokenizer/esm/BytePairEncodingCore.js";
import { textOf, wellFormed } from "./bytes.js";

const SPACE = String.raw`\p{White_Space}`;
const OTHER = String.raw`[^${SPACE}\p{L}\p{N}]`;
const ENDING = "'(?:[sSſdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])";
const UPPER = String.raw`\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}`;
const LOWER = String.raw`\p{Ll}\p{Lm}\p{Lo}\p{M}`;
const LEAD = String.raw`[^\r\n\p{L}\p{N}]?`;
const BEFORE_WORD = String.raw`${SPACE}+(?!\P{White_Space})`;
const PATTERNS = {
  r50k_base: String.raw`'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?${OTHER}+|${SPACE}+$|${BEFORE_WORD}|${SPACE}`,
  cl100k_base: [
    String.raw`${ENDING}|${LEAD}\p{L}+|\p{N}{1,3}| ?${OTHER}+[\r\n]*`,
    String.raw`${SPACE}+$|${SPACE}*[\r\n]|${BEFORE_WORD}|${SPACE}`,
  ].join("|"),
  o200k_base: [
    `${LEAD}[${UPPER}]*[${LOWER}]+(?:${ENDING})?`,
    `${LEAD}[${UPPER}]+[${LOWER}]*(?:${ENDING})?`,
    String.raw`\p{N}{1,3}| ?${OTHER}+[\r\n/]*|${SPACE}*[\r\n]+|${BEFORE_WORD}|${SPACE}+`,
  ].join("|"),
};
const LONG = 256; // bytes from which a piece is merged by a heap
const utf8 = new TextEncoder();

// What begins with U+FEFF as a string; anything else, and what is no valid UTF-8, as it came.
function readMark(bytes) {
  const isMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  return isMark ? (textOf(Uint8Array.from(bytes)) ?? bytes) : bytes;
}

class Core extends BytePairEncodingCore {
  getBpeRankFromBytes(bytes) {
    const key = readMark(bytes);
    return typeof key === "string" ? this.getBpeRankFromString(key) : super.getBpeRankFromBytes(key);
  }
}

// A vocabulary, fetched when it is first asked for; the answer encodes.
export async function load(name) {
  if (!Object.hasOwn(PATTERNS, name)) throw new RangeError(`no vocabulary ${name}`);
  const { default: given } = await import(`../gpt-tokenizer/esm/bpeRanks/${name}.js`);
  const ranks = given.map((token) => (typeof token === "string" ? token : readMark(token)));
  const pattern = new RegExp(PATTERNS[name], "gu");
  const core = new Core({ bytePairRankDecoder: ranks, tokenSplitRegex: pattern, mergeCacheSize: 20_000 });
  const sizes = new Uint8Array(ranks.length);
  const size = (id) => (sizes[id] ||= typeof ranks[id] === "string" ? utf8.encode(ranks[id]).length : ranks[id].length);
  return (text) => {
    const ids = [];
    for (const [piece] of wellFormed(text).matchAll(pattern)) {
      const whole = core.getBpeRankFromString(piece);
      if (whole !== undefined) ids.push(whole);
      else for (const id of piece.length < LONG / 3 ? core.bytePairEncode(piece) : mergeLong(core, utf8.encode(piece))) ids.push(id);
    }
    const ends = new Uint32Array(ids.length); // where each token ends, in bytes
    let end = 0;
    ids.forEach((id, i) => (ends[i] = end += size(id)));
    return { ids: Uint32Array.from(ids), ends };
  };
}

// Byte-pair merges of one piece, the lowest rank first and of equal ranks the leftmost, in n log n steps.
function mergeLong(core, bytes) {
  const n = bytes.length;
  const next = Uint32Array.from({ length: n + 1 }, (_, i) => i + 1);
  const before = Int32Array.from({ length: n + 1 }, (_, i) => i - 1);
  const rankAt = new Float64Array(n).fill(Infinity); // of the part that starts here, joined with the one after it
  const heap = new Heap();
  const look = (start) => {
    const middle = next[start];
    const rank = middle < n ? core.getBpeRankFromBytes(bytes.subarray(start, next[middle])) : undefined;
    rankAt[start] = rank ?? Infinity;
    if (rank !== undefined) heap.push(rank * 2 ** 28 + start);
  };
  for (let i = 0; i < n; i++) look(i);
  for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
    const start = top % 2 ** 28;
    if (rankAt[start] !== Math.floor(top / 2 ** 28)) continue; // joined meanwhile
    const gone = next[start];
    rankAt[gone] = Infinity;
    next[start] = next[gone];
    before[next[gone]] = start;
    look(start);
    if (before[start] >= 0) look(before[start]);
  }
  const ids = [];
  for (let i = 0; i < n; i = next[i]) ids.push(core.getBpeRankFromBytesOrThrow(bytes.subarray(i, next[i])));
  return ids;
}

class Heap {
  items = [];

  push(item) {
    const { items } = this;
    let i = items.push(item) - 1;
    for (let up = (i - 1) >> 1; i > 0 && items[up] > item; up = (i - 1) >> 1) {
      items[i] = items[up];
      i = up;
    }
    items[i] = item;
  }

  pop() {
    const { items } = this;
    const [top] = items;
    const item = items.pop();
    if (!items.length) return top;
    let i = 0;
    for (let low = 1; low < items.length; low = 2 * i + 1) {
      if (low + 1 < items.length && items[low + 1] < items[low]) low += 1;
      if (items[low] >= item) break;
      items[i] = items[low];
      i = low;
    }
    items[i] = item;
    return top;
  }
}
