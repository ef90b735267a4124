import { CONSTANTS, FUNCTIONS, tooLarge, type MathFunction } from './arithmetic.js';
import { badExpression, type Token } from './expression.js';

/** Maximum nesting of parentheses. */
const MAX_NESTING = 64;

/** An open parenthesis, and the function to which it belongs. */
interface Open {
  readonly call: { readonly name: string; readonly fn: MathFunction } | undefined;
  commas: number;
}

/**
 * Checks that the tokens form an arithmetic expression over known functions and constants, each function with a valid
 * number of arguments. The parser can parse every expression that passes.
 * @throws AgentSocketError `invalid_params` with the reason, `tool_failed` for a number beyond a double.
 */
export function checkGrammar(tokens: readonly Token[]): void {
  const open: Open[] = [];
  let previous: Token | undefined;
  /** Whether the next token must begin an operand, or follow one. */
  let wanted = true;

  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1]?.text;
    const { kind, text } = token;
    if (kind === 'number' || kind === 'name' || text === '(') {
      if (!wanted && previous !== undefined) throw missingOperator(previous, token);
      if (kind === 'number') checkNumber(text);
      if (kind === 'name') checkName(text, next);
      if (text === '(') open.push(openAt(previous));
      if (open.length > MAX_NESTING) {
        throw badExpression(`Parentheses are nested deeper than ${MAX_NESTING}.`);
      }
      wanted = text === '(' || isFunction(token);
    } else if (text === ')' || text === ',') {
      const innermost = open.at(-1);
      if (text === ',') {
        if (innermost?.call === undefined) throw strayComma();
        innermost.commas++;
      }
      if (innermost === undefined) throw badExpression('A ")" has no "(" that it closes.');
      const empty = previous?.text === '(' && text === ')';
      if (wanted && !(empty && innermost.call !== undefined)) throw missingOperand(previous);
      if (text === ')') {
        checkArguments(innermost, empty ? 0 : innermost.commas + 1);
        open.pop();
      }
      wanted = text === ',';
    } else if (wanted) {
      // A sign is the only operator that may precede an operand.
      if (previous?.text === '%') throw notPercent();
      if (text !== '+' && text !== '-') throw badExpression(`"${text}" has no number on its left.`);
    } else {
      if (text === '!' && previous?.text === '!') throw doubleFactorial();
      wanted = text !== '!';
    }
    previous = token;
  }
  if (wanted) throw missingOperand(previous);
  if (open.length > 0) throw badExpression('A "(" is not closed.');
}

function isFunction(token: Token | undefined): boolean {
  return token?.kind === 'name' && token.text in FUNCTIONS;
}

function openAt(previous: Token | undefined): Open {
  const fn = previous?.kind === 'name' ? FUNCTIONS[previous.text] : undefined;
  return { call: previous === undefined || fn === undefined ? undefined : { name: previous.text, fn }, commas: 0 };
}

function checkNumber(text: string): void {
  if (!Number.isFinite(Number(text))) throw tooLarge();
}

function checkName(name: string, next: string | undefined): void {
  if (name in CONSTANTS) return;
  if (!(name in FUNCTIONS)) throw badExpression(`The calculator has no function or constant "${clip(name)}".`);
  if (next !== '(') throw badExpression(`"${name}" is a function and needs parentheses: ${name}(…).`);
}

function checkArguments({ call }: Open, count: number): void {
  if (call === undefined) return;
  const { minArgs, maxArgs } = call.fn;
  if (count >= minArgs && count <= maxArgs) return;
  const wanted =
    maxArgs === Infinity ? `at least ${minArgs}` : minArgs === maxArgs ? String(minArgs) : `${minArgs} or ${maxArgs}`;
  throw badExpression(`${call.name}() takes ${wanted} ${wanted.endsWith('1') ? 'number' : 'numbers'}, not ${count}.`);
}

function missingOperator(left: Token, right: Token) {
  return badExpression(
    `An operator is missing between "${clip(left.text)}" and "${clip(right.text)}". Multiplication is written "*".`,
  );
}

function missingOperand(previous: Token | undefined) {
  if (previous?.text === '%') return notPercent();
  return badExpression(`A number is missing after "${clip(previous?.text ?? '')}".`);
}

/** `10% + 5` would otherwise be 10 modulo +5, which is never meant. */
function notPercent() {
  return badExpression(
    '"%" is the remainder of a division (7 % 3 is 1), not a percentage: write 50 / 100 for 50 percent, and put a negative divisor in parentheses.',
  );
}

/** In mathematics `5!!` is 5 * 3 * 1, which the parser does not support. */
function doubleFactorial() {
  return badExpression('"!!" has two readings. Write (3!)! for the factorial of a factorial.');
}

function strayComma() {
  return badExpression(
    'A comma only separates the numbers given to a function. Write 1234 rather than 1,234, and 1.5 rather than 1,5.',
  );
}

function clip(text: string): string {
  return text.length > 20 ? `${text.slice(0, 20)}…` : text;
}
