import { AgentSocketError } from '../protocol/agent-socket-error.js';

/** Characters in an expression at most. */
export const MAX_EXPRESSION_LENGTH = 1000;

/** A word of an expression. */
export interface Token {
  readonly kind: 'number' | 'name' | 'symbol';
  readonly text: string;
}

/** `invalid_params`: the expression itself is at fault. The sentence is shown to people and to the model. */
export function badExpression(sentence: string): AgentSocketError {
  return new AgentSocketError('invalid_params', sentence, {
    issues: [{ path: 'params.expression', message: sentence }],
  });
}

/** What keyboards, input methods and word processors make of the ASCII signs. */
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

/** The full-width forms of ASCII that Chinese and Japanese input methods write lie this far above it. */
const FULL_WIDTH_OFFSET = 0xfee0;

/** Rewrites what people type into ASCII; `**` becomes `^`, and the `=` some end with goes. */
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
 * Reads an expression into numbers, names and signs. There is nothing else in the language: no strings,
 * brackets, dots, assignments or semicolons. Names come out in lower case.
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
  // Control, format and half characters would garble the sentence.
  const shown = /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(char)
    ? `"${char}"`
    : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return badExpression(
    `The calculator does not know the character ${shown}. It reads numbers, + - * / % ^ ! ( ) and functions such as sqrt(2).`,
  );
}
