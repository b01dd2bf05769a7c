// A tensor's 4- or 8-bit weights in 32 bits, the same numbers that Python multiplies with: llama.cpp for browsers would round
// what it multiplies 4- or 8-bit weights with to 8 bits, and takes a quarter longer for each token.

// The value of each 16-bit float that is not negative: 5 bits of exponent, 10 of fraction.
const VALUES = Float64Array.from({ length: 0x8000 }, (_, half) => {
  const exponent = half >> 10;
  return exponent ? (1024 + (half & 1023)) * 2 ** (exponent - 25) : half * 2 ** -24;
});
const valueOf = (half) => (half & 0x8000 ? -VALUES[half & 0x7fff] : VALUES[half]);

// How to read a tensor of each type that the file has; a block has 32 weights.
const WIDE = { Q4_1: fourBits, Q8_0: eightBits };

export const widened = (file, [from, to, type]) => WIDE[type](file, from, to - from);

// A block: scale and least, 16 bits each, then two q of 4 bits in a byte, 16 places apart; a weight is q × scale + least.
function fourBits(file, from, length) {
  const words = new Uint32Array(file, from, length / 4);
  const wide = new Float32Array((words.length / 5) * 32);
  for (let block = 0, to = 0; block < words.length; block += 5, to += 16) {
    const scale = valueOf(words[block] & 0xffff);
    const least = valueOf(words[block] >>> 16);
    for (let i = block + 1; i < block + 5; i++) {
      for (let shift = 0; shift < 32; shift += 8, to++) {
        wide[to] = ((words[i] >>> shift) & 15) * scale + least;
        wide[to + 16] = ((words[i] >>> (shift + 4)) & 15) * scale + least;
      }
    }
  }
  return wide;
}

// A block: step, 16 bits, then a q in each byte; a weight is q × step.
function eightBits(file, from, length) {
  const [steps, bytes] = [new Uint16Array(file, from, length / 2), new Int8Array(file, from, length)];
  const wide = new Float32Array((length / 34) * 32);
  for (let block = 0, to = 0; block < length; block += 34) {
    const step = valueOf(steps[block / 2]);
    for (let i = block + 2; i < block + 34; i++) wide[to++] = bytes[i] * step;
  }
  return wide;
}
