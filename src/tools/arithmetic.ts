import { AgentSocketError } from '../protocol/agent-socket-error.js';

/** A function of the calculator. */
export interface MathFunction {
  readonly minArgs: number;
  readonly maxArgs: number;
  readonly apply: (...args: number[]) => number;
}

/** A table without a prototype: it does not contain inherited names such as `constructor` and `toString`. */
export type Table<T> = Readonly<Record<string, T>>;

/** Makes a frozen table without a prototype. */
export function table<T>(entries: Iterable<readonly [string, T]>): Table<T> {
  const result = Object.create(null) as Record<string, T>;
  for (const [name, value] of entries) result[name] = value;
  return Object.freeze(result);
}

/** `tool_failed`: the expression is well formed, but there is no such number. */
const divisionByZero = () => new AgentSocketError('tool_failed', 'Division by zero has no result.');
export const tooLarge = () =>
  new AgentSocketError('tool_failed', 'The number is too large: the calculator goes up to about 1.8e308.');
const notReal = () =>
  new AgentSocketError(
    'tool_failed',
    'There is no real number that is the result: the function or power is not defined for these numbers.',
  );

/** The power of ten of the first digit: 2 for 123. */
const magnitude = (value: number) => Math.floor(Math.log10(Math.abs(value)));

/**
 * Removes the noise of binary fractions, so that 0.1 + 0.2 is 0.3: a fraction whose first 15 significant digits end in
 * at least three zeros is rounded to those digits. Integers and all other fractions (1/3, pi) keep all their digits. If
 * digits cancelled out (5.4 - 5.3), the 15 digits are counted from the first digit of `scale`, the largest operand.
 */
function withoutNoise(value: number, scale: number): number {
  if (Number.isInteger(value)) return value;
  const top = magnitude(Math.max(Math.abs(value), scale));
  if (Math.abs(value) < 0.5 * 10 ** (top - 14)) return 0;
  const digits = value.toExponential(Math.max(0, 14 - top + magnitude(value)));
  return digits.includes('000e') ? Number(digits) : value;
}

/** Checks the result of every operation, so that no operation gets infinity, NaN or negative zero. */
function settle(value: number, scale = 0): number {
  if (Number.isNaN(value)) throw notReal();
  if (!Number.isFinite(value)) throw tooLarge();
  return withoutNoise(value, scale) + 0;
}

const larger = (a: number, b: number) => Math.max(Math.abs(a), Math.abs(b));

/** For functions with poles: an infinite value means that the result does not exist. */
function existing(value: number): number {
  if (!Number.isFinite(value)) throw notReal();
  return value;
}

/**
 * Multiples of pi are not exact, so their sine is 1e-16 instead of 0. Up to 1000, a value below the error that the
 * rounding of the angle can cause counts as 0.
 */
function atAngle(angle: number, value: number): number {
  return Math.abs(angle) <= 1000 && Math.abs(value) < 2 ** -50 * Math.abs(angle) ? 0 : value;
}

function tangent(angle: number): number {
  if (atAngle(angle, Math.cos(angle)) === 0) throw notReal();
  return atAngle(angle, Math.tan(angle));
}

function divide(a: number, b: number): number {
  if (b === 0) throw divisionByZero();
  return a / b;
}

function remainder(a: number, b: number): number {
  if (b === 0) throw divisionByZero();
  if (Number.isInteger(a) && Number.isInteger(b)) return a % b;
  // 0.3 / 0.1 is 3, though the double for 0.3 is a little less than three times the double for 0.1.
  return Number.isSafeInteger(withoutNoise(a / b, 0)) ? 0 : a % b;
}

function power(base: number, exponent: number): number {
  if (base === 0 && exponent < 0) throw divisionByZero();
  return base ** exponent;
}

function logarithm(value: number, base?: number): number {
  if (base === undefined) return existing(Math.log(value));
  if (base === 1) throw notReal();
  return existing(Math.log(value)) / existing(Math.log(base));
}

/** 170! is the largest factorial that a double holds. This also limits the loop. */
function factorial(n: number): number {
  if (!Number.isInteger(n) || n < 0) {
    throw new AgentSocketError('tool_failed', 'A factorial needs a whole number that is not negative.');
  }
  if (n > 170) throw tooLarge();
  let product = 1;
  for (let factor = 2; factor <= n; factor++) product *= factor;
  return product;
}

