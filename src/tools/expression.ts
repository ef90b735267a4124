import { AgentSocketError } from '../protocol/agent-socket-error.js';

/** Maximum length of an expression, in characters. */
export const MAX_EXPRESSION_LENGTH = 1000;

/** A token of an expression. */
export interface Token {
  readonly kind: 'number' | 'name' | 'symbol';
  readonly text: string;
}

/** `invalid_params`: the expression is wrong. The sentence is shown to people and to the model. */
export function badExpression(sentence: string): AgentSocketError {
  return new AgentSocketError('invalid_params', sentence, {
    issues: [{ path: 'expression', message: sentence }],
  });
}

/** ASCII signs for the characters that keyboards, input methods and word processors produce instead. */
const SIGNS: ReadonlyMap<string, string> = new Map([
  ['×', '*'],
  ['✕', '*'],
  ['✖', '*'],
  ['·', '*'],
  ['⋅', '*'],
  ['∙', '*'],
  ['∗', '*'],
  ['÷', '/'],
  ['∕', '/'],
  ['−', '-'],
  ['–', '-'],
  ['π', 'pi'],
  ['√', 'sqrt'],
]);

/** Distance between ASCII and its full-width forms, which Chinese and Japanese input methods write. */
const FULL_WIDTH_OFFSET = 0xfee0;

/** Rewrites typed text into ASCII. `**` becomes `^`, and a final `=` is removed. */
function toAscii(text: string): string {
  return text
    .replace(/[！-～]/g, (char) => String.fromCharCode(char.charCodeAt(0) - FULL_WIDTH_OFFSET))
    .replace(/[^ -~]/g, (char) => SIGNS.get(char) ?? char)
    .replaceAll('**', '^')
    .trim()
    .replace(/=$/, '')
    .trimEnd();
}

const TOKEN = /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z][A-Za-z0-9]*)|([-+*/%^!(),]))/y;

/**
 * Splits an expression into numbers, names and signs. The language has nothing else: no strings, brackets, dots,
 * assignments or semicolons. Names become lower case.
 * @throws AgentSocketError `invalid_params` for any other character, and for an empty or too long expression.
 */
export function tokenize(expression: string): Token[] {
  if (expression.length > MAX_EXPRESSION_LENGTH) {
    throw badExpression(`The expression is longer than ${MAX_EXPRESSION_LENGTH} characters.`);
  }
  const text = toAscii(expression);
  if (text === '') throw badExpression('The expression is empty.');
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    TOKEN.lastIndex = position;
    const match = TOKEN.exec(text);
    if (match === null) throw strangeCharacter(text.slice(position));
    const [all, number, name, symbol = ''] = match;
    position += all.length;
    if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (name !== undefined) tokens.push({ kind: 'name', text: name.toLowerCase() });
    else tokens.push({ kind: 'symbol', text: symbol });
  }
  return tokens;
}

function strangeCharacter(rest: string): AgentSocketError {
  const code = rest.trimStart().codePointAt(0) ?? 0;
  const char = String.fromCodePoint(code);
  // Control and format characters and unpaired surrogates would garble the sentence.
  const shown = /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(char)
    ? `"${char}"`
    : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return badExpression(
    `The calculator does not know the character ${shown}. It reads numbers, + - * / % ^ ! ( ) and functions such as sqrt(2).`,
  );
}
