// Byte-pair merges: the table of a vocabulary, as theme/parts/vocabularies.py writes it, and what it makes of a piece.

// The header of a vocabulary's file, and a function that joins the symbols of a piece, { ids, sizes in bytes }.
export async function fetchVocabulary(name) {
  const answer = await fetch(new URL(`vocabularies/${name}.bin`, import.meta.url));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  const buffer = await new Response(answer.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  const [length] = new Uint32Array(buffer, 0, 1);
  const header = JSON.parse(new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(buffer, 4, length)));
  const n = header.merges;
  const at = (i) => 4 + length + 4 * n * i;
  const [left, right] = [at(0), at(1)].map((start) => new Uint32Array(buffer, start, n));
  const joined = new Uint32Array(buffer, at(2), header.ranks);
  const steps = new Uint8Array(buffer, at(2) + 4 * header.ranks, n);
  let rank = -1;
  const ranks = Int32Array.from(steps, (step) => (rank += step));
  const find = pairFinder(left, right);
  return { header, merge: (symbols) => merge(symbols, (a, b) => ranks[find(a, b)] ?? -1, joined) };
}

// Gives the place of a pair in the table, or -1: open addressing in an array, a tenth of the room of a Map.
function pairFinder(left, right) {
  const bits = Math.ceil(Math.log2(2 * left.length));
  const slots = new Int32Array(2 ** bits).fill(-1);
  const slotOf = (a, b) => {
    let slot = (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)) >>> (32 - bits);
    for (let i = slots[slot]; i >= 0 && (left[i] !== a || right[i] !== b); i = slots[slot]) slot = (slot + 1) & (slots.length - 1);
    return slot;
  };
  for (let i = 0; i < left.length; i++) slots[slotOf(left[i], right[i])] = i;
  return (a, b) => slots[slotOf(a, b)];
}

// Joins the pair of the lowest rank, of equal ranks the leftmost, until no pair has a rank: n log n steps by a heap.
function merge({ ids, sizes }, rankOf, joined) {
  const n = ids.length;
  const [id, size] = [Uint32Array.from(ids), Uint32Array.from(sizes)];
  const next = Uint32Array.from(ids, (_, i) => i + 1);
  const before = Int32Array.from(ids, (_, i) => i - 1);
  const rankAt = new Int32Array(n).fill(-1); // of the symbol that starts here, joined with the one after it
  const heap = new Heap();
  const look = (i) => {
    rankAt[i] = next[i] < n ? rankOf(id[i], id[next[i]]) : -1;
    if (rankAt[i] >= 0) heap.push(rankAt[i] * 2 ** 28 + i);
  };
  for (let i = 0; i < n; i++) look(i);
  for (let top = heap.pop(); top !== undefined; top = heap.pop()) {
    const i = top % 2 ** 28;
    const made = joined[Math.floor(top / 2 ** 28)];
    if (rankAt[i] < 0 || joined[rankAt[i]] !== made) continue; // a neighbour was joined meanwhile
    const gone = next[i];
    rankAt[gone] = -1;
    id[i] = made;
    size[i] += size[gone];
    next[i] = next[gone];
    if (next[i] < n) before[next[i]] = i;
    look(i);
    if (before[i] >= 0) look(before[i]);
  }
  const left = [];
  for (let i = 0; i < n; i = next[i]) left.push(i);
  return { ids: left.map((i) => id[i]), sizes: left.map((i) => size[i]) };
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
