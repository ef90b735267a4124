const WORDS = [
  'the ',
  'run ',
  'writes ',
  'a ',
  'log',
  ', ',
  '漢字',
  '🙂',
  '"quoted" ',
  '\\',
  '\n',
  'é',
  '</b> ',
  '日本',
];
const MARK = 'chaos ';

/**
 * What is asked for in one run. Everything about the answer follows from it, so that upstream and client agree.
 * @typedef {{ id: string, seed: number, tokens: number, tool: boolean, tab: boolean, cancelAfter: number | null }} Plan
 */

/** @returns {Plan} */
export function makePlan(id, random, tokens) {
  return {
    id,
    seed: random.int(0, 0xffff_ffff),
    tokens: random.int(Math.ceil(tokens / 2), tokens),
    tool: random.chance(0.3),
    tab: random.chance(0.2),
    cancelAfter: random.chance(0.12) ? random.int(1, Math.ceil(tokens / 2)) : null,
  };
}

/** The question that asks for it. */
export function questionOf(plan) {
  return MARK + JSON.stringify(plan);
}

/** @returns {Plan} */
export function planIn(question) {
  return JSON.parse(question.slice(MARK.length));
}

/** The answer, token by token: no two runs have the same. */
export function tokensOf({ seed, tokens }) {
  return Array.from({ length: tokens }, (_, i) => {
    const number = Math.imul(seed + i, 0x9e37_79b1) >>> 0;
    return `${WORDS[number % WORDS.length]}${number % 97 === 0 ? 'long '.repeat(200) : number % 10}`;
  });
}

/** The tokens of one model call: a run with a tool has two, and the tool between them. */
export function tokensOfStep(plan, step) {
  const tokens = tokensOf(plan);
  if (!plan.tool) return tokens;
  const half = Math.floor(tokens.length / 2);
  return step === 0 ? tokens.slice(0, half) : tokens.slice(half);
}
