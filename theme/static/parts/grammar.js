// Grammars in GBNF, llama.cpp's notation: what may come next after a text that began as the grammar asks.
// A state is the set of all ways to go on, each a stack: a node and the stack beneath; one without a node is the end.

export class GrammarError extends Error {}

const DEEP = 400; // rules that call each other before a character
const MOST = 200; // repetitions that may be asked for
const ESCAPES = { n: "\n", r: "\r", t: "\t" };
const SIGN = String.raw`\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]`;

// The state before the first character of a text that the grammar describes.
export const compile = (source) => stateOf({ rules: parse(source), states: new Map() }, [on({ rule: "root" }, { id: 0 })]);

// The state after a text, or undefined if the grammar does not let it through.
export function after(state, text) {
  for (const letter of text) {
    if (!state.known.has(letter)) {
      const stacks = state.stacks.filter(({ node }) => node && matches(node, letter)).map(({ beneath }) => beneath);
      state.known.set(letter, stacks.length ? stateOf(state.grammar, stacks) : undefined);
    }
    state = state.known.get(letter);
    if (!state) return undefined;
  }
  return state;
}

export const mayEnd = (state) => state.stacks.some(({ node }) => !node);

const matches = ({ set, not }, letter) => {
  const code = letter.codePointAt(0);
  return set.some(([low, high]) => low <= code && code <= high) !== not;
};

let stacksMade = 0;

// A node on a stack: the same one for the same two, so that a state has each way to go on once.
function on(node, beneath) {
  beneath.above ??= new Map();
  if (!beneath.above.has(node)) beneath.above.set(node, { node, beneath, id: ++stacksMade });
  return beneath.above.get(node);
}

// The state of some stacks, once rules are replaced by what they say: each then begins with characters.
function stateOf(grammar, stacks) {
  const { rules, states } = grammar;
  const seen = new Set();
  const expand = (stack, depth) => {
    if (seen.has(stack)) return;
    if (depth > DEEP) throw new GrammarError("a rule calls itself before any character");
    seen.add(stack);
    const { node, beneath } = stack;
    if (!node || node.set) return;
    if (node.rule && !rules.has(node.rule)) throw new GrammarError(`there is no rule “${node.rule}”`);
    const ways = node.star ? [[], [node.star, node]] : (node.any ?? rules.get(node.rule));
    for (const nodes of ways) expand(nodes.reduceRight((rest, one) => on(one, rest), beneath), depth + 1);
  };
  for (const stack of stacks) expand(stack, 0);
  const left = [...seen].filter(({ node }) => !node || node.set);
  const name = left.map(({ id }) => id).sort().join();
  if (!states.has(name)) states.set(name, { grammar, stacks: left, known: new Map() });
  return states.get(name);
}

function parse(source) {
  const rules = new Map();
  const scan = scanner(source.replace(/("(?:[^"\\\n]|\\.)*"|\[(?:[^\]\\\n]|\\.)*\])|#[^\n]*/g, "$1"));
  scan.space(true);
  while (!scan.done()) {
    const name = scan.take(/[a-zA-Z][\w-]*/y, "the name of a rule");
    scan.space();
    scan.take(/::=/y, "“::=”");
    rules.set(name, alternatives(scan, false));
    scan.space(true);
  }
  return rules;
}

function alternatives(scan, nested) {
  const any = [];
  do {
    scan.space(true);
    any.push(sequence(scan, nested));
  } while (scan.maybe(/\|/y));
  return any;
}

function sequence(scan, nested) {
  const nodes = [];
  for (scan.space(nested); ; scan.space(nested)) {
    const node = item(scan);
    if (!node) return nodes;
    nodes.push(...repeated(scan, node));
  }
}

function item(scan) {
  const literal = scan.maybe(/"((?:[^"\\\n]|\\.)*)"/y);
  if (literal) return { any: [signs(literal[1]).map(([sign]) => ({ set: [[codeOf(sign), codeOf(sign)]], not: false }))] };
  const set = scan.maybe(/\[(\^?)((?:[^\]\\\n]|\\.)*)\]/y);
  if (set) return { set: ranges(set[2]), not: set[1] === "^" };
  if (scan.maybe(/\./y)) return { set: [], not: true };
  const name = scan.maybe(/[a-zA-Z][\w-]*(?!\s*::=|[\w-])/y);
  if (name) return { rule: name[0] };
  if (!scan.maybe(/\(/y)) return undefined;
  const any = alternatives(scan, true);
  scan.take(/\)/y, "“)”");
  return { any };
}

const signs = (text) => [...text.matchAll(new RegExp(SIGN, "gsu"))];
const ranges = (text) =>
  Array.from(text.matchAll(new RegExp(`(${SIGN})(?:-(${SIGN}))?`, "gsu")), ([, low, high = low]) => [codeOf(low), codeOf(high)]);

function codeOf(sign) {
  const hex = /^\\[xu](.+)/.exec(sign);
  if (hex) return parseInt(hex[1], 16);
  return (sign[0] === "\\" ? (ESCAPES[sign[1]] ?? sign.slice(1)) : sign).codePointAt(0);
}

function repeated(scan, node) {
  const sign = scan.maybe(/[*+?]|\{(\d+)(,?)(\d*)\}/y);
  if (!sign) return [node];
  const [, low, comma, high] = sign[1] ? sign : { "*": [0, 0, ","], "+": [0, 1, ","], "?": [0, 0, ",", 1] }[sign[0]];
  const [least, most] = [Number(low), comma ? Number(high || Infinity) : Number(low)];
  if (Math.max(least, most === Infinity ? 0 : most) > MOST || most < least) throw new GrammarError(`“${sign[0]}” can’t be read`);
  const always = Array.from({ length: least }, () => node);
  if (most === Infinity) return [...always, { star: node }];
  let rest = [];
  for (let i = least; i < most; i++) rest = [{ any: [[], [node, ...rest]] }];
  return [...always, ...rest];
}

function scanner(text) {
  let at = 0;
  const maybe = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  return {
    maybe,
    done: () => at >= text.length,
    space: (lines = false) => maybe(lines ? /\s*/y : /[ \t]*/y),
    take(pattern, what) {
      const found = maybe(pattern);
      if (found) return found[0];
      const line = text.slice(0, at).split("\n").length;
      throw new GrammarError(`line ${line} should go on with ${what}, not with “${text.slice(at, at + 12).trim() || "its end"}”`);
    },
  };
}