/** Moves the decimal point of the number in decimal notation, without loss of precision. */
function shift(value: number, places: number): number {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  return Number(`${mantissa}e${Number(exponent) + places}`);
}

/** Rounds halves away from zero: 2.5 to 3, -2.5 to -3, 1.005 to 1.01 at two places. */
function round(value: number, places = 0): number {
  if (!Number.isInteger(places) || Math.abs(places) > 15) {
    throw new AgentSocketError('tool_failed', 'round() takes a whole number of places from -15 to 15.');
  }
  const shifted = shift(Math.abs(value), places);
  // Doubles of this size have no fraction to round.
  if (shifted >= Number.MAX_SAFE_INTEGER) return value;
  return Math.sign(value) * shift(Math.round(shifted), -places);
}

function fn(minArgs: number, maxArgs: number, apply: (...args: number[]) => number): MathFunction {
  return { minArgs, maxArgs, apply: (...args) => settle(apply(...args)) };
}

const of1 = (apply: (x: number) => number) => fn(1, 1, apply);
const of2 = (apply: (x: number, y: number) => number) => fn(2, 2, apply);

/** The functions of the calculator. Angles are in radians. */
export const FUNCTIONS: Table<MathFunction> = table<MathFunction>([
  ['sqrt', of1(Math.sqrt)],
  ['cbrt', of1(Math.cbrt)],
  ['abs', of1(Math.abs)],
  ['sign', of1(Math.sign)],
  ['floor', of1(Math.floor)],
  ['ceil', of1(Math.ceil)],
  ['trunc', of1(Math.trunc)],
  ['round', fn(1, 2, round)],
  ['exp', of1(Math.exp)],
  ['expm1', of1(Math.expm1)],
  ['ln', of1(logarithm)],
  ['log', fn(1, 2, logarithm)],
  ['log1p', of1((x) => existing(Math.log1p(x)))],
  ['log2', of1((x) => existing(Math.log2(x)))],
  ['log10', of1((x) => existing(Math.log10(x)))],
  ['lg', of1((x) => existing(Math.log10(x)))],
  ['sin', of1((x) => atAngle(x, Math.sin(x)))],
  ['cos', of1((x) => atAngle(x, Math.cos(x)))],
  ['tan', of1(tangent)],
  ['asin', of1(Math.asin)],
  ['acos', of1(Math.acos)],
  ['atan', of1(Math.atan)],
  ['atan2', of2(Math.atan2)],
  ['sinh', of1(Math.sinh)],
  ['cosh', of1(Math.cosh)],
  ['tanh', of1(Math.tanh)],
  ['asinh', of1(Math.asinh)],
  ['acosh', of1(Math.acosh)],
  ['atanh', of1((x) => existing(Math.atanh(x)))],
  ['fac', of1(factorial)],
  ['factorial', of1(factorial)],
  ['pow', of2(power)],
  ['hypot', fn(1, Infinity, Math.hypot)],
  ['min', fn(1, Infinity, Math.min)],
  ['max', fn(1, Infinity, Math.max)],
]);

/** The constants of the calculator. */
export const CONSTANTS: Table<number> = table([
  ['pi', Math.PI],
  ['tau', 2 * Math.PI],
  ['e', Math.E],
]);

/** Prefix and postfix operators. */
export const UNARY_OPERATORS = table<(x: number) => number>([
  ['-', (x) => settle(-x)],
  ['+', (x) => x],
  ['!', (x) => settle(factorial(x))],
]);

/** Operators between two operands. */
export const BINARY_OPERATORS = table<(a: number, b: number) => number>([
  ['+', (a, b) => settle(a + b, larger(a, b))],
  ['-', (a, b) => settle(a - b, larger(a, b))],
  ['*', (a, b) => settle(a * b)],
  ['/', (a, b) => settle(divide(a, b))],
  ['%', (a, b) => settle(remainder(a, b), larger(a, b))],
  ['^', (a, b) => settle(power(a, b))],
]);
