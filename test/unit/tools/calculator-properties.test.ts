import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentSocketError } from '../../../src/protocol/agent-socket-error.js';
import { CONSTANTS, FUNCTIONS } from '../../../src/tools/arithmetic.js';
import { calculator } from '../../../src/tools/calculator.js';
import { trees, write, type Tree } from './arithmetic-tree.js';
import { cases } from '../../helpers/schedules.js';
import { ANY_CHARACTER } from '../../helpers/characters.js';

const calculate = (expression: string) => calculator.execute({ expression }, {} as never);

const spaces = fc.constantFrom('', ' ', '\t', '\u3000', '  ');

/** The exact value, or `undefined` where a remainder by zero makes it none. */
function exact(tree: Tree): bigint | undefined {
  if (tree.op === 'number') return BigInt(tree.text);
  if (tree.op === 'neg') {
    const value = exact(tree.of);
    return value === undefined ? undefined : within(-value);
  }
  const left = exact(tree.left);
  const right = exact(tree.right);
  if (left === undefined || right === undefined) return undefined;
  switch (tree.op) {
    case '+':
      return within(left + right);
    case '-':
      return within(left - right);
    case '*':
      return within(left * right);
    case '%':
      return right === 0n ? undefined : left % right;
    case '^':
      return within(left ** right);
    case '/':
      throw new Error('whole numbers only');
  }
}

/** Sets cases aside that a double cannot hold exactly. */
function within(value: bigint): bigint {
  fc.pre(value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= -BigInt(Number.MAX_SAFE_INTEGER));
  return value;
}

/** A value, and how far rounding can have moved it in any evaluation that keeps 14 digits at each step. */
interface Estimate {
  readonly value: number;
  readonly error: number;
}

function estimate(tree: Tree): Estimate {
  if (tree.op === 'number') return { value: Number(tree.text), error: 0 };
  if (tree.op === 'neg') {
    const { value, error } = estimate(tree.of);
    return { value: -value, error };
  }
  const a = estimate(tree.left);
  const b = estimate(tree.right);
  switch (tree.op) {
    case '+':
      return step(a.value + b.value, a.error + b.error, a, b);
    case '-':
      return step(a.value - b.value, a.error + b.error, a, b);
    case '*':
      return times(a, b);
    case '/':
      // A divisor that may be zero within its error proves nothing.
      fc.pre(Math.abs(b.value) > 2 * b.error);
      return step(a.value / b.value, (a.error + Math.abs(a.value / b.value) * b.error) / (Math.abs(b.value) - b.error));
    case '^': {
      let product: Estimate = { value: 1, error: 0 };
      for (let i = 0; i < b.value; i++) product = times(product, a);
      return product;
    }
    case '%':
      throw new Error('a remainder jumps');
  }
}

function times(a: Estimate, b: Estimate): Estimate {
  return step(a.value * b.value, Math.abs(a.value) * b.error + Math.abs(b.value) * a.error + a.error * b.error);
}

function step(value: number, error: number, ...terms: Estimate[]): Estimate {
  const scale = Math.max(Math.abs(value), ...terms.map((term) => Math.abs(term.value)));
  return { value, error: error + 1e-14 * (scale + error) };
}

describe('calculator for every expression', () => {
  it('is exact for whole numbers', () => {
    const wholeNumbers = fc.integer({ min: 0, max: 1000 }).map(String);
    fc.assert(
      fc.property(trees(wholeNumbers, ['+', '-', '*', '%', '^']), spaces, (tree, space) => {
        const text = write(tree, space);
        fc.pre(text.length <= 1000);
        const value = exact(tree);
        if (value === undefined) expect(() => calculate(text)).toThrow('Division by zero');
        else expect(calculate(text)).toBe(Number(value));
      }),
      cases(2000),
    );
  });

  it('agrees with another evaluation for fractions', () => {
    const fractions = fc.integer({ min: 1, max: 99_999 }).map((n) => String(n / 100));
    fc.assert(
      fc.property(trees(fractions, ['+', '-', '*', '/', '^']), spaces, (tree, space) => {
        const text = write(tree, space);
        fc.pre(text.length <= 1000);
        const { value, error } = estimate(tree);
        fc.pre(Number.isFinite(value + error));
        const result = calculate(text) as number;
        expect(Math.abs(result - value)).toBeLessThanOrEqual(error);
      }),
      cases(2000),
    );
  });

  it('adds and multiplies decimals as on paper', () => {
    const cents = fc.integer({ min: -999_999, max: 999_999 });
    fc.assert(
      fc.property(cents, cents, (a, b) => {
        const [x, y] = [a / 100, b / 100];
        expect(calculate(`(${x}) + (${y})`)).toBe((a + b) / 100);
        expect(calculate(`(${x}) - (${y})`)).toBe((a - b) / 100);
        expect(calculate(`(${x}) * (${y})`)).toBe((a * b) / 10_000 + 0);
      }),
    );
  });

  const words = fc.constantFrom(
    ...Object.keys(FUNCTIONS),
    ...Object.keys(FUNCTIONS).map((name) => `${name}(`),
    ...Object.keys(CONSTANTS),
    ...[
      'constructor',
      '__proto__',
      'toString',
      'valueOf',
      'hasOwnProperty',
      'x',
      'in',
      'and',
      'not',
      'true',
      'E',
      'PI',
    ],
    ...'0 1 2 3 7 10 0.5 .5 5. 1e9 1e308 1e-320 1e400 9007199254740993'.split(' '),
    ...'+ - * / % ^ ** ! ( ) ( ) , = == ; . [ ] { } " \' ? : | & < > $ _ \\ # @ ~ `'.split(' '),
    ...'× ÷ − π √ （ ） ， ＋ ！ ％ １ ９'.split(' '),
    ...[' ', '\n', '\0', '\u200b', '\ud800', '/*', '*/', '//'],
  );

  it.each<[string, fc.Arbitrary<string>]>([
    ['arbitrary text', fc.string({ unit: ANY_CHARACTER, maxLength: 200 })],
    ['arbitrary ASCII', fc.string({ unit: 'grapheme-ascii', maxLength: 200 })],
    ['words of the language in any order', fc.array(words, { maxLength: 12 }).map((list) => list.join(''))],
    ['signs and digits', fc.stringMatching(/^[12.e+\-*/%^!(),]{0,20}$/)],
  ])('gives a finite number or an error people can read for %s', (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        let result: unknown;
        try {
          result = calculate(text);
        } catch (error) {
          if (!AgentSocketError.isInstance(error)) throw error;
          expect(['invalid_params', 'tool_failed']).toContain(error.code);
          expect(error.message.length).toBeLessThan(200);
          expect(error.message).not.toMatch(/\p{C}/u);
          // What the reader lets through, the parser understands: these two are for a reader that fails.
          expect(error.message).not.toMatch(/not well formed|unknown name|not a number/);
          return;
        }
        expect(Number.isFinite(result)).toBe(true);
        expect(Object.is(result, -0)).toBe(false);
      }),
      cases(5000),
    );
  });
});
