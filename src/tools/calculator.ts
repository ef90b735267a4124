import { Parser } from 'expr-eval';
import * as z from 'zod';
import { defineTool } from '../tool/tool.js';
import { AgentSocketError } from '../protocol/agent-socket-error.js';
import { BINARY_OPERATORS, CONSTANTS, FUNCTIONS, UNARY_OPERATORS, table } from './arithmetic.js';
import { MAX_EXPRESSION_LENGTH, badExpression, tokenize } from './expression.js';
import { checkGrammar } from './grammar.js';
import { TOOL_NAMES } from './names.js';

/** The tables in which a parser looks up names. The declarations of expr-eval omit two of them. */
interface ParserTables {
  functions: object;
  consts: object;
  unaryOps: object;
  binaryOps: object;
  ternaryOps: object;
}

/**
 * A parser for arithmetic only. Its own tables hold `map`, `fold`, `random` and others, which options do not switch
 * off, and inherit `constructor`: all tables are replaced by frozen ones without a prototype.
 */
function createParser(): Parser {
  const off = ['array', 'assignment', 'comparison', 'concatenate', 'conditional', 'fndef', 'in', 'logical'] as const;
  const parser = new Parser({
    allowMemberAccess: false,
    operators: table(off.map((option) => [option, false])),
  });
  const tables: ParserTables = {
    functions: table(Object.entries(FUNCTIONS).map(([name, fn]) => [name, fn.apply])),
    consts: CONSTANTS,
    unaryOps: UNARY_OPERATORS,
    binaryOps: BINARY_OPERATORS,
    ternaryOps: table([]),
  };
  return Object.freeze(Object.assign(parser, tables));
}

const parser = createParser();

/**
 * Evaluates text that {@link checkGrammar} has accepted. It is safe for any text: it returns a finite number or throws
 * an `AgentSocketError`.
 * @internal
 */
export function evaluate(text: string): number {
  let result: unknown;
  try {
    const parsed = parser.parse(text);
    for (const name of parsed.symbols()) {
      if (!(name in FUNCTIONS)) throw badExpression('The expression holds an unknown name.');
    }
    result = parsed.evaluate(table([]));
  } catch (error) {
    // The parser's messages show internals and parts of the expression: neither belongs in a message or a log.
    throw AgentSocketError.isInstance(error) ? error : badExpression('The expression is not well formed.');
  }
  if (typeof result !== 'number' || !Number.isFinite(result)) {
    throw new AgentSocketError('tool_failed', 'The result is not a number.');
  }
  return result;
}

/**
 * The tool `calculator`: evaluates an arithmetic expression and returns the number.
 *
 * - `+ - * /`, `%` (remainder, with the sign of the left side), `^` or `**` (from right to left, and before a
 *   sign: `-2^2` is -4), `!`, parentheses, the functions of `FUNCTIONS` and the constants `pi`, `tau`, `e`.
 * - `× ÷ − π √` and full-width characters are read as their ASCII forms. Thousands separators are refused.
 * - Numbers are doubles. Integers are exact up to 2^53; after every operation the noise of binary
 *   fractions beyond 15 significant digits is removed, so `0.1 + 0.2` is 0.3.
 *
 * Fails with `invalid_params` if the expression is wrong, and with `tool_failed` if it is well formed but has no finite
 * real result (division by zero, overflow, the root of a negative number).
 *
 * The expression may come from anybody. It has at most 1000 characters, is split into numbers, names of an allow-list
 * and signs, is checked as a whole, and is written anew before it reaches the parser.
 */
export const calculator = defineTool({
  name: TOOL_NAMES.calculator,
  description:
    'Calculates an arithmetic expression and returns the number. Use it for every calculation instead of working it out yourself. ' +
    'Operators: + - * / % (remainder) ^ (power) ! (factorial) and parentheses. ' +
    `Functions: ${Object.keys(FUNCTIONS).join(', ')}. ` +
    'Angles are in radians; ln and log are natural, log(x, base) takes a base; round(x, places). ' +
    `Constants: ${Object.keys(CONSTANTS).join(', ')}. Write numbers without separators of thousands.`,
  params: z.object({
    expression: z
      .string()
      .min(1)
      .max(MAX_EXPRESSION_LENGTH)
      .describe('The expression, for example "(123 + 456) * 2" or "sqrt(2) ^ 3".'),
  }),
  execute({ expression }) {
    const tokens = tokenize(expression);
    checkGrammar(tokens);
    // The spaces prevent the parser from reading two tokens as one.
    return evaluate(tokens.map((token) => token.text).join(' '));
  },
});
