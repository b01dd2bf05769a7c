// 4-bit weights in 8 bits: llama.cpp for browsers multiplies blocks of the type Q8_0 faster than those of Q4_1, and the fewer
// bits are what is fetched and kept. A block has 32 weights: q × scale + least in the one type, q × step in the other. The step
// is the scale by a whole number, so that only the least is rounded, by half a step; zero lies among the weights of a block.

const NARROW = 5; // words of 32 bits: scale and least, 16 bits each, then two q of 4 bits in a byte, 16 places apart
const WIDE = 17; // words of 16 bits: step, then a q in each byte
const [MANY, FEW] = [15, 8]; // steps in a scale: what 4 bits times it leave in a byte, and what fits wherever zero lies
const HALVES = 0x0f0f0f0f;

// The value of each 16-bit float that is not negative: 5 bits of exponent, 10 of fraction.
const VALUES = Float64Array.from({ length: 0x8000 }, (_, half) => {
  const exponent = half >> 10;
  return exponent ? (1024 + (half & 1023)) * 2 ** (exponent - 25) : half * 2 ** -24;
});
const valueOf = (half) => (half & 0x8000 ? -VALUES[half & 0x7fff] : VALUES[half]);

// The 16-bit float next to one by a number from 8 to 15.
function divided(half, number) {
  const parts = ((1024 + (half & 1023)) * FEW) / number; // from 512 to 2,047
  const [digits, exponent] = parts < 1024 ? [2 * parts, 4] : [parts, 3];
  return half - (half & 1023) - (exponent << 10) + Math.round(digits) - 1024;
}

// Four bytes plus four, each for itself.
const plus = (a, b) => ((a & 0x7f7f7f7f) + (b & 0x7f7f7f7f)) ^ ((a ^ b) & 0x80808080);

export function widened(buffer) {
  const narrow = new Uint32Array(buffer);
  const wide = new Uint16Array((narrow.length / NARROW) * WIDE);
  for (let from = 0, to = 0; from < narrow.length; from += NARROW, to += WIDE) {
    const scale = narrow[from] & 0xffff;
    const least = valueOf(narrow[from] >>> 16) / valueOf(scale); // in scales
    const steps = Math.min(MANY, Math.floor(127 / Math.max(-least, least + 15)));
    const least4 = (Math.round(least * steps) & 255) * 0x01010101;
    wide[to] = divided(scale, steps);
    for (let i = 1; i < NARROW; i++) {
      const first = plus((narrow[from + i] & HALVES) * steps, least4);
      const second = plus(((narrow[from + i] >>> 4) & HALVES) * steps, least4);
      const at = to + 2 * i - 1;
      wide[at] = first;
      wide[at + 1] = first >>> 16;
      wide[at + 8] = second;
      wide[at + 9] = second >>> 16;
    }
  }
  return wide;
}
