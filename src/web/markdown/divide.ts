import type { Token } from './lexer.js';

/** Characters after which an open block is divided, so that reading its end again stays cheap. */
const PART = 4_096;
/** Characters after which a block that nothing divides is ended. */
const LONGEST = 16 * PART;

/** Where a long block may be divided, best places first: what follows a place is read as more of the same block. */
function places({ type, raw }: Token): readonly RegExp[] {
  switch (type) {
    case 'paragraph':
      return [/(?<=[.!?。！？；]\s?|\n)(?=\p{L})/gu, /(?<=\s)(?=\p{L})/gu, /(?=\p{L})/gu];
    case 'code':
      // Where a comment or a string rarely goes on.
      return [/(?<=\n\n)(?=\S)/g, /(?<=\n)(?=[^\n])/g];
    case 'list':
      return [new RegExp(`(?<=\\n)(?=${/^ */.exec(raw)?.[0] ?? ''}(?:[-*+]|\\d{1,9}[.)])[ \\t])`, 'g')];
    case 'blockquote':
      return [/(?<=\n)(?= {0,3}>)/g];
    case 'table':
    case 'html':
      return [/(?<=\n)(?=[^\n])/g];
    default:
      return [];
  }
}

/** What a part of a block needs before it, to be read as what it is: the fence of code, the head of a table. */
function headOf(token: Token): string {
  if (token.type === 'table') return /^(?:.*\n){2}/.exec(token.raw)?.[0] ?? '';
  if (token.type === 'code' && token.codeBlockStyle !== 'indented') return /^.*\n/.exec(token.raw)?.[0] ?? '';
  return '';
}

/** Where a block is divided if it is long, and what stands before its rest then. */
export function divide(token: Token): { readonly at: number; readonly head: string } | undefined {
  if (token.raw.length <= PART) return undefined;
  const head = headOf(token);
  for (const pattern of places(token)) {
    const at = [...token.raw.matchAll(pattern)].at(-1)?.index ?? 0;
    if (at > head.length) return { at, head };
  }
  return token.raw.length > LONGEST ? { at: token.raw.lastIndexOf('\n') + 1 || token.raw.length, head: '' } : undefined;
}
